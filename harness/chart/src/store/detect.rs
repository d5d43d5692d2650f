//! What a set's pods speak, read off its manifest: Garage and PostgreSQL are known by their images.

use external::Secret;
use serde_json::Value;

use super::{Keys, Password, S3, Speech, Store};
use crate::{
    Object, Rendered,
    server::{Server, server_of},
};

/// Where Garage listens for S3 unless its configuration says otherwise, and what it calls its region.
const S3_PORT: u16 = 3900;
const REGION: &str = "garage";

/// The stores of a rendered chart.
pub fn detect(rendered: &Rendered) -> Vec<Store> {
    rendered.of_kind("StatefulSet").filter_map(|set| store(rendered, set)).collect()
}

fn store(rendered: &Rendered, set: &Object) -> Option<Store> {
    set.items("/spec/template/spec/containers").iter().find_map(|container| {
        let (server, _) = server_of(container["image"].as_str()?)?;
        let speech = match server {
            Server::Garage => Speech::Garage(S3 {
                port: port(container, "s3").unwrap_or(S3_PORT),
                region: region(rendered).unwrap_or_else(|| REGION.to_owned()),
            }),
            Server::Postgres => postgres(set, container)?,
            _ => return None,
        };
        let container = container["name"].as_str().map(str::to_owned);
        Some(Store { set: set.key.name.clone(), container, speech })
    })
}

/// The port of a container whose name speaks of it.
fn port(container: &Value, word: &str) -> Option<u16> {
    let ports = container["ports"].as_array()?;
    let named = ports.iter().find(|port| port["name"].as_str().is_some_and(|name| name.contains(word)))?;
    u16::try_from(named["containerPort"].as_u64()?).ok()
}

/// `s3_region` in a configuration of the chart.
fn region(rendered: &Rendered) -> Option<String> {
    let configurations =
        rendered.objects.iter().filter(|object| ["ConfigMap", "Secret"].contains(&object.key.kind.as_str()));
    let texts = configurations.flat_map(|object| {
        ["data", "stringData"]
            .into_iter()
            .flat_map(|field| object.value[field].as_object().into_iter().flatten())
    });
    texts.filter_map(|(_, text)| text.as_str()).flat_map(str::lines).find_map(|line| {
        let (name, value) = line.split_once('=')?;
        (name.trim() == "s3_region").then(|| value.trim().trim_matches('"').to_owned())
    })
}

/// User, database and password as the images of PostgreSQL take them.
fn postgres(set: &Object, container: &Value) -> Option<Speech> {
    let plain = |names: &[&str]| {
        names.iter().find_map(|name| variable(container, name)?["value"].as_str().map(str::to_owned))
    };
    let port = port(container, "postgres").unwrap_or(super::speech::postgresql_port());
    let database = plain(&["POSTGRES_DB", "POSTGRESQL_DATABASE", "POSTGRES_DATABASE"]);
    let user = plain(&["POSTGRES_USER", "POSTGRESQL_USERNAME"]);
    let default = || Some("postgres".to_owned());
    let Some(secret) = password(set, container) else {
        let password = plain(&["POSTGRES_PASSWORD", "POSTGRESQL_PASSWORD"])?;
        let secret = Password::Plain(Secret::new(password));
        return Some(Speech::Postgresql { port, user: user.or_else(default), database, secret });
    };
    // A user that a Secret names is in the same Secret as a rule.
    let user_key = ["POSTGRES_USER", "POSTGRESQL_USERNAME"].iter().find_map(|name| {
        let reference = &variable(container, name)?["valueFrom"]["secretKeyRef"];
        (reference["name"] == secret.name.as_str()).then(|| reference["key"].as_str().map(str::to_owned))?
    });
    let user = if user_key.is_some() { user } else { user.or_else(default) };
    let secret = Password::Kept(Keys { user: user_key, ..secret });
    Some(Speech::Postgresql { port, user, database, secret })
}

fn variable<'a>(container: &'a Value, name: &str) -> Option<&'a Value> {
    container["env"].as_array()?.iter().find(|variable| variable["name"] == name)
}

/// The Secret of the password: named by a variable, or mounted as the file that a variable names.
fn password(set: &Object, container: &Value) -> Option<Keys> {
    let by_variable = ["POSTGRES_PASSWORD", "POSTGRESQL_PASSWORD"].iter().find_map(|name| {
        let reference = &variable(container, name)?["valueFrom"]["secretKeyRef"];
        Some((reference["name"].as_str()?, reference["key"].as_str()?))
    });
    let by_file = || {
        ["POSTGRES_PASSWORD_FILE", "POSTGRESQL_PASSWORD_FILE"].iter().find_map(|name| {
            let (folder, file) = variable(container, name)?["value"].as_str()?.rsplit_once('/')?;
            let mounts = container["volumeMounts"].as_array()?;
            let mount = mounts.iter().find(|mount| {
                mount["mountPath"].as_str().map(|path| path.trim_end_matches('/')) == Some(folder)
            })?;
            let volumes = set.items("/spec/template/spec/volumes");
            let volume = volumes.iter().find(|volume| volume["name"] == mount["name"])?;
            Some((volume["secret"]["secretName"].as_str()?, file))
        })
    };
    let (name, key) = by_variable.or_else(by_file)?;
    Some(Keys { name: name.to_owned(), user: None, password: key.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stores(text: &str) -> Vec<Store> {
        detect(&Rendered::parse(text, "a").unwrap())
    }

    #[test]
    fn garage_is_known_by_its_image_and_its_region_by_the_configuration() {
        let found = stores(
            "kind: StatefulSet
apiVersion: apps/v1
metadata: {name: g}
spec: {template: {spec: {containers: [{name: garage, image: 'dxflrs/amd64_garage:v1.1.0', ports: [{name: s3-api, containerPort: 3930}]}]}}}
---
kind: ConfigMap
apiVersion: v1
metadata: {name: c}
data: {garage.toml: \"[s3_api]\\ns3_region = \\\"here\\\"\\n\"}
",
        );
        assert_eq!(found[0].speech, Speech::Garage(S3 { port: 3930, region: "here".into() }));
        assert_eq!((found[0].set.as_str(), found[0].container.as_deref()), ("g", Some("garage")));
    }

    #[test]
    fn a_password_is_found_by_variable_or_by_file() {
        let found = stores(
            "kind: StatefulSet
apiVersion: apps/v1
metadata: {name: p}
spec: {template: {spec: {containers: [{name: p, image: 'postgres:17', env: [
  {name: POSTGRES_USER, valueFrom: {secretKeyRef: {name: s, key: username}}}, {name: POSTGRES_DB, value: d},
  {name: POSTGRES_PASSWORD, valueFrom: {secretKeyRef: {name: s, key: password}}}]}]}}}
---
kind: StatefulSet
apiVersion: apps/v1
metadata: {name: q}
spec: {template: {spec: {volumes: [{name: v, secret: {secretName: t}}], containers: [{name: q, image: 'bitnami/postgresql:16.1.0',
  env: [{name: POSTGRES_PASSWORD_FILE, value: /secrets/postgres-password}], volumeMounts: [{name: v, mountPath: /secrets/}]}]}}}
",
        );
        let keys = |name: &str, user: Option<&str>, password: &str| Keys {
            name: name.into(),
            user: user.map(str::to_owned),
            password: password.into(),
        };
        assert_eq!(
            found[0].speech,
            Speech::Postgresql {
                port: 5432,
                user: None,
                database: Some("d".into()),
                secret: Password::Kept(keys("s", Some("username"), "password"))
            }
        );
        assert_eq!(
            found[1].speech,
            Speech::Postgresql {
                port: 5432,
                user: Some("postgres".into()),
                database: None,
                secret: Password::Kept(keys("t", None, "postgres-password"))
            }
        );
    }

    #[test]
    fn a_password_may_stand_in_the_manifest() {
        let found = stores(
            "kind: StatefulSet
apiVersion: apps/v1
metadata: {name: airbyte-db}
spec: {template: {spec: {containers: [{name: db, image: 'postgres:17', env: [
  {name: POSTGRES_USER, value: airbyte}, {name: POSTGRES_PASSWORD, value: airbyte}]}]}}}
",
        );
        let Speech::Postgresql { user, secret, .. } = &found[0].speech else { panic!("{found:?}") };
        assert_eq!((user.as_deref(), secret), (Some("airbyte"), &Password::Plain(Secret::new("airbyte"))));
    }
}

//! U9: another distribution of the same server, over the data that the old one has.

use serde_json::Value;

use super::{
    Picture,
    told::{below, told},
};
use crate::{
    Forecast, Object, Severity, forecast,
    server::{Distribution, Server, are_apart, default_folder, distribution_of, server_of},
};

/// Servers whose image comes from somebody else than before.
pub(super) fn changed(picture: &Picture) -> Vec<Forecast> {
    let mut forecasts = Vec::new();
    for (old, new) in picture.kept() {
        if !["StatefulSet", "Deployment"].contains(&new.key.kind.as_str()) {
            continue;
        }
        for (pointer, container) in new.servers() {
            let Some(before) = old.predecessor(container).filter(|before| old.keeps_data(before)) else {
                continue;
            };
            let (was, is) = (image(before), image(container));
            let (Some((server, _)), Some((other, version))) = (server_of(was), server_of(is)) else {
                continue;
            };
            let Some((from, to)) = apart((server, was), (other, is)) else { continue };
            let folder = default_folder(other, &to, &version);
            let lost = folder.filter(|known| !keeps(picture, &new, container, *known));
            let (severity, message) = match lost {
                Some((folder, _)) => (
                    Severity::Loss,
                    format!(
                        "{} keeps its data in {folder}, which is in no volume: it starts empty beside the data, and what it writes goes with the pod",
                        words(other, &to)
                    ),
                ),
                None => (
                    Severity::Care,
                    "another distribution of the server: its data folder, its user and its variables may be others"
                        .to_owned(),
                ),
            };
            forecasts.push(forecast::about(
                ("another-distribution", "U9", severity),
                &picture.to,
                &new,
                &format!("{pointer}/image"),
                format!("{was} → {is}, from {} to {}: {message}", words(server, &from), words(other, &to)),
                "keep the distribution; a change is a migration: try it on a copy, and say in the notes how the data is moved",
            ));
        }
    }
    forecasts
}

/// Whose the images are, where they are of two distributions of one server, or of two that read one another's data.
fn apart((server, was): (Server, &str), (other, is): (Server, &str)) -> Option<(Distribution, Distribution)> {
    let akin = |server: Server| match server {
        Server::Valkey => Server::Redis,
        Server::MariaDb => Server::MySql,
        server => server,
    };
    let both = (distribution_of(server, was)?, distribution_of(other, is)?);
    let apart = match server == other {
        true => are_apart(server, was, is),
        false => akin(server) == akin(other) && both.0 != both.1,
    };
    apart.then_some(both)
}

/// Whether a container keeps its data in what outlives its pod: by default, or because it is told so.
fn keeps(
    picture: &Picture,
    workload: &Object,
    container: &Value,
    (folder, variables): (&str, &[&str]),
) -> bool {
    let lasting = |name: &Value| {
        let alone = serde_json::json!({ "volumeMounts": [{ "name": name }] });
        workload.keeps_data(&alone)
    };
    let mounts = container["volumeMounts"].as_array().into_iter().flatten();
    let mut paths =
        mounts.filter(|mount| lasting(&mount["name"])).filter_map(|mount| mount["mountPath"].as_str());
    // Variables of other distributions tell it nothing.
    let heard = |text: &String| match text.split_once('=') {
        Some((name, _))
            if name.chars().all(|letter| letter.is_ascii_uppercase() || "_0123456789".contains(letter)) =>
        {
            variables.contains(&name)
        }
        _ => true,
    };
    let texts: Vec<String> = told(&picture.new, workload, container).into_iter().filter(heard).collect();
    paths.any(|path| {
        let path = path.trim_end_matches('/');
        let default = folder.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        default || !below(&texts, path).is_empty()
    })
}

fn words(server: Server, distribution: &Distribution) -> String {
    let name = server.name();
    match distribution {
        Distribution::Bitnami => format!("Bitnami's {name}"),
        Distribution::Official => format!("the official {name}"),
        Distribution::Other(image) => format!("{name} as {image}"),
    }
}

fn image(container: &Value) -> &str {
    container["image"].as_str().unwrap_or_default()
}

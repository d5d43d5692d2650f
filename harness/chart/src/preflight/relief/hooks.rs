//! The commands of a chart's hooks.

use serde_json::Value;

use super::{
    deleted::Relief,
    kubectl::deletion,
    shell::{Variables, assignments, commands},
};
use crate::{Object, Rendered};

/// What the hooks of a chart delete before an upgrade.
pub fn before_upgrade(chart: &Rendered) -> Vec<Relief> {
    let hooks = chart.workloads().filter(|object| object.hooks().contains(&"pre-upgrade"));
    hooks.flat_map(|hook| deleted_by(chart, hook)).collect()
}

fn deleted_by(chart: &Rendered, hook: &Object) -> Vec<Relief> {
    let mut reliefs = Vec::new();
    for (_, container) in hook.containers() {
        let mut known: Variables = variables(container);
        let mut script = texts(container);
        script.extend(mounted(chart, hook, container));
        for text in script {
            for command in commands(&text) {
                assignments(&command, &mut known);
                reliefs.extend(deletion(&command, &known, &hook.key.to_string()));
            }
        }
    }
    reliefs
}

/// The command line of a container: what is one command in several words is joined, a script stays.
fn texts(container: &Value) -> Vec<String> {
    let words = |field: &str| {
        container[field].as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>()
    };
    let words = [words("command"), words("args")].concat();
    let (scripts, plain): (Vec<&str>, Vec<&str>) =
        words.into_iter().partition(|word| word.trim().contains([' ', '\n']));
    // An image of kubectl is its own command.
    let bare = container["command"].is_null()
        && container["image"].as_str().is_some_and(|image| image.contains("kubectl"));
    let plain = format!("{}{}", if bare { "kubectl " } else { "" }, plain.join(" "));
    scripts.into_iter().map(str::to_owned).chain([plain]).collect()
}

/// The scripts that a container mounts.
fn mounted(chart: &Rendered, hook: &Object, container: &Value) -> Vec<String> {
    let volumes = hook.items(&format!("{}/volumes", hook.pod().unwrap_or_default()));
    let mounts = container["volumeMounts"].as_array().into_iter().flatten();
    let names = mounts.filter_map(|mount| {
        let volume = volumes.iter().find(|volume| volume["name"] == mount["name"])?;
        volume["configMap"]["name"].as_str()
    });
    let maps = names.filter_map(|name| chart.of_kind("ConfigMap").find(|map| map.key.name == name));
    maps.flat_map(|map| map.value["data"].as_object().into_iter().flatten())
        .filter_map(|(_, text)| text.as_str().map(str::to_owned))
        .collect()
}

/// The variables of a container that have a value of their own.
fn variables(container: &Value) -> Variables {
    let variables = container["env"].as_array().into_iter().flatten();
    let value = |variable: &Value| {
        Some((variable["name"].as_str()?.to_owned(), vec![variable["value"].as_str()?.to_owned()]))
    };
    variables.filter_map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preflight::relief::Which;

    fn reliefs(hook: &str, command: &str) -> Vec<(&'static str, Which, bool)> {
        let chart = format!(
            "apiVersion: batch/v1
kind: Job
metadata: {{name: cleanup, annotations: {{helm.sh/hook: {hook}}}}}
spec:
  template:
    spec:
      volumes: [{{name: s, configMap: {{name: scripts}}}}]
      containers:
      - name: a
        image: kubectl
        env: [{{name: SET, value: db}}]
        volumeMounts: [{{name: s, mountPath: /s}}]
        {command}
"
        );
        let chart = Rendered::parse(&chart, "a").unwrap();
        before_upgrade(&chart).into_iter().map(|relief| (relief.kind, relief.which, relief.orphans)).collect()
    }

    fn named(name: &str) -> Which {
        Which::Named(name.into())
    }

    #[test]
    fn what_a_hook_deletes_is_read_off_its_script() {
        let set = |name: &str, orphans| vec![("StatefulSet", named(name), orphans)];
        for (command, expected) in [
            ("command: [kubectl, delete, statefulset, db, --cascade=orphan]", set("db", true)),
            ("args: [delete, statefulset/db, --cascade=orphan]\n        command: [kubectl]", set("db", true)),
            ("args: [delete, statefulset, db, --cascade=orphan]", set("db", true)),
            (
                "command: [sh, -c, 'kubectl -n here delete sts \"$SET\" --cascade orphan --ignore-not-found || true']",
                set("db", true),
            ),
            ("command: [sh, -c, 'kubectl delete sts ${SET}']", set("db", false)),
            (
                "command: [sh, -c, \"A=db\\nif true; then\\n  /usr/bin/kubectl delete statefulset $A-x --cascade=false\\nfi\"]",
                set("db-x", true),
            ),
            ("command: [sh, -c, 'kubectl get sts db; echo kubectl delete']", vec![]),
            ("command: [sh, -c, '# kubectl delete sts db']", vec![]),
            ("command: [sh, -c, 'kubectl delete sts db --dry-run=client']", vec![]),
            (
                "command: [sh, -c, 'for s in a b; do kubectl delete sts $s --cascade=orphan; done']",
                [set("a", true), set("b", true)].concat(),
            ),
            (
                "command: [sh, -c, 'kubectl delete sts,svc -l app=db,role=x']",
                ["StatefulSet", "Service"]
                    .map(|kind| {
                        (
                            kind,
                            Which::Labelled(vec![("app".into(), "db".into()), ("role".into(), "x".into())]),
                            false,
                        )
                    })
                    .into(),
            ),
        ] {
            assert_eq!(reliefs("pre-upgrade", command), expected, "{command}");
        }
        let command = "command: [kubectl, delete, statefulset, db, --cascade=orphan]";
        assert_eq!(reliefs("post-upgrade", command), []);
        assert_eq!(reliefs("pre-install", command), []);
        assert_eq!(reliefs("'pre-install,pre-upgrade'", command).len(), 1);
    }

    #[test]
    fn a_script_may_be_mounted() {
        let map = "---
apiVersion: v1
kind: ConfigMap
metadata: {name: scripts}
data: {a.sh: \"kubectl delete sts db --cascade=orphan\"}
";
        let found = reliefs("pre-upgrade", &format!("command: [sh, /s/a.sh]\n{map}"));
        assert_eq!(found, [("StatefulSet", named("db"), true)]);
    }
}

//! A pod as its set would make it, for asking beforehand whether it would be taken.

use record::quantity;
use serde_json::{Value, json};

/// A pod of a StatefulSet, under a name that no pod of its has: the set's own.
pub fn pod_of(set: &Value) -> Value {
    let spec = &set["spec"];
    let mut pod = spec["template"].clone();
    pod["apiVersion"] = json!("v1");
    pod["kind"] = json!("Pod");
    pod["metadata"]["name"] = set["metadata"]["name"].clone();
    let templates = spec["volumeClaimTemplates"].as_array().into_iter().flatten();
    let volume_claims = templates.map(|template| {
        let name = &template["metadata"]["name"];
        json!({"name": name, "persistentVolumeClaim": {"claimName": name}})
    });
    let volumes = pod["spec"]["volumes"].as_array().cloned().unwrap_or_default();
    pod["spec"]["volumes"] = volumes.into_iter().chain(volume_claims).collect();
    pod
}

/// Whether what a merge patch changed in the pod that was sent is still so in the pod that was made of it. What is added beside it
/// changes nothing, and in the place of what it took away it does.
pub fn survives(patch: &Value, sent: &Value, made: &Value) -> bool {
    match patch {
        Value::Object(patch) => patch.iter().all(|(key, patch)| survives(patch, &sent[key], &made[key])),
        // What we do not know to be a field was not sent.
        _ if sent.is_null() && !patch.is_null() => true,
        _ if sent.is_null() => made.is_null(),
        _ => has(made, sent),
    }
}

/// Whether this has all that was sent, however it may be written.
fn has(made: &Value, sent: &Value) -> bool {
    match (sent, made) {
        (Value::Object(sent), _) => sent.iter().all(|(key, sent)| has(&made[key], sent)),
        (Value::Array(sent), _) => {
            let any = |sent: &Value| made.as_array().into_iter().flatten().any(|made| has(made, sent));
            sent.iter().all(any)
        }
        (Value::String(sent), Value::String(made)) => {
            sent == made || quantity::parse(sent).is_some_and(|sent| Some(sent) == quantity::parse(made))
        }
        _ => sent == made,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_added_beside_a_patch_lets_it_survive() {
        let resources = json!({"resources": {"requests": {"cpu": "1000"}, "limits": null}});
        let sent = json!({"name": "main", "resources": {"requests": {"cpu": "1000"}}});
        let made =
            |requests: Value| json!({"name": "main", "resources": requests, "env": [{"name": "ADDED"}]});
        assert!(survives(&resources, &sent, &made(json!({"requests": {"cpu": "1k", "memory": "1Mi"}}))));
        assert!(!survives(&resources, &sent, &made(json!({"requests": {"cpu": "2"}}))));
        assert!(!survives(
            &resources,
            &sent,
            &made(json!({"requests": {"cpu": "1k"}, "limits": {"cpu": "1k"}}))
        ));
        assert!(survives(&json!({}), &sent, &json!({})));
    }

    #[test]
    fn what_a_patch_took_away_must_not_be_filled_in() {
        let patch = json!({"securityContext": {"runAsUser": null}});
        let sent = json!({"securityContext": {"runAsNonRoot": true}});
        assert!(survives(&patch, &sent, &sent));
        let filled = json!({"securityContext": {"runAsNonRoot": true, "runAsUser": 1000}});
        assert!(!survives(&patch, &sent, &filled));
    }

    #[test]
    fn a_list_may_grow() {
        let pod = json!({"volumes": [{"name": "data", "secret": {"secretName": "none"}}]});
        let made = json!({"volumes": [{"name": "token"}, {"name": "data", "secret": {"secretName": "none", "defaultMode": 420}}]});
        assert!(survives(&pod, &pod, &made));
        assert!(!survives(&pod, &pod, &json!({"volumes": [{"name": "token"}]})));
    }
}

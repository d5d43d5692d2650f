//! Changing a manifest before it is applied: for holds, for settings, and for a control's sabotage.

use serde_json::Value;

use super::Manifest;
use crate::error::{Error, Result};

impl Manifest {
    /// The object of this kind and name.
    ///
    /// # Errors
    /// When there is none: a patch that patches nothing would prove nothing.
    pub fn find(&mut self, kind: &str, name: &str) -> Result<&mut Value> {
        self.objects
            .iter_mut()
            .find(|object| object["kind"] == kind && object["metadata"]["name"] == name)
            .ok_or_else(|| Error::bug(format!("no {kind} {name} in the manifest to patch")))
    }

    /// Takes out the object of this kind and name.
    ///
    /// # Errors
    /// When there is none.
    pub fn remove(&mut self, kind: &str, name: &str) -> Result<()> {
        self.find(kind, name)?;
        self.objects.retain(|object| !(object["kind"] == kind && object["metadata"]["name"] == name));
        Ok(())
    }

    /// Merges a JSON merge patch (RFC 7386) into an object.
    ///
    /// # Errors
    /// When there is no such object.
    pub fn merge(&mut self, kind: &str, name: &str, patch: &Value) -> Result<()> {
        merge(self.find(kind, name)?, patch);
        Ok(())
    }
}

/// Merges a JSON merge patch (RFC 7386).
pub fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    if let Value::Object(target) = target {
        for (key, value) in patch {
            if value.is_null() {
                target.remove(key);
            } else {
                merge(target.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_merge_replaces_removes_and_keeps() {
        let mut target = json!({"spec": {"replicas": 3, "serviceName": "a", "list": [1, 2]}});
        merge(&mut target, &json!({"spec": {"replicas": null, "list": [3], "policy": {"x": "y"}}}));
        assert_eq!(target, json!({"spec": {"serviceName": "a", "list": [3], "policy": {"x": "y"}}}));
    }

    #[test]
    fn a_patch_of_nothing_is_an_error() {
        assert!(Manifest::default().merge("StatefulSet", "absent", &json!({})).is_err());
    }
}

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

    /// Takes the tags of these images for containers of the same repository: versions are a setting.
    pub fn use_images(&mut self, images: &[String]) {
        for object in &mut self.objects {
            let spec = if object["kind"] == "Pod" { "/spec" } else { "/spec/template/spec" };
            for containers in ["initContainers", "containers"] {
                let containers =
                    object.pointer_mut(&format!("{spec}/{containers}")).and_then(Value::as_array_mut);
                for container in containers.into_iter().flatten() {
                    let wanted = container["image"].as_str();
                    if let Some(image) = wanted.and_then(|wanted| of_repository(images, wanted)) {
                        container["image"] = Value::String(image.to_owned());
                    }
                }
            }
        }
    }
}

/// The image of the same repository among these.
pub fn of_repository<'images>(images: &'images [String], reference: &str) -> Option<&'images str> {
    let repository =
        |reference: &str| reference.rsplit_once(':').map(|(repository, _)| repository.to_owned());
    let wanted = repository(reference);
    images.iter().find(|image| repository(image) == wanted).map(String::as_str)
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
    fn images_of_the_same_repository_take_the_chosen_tag() {
        let pod =
            json!({"kind": "Pod", "spec": {"containers": [{"image": "postgres:17"}, {"image": "other:1"}]}});
        let mut manifest = Manifest { objects: vec![pod] };
        manifest.use_images(&["postgres:16".to_owned(), "dxflrs/garage:v2.5.0".to_owned()]);
        assert_eq!(
            manifest.objects[0]["spec"]["containers"],
            json!([{"image": "postgres:16"}, {"image": "other:1"}])
        );
    }

    #[test]
    fn a_patch_of_nothing_is_an_error() {
        assert!(Manifest::default().merge("StatefulSet", "absent", &json!({})).is_err());
    }
}

//! Which fields the upgrade changes, object by object.

use serde_json::Value;

use super::{Picture, hidden::Hidden};
use crate::change::{Change, changes};

/// What differs between what is there and what would be, object by object: as the API server holds it and would hold it,
/// where it says so. Nothing secret is in it.
pub fn differences(picture: &Picture) -> Vec<Change> {
    let mut found = Vec::new();
    for (old, new) in picture.kept() {
        let (before, after) = (without_bookkeeping(&old.value), without_bookkeeping(&new.value));
        found.extend(changes(&new, Some(&before), Some(&after)));
    }
    for gone in picture.gone() {
        found.extend(changes(&gone, Some(&gone.value), None));
    }
    for new in picture.coming() {
        found.extend(changes(new, None, Some(&new.value)));
    }
    found.sort_by(|one, other| (&one.kind, &one.name).cmp(&(&other.kind, &other.name)));
    let hidden = Hidden::of(picture);
    for value in found.iter_mut().flat_map(|change| [&mut change.old, &mut change.new]).flatten() {
        hidden.blacken_value(value);
    }
    found
}

/// An object without what the API server and Helm write of their own.
fn without_bookkeeping(value: &Value) -> Value {
    let mut value = value.clone();
    if let Some(fields) = value.as_object_mut() {
        fields.remove("status");
    }
    if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        for field in
            ["managedFields", "resourceVersion", "uid", "creationTimestamp", "generation", "namespace"]
        {
            metadata.remove(field);
        }
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            annotations.retain(|name, _| {
                !name.starts_with("meta.helm.sh/")
                    && !name.ends_with("/last-applied-configuration")
                    && name != "deployment.kubernetes.io/revision"
            });
        }
    }
    value
}

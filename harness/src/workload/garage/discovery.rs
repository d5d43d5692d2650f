//! Where Garage's nodes look for each other.

use serde_json::Value;

use crate::manifest::Manifest;

/// As the shipped garage.toml has it.
const SHIPPED: &str = "namespace = \"garage\"";

/// Lets Garage discover its nodes in this namespace: it can't ask in which one it runs, so its configuration says.
pub fn discover_in(manifest: &mut Manifest, namespace: &str) {
    for object in manifest.objects.iter_mut().filter(|object| object["kind"] == "ConfigMap") {
        if let Value::String(text) = &mut object["data"]["garage.toml"] {
            *text = text.replace(SHIPPED, &format!("namespace = \"{namespace}\""));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::GARAGE;

    #[test]
    fn the_shipped_configuration_is_moved() {
        let mut manifest = GARAGE.manifest().unwrap();
        discover_in(&mut manifest, "garage-4f2a-1");
        let text =
            manifest.find("ConfigMap", "garage-configuration").unwrap()["data"]["garage.toml"].to_string();
        assert!(text.contains("garage-4f2a-1"), "{text}");
    }
}

//! Where Garage's nodes look for each other, and where they listen.

use serde_json::Value;

use crate::manifest::Manifest;

/// As the shipped garage.toml has it.
const SHIPPED: &str = "namespace = \"garage\"";

/// Lets Garage discover its nodes in this namespace: it can't ask in which one it runs, so its configuration says.
pub fn discover_in(manifest: &mut Manifest, namespace: &str) {
    configure(manifest, SHIPPED, &format!("namespace = \"{namespace}\""));
}

/// Lets Garage listen for both IP families. As shipped it listens for IPv4 alone, since a kernel may know no other.
pub fn listen_to_both(manifest: &mut Manifest) {
    configure(manifest, "_addr = \"0.0.0.0:", "_addr = \"[::]:");
}

fn configure(manifest: &mut Manifest, from: &str, to: &str) {
    for object in manifest.objects.iter_mut().filter(|object| object["kind"] == "ConfigMap") {
        if let Value::String(text) = &mut object["data"]["garage.toml"] {
            *text = text.replace(from, to);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::GARAGE;

    #[test]
    fn the_shipped_configuration_is_moved() {
        let text = configured(|manifest| discover_in(manifest, "garage-4f2a-1"));
        assert!(text.contains("garage-4f2a-1"), "{text}");
    }

    #[test]
    fn every_address_is_for_both_families() {
        let text = configured(listen_to_both);
        assert!(!text.contains("0.0.0.0"), "{text}");
        assert_eq!(text.matches("[::]:").count(), 3, "{text}");
    }

    fn configured(change: impl FnOnce(&mut Manifest)) -> String {
        let mut manifest = GARAGE.manifest().unwrap();
        change(&mut manifest);
        manifest.find("ConfigMap", "garage-configuration").unwrap()["data"]["garage.toml"].to_string()
    }
}

//! YAML, read as Kubernetes' own tools read it.

use serde_json::Value;

/// The documents of a text; 0555 is octal in them.
///
/// # Errors
/// Where and why the text is no YAML.
pub fn documents(text: &str) -> Result<Vec<Value>, serde_saphyr::Error> {
    serde_saphyr::from_multiple_with_options(text, serde_saphyr::options! { legacy_octal_numbers: true })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leading_zero_makes_a_number_octal() {
        let found = documents("defaultMode: 0555\nother: 10\nname: \"0555\"\n").unwrap();
        assert_eq!(found, [serde_json::json!({"defaultMode": 365, "other": 10, "name": "0555"})]);
    }
}

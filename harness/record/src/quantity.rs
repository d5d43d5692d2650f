//! Quantities as Kubernetes writes them: `500m`, `64Mi`, `2e3`.

const BINARY: [(&str, f64); 6] = [
    ("Ei", 1_152_921_504_606_846_976.0),
    ("Pi", 1_125_899_906_842_624.0),
    ("Ti", 1_099_511_627_776.0),
    ("Gi", 1_073_741_824.0),
    ("Mi", 1_048_576.0),
    ("Ki", 1024.0),
];
const DECIMAL: [(&str, f64); 9] = [
    ("n", 1e-9),
    ("u", 1e-6),
    ("m", 1e-3),
    ("k", 1e3),
    ("M", 1e6),
    ("G", 1e9),
    ("T", 1e12),
    ("P", 1e15),
    ("E", 1e18),
];

/// The number that a quantity is, `None` for what is none.
pub fn parse(text: &str) -> Option<f64> {
    let text = text.trim();
    let number = |digits: &str| digits.parse::<f64>().ok().filter(|number| number.is_finite());
    for (suffix, factor) in BINARY.iter().chain(&DECIMAL) {
        if let Some(digits) = text.strip_suffix(suffix) {
            return number(digits).map(|number| number * factor);
        }
    }
    number(text)
}

/// A number of a resource as people write it.
pub fn show(resource: &str, number: f64) -> String {
    match resource {
        "cpu" => cpu(number),
        resource if resource.ends_with("memory") || resource.ends_with("storage") => bytes(number),
        _ => trimmed(number),
    }
}

fn cpu(number: f64) -> String {
    let thousandths = (number * 1000.0).round();
    if thousandths % 1000.0 == 0.0 { trimmed(number.round()) } else { format!("{thousandths:.0}m") }
}

fn bytes(number: f64) -> String {
    let unit = BINARY.iter().find(|(_, factor)| number.abs() >= *factor);
    unit.map_or_else(|| trimmed(number), |(suffix, factor)| format!("{}{suffix}", trimmed(number / factor)))
}

/// One decimal at most.
fn trimmed(number: f64) -> String {
    let text = format!("{number:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quantities_are_numbers() {
        let known = [
            ("500m", 0.5),
            ("2", 2.0),
            ("1.5", 1.5),
            ("64Mi", 67_108_864.0),
            ("1Ki", 1024.0),
            ("1k", 1000.0),
            ("2e3", 2000.0),
            ("1E", 1e18),
            ("-1", -1.0),
        ];
        for (text, number) in known {
            assert_eq!(parse(text), Some(number), "{text}");
        }
        for text in ["", "Mi", "much", "1.2.3", "inf", "NaN"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(show("cpu", 0.5), "500m");
        assert_eq!(show("cpu", 100.0), "100");
        assert_eq!(show("memory", 67_108_864.0), "64Mi");
        assert_eq!(show("ephemeral-storage", 1.5 * 1_073_741_824.0), "1.5Gi");
        assert_eq!(show("nvidia.com/gpu", 2.0), "2");
    }

    proptest! {
        #[test]
        fn what_is_shown_is_what_was_asked(millis in 0u32..10_000_000, mebibytes in 0u32..1024) {
            let cpu = f64::from(millis) / 1000.0;
            let shown = parse(&show("cpu", cpu)).unwrap();
            prop_assert!((shown - cpu).abs() < 1e-6);
            let memory = f64::from(mebibytes) * 1_048_576.0;
            prop_assert_eq!(parse(&show("memory", memory)), Some(memory));
        }

        #[test]
        fn nothing_makes_it_panic(text in "\\PC*") {
            parse(&text);
        }
    }
}

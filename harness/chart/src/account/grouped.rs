//! Findings of the same kind, told together.

use record::upgrade::Forecast;

/// Findings of the same kind together, in the order of the first of each.
pub(super) fn grouped(findings: &[Forecast]) -> Vec<Vec<&Forecast>> {
    let mut groups: Vec<Vec<&Forecast>> = Vec::new();
    for finding in findings {
        let alike = |group: &&mut Vec<&Forecast>| {
            group.first().is_some_and(|first| {
                (first.severity, &first.cause, &first.claim, &first.remedy)
                    == (finding.severity, &finding.cause, &finding.claim, &finding.remedy)
            })
        };
        match groups.iter_mut().find(alike) {
            Some(group) => group.push(finding),
            None => groups.push(vec![finding]),
        }
    }
    groups
}

/// A group for people: what is the same is said once.
pub(super) fn told(group: &[&Forecast]) -> String {
    let Some(first) = group.first() else { return String::new() };
    if group.len() == 1 {
        return first.to_string();
    }
    let mut text = format!("{} {} [{}]\n", first.severity.text(), first.claim, first.cause);
    for finding in group {
        let place = finding.place.as_ref().map_or_else(String::new, |place| format!(" ({place})"));
        text.push_str(&format!("  {}: {}{place}\n", finding.object, finding.message.replace('\n', "\n    ")));
    }
    text.push_str(&format!("  do: {}", first.remedy));
    text
}

#[cfg(test)]
mod tests {
    use record::upgrade::Severity;

    use super::*;

    #[test]
    fn what_is_alike_is_told_together_and_the_worst_first() {
        let of = |severity, object: &str| Forecast {
            cause: "x".into(),
            claim: "U1".into(),
            severity,
            object: object.into(),
            message: "it would".into(),
            place: None,
            remedy: "do not".into(),
        };
        let findings =
            [of(Severity::Loss, "Secret c"), of(Severity::Care, "Secret a"), of(Severity::Care, "Secret b")];
        let text: Vec<String> = grouped(&findings).iter().map(|group| told(group)).collect();
        assert_eq!(text.len(), 2);
        assert_eq!(text[1], "care U1 [x]\n  Secret a: it would\n  Secret b: it would\n  do: do not");
    }
}

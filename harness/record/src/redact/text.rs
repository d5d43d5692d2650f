//! Secrets within a text: settings, arguments, addresses.

use super::{REDACTED, names_a_secret, option::without_options};

/// A text without what it gives to names of secrets (`password = …`, `--token=…`), without passwords in addresses
/// (`scheme://user:…@host`) and without private keys.
pub fn text(text: &str) -> String {
    let text = without_options(&without_keys(text));
    if !text.contains(['=', ':']) {
        return text;
    }
    let mut told = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find(['=', ':']) {
        let (before, after) = rest.split_at(at);
        let mut after = &after[1..];
        let colon = rest[at..].starts_with(':');
        told.push_str(before);
        told.push(if colon { ':' } else { '=' });
        if colon && after.starts_with("//") {
            after = address(after, &mut told);
        } else if let Some(value) = value_of(name_at_end(before), after, colon) {
            let lead = after.len() - value.len();
            told.push_str(&after[..lead]);
            after = over(value, &mut told);
        }
        rest = after;
    }
    told.push_str(rest);
    told
}

/// The name that a text ends with, before `=` or `:`.
fn name_at_end(text: &str) -> &str {
    let text = text.trim_end_matches([' ', '"', '\'']);
    let begin = text
        .char_indices()
        .rev()
        .take_while(|(_, letter)| letter.is_alphanumeric() || "_-.".contains(*letter))
        .last()
        .map_or(text.len(), |(at, _)| at);
    &text[begin..]
}

/// Where the value of a secret name begins; none where the name is none.
fn value_of<'text>(name: &str, after: &'text str, colon: bool) -> Option<&'text str> {
    // `a:b` is a setting only with something between.
    let spaced = !colon || after.starts_with([' ', '"', '\'']);
    (spaced && names_a_secret(name)).then(|| after.trim_start_matches(' ')).filter(|value| {
        // Nothing, or the name of where it is.
        !value.starts_with(['\n', '$', '<', '{']) && !value.is_empty()
    })
}

/// Passes over a value and says so; what comes after it.
fn over<'text>(value: &'text str, told: &mut String) -> &'text str {
    let quote = value.chars().next().filter(|letter| "\"'".contains(*letter));
    let (begin, end) = match quote {
        Some(quote) => (1, value[1..].find(quote).map_or(value.len(), |end| end + 1)),
        None => (0, value.find([' ', '\n', '\t', ',', ';', '&', '}', ')', '"', '\'']).unwrap_or(value.len())),
    };
    told.push_str(&value[..begin]);
    if end > begin {
        told.push_str(REDACTED);
    }
    &value[end..]
}

/// `//user:password@host`: all but the password; what comes after it.
fn address<'text>(after: &'text str, told: &mut String) -> &'text str {
    let end = after.find([' ', '\n', '"', '\'']).unwrap_or(after.len());
    let whole = &after[2..end];
    let authority = &whole[..whole.find(['/', '?']).unwrap_or(whole.len())];
    // A password may hold a slash that nobody wrote as %2F.
    let authority = if authority.contains('@') { authority } else { whole };
    let Some((user, host)) = authority.rsplit_once('@') else { return after };
    let Some((user, _)) = user.split_once(':') else { return after };
    told.push_str("//");
    told.push_str(user);
    told.push(':');
    told.push_str(REDACTED);
    told.push('@');
    told.push_str(host);
    &after[2 + authority.len()..]
}

/// Without PEM blocks that hold keys.
fn without_keys(text: &str) -> String {
    let mut told = String::new();
    let mut rest = text;
    while let Some(begin) = rest.find("-----BEGIN ") {
        let block = &rest[begin..];
        let end = block.find("-----END ").and_then(|end| {
            let close = block[end + 9..].find("-----")?;
            Some(end + 9 + close + 5)
        });
        let end = end.unwrap_or(block.len());
        told.push_str(&rest[..begin]);
        if block[..block.find('\n').unwrap_or(block.len())].contains("PRIVATE KEY") {
            told.push_str(REDACTED);
        } else {
            told.push_str(&block[..end]);
        }
        rest = &block[end..];
    }
    told.push_str(rest);
    told
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_secret_name_is_given_is_gone_and_nothing_else() {
        for (given, told) in [
            ("password = hunter2", "password = [redacted]"),
            ("rpc_secret = \"hunter2\" # mine", "rpc_secret = \"[redacted]\" # mine"),
            (
                "{\"password\": \"hunter2\", \"user\": \"a\"}",
                "{\"password\": \"[redacted]\", \"user\": \"a\"}",
            ),
            ("--token=hunter2 --port=1", "--token=[redacted] --port=1"),
            ("db_password: hunter2\nport: 1", "db_password: [redacted]\nport: 1"),
            ("postgres://app:hunter2@db:5432/x?a=b", "postgres://app:[redacted]@db:5432/x?a=b"),
            ("redis://:hunter2@db", "redis://:[redacted]@db"),
            ("https://example.org:443/a", "https://example.org:443/a"),
            ("image: a:1", "image: a:1"),
            ("-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----\nx", "[redacted]\nx"),
            ("password:\n  from: file", "password:\n  from: file"),
            ("--set auth.password=$PASSWORD", "--set auth.password=$PASSWORD"),
        ] {
            assert_eq!(text(given), told);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_to_its_end(given in "[a-z:=/@\"' \n-]{0,60}(password|token)?[=: ]{0,3}.{0,20}") {
            let told = text(&given);
            prop_assert!(told.len() <= given.len() + 40 * REDACTED.len());
        }
    }
}

//! Secrets that command lines take after short options, and headers of HTTP.

use super::REDACTED;

/// A text without them: `redis-cli -a …`, `mysql -p…`, `curl -u user:…`, `Authorization: Bearer …`.
pub(super) fn without_options(text: &str) -> String {
    let mut told = String::with_capacity(text.len());
    let (mut program, mut last) = ("", "");
    for part in text.split_inclusive(|letter: char| letter.is_whitespace()) {
        let word = part.trim_end();
        if let Some(known) = PROGRAMS.iter().find(|known| word.ends_with(**known)) {
            program = known;
        }
        match secret_in(program, last, word) {
            Some((before, after)) => {
                told.push_str(&part[..before]);
                told.push_str(REDACTED);
                told.push_str(&part[after..]);
            }
            None => told.push_str(part),
        }
        last = word;
    }
    told
}

const PROGRAMS: &[&str] = &[
    "redis-cli",
    "valkey-cli",
    "mysql",
    "mysqladmin",
    "mysqldump",
    "mariadb",
    "mariadb-admin",
    "curl",
    "wget",
];

/// Where a word is secret, after a program and the word before it.
fn secret_in(program: &str, last: &str, word: &str) -> Option<(usize, usize)> {
    let bare = word.trim_end_matches(['"', '\'', ';', ')']);
    // What the shell fills in is no secret.
    let value = |begin: usize| {
        let value = bare.get(begin..)?.trim_start_matches(['"', '\'']);
        (!value.is_empty() && !value.starts_with(['$', '`', '<']))
            .then(|| (bare.len() - value.len(), bare.len()))
    };
    let header = last.trim_start_matches(['"', '\'']);
    match program {
        "redis-cli" | "valkey-cli" if last == "-a" => value(0),
        "curl" | "wget" if ["-u", "--user"].contains(&last) => value(bare.find(':')? + 1),
        _ if program.starts_with("m") && bare.starts_with("-p") && !bare.starts_with("-p=") => value(2),
        _ if ["Bearer", "Basic"].contains(&header) => value(0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_options_hold_secrets_where_their_programs_take_them() {
        for (text, expected) in [
            ("redis-cli -a hunter2 ping", "redis-cli -a [redacted] ping"),
            ("redis-cli -a \"$PASS\" ping", "redis-cli -a \"$PASS\" ping"),
            ("mysqladmin -uroot -phunter2 shutdown", "mysqladmin -uroot -p[redacted] shutdown"),
            ("mysql -p\"${ROOT}\" -e x", "mysql -p\"${ROOT}\" -e x"),
            ("curl -u admin:hunter2 http://x", "curl -u admin:[redacted] http://x"),
            ("curl -H 'Authorization: Bearer hunter2' y", "curl -H 'Authorization: Bearer [redacted]' y"),
            ("ls -a x; mkdir -p /a/b", "ls -a x; mkdir -p /a/b"),
        ] {
            assert_eq!(without_options(text), expected);
        }
    }
}

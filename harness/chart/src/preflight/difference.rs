//! In what two values of a secret differ: another password breaks who uses it, another salt of its hash does not.

use std::collections::BTreeMap;

use record::redact::names_a_secret;

/// In what two values of a secret differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// The same passwords, hashed with another salt.
    Salt,
    /// Certificates and their keys.
    Certificate,
    /// A key by itself, or a password, or what may be one.
    Password,
    /// A user, a host: what is no secret, and matters.
    Setting,
    /// A file of settings, of which no password changes.
    File,
}

/// In what two values under this name differ. `certified` says whether there is a certificate beside them.
pub fn difference(name: &str, old: &[u8], new: &[u8], certified: bool) -> Difference {
    let keystore =
        [".jks", ".p12", ".pfx", ".keystore", ".truststore"].iter().any(|ending| name.ends_with(ending));
    let (Ok(old), Ok(new)) = (std::str::from_utf8(old), std::str::from_utf8(new)) else {
        return if keystore { Difference::Certificate } else { Difference::Password };
    };
    if keystore {
        return Difference::Certificate;
    }
    let (old, new) = (without_hashes(old), without_hashes(new));
    if old == new {
        return Difference::Salt;
    }
    let (plain_old, plain_new) = (without_pem(&old), without_pem(&new));
    if plain_old == plain_new {
        let certified = certified || new.contains("-----BEGIN CERTIFICATE");
        return if certified { Difference::Certificate } else { Difference::Password };
    }
    // Where something is reached, by the same password.
    if let (Some(old), Some(new)) = (passwords_of_address(&plain_old), passwords_of_address(&plain_new)) {
        return if old == new { Difference::File } else { Difference::Password };
    }
    let lines = plain_new.trim().lines().count().max(plain_old.trim().lines().count());
    let file = lines > 1 || (plain_new.trim_start().starts_with('{') && plain_new.trim_end().ends_with('}'));
    match (file, names_a_secret(name)) {
        (true, _)
            if secrets_in(&plain_old)
                .iter()
                .any(|(name, value)| secrets_in(&plain_new).get(name).is_some_and(|new| new != value)) =>
        {
            Difference::Password
        }
        (true, _) => Difference::File,
        (false, true) => Difference::Password,
        (false, false) => Difference::Setting,
    }
}

/// The passwords in an address: `postgres://user:password@host/name?password=`; none where it is no address.
fn passwords_of_address(text: &str) -> Option<Vec<&str>> {
    let (_, rest) =
        text.trim().split_once("://").filter(|(scheme, _)| !scheme.contains(char::is_whitespace))?;
    let (place, settings) = rest.split_once('?').unwrap_or((rest, ""));
    let user = place.split('/').next().unwrap_or_default().rsplit_once('@').map_or("", |(user, _)| user);
    let given = settings.split('&').filter_map(|setting| setting.split_once('='));
    let given = given.filter(|(name, _)| names_a_secret(name)).map(|(_, value)| value);
    let mut found: Vec<&str> =
        user.split_once(':').map(|(_, password)| password).into_iter().chain(given).collect();
    found.sort_unstable();
    Some(found)
}

/// What a file of settings gives to names of secrets.
fn secrets_in(text: &str) -> BTreeMap<&str, &str> {
    let settings = text
        .split(['\n', ',', '{', '}'])
        .filter_map(|line| line.split_once('=').or_else(|| line.split_once(':')));
    settings
        .map(|(name, value)| (name.trim_matches([' ', '"', '\'', '-']), value.trim_matches([' ', '"', '\''])))
        .filter(|(name, _)| names_a_secret(name))
        .collect()
}

/// Whether a text holds a password's hash with a salt: crypt's forms, and those of LDAP.
fn is_hash(word: &str) -> bool {
    let crypt =
        ["$2a$", "$2b$", "$2y$", "$apr1$", "$1$", "$5$", "$6$", "$y$", "$argon2", "$pbkdf2", "$scrypt$"];
    let ldap = ["{SSHA}", "{SSHA256}", "{SSHA512}", "pbkdf2_sha256$", "pbkdf2:sha256:", "SCRAM-SHA-256$"];
    crypt.iter().chain(&ldap).any(|form| word.starts_with(form) && word.len() > form.len() + 8)
}

/// The text with every salted hash as the same word.
fn without_hashes(text: &str) -> String {
    let border = |letter: char| letter.is_whitespace() || "\"',;|".contains(letter);
    let mut told = String::with_capacity(text.len());
    let mut word = String::new();
    let flush = |word: &mut String, told: &mut String| {
        // `user:$2y$…` has its hash after the colon; a hash may hold colons itself.
        let begin = std::iter::once(0).chain(word.match_indices([':', '=']).map(|(at, _)| at + 1));
        let hash = begin.into_iter().find(|at| is_hash(&word[*at..]));
        match hash {
            Some(at) => {
                told.push_str(&word[..at]);
                told.push_str("<hash>");
            }
            None => told.push_str(word),
        }
        word.clear();
    };
    for letter in text.chars() {
        if border(letter) {
            flush(&mut word, &mut told);
            told.push(letter);
        } else {
            word.push(letter);
        }
    }
    flush(&mut word, &mut told);
    told
}

/// The text with every PEM block as its first line alone.
fn without_pem(text: &str) -> String {
    let mut told = String::new();
    let mut within = false;
    for line in text.lines() {
        let bare = line.trim();
        within = within || bare.starts_with("-----BEGIN ");
        if !within {
            told.push_str(line);
            told.push('\n');
        } else if bare.starts_with("-----BEGIN ") {
            told.push_str(bare);
            told.push('\n');
        }
        within = within && !bare.contains("-----END ");
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, old: &str, new: &str) -> Difference {
        difference(name, old.as_bytes(), new.as_bytes(), false)
    }

    #[test]
    fn a_salt_is_no_password() {
        let (one, other) = ("$2a$10$abcdefghijklmnopqrstuv", "$2a$10$zyxwvutsrqponmlkjihgfe");
        assert_eq!(of("REGISTRY_HTPASSWD", &format!("u:{one}"), &format!("u:{other}")), Difference::Salt);
        assert_eq!(
            of("users.yml", &format!("a: \"{one}\"\nb: 1"), &format!("a: \"{other}\"\nb: 1")),
            Difference::Salt
        );
        assert_eq!(of("REGISTRY_HTPASSWD", &format!("u:{one}"), &format!("v:{other}")), Difference::Password);
        assert_eq!(of("password", one, other), Difference::Salt);
        assert_eq!(of("password", "hunter2", "hunter3"), Difference::Password);
    }

    #[test]
    fn a_certificate_is_no_password_and_a_lone_key_is_one() {
        let certificate =
            |text: &str| format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n");
        let key =
            |text: &str| format!("-----BEGIN RSA PRIVATE KEY-----\n{text}\n-----END RSA PRIVATE KEY-----\n");
        assert_eq!(of("tls.crt", &certificate("a"), &certificate("b")), Difference::Certificate);
        assert_eq!(
            difference("tls.key", key("a").as_bytes(), key("b").as_bytes(), true),
            Difference::Certificate
        );
        assert_eq!(of("signing", &key("a"), &key("b")), Difference::Password);
    }

    #[test]
    fn an_address_is_read_for_its_passwords() {
        for (old, new, expected) in [
            ("tcp://a:1/?user=u&password=x", "tcp://b:2/d?password=x&user=v", Difference::File),
            ("postgres://u:x@a/d", "postgres://u:x@b/d", Difference::File),
            ("postgres://u:x@a/d", "postgres://u:y@a/d", Difference::Password),
            ("postgres://a/d", "a password", Difference::Password),
        ] {
            assert_eq!(of("DSN", old, new), expected, "{old} {new}");
        }
    }

    #[test]
    fn a_file_is_read_for_its_passwords() {
        assert_eq!(
            of("garage.toml", "a = 1\nrpc_secret = \"x\"\n", "a = 2\nrpc_secret = \"x\"\n"),
            Difference::File
        );
        assert_eq!(
            of("garage.toml", "a = 1\nrpc_secret = \"x\"\n", "a = 1\nrpc_secret = \"y\"\n"),
            Difference::Password
        );
        assert_eq!(of("config.json", "{\"password\": \"x\"}", "{\"password\": \"y\"}"), Difference::Password);
        assert_eq!(of("username", "a", "b"), Difference::Setting);
    }
}

//! Which names say that a value is secret.

/// Words that say so alone.
const ALONE: &[&str] = &[
    "apikey",
    "cookie",
    "credential",
    "credentials",
    "dsn",
    "htpasswd",
    "jwt",
    "pass",
    "passphrase",
    "passwd",
    "password",
    "passwords",
    "pgpass",
    "pin",
    "pwd",
    "requirepass",
    "masterauth",
    "salt",
    "secret",
    "secrets",
    "token",
    "tokens",
];

/// Words that say so before `key`, and before `string`.
const BEFORE_KEY: &[&str] =
    &["access", "account", "api", "auth", "encryption", "master", "private", "secret", "shared", "signing"];

/// Words at the end that say that it is only where the secret is, or what is done with it.
const ONLY_ABOUT: &[&str] = &[
    "class",
    "dir",
    "directory",
    "enabled",
    "endpoint",
    "expiration",
    "expiry",
    "file",
    "files",
    "folder",
    "issuer",
    "length",
    "lifetime",
    "method",
    "mode",
    "mount",
    "name",
    "namespace",
    "path",
    "policy",
    "provider",
    "ref",
    "ttl",
    "type",
    "uri",
    "url",
    "username",
];

/// Whether a variable, a setting or a field of this name holds what nobody may see: `POSTGRES_PASSWORD`, `rpcSecret`,
/// `api-key`; not `passwordFile`.
pub fn names_a_secret(name: &str) -> bool {
    let words = words(name);
    let Some(last) = words.last() else { return false };
    if ONLY_ABOUT.contains(&last.as_str()) || words.first().is_some_and(|first| first == "existing") {
        return false;
    }
    let alone = words.iter().any(|word| ALONE.contains(&word.as_str()) || word.ends_with("password"));
    let pair = words.windows(2).any(|pair| {
        (pair[1] == "key" && BEFORE_KEY.contains(&pair[0].as_str()))
            || (pair[0] == "connection" && pair[1] == "string")
    });
    alone || pair
}

/// The words of a name, however they are put together.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut lower = false;
    for letter in name.chars() {
        if !letter.is_alphanumeric() {
            words.push(String::new());
        } else {
            if letter.is_uppercase() && lower {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.extend(letter.to_lowercase());
            }
        }
        lower = letter.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_whether_its_value_is_secret() {
        for name in [
            "POSTGRES_PASSWORD",
            "rpcSecret",
            "api-key",
            "adminPassword",
            "AWS_SECRET_ACCESS_KEY",
            "MYSQL_ROOT_PASSWORD",
            "token",
            "RABBITMQ_ERLANG_COOKIE",
            "secretKey",
            "REQUIREPASS",
            "tls.private_key",
            "postgres-password",
            "rootpassword",
            "CONNECTION_STRING",
            "DB_PASS",
            "SENTRY_DSN",
        ] {
            assert!(names_a_secret(name), "{name}");
        }
        for name in [
            "POSTGRES_USER",
            "PGDATA",
            "secretName",
            "POSTGRES_PASSWORD_FILE",
            "existingSecret",
            "tokenTtl",
            "key",
            "username",
            "compass",
            "passthrough",
            "auth.method",
            "SECRET_PATH",
            "",
        ] {
            assert!(!names_a_secret(name), "{name}");
        }
    }
}

//! Passwords and certificates that somebody does not accept.

use crate::{
    cause::{self, Cause, quote},
    container::At,
    log::given,
};

/// What clients say of a password that a server refuses, in small letters.
const PASSWORDS: &[&str] = &[
    "password authentication failed",
    "access denied for user",
    "wrongpass",
    "invalid username-password pair",
    "sasl authentication failed",
];
/// How a server tells of its clients: no reason to end.
const SERVERS_OWN: &[&str] = &["] fatal:", "] [warning]", "] [note]"];
/// What is said of a certificate that is over, in small letters.
const EXPIRED: &[&str] =
    &["certificate has expired", "certificate expired", "cert_has_expired", "certificate is expired"];

/// A container that ended since its password, or a certificate, was not accepted.
pub(super) fn examine(at: &At<'_>, lines: &[&str]) -> Option<Cause> {
    let says = |line: &str, words: &[&str]| {
        let lower = line.to_lowercase();
        words.iter().any(|word| lower.contains(word))
    };
    let refused = lines.iter().find(|line| says(line, PASSWORDS) && !says(line, SERVERS_OWN));
    if let Some(line) = refused {
        return Some(password(at, line));
    }
    lines.iter().find(|line| says(line, EXPIRED)).map(|line| expired(at, line))
}

fn password(at: &At<'_>, line: &str) -> Cause {
    let seen = format!("ends, and its log says that a server does not accept its password: {}", quote(line));
    at.cause(cause::CREDENTIALS_REFUSED, &seen)
        .likely(given::whole_log(at))
        .advise("images of databases take the password of their Secret only when they make the database: one on an old volume keeps the old password, however often the Secret was changed or made anew (by a chart, at each upgrade)")
        .advise("change it in the server itself (PostgreSQL: ALTER USER … PASSWORD …), or put the old one back into the Secret")
        .advise(format!("or correct which Secret and key the container takes it from, in statefulset {}; one that was changed is read at the container's next start", at.picture.name()))
}

fn expired(at: &At<'_>, line: &str) -> Cause {
    let seen = format!("ends, and its log says that a certificate is over: {}", quote(line));
    let secrets = at.picture.kubectl("get secret NAME -o jsonpath='{.data.tls\\.crt}'");
    at.cause(cause::CREDENTIALS_REFUSED, &seen)
        .likely(given::whole_log(at))
        .advise(format!("see until when it counts, and whose it is: {secrets} | base64 -d | openssl x509 -noout -dates -subject"))
        .advise("renew it (of cert-manager: kubectl get certificates,certificaterequests -A tells what keeps it from doing so), and let whoever serves it read the new one: many do so only at their start")
        .advise("if it is not over, or not yet begun, a node's clock is wrong")
}

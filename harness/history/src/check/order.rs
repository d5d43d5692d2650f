//! A listing shows what was asked for, each name once, in the order of its bytes.

use super::judgement::{Anomaly, Kind};
use crate::operation::{Key, Operation};

/// Finds what is wrong so with what an operation listed.
pub(super) fn disordered(one: &Operation, prefix: &str, keys: &[Key]) -> Option<Anomaly> {
    let text = format!("{}, at {}", disorder(prefix, keys)?, one.endpoint);
    Some(Anomaly { kind: Kind::Disordered, text, lines: vec![one.line] })
}

/// What is out of order in a listing of what begins so, or was not asked for; the same name twice in a row is another matter.
fn disorder(prefix: &str, keys: &[Key]) -> Option<String> {
    if let Some(key) = keys.iter().find(|key| !key.starts_with(prefix)) {
        return Some(format!("what begins with {prefix} was asked for, and {key} is listed"));
    }
    let pair = keys.array_windows().find(|[one, other]| one > other);
    pair.map(|[one, other]| format!("{one} is listed before {other}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_ascend_and_begin_as_they_were_asked_for() {
        let keys = |names: &[&str]| -> Vec<Key> { names.iter().map(|name| Key::from(*name)).collect() };
        let wrong = |names: &[&str]| disorder("r/", &keys(names)).is_some();
        assert!(!wrong(&[]) && !wrong(&["r/1", "r/10", "r/1a", "r/2"]) && !wrong(&["r/1", "r/1"]));
        assert!(wrong(&["r/2", "r/1"]) && wrong(&["r/1", "s/1"]));
    }
}

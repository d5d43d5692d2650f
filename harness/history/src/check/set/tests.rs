use super::*;
use crate::{
    fixture::{found, get, operation, put, refused, unknown},
    operation::{Answer, Cause, Failure},
};

const ABSENT: Outcome = Outcome::Ok(Answer::Absent);

fn list(line: u64, span: (i64, i64), keys: &[&str]) -> Operation {
    let keys = keys.iter().map(|key| Key::from(*key)).collect();
    operation(line, Action::List { prefix: "r/".into() }, span, Outcome::Ok(Answer::Keys(keys)))
}

fn scan(line: u64, endpoint: &str, rows: &[(&str, &[u8])]) -> Operation {
    let rows = rows.iter().map(|(key, content)| (Key::from(*key), Value::of(content))).collect();
    let action = Action::Scan { prefix: "r/".into() };
    let one = operation(line, action, (50, 51), Outcome::Ok(Answer::Rows(rows)));
    Operation { endpoint: endpoint.into(), ..one }
}

fn kinds(all: &[Operation]) -> Vec<Kind> {
    judge(all, "r/", Copies::Same).anomalies.iter().map(|one| one.kind).collect()
}

#[test]
fn an_unknown_write_may_be_there_or_not() {
    for read in [ABSENT, found(b"1")] {
        assert_eq!(kinds(&[put(1, "r/a", b"1", (0, 1), unknown()), get(2, "r/a", (9, 10), read)]), []);
    }
    assert_eq!(
        kinds(&[put(1, "r/a", b"1", (0, 1), unknown()), get(2, "r/a", (9, 10), found(b"x"))]),
        [Kind::Diverged]
    );
}

#[test]
fn each_flaw_has_its_name() {
    let written = || put(1, "r/a", b"1", (0, 1), Outcome::DONE);
    let said = || Outcome::Failed(Failure::new(Cause::Answered("500".into()), "500 InternalError"));
    let listed = || list(2, (5, 6), &["r/a"]);
    assert_eq!(kinds(&[written(), get(3, "r/a", (9, 10), ABSENT)]), [Kind::Lost]);
    assert_eq!(kinds(&[written(), get(3, "r/a", (9, 10), found(b"2"))]), [Kind::Diverged]);
    assert_eq!(kinds(&[written(), get(3, "r/a", (9, 10), said())]), [Kind::Unreadable]);
    assert_eq!(
        kinds(&[written(), list(2, (5, 6), &[]), get(3, "r/a", (9, 10), found(b"1"))]),
        [Kind::Unlisted]
    );
    assert_eq!(
        kinds(&[put(1, "r/a", b"1", (0, 1), unknown()), listed(), get(3, "r/a", (9, 10), said())]),
        [Kind::Torn]
    );
    assert_eq!(
        kinds(&[put(1, "r/a", b"1", (0, 1), refused()), listed(), get(3, "r/a", (9, 10), ABSENT)]),
        [Kind::Torn]
    );
    // A history that was cut before the key was read back: a reader had been ahead of its writer.
    assert_eq!(kinds(&[get(1, "r/a", (0, 1), ABSENT), put(3, "r/a", b"1", (2, 4), unknown()), listed()]), []);
    assert_eq!(
        kinds(&[put(1, "r/a", b"1", (0, 1), refused()), get(3, "r/a", (9, 10), found(b"1"))]),
        [Kind::RefusedButStored]
    );
    assert_eq!(kinds(&[written(), list(2, (5, 6), &["r/a", "r/a"])]), [Kind::Duplicated]);
    assert_eq!(kinds(&[list(2, (5, 6), &["r/z", "another"])]), [Kind::Phantom]);
    assert_eq!(kinds(&[get(2, "r/z", (5, 6), found(b"1"))]), [Kind::Phantom]);
    assert_eq!(
        kinds(&[written(), get(3, "r/a", (2, 3), ABSENT), get(4, "r/a", (9, 10), found(b"1"))]),
        [Kind::Stale]
    );
}

#[test]
fn a_listing_says_nothing_of_keys_that_it_was_not_asked_for() {
    let part = Operation { action: Action::List { prefix: "r/b".into() }, ..list(4, (20, 21), &["r/b"]) };
    let all = |keys: &[&str]| {
        let written =
            [put(1, "r/a", b"1", (0, 1), Outcome::DONE), put(2, "r/b", b"2", (0, 1), Outcome::DONE)];
        let read = [get(5, "r/a", (22, 23), found(b"1")), get(6, "r/b", (22, 23), found(b"2"))];
        [&written[..], &[list(3, (9, 10), keys), part.clone()], &read].concat()
    };
    assert_eq!(kinds(&all(&["r/a", "r/b"])), []);
    assert_eq!(kinds(&all(&["r/b"])), [Kind::Unlisted]);
}

#[test]
fn what_could_not_be_asked_is_not_judged_and_a_refusal_in_the_middle_is_no_news() {
    let written = put(1, "r/a", b"1", (0, 1), Outcome::DONE);
    let broke = Outcome::Failed(Failure::new(Cause::Broken, "the tunnel broke"));
    let busy = Outcome::Failed(Failure::new(Cause::Answered("503".into()), "503"));
    let judgement = judge(&[written.clone(), get(2, "r/a", (9, 10), broke)], "r/", Copies::Same);
    assert_eq!((judgement.judged, judgement.anomalies.len()), (0, 0));
    assert_eq!(judgement.unjudged, ["1 of 1 acknowledged writes were never read again"]);
    let later = put(3, "r/b", b"2", (20, 21), unknown());
    assert_eq!(kinds(&[written, get(2, "r/a", (9, 10), busy), later]), []);
}

#[test]
fn stores_of_their_own_need_only_what_was_written_to_them() {
    let at_pod = |line, key: &str, pod: &str| Operation {
        endpoint: pod.into(),
        ..put(line, key, key.as_bytes(), (0, 1), Outcome::DONE)
    };
    let all = [at_pod(1, "r/a", "db-0"), at_pod(2, "r/b", "db-1"), at_pod(3, "r/c", "service db")];
    let whole = [scan(4, "db-0", &[("r/a", b"r/a")]), scan(5, "db-1", &[("r/b", b"r/b"), ("r/c", b"r/c")])];
    let swapped = [scan(4, "db-1", &[("r/a", b"r/a")]), scan(5, "db-0", &[("r/b", b"r/b"), ("r/c", b"r/c")])];
    let bare = [scan(4, "db-0", &[("r/a", b"r/a")]), scan(5, "db-1", &[("r/b", b"r/b")])];
    let lost = |scans: &[Operation]| {
        let judgement = judge(&[&all[..], scans].concat(), "r/", Copies::Apart);
        assert!(judgement.anomalies.iter().all(|one| one.kind == Kind::Lost), "{judgement:?}");
        let mut writes: Vec<_> = judgement.anomalies.iter().map(|one| one.lines[0]).collect();
        writes.dedup();
        writes
    };
    assert_eq!(lost(&whole), [0; 0]);
    assert_eq!(lost(&swapped), [1, 2]);
    assert_eq!(lost(&bare), [3]);
}

#[test]
fn a_write_that_several_lack_is_one_and_names_them() {
    let lacks = |line: u64, endpoint: &str| Operation {
        endpoint: endpoint.into(),
        ..get(line, "r/a", (9, 10), ABSENT)
    };
    let all = [put(1, "r/a", b"1", (0, 1), Outcome::DONE), lacks(2, "garage-0"), lacks(3, "garage-1")];
    let judgement = judge(&all, "r/", Copies::Same);
    let [lost] = &judgement.anomalies[..] else { panic!("expected one, got {judgement:?}") };
    assert!(lost.text.ends_with("at garage-0, and at garage-1"), "{}", lost.text);
    assert_eq!(lost.lines, [1, 2, 3]);
}

use super::*;
use crate::{
    fixture::{delete, found, get, operation, put, refused, unknown},
    operation::{Answer, Cause, Failure, How},
};

const NEVER: &str = "1 of 1 acknowledged writes were never read again";
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
    // Nobody knew of it, it was absent, and it came late.
    assert_eq!(kinds(&[put(1, "r/a", b"1", (0, 1), unknown()), get(3, "r/a", (2, 3), ABSENT), listed()]), []);
    // A history that was cut before the key was read back: a reader had been ahead of its writer.
    assert_eq!(kinds(&[get(1, "r/a", (0, 1), ABSENT), put(3, "r/a", b"1", (2, 4), unknown()), listed()]), []);
    assert_eq!(
        kinds(&[put(1, "r/a", b"1", (0, 1), refused()), get(3, "r/a", (9, 10), found(b"1"))]),
        [Kind::RefusedButStored]
    );
    assert_eq!(kinds(&[written(), list(2, (5, 6), &["r/a", "r/a"])]), [Kind::Duplicated]);
    assert_eq!(kinds(&[list(2, (5, 6), &["another", "r/z"])]), [Kind::Phantom, Kind::Disordered]);
    assert_eq!(kinds(&[list(2, (5, 6), &["r/z", "r/y"])]), [Kind::Phantom, Kind::Phantom, Kind::Disordered]);
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
    assert_eq!(judgement.unjudged, ["store-0 said nothing of 1 keys"]);
    let judgement = judge(std::slice::from_ref(&written), "r/", Copies::Same);
    assert_eq!((judgement.judged, judgement.unjudged), (0, vec![NEVER.to_owned()]));
    let later = put(3, "r/b", b"2", (20, 21), unknown());
    assert_eq!(kinds(&[written.clone(), get(2, "r/a", (9, 10), busy), later]), []);
    // Who is to come again is told nothing.
    let later = Outcome::Failed(Failure::new(Cause::Answered("429".into()), "429 SlowDown"));
    let judgement = judge(&[written, get(2, "r/a", (9, 10), later)], "r/", Copies::Same);
    assert_eq!(judgement.anomalies, []);
    assert_eq!(judgement.unjudged, ["store-0 said nothing of 1 keys"]);
}

#[test]
fn who_is_unavailable_for_all_says_nothing_of_each() {
    let busy = || Outcome::Failed(Failure::new(Cause::Answered("503".into()), "503 SlowDown"));
    let with = |more: &[Operation]| {
        let written =
            [put(1, "r/a", b"1", (0, 1), Outcome::DONE), put(2, "r/b", b"2", (0, 1), Outcome::DONE)];
        judge(&[&written[..], more].concat(), "r/", Copies::Same)
    };
    let other = |span| get(3, "r/b", span, found(b"2"));
    let kinds = |judgement: &Judgement| judgement.anomalies.iter().map(|one| one.kind).collect::<Vec<_>>();
    // It gave the other before, or meanwhile, or another did: nothing is said of this one.
    for other in [other((5, 6)), other((9, 12)), at("store-1", other((20, 21)))] {
        let judgement = with(&[other, get(4, "r/a", (9, 10), busy())]);
        assert_eq!(kinds(&judgement), []);
        assert!(judgement.unjudged.contains(&"store-0 said nothing of 1 keys".to_owned()), "{judgement:?}");
    }
    let lost = [get(4, "r/a", (9, 10), busy()), other((11, 12)), get(5, "r/a", (13, 14), busy())];
    assert_eq!(kinds(&with(&lost)), [Kind::Unreadable]);
    let list = operation(4, Action::List { prefix: "r/".into() }, (9, 10), busy());
    let read = [get(5, "r/a", (7, 8), found(b"1")), other((7, 8))];
    assert_eq!(kinds(&with(&[&read[..], std::slice::from_ref(&list)].concat())), []);
    let read = [get(5, "r/a", (11, 12), found(b"1")), other((11, 12))];
    assert_eq!(kinds(&with(&[&[list], &read[..]].concat())), [Kind::Unreadable]);
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

fn at(endpoint: &str, one: Operation) -> Operation {
    Operation { endpoint: endpoint.into(), ..one }
}

fn failed(cause: Cause, text: &str) -> Outcome {
    Outcome::Failed(Failure::new(cause, text))
}

#[test]
fn who_says_nothing_at_the_end_is_named_though_another_has_it() {
    let written = put(1, "r/a", b"1", (0, 1), Outcome::DONE);
    let silent = |line, from| at("garage-1", get(line, "r/a", (from, from + 1), failed(Cause::Silent, "")));
    let other = at("garage-0", get(2, "r/a", (9, 10), found(b"1")));
    let said = |all: &[Operation]| {
        let judgement = judge(all, "r/", Copies::Same);
        assert_eq!(judgement.anomalies, []);
        (judgement.judged, judgement.unjudged)
    };
    let nothing = vec!["garage-1 said nothing of 1 keys".to_owned()];
    assert_eq!(said(&[written.clone(), other.clone(), silent(3, 9)]), (1, nothing.clone()));
    // What it gave while the load ran says nothing of the end.
    let earlier = at("garage-1", get(4, "r/a", (2, 3), found(b"1")));
    assert_eq!(said(&[written.clone(), earlier, other.clone(), silent(3, 9)]), (1, nothing));
    // Once silent and then answered; silent while the load ran; silent to one who had a part in the load.
    let answered = at("garage-1", get(5, "r/a", (11, 12), found(b"1")));
    assert_eq!(said(&[written.clone(), other.clone(), silent(3, 9), answered]), (1, vec![]));
    let later = put(6, "r/b", b"2", (20, 21), unknown());
    assert_eq!(
        said(&[written.clone(), other.clone(), silent(3, 9), later]),
        (1, vec![NOBODY_AT_THE_END.to_owned()])
    );
    let of_the_load = Operation { process: written.process, ..silent(3, 9) };
    assert_eq!(said(&[written, other, of_the_load]), (1, vec![]));
}

#[test]
fn content_that_breaks_off_again_and_again_where_the_way_has_carried_as_much_cannot_be_read() {
    let written = || at("store-1", put(1, "r/a", b"11", (0, 1), Outcome::DONE));
    let tries = |times: u64| {
        let broke = || failed(Cause::CutShort, "the body broke off");
        (0..times).map(|number| get(10 + number, "r/a", (9, 10), broke())).collect::<Vec<_>>()
    };
    let with = |times, others: &[Operation]| [&[written()], others, &tries(times)].concat();
    let other = |content: &[u8]| {
        let write = at("store-1", put(2, "r/b", content, (0, 1), Outcome::DONE));
        [write, get(3, "r/b", (9, 10), found(content))]
    };
    assert_eq!(kinds(&with(4, &other(b"22"))), [Kind::Unreadable]);
    // The way may break off what is large, and what is not tried again.
    assert_eq!(kinds(&with(4, &other(b"2"))), []);
    assert_eq!(kinds(&with(2, &other(b"22"))), []);
    let unjudged = judge(&with(2, &other(b"22")), "r/", Copies::Same).unjudged;
    assert_eq!(unjudged, ["store-0 said nothing of 1 keys"]);
    // All that is large breaks off at the end, and none did while the load ran: neither what was read there, nor what was written.
    let broken = |one| kinds(&with(4, &[one]));
    assert_eq!(broken(get(2, "r/a", (2, 3), found(b"11"))), [Kind::Unreadable]);
    assert_eq!(broken(put(2, "r/b", b"22", (0, 1), Outcome::DONE)), [Kind::Unreadable]);
    assert_eq!(broken(put(2, "r/b", b"2", (0, 1), Outcome::DONE)), []);
    assert_eq!(broken(put(2, "r/b", b"22", (0, 1), unknown())), []);
    let action = Action::Put { key: "r/b".into(), value: Value::of(b"22"), how: How::Parts };
    assert_eq!(broken(operation(2, action, (0, 1), Outcome::DONE)), []);
}

#[test]
fn a_last_listing_or_scan_that_is_refused_is_told_in_the_servers_words() {
    let written = put(1, "r/a", b"1", (0, 1), Outcome::DONE);
    let read = get(2, "r/a", (9, 10), found(b"1"));
    let ask = |line, action: Action, from, outcome| operation(line, action, (from, from + 1), outcome);
    let list = |line, from, outcome| ask(line, Action::List { prefix: "r/".into() }, from, outcome);
    let scan = |line, from, outcome| ask(line, Action::Scan { prefix: "r/".into() }, from, outcome);
    let corrupt = || failed(Cause::Answered("XX001".into()), "XX001: invalid page");
    let silent = || failed(Cause::Silent, "no answer");
    let said = |all: &[Operation]| {
        let Judgement { anomalies, unjudged, .. } = judge(all, "r/", Copies::Same);
        (anomalies.into_iter().map(|one| (one.kind, one.text)).collect::<Vec<_>>(), unjudged)
    };
    let (found, unjudged) =
        said(&[written.clone(), read.clone(), list(3, 8, corrupt()), list(4, 9, silent())]);
    assert_eq!(found, [(Kind::Unreadable, "store-0 can't list r/: XX001: invalid page".to_owned())]);
    assert_eq!(unjudged, [""; 0]);
    let (found, unjudged) = said(&[written.clone(), read.clone(), list(3, 8, silent())]);
    assert_eq!((found.len(), unjudged), (0, vec!["store-0 did not list r/".to_owned()]));
    let shown = list(4, 12, Outcome::Ok(Answer::Keys(vec!["r/a".into()])));
    assert_eq!(said(&[written.clone(), read.clone(), list(3, 8, corrupt()), shown]), (vec![], vec![]));
    // While the load runs it is no news.
    let later = put(5, "r/b", b"2", (20, 21), unknown());
    assert_eq!(
        said(&[written.clone(), read, list(3, 8, corrupt()), later]),
        (vec![], vec![NOBODY_AT_THE_END.to_owned()])
    );

    let (found, _) = said(&[written.clone(), scan(3, 8, corrupt())]);
    let [(Kind::Unreadable, text)] = &found[..] else { panic!("{found:?}") };
    assert!(text.contains("r/a, 1 bytes, was acknowledged and can't be read: XX001: invalid page"), "{text}");
    let (found, unjudged) = said(&[written, scan(3, 8, silent())]);
    assert_eq!((found.len(), unjudged), (0, vec!["store-0 said nothing of 1 keys".to_owned()]));
}

#[test]
fn a_store_of_its_own_that_cannot_be_scanned_makes_nothing_lost_at_the_others() {
    let written = |line, key: &str, place: &str| at(place, put(line, key, b"1", (0, 1), Outcome::DONE));
    let all = [written(1, "r/a", "db-0"), written(2, "r/b", "db-1"), written(3, "r/c", "service db")];
    let whole = scan(4, "db-0", &[("r/a", b"1")]);
    let with = |outcome| {
        let refused = operation(5, Action::Scan { prefix: "r/".into() }, (50, 51), outcome);
        judge(&[&all[..], &[whole.clone(), at("db-1", refused)]].concat(), "r/", Copies::Apart)
    };
    let judgement = with(failed(Cause::Silent, ""));
    assert_eq!((judgement.judged, judgement.anomalies), (1, vec![]));
    assert_eq!(judgement.unjudged, ["db-1 said nothing of 2 keys"]);
    let judgement = with(failed(Cause::Answered("XX001".into()), "XX001"));
    let found: Vec<_> = judgement.anomalies.iter().map(|one| (one.kind, one.lines[0])).collect();
    assert_eq!(found, [(Kind::Unreadable, 2), (Kind::Unreadable, 3)]);
    // Who was never asked says nothing either.
    let judgement = judge(&[&all[..], &[whole]].concat(), "r/", Copies::Apart);
    assert_eq!(judgement.unjudged, ["1 of 3 acknowledged writes were never read again"]);
}

#[test]
fn an_absence_before_the_last_scan_is_not_forgotten() {
    let all = |from| {
        let read = at("db-0", get(2, "r/a", (from, from + 1), ABSENT));
        [at("db-0", put(1, "r/a", b"1", (5, 6), Outcome::DONE)), read, scan(3, "db-0", &[("r/a", b"1")])]
    };
    assert_eq!(kinds(&all(7)), [Kind::Stale]);
    assert_eq!(kinds(&all(4)), []);
}

#[test]
fn what_was_deleted_is_not_there_at_the_end() {
    let written =
        || vec![put(1, "r/a", b"1", (0, 1), Outcome::DONE), delete(2, "r/a", (2, 3), Outcome::DONE)];
    let with = |more: &[Operation]| kinds(&[&written()[..], more].concat());
    let read = || at("garage-1", get(4, "r/a", (90, 91), found(b"1")));
    assert_eq!(with(&[read()]), [Kind::Resurrected]);
    assert_eq!(with(&[list(4, (90, 91), &["r/a"])]), []);
    assert_eq!(with(&[scan(4, "db-0", &[("r/a", b"1")])]), [Kind::Resurrected]);
    assert_eq!(with(&[read(), list(5, (90, 91), &["r/a"])]), [Kind::Resurrected]);
    assert_eq!(with(&[get(4, "r/a", (90, 91), ABSENT), list(5, (90, 91), &[])]), []);
    assert_eq!(with(&[put(3, "r/a", b"3", (2, 3), unknown()), read()]), []);
    let unsure = Operation { outcome: unknown(), ..written().remove(1) };
    assert_eq!(kinds(&[written().remove(0), unsure, read()]), []);
}

#[test]
fn who_lacked_it_for_a_while_and_is_never_asked_again_has_lost_nothing() {
    let written = put(1, "r/a", b"1", (0, 1), Outcome::DONE);
    let absent = |from| at("service garage", get(2, "r/a", (from, from + 1), ABSENT));
    let later = || put(3, "r/b", b"2", (20, 21), unknown());
    let there = |from| at("garage-0", get(4, "r/a", (from, from + 1), found(b"1")));
    assert_eq!(kinds(&[written.clone(), absent(5), later(), there(30)]), [Kind::Stale]);
    // Nobody had it later, or it was asked for at the end.
    assert_eq!(kinds(&[written.clone(), absent(5), later()]), [Kind::Lost]);
    assert_eq!(kinds(&[written.clone(), there(3), absent(5), later()]), [Kind::Lost]);
    assert_eq!(kinds(&[written.clone(), later(), absent(28), there(30)]), [Kind::Lost]);
    // It was none when it was asked for.
    assert_eq!(kinds(&[written, absent(0), later(), there(30)]), []);
}

#[test]
fn what_was_written_over_and_not_deleted_can_be_read() {
    let first = || put(1, "r/a", b"1", (0, 1), Outcome::DONE);
    let over = || put(2, "r/a", b"2", (2, 3), Outcome::DONE);
    let said = || failed(Cause::Answered("500".into()), "500 InternalError");
    let no = |line, place: &str, outcome| {
        at(place, get(line, "r/a", (line.cast_signed(), line.cast_signed() + 1), outcome))
    };
    let with = |more: &[Operation]| judge(&[&[first(), over()], more].concat(), "r/", Copies::Same);
    let judgement = with(&[no(50, "garage-0", said()), no(60, "garage-1", said())]);
    let [one] = &judgement.anomalies[..] else { panic!("expected one, got {judgement:?}") };
    assert!(one.text.ends_with("500 InternalError, at garage-0, and at garage-1"), "{}", one.text);
    assert_eq!((one.kind, &one.lines[..]), (Kind::Unreadable, &[1, 50, 60][..]));
    let well = no(61, "garage-0", found(b"2"));
    assert_eq!(with(&[no(50, "garage-0", said()), well]).anomalies, []);
    // Silence is told, also where it was absent before.
    let silent = || no(60, "garage-1", failed(Cause::Silent, ""));
    for more in [vec![silent()], vec![no(4, "garage-1", ABSENT), silent()]] {
        let judgement = with(&more);
        assert_eq!(judgement.anomalies, []);
        assert_eq!(judgement.unjudged, ["garage-1 said nothing of 1 keys"]);
    }
    let broke = |line| no(line, "garage-0", failed(Cause::CutShort, "the body broke off"));
    let carried = at("garage-0", put(9, "r/b", b"2", (2, 3), Outcome::DONE));
    let kinds_with = |more: &[Operation]| with(more).anomalies.iter().map(|one| one.kind).collect::<Vec<_>>();
    assert_eq!(kinds_with(&[carried, broke(50), broke(51), broke(52)]), [Kind::Unreadable]);
    // While the load runs it is no news, and what may have been deleted need not be there.
    let later = put(99, "r/b", b"2", (90, 91), unknown());
    assert_eq!(kinds_with(&[no(50, "garage-0", said()), later]), []);
    for (span, outcome, kinds) in [
        ((4, 5), Outcome::DONE, &[][..]),
        ((2, 4), Outcome::DONE, &[]),
        ((0, 1), unknown(), &[]),
        ((4, 5), refused(), &[Kind::Unreadable]),
        ((0, 1), Outcome::DONE, &[Kind::Unreadable]),
    ] {
        assert_eq!(kinds_with(&[delete(3, "r/a", span, outcome), no(50, "garage-0", said())]), kinds);
    }
    // Of what nobody acknowledged nobody knows whether it is there.
    let unsure = |one: Operation| Operation { outcome: unknown(), ..one };
    assert_eq!(kinds(&[unsure(first()), unsure(over()), no(50, "garage-0", said())]), []);
}

#[test]
fn copies_that_are_read_alone_are_held_to_the_end() {
    let written = put(1, "r/a", b"1", (0, 1), Outcome::DONE);
    let read = |line: u64, outcome| {
        let from = line.cast_signed();
        at("garage-0", get(line, "r/a", (from, from + 1), outcome))
    };
    let later = put(10, "r/b", b"2", (20, 21), unknown());
    let with = |last| {
        let all = [written.clone(), read(5, ABSENT), later.clone(), read(30, last)];
        [Copies::Same, Copies::Late]
            .map(|copies| judge(&all, "r/", copies).anomalies.iter().map(|one| one.kind).collect::<Vec<_>>())
    };
    assert_eq!(with(found(b"1")), [vec![Kind::Stale], vec![]]);
    assert_eq!(with(ABSENT), [vec![Kind::Lost], vec![Kind::Lost]]);
    // They hold the same in the end.
    let over = put(2, "r/a", b"2", (2, 3), Outcome::DONE);
    let parted =
        [written.clone(), over, read(30, found(b"1")), at("garage-1", get(31, "r/a", (31, 32), found(b"2")))];
    assert_eq!(judge(&parted, "r/", Copies::Late).anomalies[0].kind, Kind::Diverged);
}

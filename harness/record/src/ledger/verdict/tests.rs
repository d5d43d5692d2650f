//! A correct store never yields a flaw; each single mutation yields exactly its own.

use jiff::Timestamp;
use proptest::{prelude::*, sample::Index};

use super::*;
use crate::ledger::Write;

const RUN: &str = "run";

/// How an attempt ended, and whether the store took it: a correct one may take any of unknown outcome.
#[derive(Debug, Clone, Copy)]
enum End {
    Acknowledged,
    Failed,
    UnknownPresent,
    UnknownAbsent,
}

fn correct_store(ends: &[(u32, usize, End)]) -> (Ledger, Holdings) {
    let mut ledger = Ledger { run: RUN.to_owned(), attempts: Vec::new(), file: String::new(), lines: 0 };
    let mut holdings = Holdings::new();
    let mut next = BTreeMap::<u32, u64>::new();
    for &(client, size, end) in ends {
        let sequence = next.entry(client).or_default();
        let write = Write::derive(RUN, client, *sequence, size);
        *sequence += 1;
        if matches!(end, End::Acknowledged | End::UnknownPresent) {
            let content = Content::Read { size: write.size(), sha256: write.sha256.clone() };
            holdings.insert(write.key.clone(), Held { listed: true, content });
        }
        ledger.attempts.push(Attempt {
            client,
            sequence: write.sequence,
            size: write.size(),
            sent: Timestamp::UNIX_EPOCH,
            outcome: match end {
                End::Acknowledged => Outcome::Acknowledged,
                End::Failed => Outcome::Failed("403 AccessDenied".to_owned()),
                End::UnknownPresent | End::UnknownAbsent => Outcome::Unknown("timed out".to_owned()),
            },
            answered: Some(Timestamp::UNIX_EPOCH),
            key: write.key,
            sha256: write.sha256,
        });
    }
    (ledger, holdings)
}

fn histories() -> impl Strategy<Value = Vec<(u32, usize, End)>> {
    let end = prop_oneof![
        Just(End::Acknowledged),
        Just(End::Failed),
        Just(End::UnknownPresent),
        Just(End::UnknownAbsent)
    ];
    proptest::collection::vec((0_u32..4, 32_usize..200, end), 0..60)
}

/// Keys that the store took, of the attempts that pass.
fn keys(ledger: &Ledger, pass: impl Fn(&Outcome) -> bool) -> Vec<String> {
    ledger.attempts.iter().filter(|one| pass(&one.outcome)).map(|one| one.key.clone()).collect()
}

fn acknowledged(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Acknowledged)
}

fn only(audit: &Audit) -> (Kind, String) {
    let [flaw] = audit.flaws.as_slice() else { panic!("not one flaw: {:?}", audit.flaws) };
    (flaw.kind, flaw.key.clone())
}

proptest! {
    #[test]
    fn a_correct_store_is_never_accused(history in histories()) {
        let (ledger, holdings) = correct_store(&history);
        let audit = judge(&ledger, &holdings);
        prop_assert_eq!(&audit.flaws, &[]);
        prop_assert_eq!(audit.findings("S23", "S3"), []);
        let Statistics { acknowledged, failed, unknown_present, unknown_absent, .. } = audit.statistics;
        let total = acknowledged + failed + unknown_present + unknown_absent;
        prop_assert_eq!(total, ledger.attempts.len() as u64);
    }

    #[test]
    fn a_dropped_key_is_lost(history in histories(), at in any::<Index>()) {
        let (ledger, mut holdings) = correct_store(&history);
        let keys = keys(&ledger, acknowledged);
        prop_assume!(!keys.is_empty());
        let key = at.get(&keys).clone();
        holdings.remove(&key);
        prop_assert_eq!(only(&judge(&ledger, &holdings)), (Kind::Lost, key));
    }

    #[test]
    fn a_key_listed_but_absent_is_lost(history in histories(), at in any::<Index>()) {
        let (ledger, mut holdings) = correct_store(&history);
        let keys = keys(&ledger, acknowledged);
        prop_assume!(!keys.is_empty());
        let key = at.get(&keys).clone();
        holdings.insert(key.clone(), Held { listed: true, content: Content::Absent });
        prop_assert_eq!(only(&judge(&ledger, &holdings)), (Kind::Lost, key));
    }

    // Also one of unknown outcome: if it is there, it is there as sent.
    #[test]
    fn a_changed_content_has_diverged(history in histories(), at in any::<Index>(), shorter in any::<bool>()) {
        let (ledger, mut holdings) = correct_store(&history);
        let keys: Vec<_> = holdings.keys().cloned().collect();
        prop_assume!(!keys.is_empty());
        let key = at.get(&keys).clone();
        let held = holdings.get_mut(&key).unwrap();
        let Content::Read { size, sha256 } = &mut held.content else { panic!("a correct store reads") };
        if shorter { *size -= 1 } else { *sha256 = crate::ledger::attempt::sha256(b"other") }
        prop_assert_eq!(only(&judge(&ledger, &holdings)), (Kind::Diverged, key));
    }

    #[test]
    fn a_foreign_key_is_a_phantom(history in histories(), sequence in 1000_u64..2000) {
        let (ledger, mut holdings) = correct_store(&history);
        let write = Write::derive(RUN, 0, sequence, 40);
        let content = Content::Read { size: 40, sha256: write.sha256 };
        holdings.insert(write.key.clone(), Held { listed: true, content });
        prop_assert_eq!(only(&judge(&ledger, &holdings)), (Kind::Phantom, write.key));
    }

    #[test]
    fn a_refused_write_that_is_there_is_a_lie(history in histories(), at in any::<Index>()) {
        let (ledger, mut holdings) = correct_store(&history);
        let refused: Vec<_> = ledger.attempts.iter().filter(|one| matches!(one.outcome, Outcome::Failed(_))).collect();
        prop_assume!(!refused.is_empty());
        let attempt = at.get(&refused);
        let content = Content::Read { size: attempt.size, sha256: attempt.sha256.clone() };
        holdings.insert(attempt.key.clone(), Held { listed: true, content });
        prop_assert_eq!(only(&judge(&ledger, &holdings)), (Kind::RefusedButStored, attempt.key.clone()));
    }

    #[test]
    fn an_unreadable_or_unlisted_key_is_told_apart(history in histories(), at in any::<Index>(), listed in any::<bool>()) {
        let (ledger, mut holdings) = correct_store(&history);
        let keys = keys(&ledger, acknowledged);
        prop_assume!(!keys.is_empty());
        let key = at.get(&keys).clone();
        let held = holdings.get_mut(&key).unwrap();
        held.listed = listed;
        if listed { held.content = Content::Unreadable("500 InternalError".to_owned()) }
        let kind = if listed { Kind::Unreadable } else { Kind::Unlisted };
        prop_assert_eq!(only(&judge(&ledger, &holdings)), (kind, key));
    }
}

#[test]
fn findings_are_few() {
    let history = vec![(0, 40, End::Acknowledged); 100];
    let (ledger, mut holdings) = correct_store(&history);
    holdings.retain(|key, _| key.as_str() >= "run/0/000090");
    let findings = judge(&ledger, &holdings).findings("S23", "S3 at garage-1");
    let [finding] = findings.as_slice() else { panic!("{findings:?}") };
    assert_eq!(finding.claim, "S23");
    assert_eq!(finding.message, "S3 at garage-1: 90 of 100 acknowledged writes are lost");
    assert_eq!(finding.quotes.len(), 6);
    assert!(finding.quotes[0].text.starts_with("run/0/000000, 40 bytes, sent at"), "{finding:?}");
    assert_eq!(finding.quotes[5].text, "and 85 more");
}

#[test]
fn only_what_proves_something_is_counted_as_judged() {
    let history = [
        (0, 40, End::Acknowledged),
        (0, 50, End::Failed),
        (1, 40, End::UnknownPresent),
        (1, 40, End::UnknownAbsent),
    ];
    let (ledger, holdings) = correct_store(&history);
    let statistics = judge(&ledger, &holdings).statistics;
    assert_eq!(statistics.judged(), 3);
    assert_eq!(statistics.acknowledged_bytes, 40);
}

#[test]
fn a_key_that_nobody_wrote_is_a_phantom_listed_or_readable() {
    let read = Content::Read { size: 1, sha256: "ab".to_owned() };
    let judged = |listed: bool, content: Content| {
        let ledger = correct_store(&[]).0;
        judge(&ledger, &Holdings::from([("run/9/000000".to_owned(), Held { listed, content })]))
    };
    for (listed, content) in [(true, read.clone()), (false, read), (true, Content::Absent)] {
        let audit = judged(listed, content);
        assert_eq!(only(&audit), (Kind::Phantom, "run/9/000000".to_owned()));
        let findings = audit.findings("S23", "S3");
        assert_eq!(findings[0].message, "S3: 1 keys are there that were never written");
        assert_eq!(findings[0].quotes[0].text, "run/9/000000 is there and was never written");
    }
    for content in [Content::Absent, Content::Unreadable("404".to_owned())] {
        assert_eq!(judged(false, content).flaws, []);
    }
}

#[test]
fn what_fits_is_quoted_whole() {
    for (lost, quotes) in [(5, 5), (6, 6)] {
        let (ledger, _) = correct_store(&vec![(0, 40, End::Acknowledged); lost]);
        let findings = judge(&ledger, &Holdings::new()).findings("S23", "S3");
        assert_eq!(findings[0].quotes.len(), quotes);
        let more = findings[0].quotes.iter().filter(|quote| quote.text == "and 1 more").count();
        assert_eq!(more, lost - 5);
    }
}

#[test]
fn the_report_gets_every_figure() {
    let statistics = Statistics {
        acknowledged: 1,
        acknowledged_bytes: 2,
        failed: 3,
        unknown_present: 4,
        unknown_absent: 5,
    };
    let measures = statistics.measures("SQL");
    let told: Vec<_> = measures.iter().map(|one| (one.name.as_str(), one.value, one.unit.as_str())).collect();
    assert_eq!(
        told,
        [
            ("SQL: acknowledged writes", 1.0, "writes"),
            ("SQL: acknowledged bytes", 2.0, "bytes"),
            ("SQL: refused writes", 3.0, "writes"),
            ("SQL: writes of unknown outcome that are there", 4.0, "writes"),
            ("SQL: writes of unknown outcome that are not there", 5.0, "writes"),
        ]
    );
}

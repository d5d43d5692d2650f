//! What a read saw that no write explains is found.

use history::{
    Action, Answer, Checker, Operation, Outcome, Value,
    check::{Copies, Kind},
    generate::Request,
};
use jiff::ToSpan;
use proptest::prelude::*;

use crate::{
    clean::RUN,
    planted::{ENDPOINTS, draw, found, refused, shared},
};

proptest! {
    #![proptest_config(ProptestConfig { cases: 700, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_read_of_what_nobody_sent_or_the_store_refused_is_found(seed: u64, sent: bool) {
        let mut all = shared(seed, true);
        let Some(place) = draw(&all, seed, |one| matches!(one.outcome, Outcome::Ok(Answer::Found(_)))) else { return Ok(()) };
        let line = all[place].line;
        if sent {
            let Outcome::Ok(Answer::Found(seen)) = all[place].outcome else { panic!("not found") };
            let write = all.iter_mut().find(|one| matches!(one.action, Action::Put { value, .. } if value == seen)).unwrap();
            write.outcome = refused("403");
        } else {
            all[place].outcome = Outcome::Ok(Answer::Found(Value::of(b"another")));
        }
        let kind = match all[place].action {
            _ if sent => Kind::RefusedButStored,
            Action::Head { .. } => Kind::Mislabelled,
            _ => Kind::Diverged,
        };
        let anomalies = found(&Checker::ReadAfterWrite, all);
        prop_assert!(anomalies.len() == 1 && anomalies[0].kind == kind && anomalies[0].lines.contains(&line), "{anomalies:?}");
    }

    #[test]
    fn what_rises_after_it_was_deleted_is_found(seed: u64, read: bool) {
        let mut all = shared(seed, true);
        let end = all.iter().filter_map(|one| one.ended).max().unwrap();
        // A key that nobody else knows: of the others a write of unknown outcome may come yet.
        let key = || format!("{RUN}/shared/late");
        let late = |line, begin: i64, action, outcome| {
            let (invoked, ended) = (end + begin.milliseconds(), Some(end + (begin + 1).milliseconds()));
            let (process, endpoint) = (u32::try_from(line).unwrap(), ENDPOINTS[0].into());
            Operation { line, process, endpoint, action, invoked, ended, outcome }
        };
        let put = Request::put(key(), vec![1]).action;
        let shown = Outcome::Ok(Answer::Keys(vec![key().into()]));
        all.push(late(9_997, 1, put, Outcome::DONE));
        all.push(late(9_998, 3, Request::delete(key()).action, Outcome::DONE));
        all.push(if read {
            late(9_999, 60_005, Request::get(key()).action, Outcome::Ok(Answer::Found(Value::of(&[1]))))
        } else {
            late(9_999, 60_005, Request::list(format!("{RUN}/shared/l")).action, shown)
        });
        let kinds = |checker: &Checker| found(checker, all.clone()).iter().map(|one| one.kind).collect::<Vec<_>>();
        // A listing of names alone is counted, and judged by nobody.
        prop_assert_eq!(kinds(&Checker::Set(Copies::Same)).contains(&Kind::Resurrected), read);
        prop_assert_eq!(kinds(&Checker::ReadAfterWrite).contains(&Kind::Stale), read);
        prop_assert_eq!(kinds(&Checker::Listings), []);
    }
}

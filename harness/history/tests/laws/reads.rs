//! What a read saw that no write explains is found.

use history::{Action, Answer, Checker, Outcome, Value, check::Kind};
use proptest::prelude::*;

use crate::planted::{draw, found, refused, shared};

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
        let kind = if sent { Kind::RefusedButStored } else { Kind::Diverged };
        let anomalies = found(&Checker::ReadAfterWrite, all);
        prop_assert!(anomalies.len() == 1 && anomalies[0].kind == kind && anomalies[0].lines.contains(&line), "{anomalies:?}");
    }
}

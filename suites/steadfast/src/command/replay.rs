//! `steadfast replay`.

use camino::Utf8Path;
use harness::{
    Result,
    replay::{self, Again},
    report::words,
};

use super::say;

pub fn replay(directory: &Utf8Path) -> Result<()> {
    let replay = replay::replay(directory)?;
    for (name, again) in &replay.trials {
        match again {
            Again::Same(result) => {
                let judged = result.claims.iter().map(|claim| claim.judged).sum();
                let (outcome, judged) = (words::outcome(result.outcome), words::grouped(judged));
                say(&format!("same     {name}: {outcome}, {judged} judged"));
            }
            Again::Differs(differences) => {
                say(&format!("differs  {name}"));
                for difference in differences {
                    say(&format!("           {}", words::plain(difference)));
                }
            }
            Again::Refused(error) => {
                say(&format!("refused  {name}: {}", words::plain(&error.to_string())));
            }
        }
    }
    let (same, differ, refused) = replay.counts();
    let all = words::count(replay.trials.len(), "scenario");
    say(&format!("{all}: {same} the same, {differ} differ, {refused} can't be judged"));
    Ok(replay.outcome()?)
}

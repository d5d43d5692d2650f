//! What is selected. As with `cargo test`, what matches any of several filters runs; libtest-mimic itself takes one.

use clap::Parser;
use libtest_mimic::{Arguments, Trial};

use super::mistakes;

/// What is asked for, in the words of `cargo test`.
#[derive(Debug, Parser)]
pub struct Asked {
    #[command(flatten)]
    arguments: Arguments,
    /// More filters: what matches any of them is run.
    #[arg(value_name = "FILTER")]
    more: Vec<String>,
}

/// What the command line selects of the trials.
#[derive(Debug)]
pub(super) struct Selection {
    /// What libtest-mimic is to be told.
    pub(super) arguments: Arguments,
    /// The names of what is to run.
    pub(super) selected: Vec<String>,
    /// Why a filter selects nothing, for each that does not.
    pub(super) idle: Vec<String>,
}

impl Asked {
    pub(super) fn select(self, trials: &[Trial]) -> Selection {
        let Self { mut arguments, more } = self;
        let filters: Vec<String> = arguments.filter.take().into_iter().chain(more).collect();
        let alone = |filter: &String| Arguments { filter: Some(filter.clone()), ..arguments.clone() };
        let each: Vec<Arguments> = match filters.is_empty() {
            true => vec![arguments.clone()],
            false => filters.iter().map(alone).collect(),
        };
        let fits = |trial: &Trial| each.iter().any(|one| !one.is_filtered_out(trial));
        let runs = |one: &Arguments, trial: &Trial| !one.is_filtered_out(trial) && !one.is_ignored(trial);
        let selected = trials.iter().filter(|trial| each.iter().any(|one| runs(one, trial)));
        let selected = selected.map(|trial| trial.name().to_owned()).collect();
        let idle = each.iter().filter(|one| !trials.iter().any(|trial| runs(one, trial)));
        let idle = idle.filter_map(|one| why(one, trials)).collect();
        // Told by name what to skip, libtest-mimic also counts it as filtered out.
        let skip = trials.iter().filter(|trial| !fits(trial)).map(|trial| trial.name().to_owned());
        let arguments = Arguments { exact: true, skip: skip.collect(), ..arguments };
        Selection { arguments, selected, idle }
    }
}

/// Why a filter selects nothing.
fn why(asked: &Arguments, trials: &[Trial]) -> Option<String> {
    let filter = asked.filter.as_ref()?;
    let fit = |asked: &Arguments| trials.iter().any(|trial| !asked.is_filtered_out(trial));
    Some(if fit(asked) {
        format!("{filter} matches only what the profile quick leaves out: STEADFAST_PROFILE=full runs it")
    } else if fit(&Arguments { skip: Vec::new(), ..asked.clone() }) {
        format!("all that matches {filter} is skipped")
    } else {
        mistakes::nothing_matches(filter)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn select(line: &str) -> Selection {
        let trial = |name: &str, slow| Trial::test(name, || Ok(())).with_ignored_flag(slow);
        let trials = [
            trial("ordering::scale_down::garage", false),
            trial("ordering::scale_down::sentinel", false),
            trial("nodes::paused", true),
            trial("control::S9::parallel", false),
        ];
        let asked = Asked::try_parse_from(["conformance"].into_iter().chain(line.split_whitespace()));
        let selection = asked.unwrap_or_else(|error| panic!("{line}: {error}")).select(&trials);
        let left: Vec<_> =
            trials.iter().filter(|trial| !selection.arguments.is_filtered_out(trial)).collect();
        let run = left.iter().filter(|trial| !selection.arguments.is_ignored(trial));
        assert_eq!(run.map(|trial| trial.name()).collect::<Vec<_>>(), selection.selected, "{line}");
        selection
    }

    #[test]
    fn what_matches_any_filter_is_selected_and_once() {
        for (line, names) in [
            ("", "ordering::scale_down::garage ordering::scale_down::sentinel control::S9::parallel"),
            ("garage", "ordering::scale_down::garage"),
            ("S9 garage", "ordering::scale_down::garage control::S9::parallel"),
            ("garage scale_down", "ordering::scale_down::garage ordering::scale_down::sentinel"),
            (
                "--exact control::S9::parallel ordering::scale_down::garage",
                "ordering::scale_down::garage control::S9::parallel",
            ),
            ("scale_down S9 --skip garage", "ordering::scale_down::sentinel control::S9::parallel"),
            ("scale_down --skip garage --skip control S9 paused --ignored", "nodes::paused"),
            ("paused S9 --include-ignored --list", "nodes::paused control::S9::parallel"),
        ] {
            assert_eq!(select(line).selected.join(" "), names, "{line}");
        }
    }

    #[test]
    fn a_filter_that_selects_nothing_is_named() {
        for (line, named) in [
            ("scale_down tpyo", "no scenario matches tpyo"),
            ("tpyo", "no scenario matches tpyo"),
            (
                "--exact ordering::scale_down control::S9::parallel",
                "no scenario matches ordering::scale_down",
            ),
            ("garage S99", "there is no claim S99"),
            ("garage paused", "paused matches only what the profile quick leaves out"),
            ("garage parallel --skip control", "all that matches parallel is skipped"),
        ] {
            let idle = select(line).idle;
            assert!(idle.len() == 1 && idle[0].contains(named), "{line}: {idle:?}");
        }
        assert!(select("garage S9 --skip sentinel").idle.is_empty());
        assert!(select("--skip o").idle.is_empty());
        assert_eq!(select("tpyo nono garage").idle.len(), 2);
    }
}

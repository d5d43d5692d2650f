//! The command that runs just one trial again, as it ran.

use super::Plan;
use crate::{
    home,
    settings::{Profile, Settings},
};

/// How a run goes about its work; what it finds does not depend on it.
const ASIDE: [&str; 5] = ["keep", "parallel", "run_deadline", "results", "cache"];

/// A line for a shell.
pub(super) fn rerun(plan: &Plan, settings: &Settings) -> String {
    if let Some(command) = &plan.command {
        return command.line.clone();
    }
    let mut line = String::new();
    for (key, value) in &settings.given {
        if !ASIDE.contains(key) {
            line.push_str(&format!("STEADFAST_{}={} ", key.to_uppercase(), word(value)));
        }
    }
    // Asked for by --ignored, it ran without that profile.
    if plan.left_out(settings.profile) {
        line.push_str(&format!("STEADFAST_PROFILE={} ", Profile::Full));
    }
    let program = if home::alone() { "steadfast run" } else { "scripts/conformance" };
    format!("{line}{program} --exact {}", plan.name)
}

/// One word of a shell.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@+".contains(c);
    if text.chars().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{claim::S9, runner::scenario};

    fn again(environment: &[(&str, &str)], slow: bool) -> String {
        let mut scenario = scenario("a::b", "", |_| async { Ok(()) }).proves([S9]);
        scenario.slow = slow;
        let settings = Settings::from_sources(home::repository(), environment.iter().copied(), None).unwrap();
        rerun(&scenario.plans()[0], &settings)
    }

    #[test]
    fn what_was_tested_is_tested_again_and_how_it_went_about_it_is_left_aside() {
        let gates = ("STEADFAST_FEATURE_GATES", "B=true,A=false");
        let (version, keep) = (("STEADFAST_KUBERNETES_VERSION", "1.37.2"), ("STEADFAST_KEEP", "failed"));
        assert_eq!(
            again(&[keep, version, gates], false),
            "STEADFAST_FEATURE_GATES=B=true,A=false STEADFAST_KUBERNETES_VERSION=1.37.2 scripts/conformance --exact a::b"
        );
        assert_eq!(
            again(&[("STEADFAST_KUBERNETES_VERSION", "1.34")], false),
            "scripts/conformance --exact a::b"
        );
        assert_eq!(
            again(&[("STEADFAST_CONTEXT", "it's")], false),
            r"STEADFAST_CONTEXT='it'\''s' scripts/conformance --exact a::b"
        );
    }

    #[test]
    fn a_slow_one_needs_the_full_profile_once() {
        let line = "STEADFAST_PROFILE=full scripts/conformance --exact a::b";
        assert_eq!(again(&[], true), line);
        assert_eq!(again(&[("STEADFAST_PROFILE", "full")], true), line);
    }
}

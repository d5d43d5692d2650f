//! Whether a Kubernetes version knows the feature gates that it is to be given. Where it doesn't, its programs end at
//! their start, and kind waits minutes for them without saying why.

use super::{docker::QUICK, process::Program};
use crate::{
    error::{Error, Result, exit},
    settings::FeatureGates,
};

/// Asks the node image's kubelet, which has the gates of all programs.
///
/// # Errors
/// A gate that this version does not have, or that it does not let be switched so.
pub(super) async fn check(image: &str, kubernetes: &str, gates: &FeatureGates) -> Result<()> {
    if gates.is_empty() {
        return Ok(());
    }
    let gates = format!("--feature-gates={gates}");
    // It reads the gates before its configuration, and ends at the latest where there is none.
    let arguments =
        ["run", "--rm", "--network=none", "--entrypoint=kubelet", image, &gates, "--config=/none"];
    let finished = Program::new("docker", &arguments, QUICK).finish().await?;
    match refusal(&finished.stderr) {
        Some(why) => Err(Error::trouble(
            exit::SETTINGS,
            format!("feature_gates: Kubernetes {kubernetes} does not start with them: {why}"),
        )),
        None => Ok(()),
    }
}

/// What the kubelet says of a gate that it can't set.
fn refusal(stderr: &str) -> Option<&str> {
    let words = ["unrecognized feature gate", "cannot set feature gate"];
    let at = words.iter().find_map(|words| stderr.find(words))?;
    Some(stderr[at..].lines().next()?.trim_end_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the kubelet of 1.34.4 says it.
    #[test]
    fn the_reason_is_found_in_what_the_kubelet_says() {
        let said = |why: &str| {
            let deprecated = "Flag --feature-gates has been deprecated, see --config.\n";
            format!("{deprecated}E1127 00:25:47.229548       1 run.go:72] \"command failed\" err=\"{why}\"\n")
        };
        let initial = "failed to set feature gates from initial flags-based config";
        for why in [
            "unrecognized feature gate: Foo",
            "cannot set feature gate StatefulSetAutoDeletePVC to false, feature is locked to true",
        ] {
            assert_eq!(refusal(&said(&format!("{initial}: {why}"))), Some(why));
        }
        let none = "failed to load kubelet config file, path: /none, error: no such file or directory";
        assert_eq!(refusal(&said(none)), None);
    }
}

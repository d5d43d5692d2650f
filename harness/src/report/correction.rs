//! What the reference document gets wrong: a claim that refutes a sentence of it, and was proved.

use super::{result::Verdict, tally::ClaimReport};
use crate::claim::Claim;

/// A sentence that was refuted, and the better one.
#[derive(Debug)]
pub struct Correction<'a> {
    /// The claim that is true instead; what it refutes is the document's sentence.
    pub claim: Claim,
    /// What the document says.
    pub says: &'static str,
    /// The scenarios that showed it.
    pub shown_by: Vec<&'a str>,
}

/// The corrections that these claims make.
pub fn corrections<'a>(claims: &[ClaimReport<'a>]) -> Vec<Correction<'a>> {
    let proved = claims.iter().filter(|claim| claim.verdict == Verdict::Proved);
    let correction = |report: &ClaimReport<'a>| {
        let claim = report.claim?;
        let shown_by = report.scenarios.iter().map(|(result, _)| result.scenario.as_str()).collect();
        Some(Correction { claim, says: claim.refutes?, shown_by })
    };
    proved.filter_map(correction).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::{correcting, scenario};

    #[test]
    fn a_sentence_is_refuted_only_when_the_better_one_is_proved() {
        let report =
            correcting(vec![scenario("a::b").proves("X1").proves("S9"), scenario("a::c").proves("X1")]);
        let claims = report.claims();
        let corrections = corrections(&claims);
        assert_eq!(corrections.len(), 1);
        assert_eq!((corrections[0].claim.id, corrections[0].says), ("X1", "claims are never deleted"));
        assert_eq!(corrections[0].shown_by, ["a::b", "a::c"]);
        let red = correcting(vec![scenario("a::b").proves("X1").finding("X1", "no")]);
        assert!(super::corrections(&red.claims()).is_empty());
        let control = scenario("control::c").control("x", &["X1"], "no").finding("X1", "no");
        assert!(super::corrections(&correcting(vec![control]).claims()).is_empty());
    }
}

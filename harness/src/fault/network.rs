//! Pods are kept apart: packets between them are dropped on their nodes.

use crate::{
    cluster::Node,
    error::{Error, Result},
};

/// By this comment a rule of ours is known, to be taken back whatever happened.
const COMMENT: &str = "steadfast-partition";

/// Drops what goes from one address to another, on the node that it passes.
///
/// # Errors
/// The node's own.
pub async fn drop_packets(node: &Node, from: &str, to: &str) -> Result<()> {
    let rule = ["-s", from, "-d", to, "-m", "comment", "--comment", COMMENT, "-j", "DROP"];
    let program = if from.contains(':') { "ip6tables" } else { "iptables" };
    node.run(&[&[program, "-w", "-I", "FORWARD"], &rule[..]].concat()).await.map(drop)
}

/// Takes back all rules of ours on a node; returns how many packets they dropped.
///
/// # Errors
/// The node's own.
pub async fn let_pass(node: &Node) -> Result<u64> {
    // The counters are told with the rules that are then left out.
    const SCRIPT: &str = r#"
for family in iptables ip6tables; do
  saved=$("$family-save" -c -t filter) || continue
  echo "$saved" | grep -- "$1" || continue
  echo "$saved" | grep -v -- "$1" | "$family-restore" -w -c
done; true"#;
    let rules = node.script("let-pass", SCRIPT, &[COMMENT]).await?;
    rules.lines().map(dropped).sum()
}

/// Of `[12:720] -A FORWARD …`, the packets.
fn dropped(rule: &str) -> Result<u64> {
    let packets =
        rule.strip_prefix('[').and_then(|rest| rest.split(':').next()).and_then(|count| count.parse().ok());
    packets.ok_or_else(|| Error::bug(format!("a rule of iptables-save without its counters: {rule}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_tells_how_many_packets_it_dropped() {
        let rule = "[12:720] -A FORWARD -s 10.244.1.3/32 -d 10.244.2.4/32 -m comment --comment steadfast-partition -j DROP";
        assert_eq!(dropped(rule).unwrap(), 12);
        assert!(dropped("-A FORWARD -j DROP").is_err());
    }
}

//! Pods that are to be on two nodes, so that what is asked of them crosses from one to the other.

use std::collections::BTreeSet;

use super::{Need, Run};
use crate::{
    error::{Error, Result},
    workload::Set,
};

/// What follows of pods that are all on one node.
#[derive(Debug, PartialEq, Eq)]
enum Together {
    /// There is one node: that was said at the start.
    Said,
    /// What needs two nodes is left out.
    LeftOut,
    /// They were to be apart.
    Wrong,
}

impl Run {
    /// Sees to it that a set's pods are on two nodes, where there are two.
    ///
    /// # Errors
    /// When the scheduler of a cluster of ours has put them all on one of several.
    pub fn over_two_nodes(&self, set: &Set) -> Result<()> {
        let on = self.log().now(|world| {
            let pods = world.pods_of(&set.promise).into_values();
            pods.filter_map(|pod| pod.node.clone()).collect::<BTreeSet<_>>()
        });
        let (Some(only), 1) = (on.first(), on.len()) else { return Ok(()) };
        let (open, all_on) = (self.terrain().open_nodes(), format!("all pods are on {only}"));
        match together(&open, self.is_in_cluster_of_ours()) {
            Together::Said => Ok(()),
            Together::LeftOut => {
                self.leave_out_for(Need::TwoNodes, &all_on);
                Ok(())
            }
            Together::Wrong => Err(Error::environment(format!(
                "{all_on}, though {} take pods: nothing can be said of the network between two",
                open.join(", ")
            ))),
        }
    }
}

/// What follows where these nodes take pods. In a cluster of others more may lead pods to one node than keeps them off the others:
/// taints that are a wish, a scheduler that fills one first, a class whose volumes are in one zone.
fn together(open: &[&str], ours: bool) -> Together {
    match open {
        [_] => Together::Said,
        // Which nodes there are may not be read: only the pods tell.
        [] => Together::LeftOut,
        _ if ours => Together::Wrong,
        _ => Together::LeftOut,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pods_on_one_node_are_wrong_only_where_nobody_else_puts_them_there() {
        assert_eq!(together(&["a", "b"], true), Together::Wrong);
        assert_eq!(together(&["a", "b"], false), Together::LeftOut);
        assert_eq!((together(&[], true), together(&[], false)), (Together::LeftOut, Together::LeftOut));
        assert_eq!((together(&["a"], true), together(&["a"], false)), (Together::Said, Together::Said));
    }
}

//! A disruption budget by its name: what its controller has counted for it.

use std::time::Duration;

use external::api::objects;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;

use crate::{
    error::Result,
    runner::Run,
    wait::{Progress, until_asked},
};

/// A disruption budget by its name.
#[derive(Debug, Clone)]
pub struct Budget {
    run: Run,
    name: String,
}

impl Budget {
    pub(in crate::runner) fn new(run: Run, name: &str) -> Self {
        Self { run, name: name.to_owned() }
    }

    /// Waits until its controller has counted that it allows so many disruptions, as it is now.
    ///
    /// # Errors
    /// When it has not in time.
    pub async fn until_allows(&self, disruptions: i32, deadline: Duration) -> Result<()> {
        let budgets = objects::<PodDisruptionBudget>(self.run.client(), self.run.namespace());
        let ask = || async { Ok(allows(&budgets.get(&self.name).await?, disruptions)) };
        let sentence = format!("the budget {} is counted, and allows {disruptions} disruptions", self.name);
        until_asked(&sentence, self.run.stretch_here(deadline), ask).await.map(drop)
    }
}

fn allows(budget: &PodDisruptionBudget, disruptions: i32) -> Progress {
    let generation = budget.metadata.generation.unwrap_or_default();
    let (counted, allowed) = budget.status.as_ref().map_or((0, 0), |status| {
        (status.observed_generation.unwrap_or_default(), status.disruptions_allowed)
    });
    if counted < generation {
        return Progress::NotYet(format!("generation {counted} of {generation} is counted"));
    }
    match allowed == disruptions {
        true => Progress::Met,
        false => Progress::NotYet(format!("it allows {allowed}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_counted_for_an_older_budget_is_not_what_it_allows() {
        let asked = |generation: i64, status: serde_json::Value| {
            let budget = json!({"metadata": {"generation": generation}, "status": status});
            allows(&serde_json::from_value(budget).unwrap(), 1)
        };
        let counted = |generation: i64, allowed: i32| {
            let healthy = json!({"currentHealthy": 3, "desiredHealthy": 2, "expectedPods": 3});
            let mut status = json!({"observedGeneration": generation, "disruptionsAllowed": allowed});
            crate::manifest::patch::merge(&mut status, &healthy);
            status
        };
        assert_eq!(asked(2, counted(2, 1)), Progress::Met);
        assert_eq!(asked(2, counted(1, 1)), Progress::NotYet("generation 1 of 2 is counted".into()));
        assert_eq!(asked(2, counted(2, 2)), Progress::NotYet("it allows 2".into()));
        assert_eq!(asked(1, json!(null)), Progress::NotYet("generation 0 of 1 is counted".into()));
    }
}

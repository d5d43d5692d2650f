//! Whether what ran in a pod that is gone from the API has ended as well.

use std::time::Duration;

use super::Prober;
use crate::{
    claim::Claim,
    error::Result,
    journal::fact::Pod,
    wait::{Progress, until_asked},
    workload::sentinel::Connections,
};

/// How often it is asked at once: on a busy machine one connection may be late of somebody who is there.
const ASKED: u32 = 8;

impl Prober {
    /// Judges that a sentinel whose pod is gone ends in time: it answers no longer at the address that it had. Another pod may have
    /// that by now; `instance` is which start of the program it was.
    ///
    /// # Errors
    /// When it answers still; that is a finding as well.
    pub async fn judge_ended(
        &self,
        claim: Claim,
        pod: &Pod,
        instance: &str,
        deadline: Duration,
    ) -> Result<()> {
        let port = self.run.workload().port;
        let address = self.addresses_of(pod).pop().unwrap_or_default();
        let sentence = format!("{} with uid {}, which is gone, answers no more", pod.meta.name, pod.meta.uid);
        let ask = || async { Ok(still(&self.sentinel.connect(&address, port, ASKED).await?, instance)) };
        let time = self.run.time_for(claim, self.run.in_this_cluster(deadline));
        self.run.found(claim, until_asked(&sentence, time, ask).await).map(drop)
    }
}

/// Whether this start of the program is not among those that answered: one answer is enough to be there.
fn still(connections: &Connections, instance: &str) -> Progress {
    if connections.instances.contains(instance) {
        return Progress::NotYet(format!("its process {instance} does"));
    }
    Progress::Met
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_answers_is_told_by_its_start_and_not_by_its_name() -> serde_json::Result<()> {
        let answered = |instance: &str| {
            let text = format!(
                r#"{{"answers": {{"db-1": 1}}, "instances": ["{instance}"], "failed": 7, "silent": 0, "errors": []}}"#
            );
            serde_json::from_str(&text).map(|connections| still(&connections, "00ff"))
        };
        assert_eq!(answered("00ff")?, Progress::NotYet("its process 00ff does".to_owned()));
        assert_eq!(answered("0a0b")?, Progress::Met);
        let refused =
            r#"{"answers": {}, "instances": [], "failed": 1, "silent": 0, "errors": ["cannot connect"]}"#;
        assert_eq!(still(&serde_json::from_str(refused)?, "00ff"), Progress::Met);
        Ok(())
    }
}

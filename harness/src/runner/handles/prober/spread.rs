//! How connections to a regular service spread over its pods, and what leads one client elsewhere than all others.

use std::time::Duration;

use external::api::objects;
use k8s_openapi::api::{core::v1::Service, discovery::v1::EndpointSlice};

use super::Prober;
use crate::{
    claim::Claim,
    error::{Error, Result},
    law::Obstacle,
    wait::Progress,
    workload::{Set, sentinel::Connections},
};

/// With three pods behind a service, so many all miss one of them once in 10^10 times.
const CONNECTIONS: u32 = 60;
/// The label of a slice that names its service.
const OF_SERVICE: &str = "kubernetes.io/service-name";

impl Prober {
    /// Judges that connections to a regular service reach each of these pods, and no other, and that none fails; with no pod named,
    /// each must fail. A node's proxy learns of a Ready pod later than the API does, so this may lag for as long as `propagation`.
    ///
    /// # Errors
    /// When they do not; that is a finding as well, unless clients are led to some of the pods only.
    pub async fn judge_spread(
        &self,
        claim: Claim,
        set: &Set,
        ordinals: impl IntoIterator<Item = u32>,
        propagation: Duration,
    ) -> Result<()> {
        self.judge_spread_at(claim, set, set.workload.port, ordinals, propagation).await
    }

    /// As [`Prober::judge_spread`], at this port of the service.
    ///
    /// # Errors
    /// As there.
    pub async fn judge_spread_at(
        &self,
        claim: Claim,
        set: &Set,
        port: u16,
        ordinals: impl IntoIterator<Item = u32>,
        propagation: Duration,
    ) -> Result<()> {
        let service = match set.workload {
            ref workload if workload.port == port => workload.name.to_owned(),
            ref workload => format!("{}:{port}", workload.name),
        };
        let wanted: Vec<_> = ordinals.into_iter().map(|ordinal| set.pod_name(ordinal)).collect();
        let whom = if wanted.is_empty() { "nobody".to_owned() } else { wanted.join(", ") };
        let sentence = format!("{CONNECTIONS} connections to {service} reach {whom}");
        let wanted = &wanted;
        let ask = |_| async move { Ok(progress(&self.connections(set, port).await?, wanted)) };
        let steady = match self.steady(&sentence, self.run.time_for(claim, propagation), ask).await {
            Err(Error::Failed(message)) => match self.led_elsewhere(set, port, wanted).await {
                Ok(None) => Err(Error::Failed(message)),
                Ok(Some(why)) => Err(Error::not_judged(Obstacle::Terrain, format!("{message}; {why}"))),
                Err(error) => Err(error.reworded(message)),
            },
            steady => steady,
        };
        self.judge_lag(claim, &format!("connections to {service}"), steady).await
    }

    async fn connections(&self, set: &Set, port: u16) -> Result<Connections> {
        self.sentinel.connect(set.workload.name, port, CONNECTIONS).await
    }

    /// Why a client reaches some of these pods and not all, where no promise is broken by it. One that reaches another pod, or
    /// whose connections fail, is led nowhere on purpose.
    async fn led_elsewhere(&self, set: &Set, port: u16, wanted: &[String]) -> Result<Option<String>> {
        let connections = self.connections(set, port).await?;
        let ours = reached(&connections);
        if connections.failed > 0 || ours.is_empty() || ours.iter().any(|pod| !wanted.contains(pod)) {
            return Ok(None);
        }
        // In a cluster of ours nobody else has a part: what its proxies were told to do is known, and nobody told them more.
        let to_some = to_some(self.run.terrain().clients_stick, ours.len(), wanted.len());
        if self.run.is_in_cluster_of_ours() || to_some.is_some() {
            return Ok(to_some);
        }
        let (client, namespace, name) = (self.run.client(), self.run.namespace(), set.workload.name);
        let service = objects::<Service>(client, namespace).get(name).await?;
        let slices = objects::<EndpointSlice>(client, namespace).list().await?;
        if let Some(why) = by_service(&service).or_else(|| by_slices(name, &slices)) {
            return Ok(Some(why));
        }
        if ours.len() > 1 || wanted.len() == 1 {
            return Ok(None);
        }
        // Who leads each client to one pod leads others to another; who leads all to one does not spread.
        for asker in set.ordinals() {
            let theirs = reached(&self.run.prober(set.pod_name(asker)).connections(set, port).await?);
            if theirs.len() == 1 && theirs != ours {
                return Ok(Some(format!("{} reaches {} alone", set.pod_name(asker), theirs.join(", "))));
            }
        }
        Ok(None)
    }
}

/// How far these show that connections reach each of those pods, and no other.
fn progress(connections: &Connections, wanted: &[String]) -> Progress {
    let reached = reached(connections);
    let Connections { answers, failed, silent, errors, .. } = connections;
    // Where nobody is to be reached each fails, by another's word than the silence of a DNS.
    let as_wanted = if wanted.is_empty() { failed > silent } else { *failed == 0 };
    if as_wanted && reached == wanted {
        return Progress::Met;
    }
    let words = format!("they reached {answers:?}, and {failed} failed {errors:?}");
    // Whose question for the name had no answer was led nowhere.
    if failed == silent && *silent > 0 && reached.iter().all(|pod| wanted.contains(pod)) {
        return Progress::Prevented(Obstacle::Prober, words);
    }
    Progress::NotYet(words)
}

fn reached(connections: &Connections) -> Vec<String> {
    connections.answers.keys().cloned().collect()
}

/// Whether it is as proxies that do not spread each client's connections are told to.
fn to_some(clients_stick: bool, reached: usize, wanted: usize) -> Option<String> {
    (clients_stick && reached < wanted).then(|| "the proxies lead a client to some of the pods".to_owned())
}

/// What a service says that leads clients to some of its pods: ours says nothing of it, so that somebody else did.
fn by_service(service: &Service) -> Option<String> {
    let spec = service.spec.as_ref()?;
    let distribution = spec.traffic_distribution.as_ref();
    let affinity = spec.session_affinity.as_ref().filter(|affinity| *affinity != "None");
    let policy = spec.internal_traffic_policy.as_ref().filter(|policy| *policy != "Cluster");
    let said = [
        ("trafficDistribution", distribution),
        ("sessionAffinity", affinity),
        ("internalTrafficPolicy", policy),
    ];
    said.into_iter().find_map(|(field, value)| Some(format!("the service has {field} {}", value?)))
}

/// Whether its endpoints are meant for some clients only.
fn by_slices(service: &str, slices: &[EndpointSlice]) -> Option<String> {
    let of_service = slices.iter().filter(|slice| {
        slice
            .metadata
            .labels
            .as_ref()
            .and_then(|labels| labels.get(OF_SERVICE))
            .is_some_and(|name| name == service)
    });
    let mut endpoints = of_service.flat_map(|slice| &slice.endpoints);
    endpoints
        .any(|endpoint| endpoint.hints.is_some())
        .then(|| "its endpoints have hints for whom they are".to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_dns_that_is_silent_leads_nobody_elsewhere() {
        let found = |answers: &str, failed: u32, silent: u32| {
            let text = format!(
                r#"{{"answers": {answers}, "instances": [], "failed": {failed}, "silent": {silent}, "errors": []}}"#
            );
            progress(&serde_json::from_str(&text).unwrap(), &["db-0".to_owned()])
        };
        assert_eq!(found(r#"{"db-0": 60}"#, 0, 0), Progress::Met);
        assert!(matches!(found(r#"{"db-0": 59}"#, 1, 1), Progress::Prevented(Obstacle::Prober, _)));
        for (answers, failed, silent) in [
            (r#"{"db-0": 59}"#, 1, 0),
            (r#"{"db-0": 58}"#, 2, 1),
            (r#"{"db-0": 58, "db-1": 1}"#, 1, 1),
            ("{}", 0, 0),
        ] {
            assert!(matches!(found(answers, failed, silent), Progress::NotYet(_)), "{answers}");
        }
    }

    #[test]
    fn where_nobody_is_to_be_reached_each_connection_fails() {
        let found = |answers: &str, failed: u32, silent: u32| {
            let text = format!(
                r#"{{"answers": {answers}, "instances": [], "failed": {failed}, "silent": {silent}, "errors": []}}"#
            );
            progress(&serde_json::from_str(&text).unwrap(), &[])
        };
        assert_eq!((found("{}", 60, 0), found("{}", 60, 1)), (Progress::Met, Progress::Met));
        assert!(matches!(found("{}", 60, 60), Progress::Prevented(Obstacle::Prober, _)));
        for (answers, failed) in [(r#"{"db-0": 60}"#, 0), (r#"{"db-0": 1}"#, 59), ("{}", 0)] {
            assert!(matches!(found(answers, failed, 0), Progress::NotYet(_)), "{answers}");
        }
    }

    #[test]
    fn what_leads_a_client_to_some_pods_only_is_told() {
        let service = |spec: serde_json::Value| {
            by_service(&serde_json::from_value(json!({"metadata": {}, "spec": spec})).unwrap())
        };
        assert_eq!(service(json!({"sessionAffinity": "None", "internalTrafficPolicy": "Cluster"})), None);
        let sticky = service(json!({"sessionAffinity": "ClientIP"}));
        assert_eq!(sticky.unwrap(), "the service has sessionAffinity ClientIP");
        assert!(service(json!({"internalTrafficPolicy": "Local"})).is_some());
        assert!(service(json!({"trafficDistribution": "PreferClose"})).is_some());
    }

    #[test]
    fn proxies_that_need_not_spread_are_an_excuse_where_a_pod_is_not_reached() {
        assert!(to_some(true, 2, 3).is_some());
        assert_eq!((to_some(true, 3, 3), to_some(false, 1, 3)), (None, None));
    }

    #[test]
    fn hints_of_another_service_lead_nobody() {
        let hinted = json!({"addressType": "IPv4", "metadata": {"labels": {OF_SERVICE: "db"}},
            "endpoints": [{"addresses": ["10.0.0.1"], "hints": {"forZones": [{"name": "a"}]}}]});
        let slices = [serde_json::from_value(hinted).unwrap()];
        assert!(by_slices("db", &slices).is_some());
        assert_eq!(by_slices("other", &slices), None);
    }
}

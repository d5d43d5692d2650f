//! What the reference document gets wrong, shown and not repeated. Other such sentences are refuted where their
//! subject is: budgets in `disruption`, retention in `storage`, Deployments in `comparison`.

use anyhow::Result;
use harness::{
    Error,
    claim::{D1, D2},
    law::Obstacle,
    runner::{Run, Scenario, scenario},
    wait::expectations::{controller_counts, pod_running, pods_exactly},
    workload::GARAGE,
};
use serde_json::json;

use crate::{
    network::propagation,
    sabotage::{ADMIN_AS_SHIPPED, READINESS_AS_SHIPPED},
    seconds,
};

/// The ConfigMap with garage.toml.
pub(crate) const CONFIGURATION: &str = "garage-configuration";
/// The port that the document gives the admin API.
const ADMIN: u16 = 3902;
/// A port that is nobody's.
const NOBODYS: u16 = 3999;

pub(crate) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "document::readiness_on_health",
            "the document's readiness probe keeps Garage at its first pod for ever",
            readiness_on_health,
        )
        .proves([D1])
        .on([GARAGE])
        .within(seconds(240))
        .control(
            "readiness_as_shipped",
            [D1],
            READINESS_AS_SHIPPED,
            "the readiness probe of garage-0",
        ),
        scenario(
            "document::admin_port",
            "3902 is the admin port because garage.toml says so, and for no other reason",
            admin_port,
        )
        .proves([D2])
        .on([GARAGE])
        .within(seconds(240))
        .control("admin_as_shipped", [D2], ADMIN_AS_SHIPPED, "connections to port 3902"),
    ]
}

async fn readiness_on_health(run: Run) -> Result<()> {
    let set = run
        .deploy_with(|manifest, workload| {
            let probe = json!({"httpGet": {"path": "/health", "port": ADMIN}, "periodSeconds": 1});
            workload.container(manifest)?["readinessProbe"] = probe;
            Ok(())
        })
        .await?;
    let first = set.pod_name(0);
    run.step("the first pod runs, has no layout, and is not Ready").await?;
    run.wait(&pod_running(&first), seconds(120)).await?;
    let health = run.garage().answered_health(&first, seconds(30)).await?;
    run.judge_equal(D1, "the status of /health", 503, health);
    run.expect_unready(D1, &first, "statuscode: 503", seconds(30)).await?;

    run.step("so no second pod comes, and without it there can be no layout").await?;
    run.expect(D1, &controller_counts(&set.promise, 0), seconds(30)).await?;
    run.hold_long(D1, &pods_exactly(&set.promise, [0])).await?;
    Ok(())
}

async fn admin_port(run: Run) -> Result<()> {
    let set = run
        .deploy_with(|manifest, workload| {
            workload.with_replicas(manifest, 1)?;
            let text = manifest.find("ConfigMap", CONFIGURATION)?["data"]["garage.toml"].clone();
            let text = text.as_str().unwrap_or_default();
            let without = text.split("[admin]").next().unwrap_or_default();
            manifest.merge("ConfigMap", CONFIGURATION, &json!({"data": {"garage.toml": without}}))?;
            let container = workload.container(manifest)?;
            container["readinessProbe"] = json!({"tcpSocket": {"port": workload.port}, "periodSeconds": 1});
            container["livenessProbe"] = json!(null);
            Ok(())
        })
        .await?;
    set.ready(1).await?;
    let probe = run.prober_beside().await?;
    let host = probe.pod_host(&set, 0);

    run.step("without a word in garage.toml nobody answers at 3902, nor at 3903").await?;
    // Silence says something only of one who can be heard.
    let answers = probe.until_reached(&host, set.workload.port, propagation(&run)).await;
    run.found(D2, run.unless_kept_apart(answers).await)?;
    // A mesh's proxy takes connections to any port.
    if probe.reached(&host, NOBODYS).await? > 0 {
        let words = format!("connections to port {NOBODYS}, which nobody serves, come about");
        run.found(D2, Err::<(), _>(Error::not_judged(Obstacle::Network, words)))?;
    }
    for port in [ADMIN, ADMIN + 1] {
        let reached = probe.reached(&host, port).await?;
        run.judge_equal(D2, &format!("connections to port {port}"), 0, reached);
    }
    Ok(())
}

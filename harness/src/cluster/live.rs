//! The ways in and the sweep, on a real cluster.

use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::Pod;
use kube::{Api, api::PostParams, runtime::watcher::Config};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{ready::until, *};
use crate::settings::Settings;

const DEADLINE: Duration = Duration::from_secs(60);
const TIMES: u32 = 20;

#[tokio::test]
#[ignore = "needs Docker: makes a cluster, or uses the one that `steadfast up` keeps"]
async fn ways_into_a_cluster_and_the_sweep_after_a_killed_run() {
    let settings = Settings::load().unwrap();
    let cluster = Cluster::lease(&settings, &Progress::stderr()).await.unwrap();
    let (client, namespace) = (&cluster.client, format!("live-{}", std::process::id()));
    let run = RunLock::take(&settings.cache, &namespace, &cluster.facts.name).unwrap();
    create_namespace(client, &namespace, &namespace, "cluster::live").await.unwrap();

    let pods = Api::<Pod>::namespaced(client.clone(), &namespace);
    let pod = serde_json::json!({
        "metadata": {"name": "probe"},
        "spec": {"containers": [{"name": "probe", "image": "steadfast/sentinel:1", "args": ["probe"],
            "imagePullPolicy": "IfNotPresent"}]}
    });
    pods.create(&PostParams::default(), &serde_json::from_value(pod).unwrap()).await.unwrap();
    until(pods.clone(), Config::default(), DEADLINE, "the probe running", |pods| {
        let phase = |pod: &Pod| pod.status.clone()?.phase;
        match pods.get("probe").and_then(phase).as_deref() {
            Some("Running") => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await
    .unwrap();

    let argv = ["/sentinel", "crash", "on", "purpose"];
    let output = exec(client, &namespace, "probe", "probe", &argv, DEADLINE).await.unwrap();
    assert_eq!((output.code, output.stderr.contains("on purpose")), (1, true), "{output:?}");

    let direct = Tunnel::open(client, &namespace, "probe", 8080).await.unwrap();
    let address = pods.get("probe").await.unwrap().status.unwrap().pod_ip.unwrap();
    let relayed = Tunnel::through(client, &namespace, "probe", &address, 8080).await.unwrap();
    for (way, tunnel) in [("direct", &direct), ("relayed", &relayed)] {
        let begun = Instant::now();
        for _ in 0..TIMES {
            let answer = identity(tunnel).await;
            assert!(answer.contains("\"hostname\":\"probe\""), "{answer:?} {:?}", tunnel.trouble());
        }
        eprintln!("{way}: {:?} a connection", begun.elapsed() / TIMES);
    }
    let nowhere = Tunnel::through(client, &namespace, "probe", "no-such-name", 80).await.unwrap();
    assert_eq!(identity(&nowhere).await, "");
    assert!(nowhere.trouble().unwrap().contains("the relay refused"), "{:?}", nowhere.trouble());
    let closed = Tunnel::open(client, &namespace, "probe", 9).await.unwrap();
    assert_eq!(identity(&closed).await, "");
    assert!(closed.trouble().unwrap().contains("port 9"), "{:?}", closed.trouble());

    let swept = sweep(client, &settings.cache, &cluster.facts.name).await.unwrap();
    assert!(!swept.contains(&namespace), "a living run's namespace was swept");
    drop(run);
    let swept = sweep(client, &settings.cache, &cluster.facts.name).await.unwrap();
    assert!(swept.contains(&namespace), "{swept:?}");
    namespace_gone(client, &namespace, DEADLINE).await.unwrap();
    cluster.release(false).await.unwrap();
}

/// The answer, or nothing where the connection cannot be carried on and is closed.
async fn identity(tunnel: &Tunnel) -> String {
    let mut stream = TcpStream::connect(tunnel.address).await.unwrap();
    let mut answer = Vec::new();
    let talk = async {
        stream.write_all(b"GET /identity HTTP/1.1\r\nHost: probe\r\n\r\n").await?;
        // Not to its end: containerd passes an end on only after a second.
        while !answer.ends_with(b"}") && stream.read_buf(&mut answer).await? > 0 {}
        std::io::Result::Ok(())
    };
    drop(tokio::time::timeout(DEADLINE, talk).await.unwrap());
    String::from_utf8(answer).unwrap()
}

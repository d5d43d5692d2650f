//! One real Garage, and three.

use aws_sdk_s3::primitives::ByteStream;
use harness::{
    ledger::{Audit, Ledger, Load, LoadPlan, Outcome, Write, judge, s3, verdict::Kind},
    workload::garage::{
        Initialised, Wanted, initialise,
        layout::{layout_is, node_ids, not_acquainted, not_healthy},
    },
};

use crate::servers::{Book, Garage, LONG, soon};

const PLAN: LoadPlan =
    LoadPlan { clients: 0..2, writes_per_client: 12, sizes: s3::SIZES, pace: std::time::Duration::ZERO };

async fn started() -> Garage {
    let server = Garage::start(1).await;
    initialise(&[server.admin().await.unwrap()]).await.unwrap();
    server.bucket().await.unwrap();
    server
}

async fn written(server: &Garage, book: &Book) -> Ledger {
    let server = server.clone();
    let connect = move |_| {
        let server = server.clone();
        async move { server.s3().await }
    };
    Load::start(&book.recorder, &PLAN, connect).finish(LONG).await.unwrap()
}

async fn judged(server: &Garage, ledger: &Ledger) -> Audit {
    let holdings = soon(async || server.s3().await?.read_back(ledger).await).await;
    judge(ledger, &holdings)
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_fault_nothing_is_lost() {
    let (server, book) = (started().await, Book::new("s3-quiet"));
    let ledger = written(&server, &book).await;
    let judgement = judged(&server, &ledger).await;
    assert_eq!(judgement.flaws, []);
    assert_eq!((judgement.statistics.acknowledged, judgement.statistics.judged()), (24, 24));
    assert_eq!(Ledger::read(book.path()).unwrap(), ledger);

    let s3 = server.s3().await.unwrap();
    for attempt in &ledger.attempts {
        assert_eq!(s3.head(&attempt.key).await.unwrap(), Some(attempt.size));
    }
    assert_eq!(s3.head("nothing").await.unwrap(), None);
    assert_eq!(s3.list(&format!("{}/1/", ledger.run)).await.unwrap().len(), 12);
    let statistics = server.admin().await.unwrap().node_statistics().await.unwrap();
    let objects = statistics.table_stats.iter().find(|table| table.table_name == "object").unwrap();
    assert_eq!(objects.items, 24);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_behind_the_ledgers_back_is_found() {
    let (server, book) = (started().await, Book::new("s3-back"));
    let ledger = written(&server, &book).await;
    let s3 = server.s3().await.unwrap();
    let key = |place: &str| format!("{}/{place}", ledger.run);
    let client = s3.client();
    client.delete_object().bucket("ledger").key(key("0/000003")).send().await.unwrap();
    for overwritten in [key("1/000004"), key("7/000008")] {
        let body = ByteStream::from_static(b"foreign");
        client.put_object().bucket("ledger").key(overwritten).body(body).send().await.unwrap();
    }
    let mut found: Vec<_> =
        judged(&server, &ledger).await.flaws.into_iter().map(|flaw| (flaw.kind, flaw.key)).collect();
    found.sort();
    let expected =
        [(Kind::Lost, key("0/000003")), (Kind::Diverged, key("1/000004")), (Kind::Phantom, key("7/000008"))];
    assert_eq!(found, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_objects_survive_sigkill_in_mid_write() {
    let (server, book) = (started().await, Book::new("s3-kill"));
    let mut load = {
        let server = server.clone();
        let connect = move |_| {
            let server = server.clone();
            async move {
                // A port that answers, or the many writes of the plan would all be tried while the server is away.
                server.admin().await?.probe().await?;
                server.s3().await
            }
        };
        Load::start(
            &book.recorder,
            &LoadPlan {
                clients: 0..3,
                writes_per_client: 100_000,
                sizes: s3::SIZES,
                pace: std::time::Duration::ZERO,
            },
            connect,
        )
    };
    load.acknowledged(20, LONG).await.unwrap();
    server.kill().await;
    server.restart().await;
    load.acknowledged(20, LONG).await.unwrap();
    let ledger = load.stop().await.unwrap();
    let judgement = judged(&server, &ledger).await;
    assert_eq!(judgement.flaws, []);
    assert!(judgement.statistics.acknowledged >= 40, "{:?}", judgement.statistics);
    let unknown = judgement.statistics.unknown_present + judgement.statistics.unknown_absent;
    assert!(unknown > 0, "no write was in flight when the server was killed: {:?}", judgement.statistics);
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_works_after_the_layout_and_not_before() {
    let server = Garage::start(1).await;
    let admins = [server.admin().await.unwrap()];
    let wanted = Wanted::document(node_ids(&admins).await.unwrap());
    assert_eq!(admins[0].probe().await.unwrap().status, 503);
    assert!(layout_is(&admins, &wanted).await[0].ends_with("there is no layout"));
    assert_ne!(not_healthy(&admins).await, [""; 0]);
    let refused = server.s3().await.unwrap().put(&Write::derive("early", 0, 0, 100)).await;
    assert!(matches!(&refused, Outcome::Failed(why) if why.starts_with("403 AccessDenied")), "{refused:?}");
    assert!(server.bucket().await.is_err());

    assert_eq!(initialise(&admins).await.unwrap(), Initialised::Now);
    assert_eq!(initialise(&admins).await.unwrap(), Initialised::Before);
    assert_eq!(layout_is(&admins, &wanted).await, [""; 0]);
    assert_eq!(not_healthy(&admins).await, [""; 0]);
    assert_eq!(admins[0].probe().await.unwrap().status, 200);
    let history = admins[0].layout_history().await.unwrap();
    assert_eq!((history.current_version, history.versions[0].status.as_str()), (1, "Current"));

    // Twice, as a run that was killed and began again would.
    server.bucket().await.unwrap();
    server.bucket().await.unwrap();
    let put = server.s3().await.unwrap().put(&Write::derive("late", 0, 0, 100)).await;
    assert_eq!(put, Outcome::Acknowledged);
    let key = admins[0].create_key("another").await.unwrap();
    assert!(key.id.starts_with("GK"));

    // Another layout is not taken for ours.
    admins[0]
        .update_layout(&[serde_json::from_value(serde_json::json!({
            "id": node_ids(&admins).await.unwrap()[0], "zone": "dc2", "capacity": 1_000_000_000, "tags": []
        }))
        .unwrap()])
        .await
        .unwrap();
    assert!(layout_is(&admins, &wanted).await[0].contains("1 changes are staged"));
    let error = admins[0].apply_layout(1).await.unwrap_err().to_string();
    assert!(
        error.contains("ApplyClusterLayout at 127.0.0.1:") && error.contains("layout version"),
        "{error}"
    );
    admins[0].apply_layout(2).await.unwrap();
    let error = initialise(&admins).await.unwrap_err().to_string();
    assert!(error.contains("version 2, not 1") && error.contains("zone dc2, not dc1"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn three_nodes_take_one_layout_from_two_initialisers_at_once() {
    let servers = [Garage::start(3).await, Garage::start(3).await, Garage::start(3).await];
    let mut admins = Vec::new();
    for server in &servers {
        admins.push(server.admin().await.unwrap());
    }
    let alone = not_acquainted(&admins).await;
    assert_eq!(alone.len(), 6, "{alone:?}");
    let peers = [servers[1].peer().await, servers[2].peer().await];
    assert_eq!(admins[0].connect_nodes(&peers).await.unwrap(), [""; 0]);
    met(async || not_acquainted(&admins).await).await;

    let backwards: Vec<_> = admins.iter().rev().cloned().collect();
    let (one, other) = tokio::join!(initialise(&admins), initialise(&backwards));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert!([one, other].contains(&Initialised::Now), "{one:?} {other:?}");
    let wanted = Wanted::document(node_ids(&admins).await.unwrap());
    met(async || layout_is(&admins, &wanted).await).await;
    met(async || not_healthy(&admins).await).await;
    for server in &servers {
        let log = server.log().await;
        assert!(log.contains("server listening on") && !log.contains("Inconsistent layout"), "{log}");
    }

    // Written through one node, read from each of the others.
    soon(async || servers[0].bucket().await).await;
    let book = Book::new("s3-three");
    let ledger = written(&servers[0], &book).await;
    for server in &servers {
        assert_eq!(judged(server, &ledger).await.flaws, []);
    }
    // One node left: no quorum is no sure refusal.
    servers[1].kill().await;
    servers[2].kill().await;
    let put = servers[0].s3().await.unwrap().put(&Write::derive("alone", 0, 0, 100)).await;
    assert!(matches!(&put, Outcome::Unknown(_)), "{put:?}");
    assert_ne!(not_healthy(&admins).await, [""; 0]);
}

/// Asks until nothing is missing.
async fn met<F: Future<Output = Vec<String>>>(missing: impl Fn() -> F) {
    soon(async || {
        let missing = missing().await;
        if missing.is_empty() { Ok(()) } else { Err(harness::Error::failed(missing.join("; "))) }
    })
    .await;
}

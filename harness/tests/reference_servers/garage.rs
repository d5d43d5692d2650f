//! One real Garage, and three.

use aws_sdk_s3::primitives::ByteStream;
use harness::{
    history::{
        Answer, Checker, Outcome, Value,
        check::{Copies, Kind, Members, Up},
        generate::{Request, Work, content},
    },
    load::{Load, read_back, s3},
    workload::garage::{
        Initialised, Wanted, initialise,
        layout::{layout_is, node_ids, not_acquainted, not_healthy},
    },
};

use crate::{
    book::{Book, LONG, count, kinds, plan, soon},
    servers::Garage,
};

const SET: Checker = Checker::Set(Copies::Same);
const WRITES: Work = Work::Writes { sizes: s3::SIZES };
/// Several at once, on the same few keys.
const OBJECTS: Work = Work::Objects { keys: 3, sizes: &[100, 3072, 20_000], deletes: true };

async fn started() -> Garage {
    let server = Garage::start(1).await;
    initialise(&[server.admin().await.unwrap()]).await.unwrap();
    server.bucket().await.unwrap();
    server
}

/// Clients that write, read, and write over each other.
fn load(server: &Garage, book: &Book) -> Load {
    let ranges = Work::Ranges { of: 0..2, sizes: s3::SIZES };
    let works = vec![WRITES, WRITES, Work::Reads { of: 0..2 }, OBJECTS, OBJECTS, OBJECTS, ranges];
    server.load(&book.recorder, &plan([("garage", works)]))
}

async fn written(server: &Garage, book: &Book) {
    let mut load = load(server, book);
    load.acknowledged(60, LONG).await.unwrap();
    load.stop().await.unwrap();
}

async fn read(server: &Garage, book: &Book, endpoint: &str) {
    soon(async || server.s3().await).await;
    read_back::list_and_get(&book.recorder, endpoint, || server.s3()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_fault_nothing_is_lost_or_stale() {
    let (server, book) = (started().await, Book::new("s3-quiet"));
    written(&server, &book).await;
    read(&server, &book, "garage").await;
    let judgement = book.judged(&SET);
    assert_eq!((kinds(&judgement), judgement.unjudged.as_slice()), (vec![], &[][..]));
    assert_eq!(judgement.judged, count(&judgement, "acknowledged writes"));
    for checker in [Checker::ReadAfterWrite, Checker::Ranges, Checker::Listings] {
        assert_eq!(kinds(&book.judged(&checker)), [], "{}", checker.name());
    }
    let operations = book.operations();
    let done = |name: &str| {
        operations.all.iter().any(|one| one.is_ok() && format!("{:?}", one.action).contains(name))
    };
    for name in ["Whole", "Parts", "Copy", "IfNew", "Get", "Head", "Delete", "List"] {
        assert!(done(name), "no {name} was done");
    }
    // Refused is only what must find nothing and finds something, and an upload in parts whose key was written over meanwhile: Garage
    // then forgets it. What is empty has no part to be read.
    let refused: Vec<_> = operations.all.iter().filter_map(|one| one.outcome.failure()).collect();
    let expected = |text: &str| ["412 ", "404 NoSuchUpload", "416 "].iter().any(|one| text.starts_with(one));
    assert!(refused.iter().all(|why| expected(&why.text)), "{refused:?}");

    let (store, put) = (server.s3().await.unwrap(), Request::put("head", content("head", 77)));
    store.perform(&put).await;
    let there = Outcome::Ok(Answer::Found(Value::of(&put.payload)));
    assert_eq!(store.perform(&Request::head("head")).await, there);
    assert_eq!(store.perform(&Request::head("nothing")).await, Outcome::Ok(Answer::Absent));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_behind_the_clients_back_is_found() {
    let (server, book) = (started().await, Book::new("s3-back"));
    written(&server, &book).await;
    let store = server.s3().await.unwrap();
    let key = |place: &str| format!("{}/{place}", book.recorder.run());
    let client = store.client();
    client.delete_object().bucket("ledger").key(key("0/000003")).send().await.unwrap();
    for overwritten in [key("1/000004"), key("77/000008")] {
        let body = ByteStream::from_static(b"foreign");
        client.put_object().bucket("ledger").key(overwritten).body(body).send().await.unwrap();
    }
    read(&server, &book, "garage").await;
    let mut found = kinds(&book.judged(&SET));
    found.sort();
    assert_eq!(found, [Kind::Lost, Kind::Diverged, Kind::Phantom]);
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_objects_survive_sigkill_in_mid_write() {
    let (server, book) = (started().await, Book::new("s3-kill"));
    let mut load = load(&server, &book);
    load.acknowledged(40, LONG).await.unwrap();
    server.kill().await;
    server.restart().await;
    load.acknowledged(40, LONG).await.unwrap();
    load.stop().await.unwrap();
    read(&server, &book, "garage").await;
    let judgement = book.judged(&SET);
    assert_eq!(kinds(&judgement), []);
    assert_eq!(kinds(&book.judged(&Checker::ReadAfterWrite)), []);
    let unknown = book.operations().all.into_iter().filter(|one| matches!(one.outcome, Outcome::Unknown(_)));
    assert!(unknown.count() > 0, "no write was in flight when the server was killed");
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_works_after_the_layout_and_not_before() {
    let server = Garage::start(1).await;
    let admins = [server.admin().await.unwrap()];
    let wanted = Wanted::document(node_ids(&admins).await.unwrap());
    assert_eq!(admins[0].probe().await.unwrap().status, 503);
    assert!(layout_is(&admins, &wanted).await.unwrap()[0].ends_with("there is no layout"));
    assert_ne!(not_healthy(&admins).await.unwrap(), [""; 0]);
    let refused = server.s3().await.unwrap().perform(&Request::put("early", content("early", 100))).await;
    assert!(
        matches!(&refused, Outcome::Failed(why) if why.text.starts_with("403 AccessDenied")),
        "{refused:?}"
    );
    assert!(server.bucket().await.is_err());

    assert_eq!(initialise(&admins).await.unwrap(), Initialised::Now);
    assert_eq!(initialise(&admins).await.unwrap(), Initialised::Before);
    assert_eq!(layout_is(&admins, &wanted).await.unwrap(), [""; 0]);
    assert_eq!(not_healthy(&admins).await.unwrap(), [""; 0]);
    assert_eq!(admins[0].probe().await.unwrap().status, 200);
    let history = admins[0].layout_history().await.unwrap();
    assert_eq!((history.versions[0].version, history.versions[0].status.as_str()), (1, "Current"));

    // Twice, as a run that was killed and began again would.
    server.bucket().await.unwrap();
    server.bucket().await.unwrap();
    let put = server.s3().await.unwrap().perform(&Request::put("late", content("late", 100))).await;
    assert_eq!(put, Outcome::DONE);
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
    assert!(layout_is(&admins, &wanted).await.unwrap()[0].contains("1 changes are staged"));
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
    let alone = not_acquainted(&admins).await.unwrap();
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
    written(&servers[0], &book).await;
    for (number, server) in servers.iter().enumerate() {
        read(server, &book, &format!("garage-{number}")).await;
    }
    assert_eq!(kinds(&book.judged(&SET)), []);
    alone_it_is_honest(&servers, &book).await;
    // Nobody answers for the two: that says nothing of the store's health.
    not_healthy(&admins).await.unwrap_err();
}

/// One node of three is left: no quorum is no sure refusal, and if it says anything in time, then 503.
async fn alone_it_is_honest(servers: &[Garage; 3], book: &Book) {
    let begun = book.operations().all[0].invoked;
    servers[1].kill().await;
    servers[2].kill().await;
    let ended = Some(harness::clock::now());
    let node = |node: &str, to| Up { node: node.to_owned(), from: begun, to };
    let up = vec![node("garage-0", None), node("garage-1", ended), node("garage-2", ended)];
    let members = Members { quorum: 2, up };

    let (mut store, endpoint) = (servers[0].s3().await.unwrap(), "garage-0".into());
    let process = book.recorder.processes(1).start;
    let key = book.operations().all.iter().find_map(|one| one.action.key().cloned()).unwrap();
    let put = Request::put(format!("{}/alone", book.recorder.run()), content("alone", 100));
    for request in [put, Request::get(key)] {
        let outcome = book.recorder.perform(process, &endpoint, &request, &mut store).await.unwrap();
        let sure = matches!(outcome, Outcome::Failed(_)) && request.action.writes();
        assert!(!sure && outcome.failure().is_some(), "{outcome:?}");
    }
    assert_eq!(kinds(&book.judged(&Checker::Honesty(members.clone()))), []);
    assert_eq!(kinds(&book.judged(&Checker::Quorum(members))), []);
}

/// Asks until nothing is missing.
async fn met<F: Future<Output = harness::Result<Vec<String>>>>(missing: impl Fn() -> F) {
    soon(async || {
        let missing = missing().await?;
        if missing.is_empty() { Ok(()) } else { Err(harness::Error::failed(missing.join("; "))) }
    })
    .await;
}

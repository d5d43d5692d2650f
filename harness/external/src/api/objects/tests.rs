use k8s_openapi::api::core::v1::Pod;
use kube::Config;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;
use crate::client::install_crypto;

async fn server() -> (TcpListener, Client) {
    install_crypto();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let config = Config::new(format!("http://{address}").parse().unwrap());
    (listener, Client::try_from(config).unwrap())
}

#[tokio::test]
async fn silence_ends_at_the_deadline_and_is_said_of_what_was_being_done() {
    let (_silent, client) = server().await;
    let pods = objects::<Pod>(&client, "a").within(Duration::from_millis(20));
    let said = |error: Error| error.to_string();
    assert_eq!(pods.get("x-0").await.map_err(said), Err("reading pod x-0: no answer within 20ms".into()));
    assert_eq!(pods.list().await.map_err(said), Err("listing pods: no answer within 20ms".into()));
    let dry = pods.clone().dry_run().merge("x-0", &Value::Null).await.map_err(said);
    assert_eq!(dry, Err("dry run of patching pod x-0: no answer within 20ms".into()));
    let named = pods.doing("pod x-0: hold").merge("x-0", &Value::Null).await.map_err(said);
    assert_eq!(named, Err("pod x-0: hold: no answer within 20ms".into()));
}

/// Answers the next request so, on a connection of its own; gives its first line.
async fn answer(listener: &TcpListener, status: &str, body: &str) -> String {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut request = [0; 4096];
    let read = stream.read(&mut request).await.unwrap();
    let answer =
        format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    stream.write_all(answer.as_bytes()).await.unwrap();
    String::from_utf8_lossy(&request[..read]).lines().next().unwrap_or_default().to_owned()
}

async fn answer_once(listener: TcpListener, status: &str, body: &str) -> String {
    answer(&listener, status, body).await
}

#[tokio::test]
async fn an_eviction_asks_for_the_seconds_that_it_gives() {
    let (listener, client) = server().await;
    let serving = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (mut request, mut part) = (String::new(), [0; 4096]);
        while !request.ends_with('}') {
            let read = stream.read(&mut part).await.unwrap();
            assert!(read > 0, "{request}");
            request.push_str(&String::from_utf8_lossy(&part[..read]));
        }
        let body = r#"{"kind":"Status","status":"Success","code":201}"#;
        let head =
            format!("HTTP/1.1 201 Created\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all((head + body).as_bytes()).await.unwrap();
        request
    });
    objects::<Pod>(&client, "a").dry_run().evict("x-0", Some(8)).await.unwrap();
    let request = serving.await.unwrap();
    assert!(request.starts_with("POST /api/v1/namespaces/a/pods/x-0/eviction?"), "{request}");
    let (_, body) = request.split_once("\r\n\r\n").unwrap();
    let eviction: Value = serde_json::from_str(body).unwrap();
    assert_eq!(eviction["deleteOptions"]["gracePeriodSeconds"], 8);
    assert_eq!(eviction["deleteOptions"]["dryRun"][0], "All");
}

#[tokio::test]
async fn a_refusal_is_said_of_what_was_being_done() {
    let (listener, client) = server().await;
    let body = r#"{"kind":"Status","status":"Failure","message":"no room","reason":"Forbidden","code":403}"#;
    let serving = tokio::spawn(answer_once(listener, "403 Forbidden", body));
    let error = objects::<Pod>(&client, "a").delete("x-0", &DeleteParams::default()).await.unwrap_err();
    assert_eq!(error.to_string(), "deleting pod x-0: no room (403)");
    assert_eq!(error.status().map(|status| status.code), Some(403));
    assert!(!error.is_not_found());
    assert_eq!(serving.await.unwrap(), "DELETE /api/v1/namespaces/a/pods/x-0? HTTP/1.1");
}

#[tokio::test]
async fn a_kind_that_nobody_has_defined_is_not_found() {
    let (listener, client) = server().await;
    let serving = tokio::spawn(answer_once(listener, "404 Not Found", "404 page not found\n"));
    let error = objects::<Pod>(&client, "a").delete_labelled("").await.unwrap_err();
    assert_eq!(error.to_string(), "deleting pods: 404 page not found (404)");
    assert!(error.is_not_found());
    serving.await.unwrap();
}

/// Breaks off the first connection without a word.
async fn break_off_once(listener: &TcpListener) {
    let (mut broken, _) = listener.accept().await.unwrap();
    assert!(broken.read(&mut [0; 4096]).await.unwrap() > 0);
}

#[tokio::test]
async fn what_only_reads_is_asked_once_more_where_the_connection_breaks() {
    let (listener, client) = server().await;
    let serving = tokio::spawn(async move {
        break_off_once(&listener).await;
        answer_once(listener, "404 Not Found", "404 page not found\n").await
    });
    let error = objects::<Pod>(&client, "a").get("x-0").await.unwrap_err();
    assert!(error.is_not_found() && !error.is_silence(), "{error}");
    serving.await.unwrap();
}

#[tokio::test]
async fn what_changes_something_is_asked_once() {
    let (listener, client) = server().await;
    let serving = tokio::spawn(async move { break_off_once(&listener).await });
    let error = objects::<Pod>(&client, "a").delete("x-0", &DeleteParams::default()).await.unwrap_err();
    assert!(error.is_silence(), "{error}");
    serving.await.unwrap();
}

// As where etcd was compacted between two pages of a large cluster.
#[tokio::test]
async fn a_list_begins_again_where_its_next_page_is_kept_no_longer() {
    let (listener, client) = server().await;
    let page = |pod: &str, next: &str| {
        format!(
            r#"{{"kind":"PodList","apiVersion":"v1","metadata":{{"continue":"{next}"}},"items":[{{"metadata":{{"name":"{pod}"}}}}]}}"#
        )
    };
    let gone = r#"{"kind":"Status","status":"Failure","message":"expired","reason":"Expired","code":410}"#;
    let serving = tokio::spawn(async move {
        let (first, again, last) = (page("old", "next"), page("x-0", "next"), page("x-1", ""));
        let answers = [("200 OK", &*first), ("410 Gone", gone), ("200 OK", &*again), ("200 OK", &*last)];
        let mut asked = Vec::new();
        for (status, body) in answers {
            asked.push(answer(&listener, status, body).await.contains("continue=next"));
        }
        asked
    });
    let pods = objects::<Pod>(&client, "a").list().await.unwrap();
    let names: Vec<_> = pods.into_iter().filter_map(|pod| pod.metadata.name).collect();
    assert_eq!(names, ["x-0", "x-1"]);
    assert_eq!(serving.await.unwrap(), [false, true, false, true]);
}

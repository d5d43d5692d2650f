use history::generate::{Generator, Work};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::*;
use crate::{Secret, workload::postgres::Login};

/// A message of PostgreSQL's.
fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap();
    [&[kind], &length.to_be_bytes()[..], body].concat()
}

/// Lets anybody log in, and says this to whatever is asked; or goes, where it is to say nothing.
async fn answer(mut stream: TcpStream, said: Option<Vec<u8>>) {
    let ready = message(b'Z', b"I");
    let length = stream.read_u32().await.unwrap() as usize;
    stream.read_exact(&mut vec![0; length - 4]).await.unwrap();
    stream.write_all(&[message(b'R', &[0; 4]), ready.clone()].concat()).await.unwrap();
    while let Ok(kind) = stream.read_u8().await {
        let length = stream.read_u32().await.unwrap() as usize;
        stream.read_exact(&mut vec![0; length - 4]).await.unwrap();
        if matches!(kind, b'Q' | b'S') {
            let Some(said) = &said else { return };
            stream.write_all(&[said, &ready[..]].concat()).await.unwrap();
        }
    }
}

/// A connection to a server that refuses so whatever is asked.
async fn refused(code: &str, constraint: &str) -> Session {
    let fields = format!("SERROR\0VERROR\0C{code}\0Mno\0n{constraint}\0\0");
    answered(Some(message(b'E', fields.as_bytes()))).await
}

/// A connection to a server that says this to whatever is asked.
async fn answered(said: Option<Vec<u8>>) -> Session {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let login = Login {
        host: "127.0.0.1".to_owned(),
        port: listener.local_addr().unwrap().port(),
        user: "dagster".to_owned(),
        password: Secret::new("hunter2"),
        database: "dagster".to_owned(),
    };
    tokio::spawn(async move { answer(listener.accept().await.unwrap().0, said).await });
    Session::connect(&login, Duration::from_secs(5)).await.unwrap()
}

#[tokio::test]
async fn a_standby_is_no_way_that_is_broken() {
    assert!(Sql::create_tables(&refused("25006", "").await).await.is_ok());
    assert!(Sql::create_tables(&refused("42501", "").await).await.is_err());
    let written = Sql::new(refused("25006", "").await).perform(&Request::put("run/k", vec![1])).await;
    assert!(matches!(written, Outcome::Failed(why) if why.cause == Cause::Answered("25006".into())));
}

#[tokio::test]
async fn a_key_that_is_there_already_was_committed_and_another_constraint_is_a_refusal() {
    let put = Request::put("run/k", vec![1]);
    let by = async |constraint| Sql::new(refused("23505", constraint).await).perform(&put).await;
    assert_eq!(by("entries_pkey").await, Outcome::DONE);
    assert!(matches!(by("entries_payload_key").await, Outcome::Failed(_)));
}

#[tokio::test]
async fn an_answer_that_makes_no_sense_is_one_and_a_connection_that_closes_is_none() {
    let (put, get) = (Request::put("run/k", vec![1]), Request::get("run/k"));
    for (said, cause) in [(Some(Vec::new()), Cause::Answered("malformed".into())), (None, Cause::Broken)] {
        let read = Sql::new(answered(said.clone()).await).perform(&get).await;
        assert!(matches!(&read, Outcome::Failed(why) if why.cause == cause), "{read:?}");
        // It may have been done.
        let written = Sql::new(answered(said).await).perform(&put).await;
        assert!(matches!(&written, Outcome::Unknown(why) if why.cause == cause), "{written:?}");
    }
}

#[test]
fn one_in_sixteen_that_append_is_taken_back() {
    let lists = Generator::new("r", 1, 3, Work::Lists { lists: 3 }).take(1600);
    let steps = lists.filter_map(|request| match request.action {
        Action::Transaction(steps) => Some(steps),
        _ => None,
    });
    let taken_back = steps.filter(|steps| is_taken_back(steps)).count();
    assert!((80..=100).contains(&taken_back), "{taken_back}");
    assert!(!is_taken_back(&[Step::Read { list: 0 }]));
}

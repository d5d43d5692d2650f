//! A store that speaks S3: one connection to one endpoint, which tries everything once.

mod answers;
mod deleting;
mod label;
mod pages;
mod writing;

use std::time::Duration;

use aws_sdk_s3::{
    Client,
    config::{
        BehaviorVersion, Config, Credentials, Region, ResponseChecksumValidation,
        StalledStreamProtectionConfig, retry::RetryConfig,
    },
    error::DisplayErrorContext,
};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use history::{
    Action, Answer, Cause, Failure, How, Key, Outcome, Value, generate::Request, operation::TO_THE_END,
};

use self::{
    answers::{NO_SUCH_KEY, names, outcome, refused, status},
    label::Beside,
};
use super::{
    Store,
    store::{silent, without_answer},
};
use crate::{
    Secret,
    error::{Error, Result},
};

/// Sizes on both sides of Garage's boundaries: below 3072 bytes an object lives in the metadata, above 1 MiB it has
/// two blocks. The second block has 32 bytes, so that its content is unique: Garage stores equal blocks once, and
/// another object would keep a lost one alive.
pub const SIZES: &[usize] = &[100, 0, 3071, 3072, 65_536, 1 << 20, (1 << 20) + 32];

/// Where a bucket is, and who may use it.
#[derive(Debug, Clone)]
pub struct Access {
    /// `http://127.0.0.1:41234`
    pub endpoint: String,
    /// As the server has it: `garage`.
    pub region: String,
    /// The bucket.
    pub bucket: String,
    /// The access key's id.
    pub key_id: String,
    /// The access key's secret.
    pub secret: Secret,
}

/// A client of one endpoint.
#[derive(Debug, Clone)]
pub struct S3 {
    client: Client,
    endpoint: String,
    bucket: String,
    deadline: Duration,
}

impl S3 {
    /// A client; sends nothing yet. Each call has the deadline for all of it, and is never tried again: a second
    /// try would hide the outcome of the first.
    pub fn new(access: &Access, deadline: Duration) -> Self {
        let http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(http)
            .endpoint_url(&access.endpoint)
            .region(Region::new(access.region.clone()))
            .credentials_provider(Credentials::new(
                &access.key_id,
                access.secret.reveal(),
                None,
                None,
                "steadfast",
            ))
            .force_path_style(true)
            .retry_config(RetryConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            // What a body is, the history's own hash says: a client that refuses a wrong one would call it a bad way.
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .build();
        Self {
            client: Client::from_conf(config),
            endpoint: access.endpoint.clone(),
            bucket: access.bucket.clone(),
            deadline,
        }
    }

    /// The client itself, for what a history does not do.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Makes the bucket, where it is not there.
    ///
    /// # Errors
    /// No answer, or a refusal.
    pub async fn create_bucket(&self) -> Result<()> {
        let doing = self.doing("making the bucket of", "");
        let call = self.client.create_bucket().bucket(&self.bucket);
        match tokio::time::timeout(self.deadline, call.send()).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if status(&error) == Some(409) => Ok(()),
            Ok(Err(error)) => Err(refused(&doing, &error)),
            Err(_) => Err(Error::Deadline { doing, deadline: self.deadline }),
        }
    }

    /// Tries a request, once.
    pub async fn perform(&self, request: &Request) -> Outcome {
        let call = async {
            match &request.action {
                Action::Put { key, how: How::Parts, .. } => self.put_in_parts(key, request).await,
                Action::Put { key, how: How::Copy, .. } => self.put_by_copy(key, request).await,
                Action::Put { key, how, .. } => self.put(key, *how, request).await,
                Action::Get { key } => self.get(key, None, request).await,
                Action::Head { key } => self.head(key, request).await,
                Action::Range { key, from, length } => self.get(key, Some((*from, *length)), request).await,
                Action::Delete { key } => self.delete(key, request).await,
                Action::List { prefix } => self.list_all(prefix, request).await,
                Action::Scan { .. } | Action::Transfer { .. } | Action::Balances | Action::Transaction(_) => {
                    let failure = Failure::new(Cause::Unreachable, "S3 has no such operation");
                    Outcome::Failed(failure)
                }
            }
        };
        tokio::time::timeout(self.deadline, call).await.unwrap_or_else(|_| silent(request, self.deadline))
    }

    async fn get(&self, key: &Key, part: Option<(u64, u64)>, request: &Request) -> Outcome {
        let range = part.map(|(from, length)| range(from, length));
        let call = self.client.get_object().bucket(&self.bucket).key(&**key).set_range(range);
        let mut answer = match call.send().await {
            Ok(answer) => answer,
            Err(error) if names(&error, NO_SUCH_KEY) => return Outcome::Ok(Answer::Absent),
            Err(error) => return outcome(request, Err::<(), _>(error), |()| Answer::Done),
        };
        match std::mem::take(&mut answer.body).collect().await {
            Ok(body) => {
                let found = Value::of(&body.into_bytes());
                let beside = Beside {
                    metadata: answer.metadata(),
                    content_type: answer.content_type(),
                    tag: answer.e_tag(),
                    encrypted: answer.server_side_encryption().is_some(),
                };
                Outcome::Ok(if part.is_none() { beside.answer(found) } else { Answer::Found(found) })
            }
            Err(error) => {
                let text = format!("the body broke off: {}", DisplayErrorContext(error));
                without_answer(request, false, Failure::new(Cause::CutShort, text))
            }
        }
    }

    async fn head(&self, key: &Key, request: &Request) -> Outcome {
        match self.client.head_object().bucket(&self.bucket).key(&**key).send().await {
            Ok(answer) => Outcome::Ok(
                Beside {
                    metadata: answer.metadata(),
                    content_type: answer.content_type(),
                    tag: answer.e_tag(),
                    encrypted: answer.server_side_encryption().is_some(),
                }
                .answer_alone(answer.content_length().unwrap_or_default().unsigned_abs()),
            ),
            // It has no words: nothing is there, or not even the bucket.
            Err(error) if status(&error) == Some(404) => {
                let bucket = self.client.head_bucket().bucket(&self.bucket).send().await;
                outcome(request, bucket, |_| Answer::Absent)
            }
            Err(error) => outcome(request, Err::<(), _>(error), |()| Answer::Done),
        }
    }

    fn doing(&self, what: &str, key: &str) -> String {
        format!("{what} s3://{}/{key} at {}", self.bucket, self.endpoint)
    }
}

/// How a part is asked for.
fn range(from: u64, length: u64) -> String {
    let last = from.saturating_add(length).saturating_sub(1);
    if length == TO_THE_END { format!("bytes={from}-") } else { format!("bytes={from}-{last}") }
}

impl Store for S3 {
    async fn perform(&mut self, request: &Request) -> Outcome {
        Self::perform(self, request).await
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    fn access(port: u16) -> Access {
        Access {
            endpoint: format!("http://127.0.0.1:{port}"),
            region: "garage".to_owned(),
            bucket: "ledger".to_owned(),
            key_id: "GK1".to_owned(),
            secret: Secret::new("hunter2"),
        }
    }

    #[test]
    fn access_does_not_print_its_secret() {
        let access = access(1);
        let client = S3::new(&access, Duration::from_secs(1));
        assert!(!format!("{access:?} {client:?}").contains("hunter2"));
    }

    /// How a request ends that a server answers so, call by call, and what it was asked. Each answer is a head, and
    /// after an empty line a body.
    pub(super) async fn talk(request: &Request, answers: &[&str]) -> (Outcome, Vec<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = S3::new(&access(listener.local_addr().unwrap().port()), Duration::from_secs(5));
        let answering = async {
            let mut asked = Vec::new();
            for answer in answers {
                let (head, body) = answer.split_once("\n\n").unwrap_or((answer, ""));
                let head = format!("HTTP/1.1 {head}\r\nconnection: close\r\ncontent-length: {}", body.len());
                let answer = format!("{head}\r\n\r\n{body}");
                asked.push(once(&listener, answer.as_bytes()).await);
            }
            asked
        };
        let (asked, outcome) = tokio::join!(answering, client.perform(request));
        (outcome, asked)
    }

    /// Takes one request, and answers it.
    async fn once(listener: &TcpListener, answer: &[u8]) -> String {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = Vec::new();
        loop {
            let text = String::from_utf8_lossy(&asked).into_owned();
            let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
                let lengths = head.lines().filter_map(|line| line.strip_prefix("content-length: "));
                body.len() >= lengths.map(|length| length.parse::<usize>().unwrap()).sum()
            });
            if whole {
                stream.write_all(answer).await.unwrap();
                return text;
            }
            assert_ne!(stream.read_buf(&mut asked).await.unwrap(), 0);
        }
    }

    /// How a request ends that a server answers so.
    async fn answered(request: &Request, answer: &[u8]) -> Outcome {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = S3::new(&access(listener.local_addr().unwrap().port()), Duration::from_secs(5));
        tokio::join!(once(&listener, answer), client.perform(request)).1
    }

    #[tokio::test]
    async fn every_other_part_is_asked_for_with_what_comes_after_it_and_all_of_it_is_what_was_found() {
        // Fewer bytes than were asked for, or more, are what was found.
        for (from, asked, bodies) in [
            (4, "range: bytes=4-6\r\n", ["efg", "ef", "efgh"]),
            (5, "range: bytes=5-\r\n", ["fghijk", "fg", "fghijkl"]),
        ] {
            for body in bodies {
                let part = Request::part("key", from, 3);
                let (outcome, said) = talk(&part, &[&format!("206 Partial Content\n\n{body}")]).await;
                assert_eq!(outcome, Outcome::Ok(Answer::Found(Value::of(body.as_bytes()))));
                assert!(said[0].contains(asked), "{}", said[0]);
            }
        }
    }

    #[tokio::test]
    async fn only_a_key_that_is_not_there_is_absent() {
        let said =
            |code: &str| format!("404 Not Found\n\n<Error><Code>{code}</Code><Message>no</Message></Error>");
        let cause = |outcome: Outcome| outcome.failure().map(|failure| failure.cause.clone());
        let get = Request::get("key");
        assert_eq!(talk(&get, &[&said("NoSuchKey")]).await.0, Outcome::Ok(Answer::Absent));
        let outcome = talk(&get, &[&said("NoSuchBucket")]).await.0;
        assert!(
            outcome.failure().is_some_and(|failure| failure.text.starts_with("404 NoSuchBucket")),
            "{outcome:?}"
        );
        assert_eq!(cause(talk(&get, &["404 Not Found"]).await.0), Some(Cause::Answered("404".into())));
        let head = Request::head("key");
        let (absent, asked) = talk(&head, &["404 Not Found", "200 OK"]).await;
        assert_eq!(absent, Outcome::Ok(Answer::Absent));
        assert!(asked[1].starts_with("HEAD /ledger"), "{}", asked[1]);
        for (then, code) in [("404 Not Found", "404"), ("503 Service Unavailable", "503")] {
            let outcome = talk(&head, &["404 Not Found", then]).await.0;
            assert_eq!(cause(outcome), Some(Cause::Answered(code.into())));
        }
    }

    #[tokio::test]
    async fn a_body_that_is_not_what_its_server_says_of_it_is_what_was_found() {
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nx-amz-checksum-crc32: AAAAAA==\r\n\r\nwrong";
        assert_eq!(
            answered(&Request::get("key"), answer).await,
            Outcome::Ok(Answer::Mislabelled(Value::of(b"wrong")))
        );
    }

    #[tokio::test]
    async fn an_answer_that_makes_no_sense_is_one_and_one_that_broke_off_is_none() {
        let cause = |outcome: Outcome| outcome.failure().map(|failure| failure.cause.clone());
        let list = Request::list("run/");
        assert_eq!(cause(talk(&list, &["200 OK\n\nsenseless"]).await.0), Some(Cause::Answered("200".into())));
        for told in ["content-length: 900\r\n\r\n", "transfer-encoding: chunked\r\n\r\n900\r\n"] {
            let half = format!("HTTP/1.1 200 OK\r\n{told}<ListBucketResult>");
            assert_eq!(cause(answered(&list, half.as_bytes()).await), Some(Cause::Broken), "{told}");
        }
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_told_from_a_connection_that_never_answered() {
        let cause = |outcome: Outcome| outcome.failure().map(|failure| failure.cause.clone());
        let get = Request::get("key");
        let half = answered(&get, b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf").await;
        assert_eq!(cause(half), Some(Cause::CutShort));
        assert_eq!(cause(answered(&get, b"HTTP/1.1 200 OK\r\n").await), Some(Cause::Broken));
    }

    #[tokio::test]
    async fn a_port_without_a_server_surely_took_nothing() {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let client = S3::new(&access(port), Duration::from_secs(5));
        for request in [Request::put("key", vec![1; 40]), Request::get("key")] {
            let outcome = client.perform(&request).await;
            assert!(
                matches!(&outcome, Outcome::Failed(one) if one.cause == Cause::Unreachable),
                "{outcome:?}"
            );
        }
    }
}

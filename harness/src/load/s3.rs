//! A store that speaks S3: one connection to one endpoint, which tries everything once.

use std::{collections::BTreeSet, fmt::Display, time::Duration};

use aws_sdk_s3::{
    Client,
    config::{
        BehaviorVersion, Config, Credentials, Region, StalledStreamProtectionConfig, http::HttpResponse,
        retry::RetryConfig,
    },
    error::{DisplayErrorContext, ProvideErrorMetadata, SdkError},
    primitives::ByteStream,
};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use futures::{StreamExt, TryStreamExt, stream};

use super::{
    attempt::{Outcome, Write, sha256},
    file::Ledger,
    load::Store,
    verdict::{Content, Held, Holdings},
};
use crate::{
    Secret,
    error::{Error, Result, within},
};

/// Sizes on both sides of Garage's boundaries: below 3072 bytes an object lives in the metadata, above 1 MiB it has
/// two blocks. The second block has 32 bytes, so that its content is unique: Garage stores equal blocks once, and
/// another object would keep a lost one alive.
pub const SIZES: &[usize] = &[100, 3071, 3072, 65_536, 1 << 20, (1 << 20) + 32];

/// How many objects are read at once.
const READERS: usize = 4;

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
            .build();
        Self {
            client: Client::from_conf(config),
            endpoint: access.endpoint.clone(),
            bucket: access.bucket.clone(),
            deadline,
        }
    }

    /// The client itself, for what a ledger does not do.
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

    /// Tries a write.
    pub async fn put(&self, write: &Write) -> Outcome {
        let body = ByteStream::from(write.payload.clone());
        let call = self.client.put_object().bucket(&self.bucket).key(&write.key).body(body).send();
        match tokio::time::timeout(self.deadline, call).await {
            Ok(Ok(_)) => Outcome::Acknowledged,
            Ok(Err(error)) if surely_refused(&error) => Outcome::Failed(reason(&error)),
            Ok(Err(error)) => Outcome::Unknown(reason(&error)),
            Err(_) => Outcome::Unknown(format!("no answer within {:?}", self.deadline)),
        }
    }

    /// Reads a whole object. A refusal is an answer too: it is content that can't be read.
    ///
    /// # Errors
    /// No answer.
    pub async fn get(&self, key: &str) -> Result<Content> {
        let doing = self.doing("reading", key);
        let call = async {
            let answer = match self.client.get_object().bucket(&self.bucket).key(key).send().await {
                Ok(answer) => answer,
                Err(error) if status(&error) == Some(404) => return Ok(Content::Absent),
                Err(SdkError::ServiceError(error)) => {
                    return Ok(Content::Unreadable(reason(&SdkError::ServiceError(error))));
                }
                Err(error) => return Err(unanswered(&doing, &error)),
            };
            Ok(match answer.body.collect().await {
                Ok(body) => {
                    let bytes = body.into_bytes();
                    Content::Read { size: bytes.len() as u64, sha256: sha256(&bytes) }
                }
                Err(error) => {
                    Content::Unreadable(format!("the body broke off: {}", DisplayErrorContext(error)))
                }
            })
        };
        within(self.deadline, &doing, call, std::convert::identity).await
    }

    /// The length that a HEAD request gives; none when the store says that there is no such object.
    ///
    /// # Errors
    /// No answer, or a refusal.
    pub async fn head(&self, key: &str) -> Result<Option<u64>> {
        let doing = self.doing("asking for the head of", key);
        let call = Box::pin(self.client.head_object().bucket(&self.bucket).key(key).send());
        let call = async {
            match call.await {
                Ok(answer) => Ok(Some(answer.content_length().unwrap_or_default().unsigned_abs())),
                Err(error) if status(&error) == Some(404) => Ok(None),
                Err(error) => Err(refused(&doing, &error)),
            }
        };
        within(self.deadline, &doing, call, std::convert::identity).await
    }

    /// The keys below a prefix.
    ///
    /// # Errors
    /// No answer, or a refusal.
    pub async fn list(&self, prefix: &str) -> Result<BTreeSet<String>> {
        let doing = self.doing("listing", prefix);
        let (mut keys, mut next) = (BTreeSet::new(), None);
        loop {
            let call = self
                .client
                .list_objects_v2()
                .bucket(&self.bucket)
                .prefix(prefix)
                .set_continuation_token(next);
            let page = within(self.deadline, &doing, call.send(), |error| refused(&doing, &error)).await?;
            keys.extend(page.contents().iter().filter_map(|object| object.key()).map(str::to_owned));
            match page.next_continuation_token() {
                Some(token) if page.is_truncated() == Some(true) => next = Some(token.to_owned()),
                _ => return Ok(keys),
            }
        }
    }

    /// Deletes an object.
    ///
    /// # Errors
    /// No answer, or a refusal.
    pub async fn delete(&self, key: &str) -> Result<()> {
        let doing = self.doing("deleting", key);
        let call = self.client.delete_object().bucket(&self.bucket).key(key).send();
        within(self.deadline, &doing, call, |error| refused(&doing, &error)).await.map(drop)
    }

    /// Reads back all that a ledger tried, and all that is listed below its run.
    ///
    /// # Errors
    /// The listing failed, or an object had no answer: then there is nothing to judge.
    pub async fn read_back(&self, ledger: &Ledger) -> Result<Holdings> {
        let listed = self.list(&format!("{}/", ledger.run)).await?;
        let tried = ledger.attempts.iter().map(|attempt| attempt.key.clone());
        let keys: BTreeSet<_> = tried.chain(listed.iter().cloned()).collect();
        stream::iter(keys)
            .map(|key| (listed.contains(&key), key))
            .map(|(listed, key)| async move {
                let mut content = self.get(&key).await?;
                // A dying tunnel and a block that is gone look alike once; the tunnel can't answer twice.
                if matches!(content, Content::Unreadable(_)) {
                    content = self.get(&key).await?;
                }
                Ok((key, Held { listed, content }))
            })
            .buffer_unordered(READERS)
            .try_filter(|(_, held)| std::future::ready(held.listed || held.content != Content::Absent))
            .try_collect()
            .await
    }

    fn doing(&self, what: &str, key: &str) -> String {
        format!("{what} s3://{}/{key} at {}", self.bucket, self.endpoint)
    }
}

impl Store for S3 {
    async fn put(&mut self, write: &Write) -> Outcome {
        Self::put(self, write).await
    }
}

/// Whether a write was surely not taken. 503 is not sure: Garage answers so when it has no quorum, and one node may
/// have stored it. Timeouts and connections that broke are not sure either.
fn surely_refused<E>(error: &SdkError<E, HttpResponse>) -> bool {
    match error {
        SdkError::ConstructionFailure(_) => true,
        SdkError::ServiceError(_) => status(error)
            .is_some_and(|status| ((400..500).contains(&status) && status != 408) || status == 501),
        _ => false,
    }
}

fn status<E>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

fn reason<E>(error: &SdkError<E, HttpResponse>) -> String
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match error {
        SdkError::ServiceError(answer) => {
            let code = answer.err().code().unwrap_or("no code");
            let message = answer.err().message().unwrap_or("no message");
            format!("{} {code}: {message}", answer.raw().status().as_u16())
        }
        other => DisplayErrorContext(other).to_string(),
    }
}

/// The store answered with an error: its fault. It did not answer: that of the way to it.
fn refused<E>(doing: impl Display, error: &SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match error {
        SdkError::ServiceError(_) => Error::failed(format!("{doing}: {}", reason(error))),
        _ => unanswered(doing, error),
    }
}

fn unanswered<E>(doing: impl Display, error: &SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    Error::environment(format!("{doing}: {}", reason(error)))
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::{operation::put_object::PutObjectError, primitives::SdkBody};

    use super::*;

    fn answer(status: u16) -> SdkError<PutObjectError, HttpResponse> {
        let response = HttpResponse::new(status.try_into().unwrap(), SdkBody::empty());
        SdkError::service_error(PutObjectError::unhandled("answer"), response)
    }

    #[test]
    fn only_a_sure_refusal_counts_as_failed() {
        for status in [400, 403, 404, 409, 412, 429, 501] {
            assert!(surely_refused(&answer(status)), "{status}");
        }
        for status in [408, 500, 502, 503, 504] {
            assert!(!surely_refused(&answer(status)), "{status}");
        }
        type Failure = SdkError<PutObjectError, HttpResponse>;
        assert!(!surely_refused(&Failure::timeout_error("slow")));
        assert!(surely_refused(&Failure::construction_failure("no bucket")));
    }

    #[test]
    fn access_does_not_print_its_secret() {
        let access = Access {
            endpoint: "http://127.0.0.1:1".to_owned(),
            region: "garage".to_owned(),
            bucket: "ledger".to_owned(),
            key_id: "GK1".to_owned(),
            secret: Secret::new("hunter2"),
        };
        let client = S3::new(&access, Duration::from_secs(1));
        assert!(!format!("{access:?} {client:?}").contains("hunter2"));
    }

    #[tokio::test]
    async fn a_port_without_a_server_leaves_a_write_unknown() {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let access = Access {
            endpoint: format!("http://127.0.0.1:{port}"),
            region: "garage".to_owned(),
            bucket: "ledger".to_owned(),
            key_id: "GK1".to_owned(),
            secret: Secret::new("hunter2"),
        };
        let client = S3::new(&access, Duration::from_secs(5));
        let outcome = client.put(&Write::derive("run", 0, 0, 40)).await;
        assert!(matches!(outcome, Outcome::Unknown(_)), "{outcome:?}");
        assert!(matches!(client.get("key").await, Err(Error::Environment { .. })));
    }
}

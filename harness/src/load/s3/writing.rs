//! The ways in which an object comes about.

use aws_sdk_s3::{
    primitives::ByteStream,
    types::{CompletedMultipartUpload, CompletedPart},
};
use history::{Action, Answer, Failure, How, Key, Outcome, Value, generate::Request};

use super::{
    S3,
    answers::{NO_SUCH_KEY, NO_SUCH_PART, failure, last_step, names, outcome, status, step_failure},
    label::{acknowledged, content_type, label, parts},
};

/// A store that answers so says that something is there.
const THERE_IS_ONE: u16 = 412;
/// It knows no such upload: none was begun, or it was forgotten, or it is an object by now, or another write has outdone it.
const NO_SUCH_UPLOAD: &str = "NoSuchUpload";

impl S3 {
    pub(super) async fn put(&self, key: &str, how: How, request: &Request) -> Outcome {
        let content = &request.payload;
        let call = self.client.put_object().bucket(&self.bucket).key(key);
        let call = call.body(ByteStream::from(content.clone())).content_type(content_type(content));
        let call = call.set_metadata(Some(label(content, how)));
        let call = if how == How::IfNew { call.if_none_match("*") } else { call };
        let answer = call.send().await;
        let there_is_one = answer.as_ref().is_err_and(|error| status(error) == Some(THERE_IS_ONE));
        let outcome = outcome(request, answer, |answer| {
            acknowledged(content, how, answer.e_tag(), answer.server_side_encryption().is_some())
        });
        if there_is_one && how == How::IfNew {
            self.unless_it_is_there(request, outcome).await
        } else {
            outcome
        }
    }

    /// Until the last call nothing is there.
    pub(super) async fn put_in_parts(&self, key: &Key, request: &Request) -> Outcome {
        let sure = |failure: Failure| Outcome::Failed(failure);
        let content = &request.payload;
        let upload = self.client.create_multipart_upload().bucket(&self.bucket).key(&**key);
        let upload = upload.content_type(content_type(content));
        let upload = match upload.set_metadata(Some(label(content, How::Parts))).send().await {
            Ok(answer) => answer.upload_id().unwrap_or_default().to_owned(),
            Err(error) => return sure(failure(&error)),
        };
        let mut numbered: Vec<(i32, &[u8])> = (1..).zip(parts(content)).collect();
        // They are made one by their numbers, and not as they came.
        if Value::of(content).digest.is_even() {
            numbered.reverse();
        }
        let mut uploaded = Vec::new();
        for (number, part) in numbered {
            let call = self.client.upload_part().bucket(&self.bucket).key(&**key).upload_id(&upload);
            let body = ByteStream::from(part.to_vec());
            match call.part_number(number).body(body).send().await {
                Ok(answer) => uploaded.push((number, answer.e_tag().unwrap_or_default().to_owned())),
                // The store said yes to its beginning.
                Err(error) => return sure(step_failure(&[NO_SUCH_UPLOAD], &error)),
            }
        }
        uploaded.sort_unstable();
        let part = |(number, tag)| CompletedPart::builder().part_number(number).e_tag(tag).build();
        let done = CompletedMultipartUpload::builder();
        let done = done.set_parts(Some(uploaded.into_iter().map(part).collect())).build();
        let call = self.client.complete_multipart_upload().bucket(&self.bucket).key(&**key);
        let answer = call.upload_id(upload).multipart_upload(done).send().await;
        let no_such_upload = answer.as_ref().is_err_and(|error| names(error, NO_SUCH_UPLOAD));
        let outcome = last_step(request, &[NO_SUCH_PART, NO_SUCH_UPLOAD], answer, |answer| {
            acknowledged(content, How::Parts, answer.e_tag(), answer.server_side_encryption().is_some())
        });
        if no_such_upload { self.unless_it_is_there(request, outcome).await } else { outcome }
    }

    /// It is written to a name of its own, outside of what a history lists, and is gone from there afterwards: who copies must not lose
    /// with the one what it has of the other.
    pub(super) async fn put_by_copy(&self, key: &Key, request: &Request) -> Outcome {
        let content = &request.payload;
        let first = format!("copied/{}", Value::of(content).digest);
        if let Some(failure) = self.put(&first, How::Copy, request).await.failure() {
            return Outcome::Failed(failure.clone());
        }
        let call = self.client.copy_object().bucket(&self.bucket).key(&**key);
        let copied = call.copy_source(format!("{}/{first}", self.bucket)).send().await;
        let copied = last_step(request, &[NO_SUCH_KEY], copied, |answer| {
            let tag = answer.copy_object_result().and_then(|result| result.e_tag());
            acknowledged(content, How::Copy, tag, answer.server_side_encryption().is_some())
        });
        // A copy that was not answered may be under way still; and another connection's end would be taken for this one's.
        if copied.failure().is_some() {
            return copied;
        }
        if let Err(error) = self.client.delete_object().bucket(&self.bucket).key(&first).send().await {
            tracing::debug!(error = %failure(&error), "what was copied is left");
        }
        copied
    }

    /// Somebody on the way may have sent a write twice: what the first had done, the second was refused for. Nobody knows, unless
    /// something else is there.
    async fn unless_it_is_there(&self, request: &Request, refused: Outcome) -> Outcome {
        let (Action::Put { key, value, .. }, Outcome::Failed(failure)) = (&request.action, &refused) else {
            return refused;
        };
        match self.get(key, None, request).await {
            Outcome::Ok(Answer::Found(found) | Answer::Mislabelled(found)) if found != *value => refused,
            Outcome::Ok(Answer::Absent) => refused,
            _ => Outcome::Unknown(failure.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use history::Cause;

    use super::*;
    use crate::load::s3::tests::talk;

    // It is uploaded in two parts.
    const CONTENT: &[u8] = b"something to be written, and to be told from all other things..";
    const PUT: &str = "200 OK\r\netag: \"1\"";
    const BEGUN: &str =
        "200 OK\n\n<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>";

    fn request(how: How, content: &[u8]) -> Request {
        let action = Action::Put { key: "key".into(), value: Value::of(content), how };
        Request { action, payload: content.to_vec() }
    }

    fn refusal(status: &str, code: &str) -> String {
        format!("{status}\n\n<Error><Code>{code}</Code><Message>no</Message></Error>")
    }

    async fn ends(how: How, answers: &[&str]) -> Outcome {
        talk(&request(how, CONTENT), answers).await.0
    }

    fn cause(outcome: Outcome) -> Option<(bool, Cause)> {
        let sure = matches!(outcome, Outcome::Failed(_));
        outcome.failure().map(|failure| (sure, failure.cause.clone()))
    }

    #[tokio::test]
    async fn what_was_acknowledged_in_one_step_and_is_not_known_in_the_next_is_forgotten() {
        let no_part = refusal("400 Bad Request", "InvalidPart");
        let no_key = refusal("404 Not Found", "NoSuchKey");
        assert_eq!(
            cause(ends(How::Parts, &[BEGUN, PUT, PUT, &no_part]).await),
            Some((true, Cause::Forgotten))
        );
        assert_eq!(cause(ends(How::Copy, &[PUT, &no_key]).await), Some((true, Cause::Forgotten)));
        let no_upload = refusal("404 Not Found", NO_SUCH_UPLOAD);
        let forgotten = Some((true, Cause::Forgotten));
        assert_eq!(cause(ends(How::Parts, &[BEGUN, &no_upload]).await), forgotten);
        assert_eq!(cause(ends(How::Parts, &[BEGUN, PUT, PUT, &no_upload, &no_key]).await), forgotten);
        // Nothing was begun.
        let said = Some((true, Cause::Answered("404".into())));
        assert_eq!(cause(ends(How::Parts, &[&no_upload]).await), said);
        let other = refusal("400 Bad Request", "InvalidRequest");
        let said = Some((true, Cause::Answered("400".into())));
        assert_eq!(cause(ends(How::Parts, &[BEGUN, PUT, PUT, &other]).await), said);
        assert_eq!(cause(ends(How::Copy, &[PUT, &other]).await), said);
    }

    #[tokio::test]
    async fn what_somebody_on_the_way_sent_twice_may_have_been_done() {
        let there_is_one = refusal("412 Precondition Failed", "PreconditionFailed");
        let no_upload = refusal("404 Not Found", NO_SUCH_UPLOAD);
        let own = format!("200 OK\n\n{}", std::str::from_utf8(CONTENT).unwrap());
        let absent = refusal("404 Not Found", "NoSuchKey");
        let broken = refusal("500 Internal Server Error", "InternalError");
        for (how, before, why) in [
            (How::IfNew, vec![&*there_is_one], Cause::Answered("412".into())),
            (How::Parts, vec![BEGUN, PUT, PUT, &*no_upload], Cause::Forgotten),
        ] {
            for (then, sure) in
                [(&*own, false), (&*broken, false), (&*absent, true), ("200 OK\n\nelse", true)]
            {
                let said = cause(ends(how, &[&before[..], &[then]].concat()).await);
                assert_eq!(said, Some((sure, why.clone())), "{how:?} {then}");
            }
        }
    }

    #[tokio::test]
    async fn a_tag_of_something_else_is_told() {
        let tag = "0123456789abcdef0123456789abcdef";
        let wrong = Outcome::Ok(Answer::Mislabelled(Value::of(CONTENT)));
        let put = format!("200 OK\r\netag: \"{tag}\"");
        assert_eq!(ends(How::Whole, &[&put]).await, wrong);
        assert_eq!(ends(How::Whole, &[PUT]).await, Outcome::DONE);
        assert_eq!(
            ends(How::Whole, &[&format!("{put}\r\nx-amz-server-side-encryption: aws:kms")]).await,
            Outcome::DONE
        );
        let complete = |tag: &str| {
            format!(
                "200 OK\n\n<CompleteMultipartUploadResult><ETag>{tag}-2</ETag></CompleteMultipartUploadResult>"
            )
        };
        assert_eq!(ends(How::Parts, &[BEGUN, PUT, PUT, &complete(tag)]).await, wrong);
        let copy = |tag: &str| format!("200 OK\n\n<CopyObjectResult><ETag>{tag}</ETag></CopyObjectResult>");
        let gone = "204 No Content";
        assert_eq!(ends(How::Copy, &[PUT, &copy(tag), gone]).await, wrong);
        assert_eq!(ends(How::Copy, &[PUT, &copy("1"), gone]).await, Outcome::DONE);
    }

    #[tokio::test]
    async fn parts_come_in_either_order_and_are_named_in_theirs() {
        let mut orders = Vec::new();
        let in_two = |content: &[u8; 64]| parts(content).count() == 2;
        for content in (0_u8..8).map(|byte| [byte; 64]).filter(in_two) {
            let done = "200 OK\n\n<CompleteMultipartUploadResult></CompleteMultipartUploadResult>";
            let (outcome, asked) = talk(&request(How::Parts, &content), &[BEGUN, PUT, PUT, done]).await;
            assert_eq!(outcome, Outcome::DONE);
            let backwards = asked[1].contains("partNumber=2") && asked[2].contains("partNumber=1");
            assert_eq!(backwards, Value::of(&content).digest.is_even());
            let place = |number: &str| asked[3].find(&format!("<PartNumber>{number}</PartNumber>")).unwrap();
            assert!(place("1") < place("2"), "{}", asked[3]);
            orders.push(backwards);
        }
        orders.sort_unstable();
        orders.dedup();
        assert_eq!(orders, [false, true]);
    }
}

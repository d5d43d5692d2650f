//! The ways in which an object comes about.

use aws_sdk_s3::{
    primitives::ByteStream,
    types::{CompletedMultipartUpload, CompletedPart},
};
use history::{Answer, Failure, How, Key, Outcome, Value, generate::Request};

use super::{
    S3,
    answers::{failure, outcome},
    label::{label, parts},
};

impl S3 {
    pub(super) async fn put(&self, key: &str, how: How, request: &Request) -> Outcome {
        let body = ByteStream::from(request.payload.clone());
        let call = self.client.put_object().bucket(&self.bucket).key(key).body(body);
        let call = call.set_metadata(Some(label(&request.payload, how)));
        let call = if how == How::IfNew { call.if_none_match("*") } else { call };
        outcome(request, call.send().await, |_| Answer::Done)
    }

    /// Until the last call nothing is there.
    pub(super) async fn put_in_parts(&self, key: &Key, request: &Request) -> Outcome {
        let sure = |failure: Failure| Outcome::Failed(failure);
        let upload = self.client.create_multipart_upload().bucket(&self.bucket).key(&**key);
        let upload = match upload.set_metadata(Some(label(&request.payload, How::Parts))).send().await {
            Ok(answer) => answer.upload_id().unwrap_or_default().to_owned(),
            Err(error) => return sure(failure(&error)),
        };
        let mut done = CompletedMultipartUpload::builder();
        for (number, part) in (1..).zip(parts(&request.payload)) {
            let call = self.client.upload_part().bucket(&self.bucket).key(&**key).upload_id(&upload);
            let body = ByteStream::from(part.to_vec());
            match call.part_number(number).body(body).send().await {
                Ok(answer) => {
                    let tag = answer.e_tag().unwrap_or_default();
                    done = done.parts(CompletedPart::builder().part_number(number).e_tag(tag).build());
                }
                Err(error) => return sure(failure(&error)),
            }
        }
        let call = self.client.complete_multipart_upload().bucket(&self.bucket).key(&**key);
        let call = call.upload_id(upload).multipart_upload(done.build());
        outcome(request, call.send().await, |_| Answer::Done)
    }

    /// It is written to a name of its own, outside of what a history lists, and is gone from there afterwards: who copies must not lose
    /// with the one what it has of the other.
    pub(super) async fn put_by_copy(&self, key: &Key, request: &Request) -> Outcome {
        let first = format!("copied/{}", Value::of(&request.payload).digest);
        if let Some(failure) = self.put(&first, How::Copy, request).await.failure() {
            return Outcome::Failed(failure.clone());
        }
        let call = self.client.copy_object().bucket(&self.bucket).key(&**key);
        let copied = call.copy_source(format!("{}/{first}", self.bucket)).send().await;
        let copied = outcome(request, copied, |_| Answer::Done);
        // A copy that was not answered may be under way still; and another connection's end would be taken for this one's.
        if copied.failure().is_some() {
            return copied;
        }
        if let Err(error) = self.client.delete_object().bucket(&self.bucket).key(&first).send().await {
            tracing::debug!(error = %failure(&error), "what was copied is left");
        }
        copied
    }
}

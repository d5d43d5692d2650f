//! The two ways in which an object is deleted: by itself, and as one of a list, where the store answers well and says of each what it
//! could not do.

use aws_sdk_s3::types::{Delete, Error as Refusal, ObjectIdentifier};
use history::{Answer, Cause, Failure, Key, Outcome, generate::Request};

use super::{
    S3,
    answers::{construction, names, outcome, sure_status},
};
use crate::load::store::without_answer;

/// What S3 calls it that something is not there: then it need not be deleted.
const ABSENT: [&str; 2] = ["NoSuchKey", "NoSuchVersion"];
/// What the names of those begin with that nobody writes.
const NEVER_THERE: &str = "never/";
/// What its codes are as a status, where they have one; another is told as it is.
const STATUSES: [(&str, u16); 7] = [
    ("AccessDenied", 403),
    ("InternalError", 500),
    ("NotImplemented", 501),
    ("OperationAborted", 409),
    ("RequestTimeout", 408),
    ("ServiceUnavailable", 503),
    ("SlowDown", 503),
];

impl S3 {
    /// Which way it takes follows from the key.
    pub(super) async fn delete(&self, key: &Key, request: &Request) -> Outcome {
        if key.bytes().map(u32::from).sum::<u32>() % 2 == 0 {
            return self.delete_listed(key, request).await;
        }
        let call = self.client.delete_object().bucket(&self.bucket).key(&**key);
        match call.send().await {
            // Somebody on the way may have sent it twice, and the first has done it.
            Err(error) if ABSENT.iter().any(|code| names(&error, code)) => Outcome::DONE,
            answer => outcome(request, answer, |_| Answer::Done),
        }
    }

    /// After one that was never there: what is said of that is none of this one's.
    async fn delete_listed(&self, key: &Key, request: &Request) -> Outcome {
        let name = |key: &str| ObjectIdentifier::builder().key(key).build();
        let listed = name(&format!("{NEVER_THERE}{key}"))
            .and_then(|first| Delete::builder().objects(first).objects(name(key)?).build());
        let listed = match listed {
            Ok(listed) => listed,
            Err(error) => return Outcome::Failed(construction(&error)),
        };
        let mut refusals = Vec::new();
        let answer = self.client.delete_objects().bucket(&self.bucket).delete(listed).send().await;
        let done = outcome(request, answer, |answer| {
            refusals = answer.errors.unwrap_or_default();
            Answer::Done
        });
        let absent = |one: &Refusal| one.code().is_some_and(|code| ABSENT.contains(&code));
        let of_it = |one: &Refusal| one.key().is_none_or(|of| !of.starts_with(NEVER_THERE));
        match refusals.iter().find(|one| of_it(one) && !absent(one)) {
            Some(refusal) => refused(request, refusal),
            None => done,
        }
    }
}

/// How a deletion ended of which the store said this.
fn refused(request: &Request, refusal: &Refusal) -> Outcome {
    let code = refusal.code().unwrap_or("no code");
    let status = STATUSES.iter().find(|(name, _)| *name == code).map(|(_, status)| *status);
    let cause = status.map_or_else(|| code.to_owned(), |status| status.to_string());
    let text = format!("{cause} {code}: {}", refusal.message().unwrap_or("no message"));
    without_answer(
        request,
        status.is_some_and(sure_status),
        Failure::new(Cause::Answered(cause.into()), text),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::s3::tests::talk;

    #[tokio::test]
    async fn of_a_list_the_store_says_of_each_what_it_could_not_do() {
        // The bytes of the first sum to an even number, and those of the other do not.
        let (listed, alone) = (Request::delete("aa"), Request::delete("ab"));
        assert_eq!(talk(&alone, &["204 No Content"]).await.0, Outcome::DONE);
        for (code, done) in [("NoSuchKey", true), ("NoSuchVersion", true), ("NoSuchBucket", false)] {
            let answer = format!("404 Not Found\n\n<Error><Code>{code}</Code><Message>no</Message></Error>");
            let (outcome, _) = talk(&alone, &[&answer]).await;
            assert_eq!(outcome == Outcome::DONE, done, "{code}: {outcome:?}");
        }
        let said = async |errors: &str| {
            let answer = format!("200 OK\n\n<DeleteResult>{errors}</DeleteResult>");
            let (outcome, asked) = talk(&listed, &[&answer]).await;
            assert!(
                asked[0].starts_with("POST ")
                    && asked[0].contains("<Key>never/aa</Key></Object><Object><Key>aa</Key>"),
                "{}",
                asked[0]
            );
            outcome
        };
        let error =
            |code: &str| format!("<Error><Key>aa</Key><Code>{code}</Code><Message>no</Message></Error>");
        assert_eq!(said("<Deleted><Key>aa</Key></Deleted>").await, Outcome::DONE);
        assert_eq!(said(&error("NoSuchKey")).await, Outcome::DONE);
        let of_the_other = error("AccessDenied").replace("aa", "never/aa");
        assert_eq!(said(&of_the_other).await, Outcome::DONE);
        for (code, cause, sure) in [
            ("AccessDenied", "403", true),
            ("ServiceUnavailable", "503", false),
            ("Strange", "Strange", false),
        ] {
            let failure = Failure::new(Cause::Answered(cause.into()), format!("{cause} {code}: no"));
            let expected = if sure { Outcome::Failed(failure) } else { Outcome::Unknown(failure) };
            assert_eq!(said(&error(code)).await, expected);
        }
        let (outcome, _) = talk(&listed, &["503 Service Unavailable"]).await;
        assert!(matches!(outcome, Outcome::Unknown(why) if why.cause == Cause::Answered("503".into())));
    }
}

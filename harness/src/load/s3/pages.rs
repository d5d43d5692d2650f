//! A listing, page by page. The first pages are small, so that a short listing has several as well.

use history::{Answer, Cause, Failure, Key, Outcome, generate::Request};

use super::{S3, answers::outcome};

/// How many names the first page may have; each next one may have twice as many.
const FIRST: i32 = 2;
/// S3 gives no more at once.
const MOST: i32 = 1000;

impl S3 {
    pub(super) async fn list_all(&self, prefix: &Key, request: &Request) -> Outcome {
        let (mut keys, mut next, mut most): (Vec<Key>, Option<String>, i32) = (Vec::new(), None, FIRST);
        loop {
            let call = self.client.list_objects_v2().bucket(&self.bucket).prefix(&**prefix).max_keys(most);
            let page = match call.set_continuation_token(next.clone()).send().await {
                Ok(page) => page,
                Err(error) => return outcome(request, Err::<(), _>(error), |()| Answer::Done),
            };
            let last = keys.last().cloned();
            keys.extend(page.contents().iter().filter_map(|object| object.key()).map(Key::from));
            let token = page.next_continuation_token().filter(|_| page.is_truncated() == Some(true));
            let Some(token) = token.map(str::to_owned) else { return Outcome::Ok(Answer::Keys(keys)) };
            // Names that go back are told as they were listed: who follows them may never come to an end.
            if keys.last() < last.as_ref() {
                return Outcome::Ok(Answer::Keys(keys));
            }
            if next.as_ref() == Some(&token) {
                let failure = Failure::new(Cause::Answered("endless".into()), "the listing has no end");
                return Outcome::Failed(failure);
            }
            (next, most) = (Some(token), most.saturating_mul(2).min(MOST));
        }
    }
}

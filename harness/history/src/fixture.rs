//! Operations in a line, for the tests of all checkers.

use jiff::{Timestamp, ToSpan};

use crate::{
    operation::{Action, Answer, Cause, Failure, How, Operation, Outcome},
    value::Value,
};

pub fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + seconds.seconds()
}

pub fn operation(line: u64, action: Action, (from, to): (i64, i64), outcome: Outcome) -> Operation {
    let process = u32::try_from(line).unwrap();
    let (invoked, ended) = (at(from), Some(at(to)));
    Operation { line, process, endpoint: "store-0".into(), action, invoked, ended, outcome }
}

pub fn put(line: u64, key: &str, content: &[u8], span: (i64, i64), outcome: Outcome) -> Operation {
    let action = Action::Put { key: key.into(), value: Value::of(content), how: How::Whole };
    operation(line, action, span, outcome)
}

pub fn get(line: u64, key: &str, span: (i64, i64), outcome: Outcome) -> Operation {
    operation(line, Action::Get { key: key.into() }, span, outcome)
}

pub fn delete(line: u64, key: &str, span: (i64, i64), outcome: Outcome) -> Operation {
    operation(line, Action::Delete { key: key.into() }, span, outcome)
}

pub fn found(content: &[u8]) -> Outcome {
    Outcome::Ok(Answer::Found(Value::of(content)))
}

pub fn failed(cause: Cause) -> Failure {
    Failure::new(cause, "why")
}

pub fn unknown() -> Outcome {
    Outcome::Unknown(failed(Cause::Silent))
}

pub fn refused() -> Outcome {
    Outcome::Failed(failed(Cause::Answered("403".into())))
}

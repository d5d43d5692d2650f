//! Asking the API server: each new object is tried as a dry run, in the way in which it would be applied; what is there
//! is read.

mod around;
mod images;
mod objects;
mod said;
mod trial;
mod upgrade;

pub(super) use objects::Answers;
pub(super) use upgrade::Look;

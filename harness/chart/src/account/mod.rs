//! An account of an upgrade: to people, to a pull request, to programs.

mod content;
mod grouped;
mod markdown;
mod pauses;
mod text;

pub use content::Account;
pub use pauses::away;

//! Secrets never reach what is kept or shown: what may hold one is taken out by where it stands, as nobody can tell a
//! password by its looks.

mod name;
mod object;
mod option;
mod text;

pub use name::names_a_secret;
pub use object::{object, takes_a_secret};
pub use text::text;

/// What stands where a secret was.
pub const REDACTED: &str = "[redacted]";

//! What happened: every version of every object that a scenario saw, in the order seen.
//!
//! Who watches writes its lines; expectations ask its [`World`] of the moment, laws walk its [`History`]. On disk it is
//! `journal.jsonl`, a line an entry, and that file alone is enough to judge again.

pub mod entry;
pub mod fact;
pub mod file;
pub mod history;
pub mod kind;
pub mod lifeline;
pub mod members;
pub mod promise;
pub mod reduce;
pub mod world;

pub use self::history::History;
pub use entry::{Act, Answered, Change, Checked, Entry, Judged, Record};
pub use fact::Fact;
pub use kind::Kind;
pub use members::members;
pub use promise::Promise;
pub use reduce::Reducer;
pub use world::World;

//! `steadfast upgrade`.

mod answer;
mod arguments;
mod asked;
mod look;
mod run;

pub use arguments::Arguments;
pub use look::look;
pub use run::run;

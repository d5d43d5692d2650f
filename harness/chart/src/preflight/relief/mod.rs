//! What a chart's hooks delete before anything is applied: then the API server has nothing to refuse.

mod deleted;
mod hooks;
mod kubectl;
mod shell;

pub use deleted::{Relief, Which};
pub use hooks::before_upgrade;

//! The sabotage of controls: each breaks one promise on purpose.

mod acts;
mod manifests;

pub use acts::*;
pub use manifests::*;

//! The sabotage of controls: each breaks one promise on purpose.

mod acts;
mod disks;
mod manifests;
mod settings;

pub use acts::*;
pub use disks::*;
pub use manifests::*;
pub use settings::*;

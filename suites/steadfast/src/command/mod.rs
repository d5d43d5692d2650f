//! The commands of the command line, and what they write.

mod chaos;
mod doctor;
mod down;
mod explain;
mod images;
mod judge;
mod machine;
mod nights;
mod output;
mod replay;
mod report;
mod rig;
mod rights;
mod run;
mod up;
mod upgrade;

pub use chaos::{Arguments as ChaosAsked, chaos};
pub use doctor::doctor;
pub use down::down;
pub use explain::{Explain, explain};
pub use images::{Images, images};
pub use judge::{Judge, judge};
pub use nights::nights;
pub use output::{complain, say, settings_help};
pub use replay::replay;
pub use report::report;
pub use rig::{Rig, rig};
pub use rights::rights;
pub use run::{run, setup};
pub use up::up;
pub use upgrade::{Arguments as Upgrade, look, run as try_upgrade};

//! Manifests: plain YAML, loaded, patched and applied as the server's own side of the merge.

pub mod apply;
pub mod load;
mod local;
pub mod patch;
mod pod;

pub use load::Manifest;
pub use local::Local;
pub use pod::{pod_of, survives};

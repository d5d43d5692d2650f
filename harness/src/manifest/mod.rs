//! Manifests: load, patch, apply.

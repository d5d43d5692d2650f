//! Settings: `STEADFAST_*` environment variables over an optional `steadfast.toml`.

//! Laws: pure functions from a journal to findings.

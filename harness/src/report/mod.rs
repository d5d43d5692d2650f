//! From results to what people read: console, JUnit, one HTML page. Knows only results.

pub mod result;

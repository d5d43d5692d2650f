//! The program in the pods of the sentinel.
fn main() {}

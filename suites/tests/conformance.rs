//! The conformance run: `cargo test -p suites --test conformance`.

fn main() -> std::process::ExitCode {
    harness::runner::main(&suites::catalogue())
}

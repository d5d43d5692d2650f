//! What the command line writes. Who reads it may have closed the pipe: that is no error of ours.

use std::io::Write;

use harness::settings;

/// A line on standard output.
pub fn say(line: &str) {
    drop(writeln!(std::io::stdout().lock(), "{line}"));
}

/// A line on standard error.
pub fn complain(line: &str) {
    drop(writeln!(std::io::stderr().lock(), "{line}"));
}

/// The table of settings, for `--help`.
pub fn settings_help() -> String {
    let mut help = format!(
        "Settings, from the environment or from the same keys in lower case in steadfast.toml\n(or the file that {} names):\n",
        settings::CONFIG
    );
    for setting in settings::table() {
        let (variable, meaning, default) = (setting.variable(), setting.meaning, setting.default);
        help.push_str(&format!("  {variable}\n      {meaning} [default: {default}]\n"));
    }
    help
}

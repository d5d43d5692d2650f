//! Programs that end over what their template gives them: a file, a variable, an argument. Only the log and the template
//! together tell.

mod credentials;
mod interpreter;
mod links;
mod ports;
mod subpath;
mod variable;

use crate::{
    cause::{self, Cause, quote},
    container::At,
    log,
};

/// Lines from the end that count.
const LAST: usize = 12;

/// Sentences about settings that no program knows, in small letters.
const NOT_KNOWN: &[&str] = &[
    "unrecognized configuration parameter",
    "unrecognized option",
    "unrecognized argument",
    "unknown option",
    "unknown flag",
    "unknown variable '",
    "unknown shorthand flag",
    "flag provided but not defined",
];

/// A container that ended, and said what of its template it can't do with.
pub(crate) fn examine(at: &At<'_>) -> Option<Cause> {
    let text = at.picture.log(at.pod, &at.container.name)?;
    let lines: Vec<&str> = text.lines().rev().filter(|line| !line.trim().is_empty()).take(LAST).collect();
    let cause = interpreter::examine(at, &lines)
        .or_else(|| subpath::examine(at, &lines))
        .or_else(|| links::examine(at, &lines))
        .or_else(|| variable::examine(at, &lines))
        .or_else(|| not_known(at, &lines))
        .or_else(|| ports::examine(at, &lines))
        .or_else(|| credentials::examine(at, &lines))?;
    Some(cause.by(log::evidence(at.picture, at.pod, &at.container.name)))
}

/// How to see all that a container said before it ended.
pub(crate) fn whole_log(at: &At<'_>) -> String {
    let pod = kube::ResourceExt::name_any(at.pod);
    let logs = at.picture.kubectl(&format!("logs {pod} -c {} --previous", at.container.name));
    format!("see what else it says before it ends: {logs}")
}

/// A setting that the program does not know.
fn not_known(at: &At<'_>, lines: &[&str]) -> Option<Cause> {
    let said = |line: &&&str| {
        let lower = line.to_lowercase();
        NOT_KNOWN.iter().any(|words| lower.contains(words))
    };
    let line = lines.iter().find(said)?;
    let given = own(at, line);
    let place = given.as_ref().map(|word| format!("; its args or command in the template have {word}"));
    let seen = format!(
        "ends, and its log says that it does not know a setting: {}{}",
        quote(line),
        place.unwrap_or_default()
    );
    let cause = at.cause(cause::SETTING_WRONG, &seen).advise(format!(
        "correct its name, or take it out, in statefulset {} (args, command, env, or the file that its settings are in)",
        at.picture.name()
    ));
    let cause = cause.advise(format!(
        "a name that another version knows: see the documentation of image {}",
        at.container.image
    ));
    Some(if given.is_some() { cause } else { cause.likely(whole_log(at)) })
}

/// The word of a line that is in the container's command or arguments.
fn own(at: &At<'_>, line: &str) -> Option<String> {
    /// Shorter words are in too many arguments.
    const SHORTEST: usize = 3;
    let template = at.template()?;
    let given: Vec<&String> = template.args.iter().chain(&template.command).flatten().collect();
    let names = line.split(|letter: char| !letter.is_ascii_alphanumeric() && !"_-.".contains(letter));
    // What is complained about stands at the end.
    let mut names: Vec<&str> = names.filter(|name| name.len() >= SHORTEST).collect();
    names.reverse();
    let is = |argument: &str, name: &str| {
        let bare = argument.trim_start_matches('-').split('=').next().unwrap_or_default();
        bare == name.trim_start_matches('-')
    };
    names.into_iter().find(|name| given.iter().any(|argument| is(argument, name))).map(str::to_owned)
}

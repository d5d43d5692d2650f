//! References to variables, `$(NAME)`, that Kubernetes has left as they are: it knows only what is defined before.

use k8s_openapi::api::core::v1::Container;
use kube::ResourceExt;

use crate::{
    cause::{self, Cause, quote},
    container::At,
    evidence::Evidence,
    log::given,
};

/// Where a reference stands in a template.
enum Place<'a> {
    /// In the value of this variable.
    Variable(&'a str),
    /// In the command or its arguments.
    Arguments,
}

/// A container that says a reference which should have become a value.
pub(super) fn examine(at: &At<'_>, lines: &[&str]) -> Option<Cause> {
    let template = at.template()?;
    let found = lines.iter().find_map(|line| {
        let mut names = names(line).into_iter();
        names.find_map(|name| Some((*line, name, place(template, name)?)))
    });
    let (line, name, place) = found?;
    let defined = template.env.iter().flatten().any(|variable| variable.name == name);
    let (field, why) = match (&place, defined) {
        (Place::Variable(user), true) => (
            format!("env[{user}]"),
            format!("variable {user} uses it, and {name} is defined only after {user}"),
        ),
        (Place::Variable(user), false) => (
            format!("env[{user}]"),
            format!(
                "variable {user} uses it, and env does not define {name}: those of envFrom can't be used there"
            ),
        ),
        // Arguments know all variables, so that it is one of a shell, or said on purpose.
        (Place::Arguments, true) => return None,
        (Place::Arguments, false) => {
            ("args".to_owned(), format!("the arguments use it, and env does not define {name}"))
        }
    };
    let (pod, set) = (at.pod.name_any(), at.picture.name());
    let seen = format!(
        "ends, and its log has $({name}) where a value should be: {}; {why}, so that it was left as it is",
        quote(line)
    );
    let path = format!("spec.containers[{}].{field}", at.container.name);
    let cause = at
        .cause(cause::SETTING_WRONG, &seen)
        .by([Evidence::field(format!("pod/{pod}"), path, &format!("$({name})"))])
        .advise(match place {
            Place::Variable(user) => format!("define {name} in env before {user}, in statefulset {set}"),
            Place::Arguments => {
                format!("define {name} in env, or correct its name in args, in statefulset {set}")
            }
        });
    Some(match place {
        Place::Variable(_) => cause,
        Place::Arguments => cause.likely(given::whole_log(at)),
    })
}

/// The names that a line refers to: `$(DB_HOST)`.
fn names(line: &str) -> Vec<&str> {
    let named = |part: &str| -> bool {
        !part.is_empty() && part.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    };
    let parts = line.split("$(").skip(1).filter_map(|part| Some(part.split_once(')')?.0));
    parts.filter(|part| named(part)).collect()
}

/// The first place in the template that refers to a name, and means it so.
fn place<'a>(template: &'a Container, name: &str) -> Option<Place<'a>> {
    let reference = format!("$({name})");
    // Doubled, it is to stay.
    let refers = |text: &str| text.contains(&reference) && !text.contains(&format!("${reference}"));
    let mut variables = template.env.iter().flatten();
    let user = variables.find(|variable| variable.value.as_deref().is_some_and(refers));
    if let Some(user) = user {
        return Some(Place::Variable(&user.name));
    }
    let mut given = template.command.iter().chain(&template.args).flatten();
    given.any(|argument| refers(argument)).then_some(Place::Arguments)
}

//! What a cause was named from, verbatim, so that a reader can judge it without the cluster.

use k8s_openapi::api::core::v1::{Event, Pod, PodCondition};
use kube::ResourceExt;
use record::words;
use serde::Serialize;

use super::picture::{message, seen_last};

/// Longest text that is kept of one thing, in characters.
const LONGEST: usize = 2000;

/// Where something was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// An event.
    Event,
    /// A condition in an object's status.
    Condition,
    /// Another field of an object.
    Field,
    /// A container's log.
    Log,
}

/// One thing that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// Where.
    pub source: Source,
    /// The object, as `kubectl` takes it: `pod/garage-1`.
    pub about: String,
    /// An event's reason, a condition's type with its status, a field's path, or a container's name.
    pub what: String,
    /// Its words.
    pub text: String,
    /// How often an event was seen.
    pub times: Option<i32>,
    /// When it was seen last, or since when it is so, in RFC 3339.
    pub at: Option<String>,
}

impl Evidence {
    /// An event.
    pub(super) fn event(event: &Event) -> Self {
        let object = &event.involved_object;
        let kind = object.kind.as_deref().unwrap_or("object").to_lowercase();
        Self {
            source: Source::Event,
            about: format!("{kind}/{}", object.name.as_deref().unwrap_or_default()),
            what: event.reason.clone().unwrap_or_default(),
            text: short(message(event)),
            times: Some(times(event)),
            at: seen_last(event).map(|at| at.to_string()),
        }
    }

    /// A pod's condition.
    pub(super) fn condition(pod: &Pod, condition: &PodCondition) -> Self {
        let texts = [condition.reason.as_deref(), condition.message.as_deref()];
        Self {
            source: Source::Condition,
            about: format!("pod/{}", pod.name_any()),
            what: format!("{}={}", condition.type_, condition.status),
            text: short(&texts.into_iter().flatten().collect::<Vec<_>>().join(": ")),
            times: None,
            at: condition.last_transition_time.as_ref().map(|at| at.0.to_string()),
        }
    }

    /// A field of an object. Never one that may hold a secret.
    pub(super) fn field(about: impl Into<String>, path: impl Into<String>, value: &str) -> Self {
        let (about, what, text) = (about.into(), path.into(), short(value));
        Self { source: Source::Field, about, what, text, times: None, at: None }
    }

    /// The last lines of a container's log.
    pub(super) fn log(pod: &str, container: &str, lines: &str) -> Self {
        let (about, what) = (format!("pod/{pod}"), container.to_owned());
        Self { source: Source::Log, about, what, text: short(lines), times: None, at: None }
    }
}

/// How often an event was seen.
pub(super) fn times(event: &Event) -> i32 {
    let series = event.series.as_ref().and_then(|series| series.count);
    series.or(event.count).unwrap_or(1).max(1)
}

/// How often an event was seen, where that was more than once: to stand behind what it tells.
pub(super) fn often(event: &Event) -> String {
    match times(event) {
        1 => String::new(),
        times => format!(" ({times} times)"),
    }
}

/// Harmless to a terminal and not endless: of what is too long, its end counts.
fn short(text: &str) -> String {
    let text = text.lines().map(words::plain).collect::<Vec<_>>().join("\n");
    let length = text.chars().count();
    text.chars().skip(length.saturating_sub(LONGEST)).collect()
}

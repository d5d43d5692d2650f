//! U6: what makes the upgrade, or the life after it, more dangerous than before.

use record::quantity;
use serde_json::Value;

use super::{Picture, Trial};
use crate::{Forecast, Object, Severity, forecast};

const SAY_WHY: &str = "say in the notes why, and what to do before";

/// Probes, grace periods, budgets and policies that are weaker in the new chart.
pub(super) fn weakened(picture: &Picture) -> Vec<Forecast> {
    let mut weaker = Weaker { picture, forecasts: Vec::new() };
    for (old, new) in &picture.kept() {
        // Hooks and tests run once.
        let Some(pod) = new.pod().filter(|_| new.hooks().is_empty()) else { continue };
        weaker.grace(old, new, pod);
        for (pointer, container) in new.containers() {
            let before = old.container(&container["name"]);
            weaker.memory(before, new, &pointer, container);
            for probe in ["readinessProbe", "livenessProbe", "startupProbe"] {
                weaker.probe(probe, before, new, &pointer, container);
            }
        }
        weaker.policies(old, new);
        weaker.replicas(old, new);
    }
    weaker.budgets();
    weaker.forecasts
}

/// What was found so far.
struct Weaker<'a> {
    picture: &'a Picture,
    forecasts: Vec<Forecast>,
}

impl Weaker<'_> {
    fn say(&mut self, severity: Severity, new: &Object, field: &str, message: String, remedy: &str) {
        let about = ("weaker", "U6", severity);
        self.forecasts.push(forecast::about(about, &self.picture.to, new, field, message, remedy));
    }

    fn grace(&mut self, old: &Object, new: &Object, pod: &str) {
        let field = format!("{pod}/terminationGracePeriodSeconds");
        let grace = |object: &Object| object.number(&field).unwrap_or(30);
        let (before, after) = (grace(old), grace(new));
        if after < before {
            let message = format!(
                "the grace period goes from {before} s to {after} s: a server that stops slower is killed"
            );
            let remedy = "give the server the time that it needs to stop cleanly";
            self.say(Severity::Care, new, &field, message, remedy);
        }
    }

    fn memory(&mut self, before: Option<&Value>, new: &Object, pointer: &str, container: &Value) {
        let before = before.filter(|_| new.keeps_data(container));
        if let Some(less) = before.and_then(|before| less_memory(before, container)) {
            let name = container["name"].as_str().unwrap_or_default();
            let message = format!("the memory limit of container {name} goes {less}: above it, it is killed");
            let field = format!("{pointer}/resources/limits/memory");
            let remedy = "look how much it needs (`kubectl top pod`), and give it that much";
            self.say(Severity::Care, new, &field, message, remedy);
        }
    }

    fn probe(&mut self, probe: &str, before: Option<&Value>, new: &Object, pointer: &str, container: &Value) {
        let name = container["name"].as_str().unwrap_or_default();
        let field = format!("{pointer}/{probe}");
        let had = before.map_or(&Value::Null, |old| &old[probe]);
        let is_new = before.is_some() && had.is_null() && new.keeps_data(container);
        if !had.is_null() && container[probe].is_null() {
            let message = format!(
                "container {name} has no {probe} any more{}",
                match probe {
                    "readinessProbe" => ": a roll goes on before the server takes requests",
                    _ => "",
                }
            );
            self.say(Severity::Care, new, &field, message, "keep the probe");
        } else if let Some(seconds) = is_new.then(|| impatient(probe, container)).flatten() {
            let message = format!(
                "the {probe} of container {name} is new and gives it {seconds} s in all: a server that is slower to read its data is killed again and again"
            );
            let remedy = "give it a startupProbe with the time that a start over its data takes";
            self.say(Severity::Care, new, &field, message, remedy);
        } else if let Some((severity, how)) = stricter(probe, had, &container[probe]) {
            let message = format!("the {probe} of container {name} {how}");
            let remedy = "make sure that it passes before the store has quorum";
            self.say(severity, new, &field, message, remedy);
        }
    }

    fn policies(&mut self, old: &Object, new: &Object) {
        for (field, what) in [
            ("/spec/updateStrategy/type", "the update strategy"),
            ("/spec/podManagementPolicy", "the pod management policy"),
        ] {
            let of = |object: &Object| {
                object
                    .value
                    .pointer(field)
                    .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            };
            // A field that is refused is told as such.
            let refused = field == "/spec/podManagementPolicy"
                && matches!(self.picture.trials.get(&self.picture.key(new)), Some(Trial::Refused { .. }));
            if new.key.kind == "StatefulSet"
                && !refused
                && of(old) != of(new)
                && !is_default(field, of(old), of(new))
            {
                let words = |value: Option<String>| value.unwrap_or_else(|| "the default".to_owned());
                let message = format!("{what} goes from {} to {}", words(of(old)), words(of(new)));
                self.say(Severity::Care, new, field, message, SAY_WHY);
            }
        }
    }

    /// Of sets with claims it is told what becomes of these.
    fn replicas(&mut self, old: &Object, new: &Object) {
        if new.key.kind == "StatefulSet"
            && new.replicas() < old.replicas()
            && self.picture.claims_of(old).is_empty()
        {
            let message =
                format!("the number of replicas goes from {} to {}", old.replicas(), new.replicas());
            self.say(Severity::Care, new, "/spec/replicas", message, SAY_WHY);
        }
    }

    fn budgets(&mut self) {
        let gone = self.picture.gone();
        let prunes = self.picture.way.prunes();
        for budget in gone.iter().filter(|object| prunes && object.key.kind == "PodDisruptionBudget") {
            let message = "the new chart has no such disruption budget: a drain may take all pods at once";
            self.say(Severity::Care, budget, "/metadata/name", message.to_owned(), "keep the budget");
        }
    }
}

/// How a container's memory gets less, where it does.
fn less_memory(old: &Value, new: &Value) -> Option<String> {
    let limit = |container: &Value| match &container["resources"]["limits"]["memory"] {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let is = limit(new)?;
    match limit(old) {
        None => Some(format!("from none to {is}")),
        Some(was) => (quantity::parse(&is)? < quantity::parse(&was)?).then(|| format!("from {was} to {is}")),
    }
}

/// What of a probe asks more than before: it asks in another way, or has less time.
fn stricter(name: &str, old: &Value, new: &Value) -> Option<(Severity, &'static str)> {
    if old.is_null() || new.is_null() {
        return None;
    }
    let asks = |probe: &Value| {
        ["exec", "httpGet", "tcpSocket", "grpc"].map(|way| {
            let mut way = probe[way].clone();
            // Defaults that the API server adds.
            if let Some(fields) = way.as_object_mut() {
                fields.retain(|name, value| {
                    (name != "scheme" || *value != "HTTP") && (name != "service" || *value != "")
                });
            }
            way
        })
    };
    if asks(old) != asks(new) {
        // Readiness by another command may be the same; whom a port alone keeps alive lives longer than before.
        let harmless = match name {
            "readinessProbe" => !old["exec"].is_null() && !new["exec"].is_null(),
            _ => !new["tcpSocket"].is_null() && old["tcpSocket"].is_null(),
        };
        let severity = if harmless { Severity::Note } else { Severity::Care };
        return Some((severity, "asks in another way"));
    }
    let answer = |probe: &Value| number(probe, "timeoutSeconds", 1);
    let less = patience(new) < patience(old) || answer(new) < answer(old);
    less.then_some((Severity::Care, "has less time than before"))
}

/// The seconds that a new probe gives a server to start, where they are few.
fn impatient(name: &str, container: &Value) -> Option<u64> {
    const FEW: u64 = 10;
    if name == "readinessProbe" || container[name].is_null() {
        return None;
    }
    let startup = &container["startupProbe"];
    // Liveness is asked for once the startup probe has passed.
    let before = if name == "livenessProbe" && !startup.is_null() { patience(startup) } else { 0 };
    let seconds = before + patience(&container[name]);
    (seconds < FEW).then_some(seconds)
}

fn number(probe: &Value, field: &str, default: u64) -> u64 {
    probe[field].as_u64().unwrap_or(default)
}

/// For how many seconds a probe may fail before it counts.
fn patience(probe: &Value) -> u64 {
    number(probe, "initialDelaySeconds", 0)
        + number(probe, "periodSeconds", 10) * number(probe, "failureThreshold", 3)
}

/// Whether two values differ only in that one is left to its default.
fn is_default(field: &str, old: Option<String>, new: Option<String>) -> bool {
    let default = match field {
        "/spec/updateStrategy/type" => "RollingUpdate",
        _ => "OrderedReady",
    };
    let of = |value: Option<String>| value.unwrap_or_else(|| default.to_owned());
    of(old) == of(new)
}

//! The picture of a scenario: one lane for each pod and claim, time to the right, steps as vertical marks.
//! Geometry only, in the units of the SVG's view box; `picture.html` draws it.

use minijinja::{Value, context};

use super::{
    result::{Lifeline, ScenarioResult, Span},
    upgrade::writers,
    words,
};

const WIDTH: f64 = 1080.0;
const RIGHT: f64 = 26.0;
const LANE: f64 = 24.0;
const BAR: f64 = 16.0;
const BADGE: f64 = 18.0;
const HEADING: f64 = 18.0;
/// The width of a character of the small type, in the picture's units.
const CHARACTER: f64 = 6.3;
const NAME_LIMIT: usize = 34;

/// A lane holds lives that do not overlap: those of one name, unless two lived at once.
struct Lane<'a> {
    kind: &'a str,
    name: &'a str,
    lives: Vec<&'a Lifeline>,
}

/// The picture's geometry, for the template; none if there is nothing to draw.
pub fn picture(result: &ScenarioResult) -> Option<Value> {
    let written = result.upgrade.as_ref().map(writers).unwrap_or_default();
    let lives: Vec<Lifeline> = result.lifelines.iter().cloned().chain(written).collect();
    let lanes = lanes(&lives);
    if lanes.is_empty() {
        return None;
    }
    let spans = || lives.iter().flat_map(|life| &life.spans);
    let end = spans().map(|span| span.to).fold(result.seconds, f64::max).max(0.001);
    let names = lanes.iter().map(|lane| lane.name.chars().count().min(NAME_LIMIT)).max().unwrap_or(0);
    let left = names as f64 * CHARACTER + 20.0;
    let x = |seconds: f64| left + (seconds.clamp(0.0, end) / end) * (WIDTH - left - RIGHT);

    let (steps, badge_rows) = marks(result, &x);
    let top = badge_rows as f64 * BADGE + 8.0;
    let (mut rows, mut headings, mut y, mut kind) = (Vec::new(), Vec::new(), top, "");
    for lane in &lanes {
        if lane.kind != kind {
            kind = lane.kind;
            headings.push(context! { y => y + HEADING - 5.0, text => format!("{kind}s") });
            y += HEADING;
        }
        rows.push(row(lane, y, &x));
        y += LANE;
    }
    let pace = pace(end);
    let ticks: Vec<Value> = (0..)
        .map(|index| f64::from(index) * pace)
        .take_while(|at| *at <= end)
        .map(|at| context! { x => round(x(at)), text => tick(at, pace) })
        .collect();
    let mut states: Vec<String> = Vec::new();
    for span in spans() {
        if !states.contains(&span.state) {
            states.push(span.state.clone());
        }
    }
    Some(context! {
        states,
        width => WIDTH, height => y + 26.0, left => round(left), right => WIDTH - RIGHT, top, bottom => y + 2.0,
        bar => BAR, rows, headings, steps, ticks,
        title => format!("Life of each pod and claim in {}", result.scenario),
        description => lanes.iter().map(describe).collect::<Vec<_>>().join(" "),
    })
}

fn lanes(lifelines: &[Lifeline]) -> Vec<Lane<'_>> {
    let mut sorted: Vec<&Lifeline> = lifelines.iter().filter(|life| !life.spans.is_empty()).collect();
    // Pods first, what their clients saw under them, then names as people count: pod-10 after pod-9.
    let rank = |kind: &str| ["pod", "client"].iter().position(|first| *first == kind).unwrap_or(2);
    sorted.sort_by(|a, b| {
        (rank(&a.kind), &a.kind, natural(&a.name))
            .cmp(&(rank(&b.kind), &b.kind, natural(&b.name)))
            .then(start(a).total_cmp(&start(b)))
    });
    let mut lanes: Vec<Lane<'_>> = Vec::new();
    for life in sorted {
        let free = lanes.iter_mut().find(|lane| {
            lane.kind == life.kind
                && lane.name == life.name
                && lane.lives.last().is_none_or(|last| end(last) <= start(life))
        });
        match free {
            Some(lane) => lane.lives.push(life),
            None => lanes.push(Lane { kind: &life.kind, name: &life.name, lives: vec![life] }),
        }
    }
    lanes
}

fn row(lane: &Lane<'_>, y: f64, x: &impl Fn(f64) -> f64) -> Value {
    let bars: Vec<Value> = lane
        .lives
        .iter()
        .flat_map(|life| life.spans.iter().map(move |span| (life, span)))
        .map(|(life, span)| {
            let (from, to) = (x(span.from), x(span.to));
            // A state that lasted milliseconds must still be seen.
            let width = (to - from).max(2.0);
            let fits = width > span.state.len() as f64 * CHARACTER + 8.0;
            context! {
                x => round(from), width => round(width), state => &span.state, label => fits.then_some(&span.state),
                middle => round(from + width / 2.0),
                title => format!("{}{}: {}", lane.name, uid(life), describe_span(span)),
            }
        })
        .collect();
    let ends: Vec<f64> =
        lane.lives.iter().filter(|life| life.deleted).map(|life| round(x(end(life)))).collect();
    context! { y, bar_y => y + (LANE - BAR) / 2.0, text_y => y + LANE / 2.0 + 4.0,
    name => words::shorten(lane.name, NAME_LIMIT), bars, ends }
}

/// The steps' marks, each with a number in the first row where it has room, and how many rows there are.
fn marks(result: &ScenarioResult, x: &impl Fn(f64) -> f64) -> (Vec<Value>, usize) {
    let mut rows: Vec<f64> = Vec::new();
    let marks = result
        .steps
        .iter()
        .enumerate()
        .map(|(index, step)| {
            let at = x(step.at);
            let row = rows.iter().position(|taken| at - taken >= BADGE).unwrap_or(rows.len());
            if row == rows.len() {
                rows.push(at);
            } else if let Some(taken) = rows.get_mut(row) {
                *taken = at;
            }
            context! { x => round(at), y => row as f64 * BADGE + 9.0, number => index + 1, broke => step.broke,
            title => format!("{}: {} at {}", index + 1, step.name, words::seconds(step.at)) }
        })
        .collect();
    (marks, rows.len())
}

fn describe(lane: &Lane<'_>) -> String {
    let lives = lane.lives.iter().map(|life| {
        let spans: Vec<String> = life.spans.iter().map(describe_span).collect();
        spans.join(", ") + if life.deleted { ", then deleted" } else { "" }
    });
    format!("{} {}: {}.", lane.kind, lane.name, lives.collect::<Vec<_>>().join("; again "))
}

/// In brackets, of what has one.
fn uid(life: &Lifeline) -> String {
    if life.uid.is_empty() { String::new() } else { format!(" (UID {})", life.uid) }
}

fn describe_span(span: &Span) -> String {
    format!("{} from {:.1} s to {:.1} s", span.state, span.from, span.to)
}

/// Seconds between two ticks: round numbers, and at most a dozen of them.
fn pace(end: f64) -> f64 {
    let round = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0];
    round.into_iter().find(|pace| end / pace <= 12.0).unwrap_or(end / 12.0)
}

fn tick(at: f64, pace: f64) -> String {
    if pace < 1.0 { format!("{at:.1} s") } else { format!("{at:.0} s") }
}

fn natural(name: &str) -> (String, u64) {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    (stem.to_owned(), name.get(stem.len()..).and_then(|digits| digits.parse().ok()).unwrap_or(0))
}

fn start(life: &Lifeline) -> f64 {
    life.spans.first().map_or(0.0, |span| span.from)
}

fn end(life: &Lifeline) -> f64 {
    life.spans.last().map_or(0.0, |span| span.to)
}

fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::super::fixture::scenario;
    use super::*;

    fn life(kind: &str, name: &str, from: f64, to: f64) -> Lifeline {
        let spans = vec![Span { state: "ready".into(), from, to }];
        Lifeline { kind: kind.into(), name: name.into(), uid: "u".into(), spans, deleted: to < 10.0 }
    }

    #[test]
    fn a_pod_that_came_back_stays_in_its_lane_and_two_at_once_do_not_hide_each_other() {
        let lives = [
            life("claim", "data-a-0", 0.0, 9.0),
            life("pod", "a-10", 0.0, 1.0),
            life("pod", "a-9", 5.0, 9.0),
            life("pod", "a-9", 0.0, 4.0),
        ];
        let names: Vec<_> =
            lanes(&lives).iter().map(|lane| (lane.name.to_owned(), lane.lives.len())).collect();
        assert_eq!(names, [("a-9".into(), 2), ("a-10".into(), 1), ("data-a-0".into(), 1)]);
        assert_eq!(lanes(&[life("pod", "a-0", 0.0, 5.0), life("pod", "a-0", 4.0, 9.0)]).len(), 2);
    }

    #[test]
    fn the_shortest_state_is_still_seen_and_all_stays_inside() {
        let mut result = scenario("a::b");
        result.seconds = 600.0;
        result.lifelines = vec![life("pod", "a-0", 599.9999, 600.0)];
        let picture = picture(&result).unwrap();
        let bar = picture.get_attr("rows").unwrap().get_item_by_index(0).unwrap().get_attr("bars").unwrap();
        let bar = bar.get_item_by_index(0).unwrap();
        let number = |name| f64::try_from(bar.get_attr(name).unwrap()).unwrap();
        assert!(number("width") >= 2.0 && number("x") + number("width") <= WIDTH);
    }

    #[test]
    fn nothing_to_draw_is_no_picture_and_ticks_are_few() {
        assert!(picture(&scenario("a::b")).is_none());
        for end in [0.3, 7.0, 95.0, 1200.0, 90_000.0] {
            assert!((2.0..=12.001).contains(&(end / pace(end))), "{end}");
        }
    }
}

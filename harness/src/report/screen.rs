//! A run while it lasts: on a terminal one moving line for each running scenario, elsewhere plain lines. To stderr.

use std::{
    collections::HashMap,
    io::Write,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{result::Outcome, words};

/// What happened in a run, for people who wait for it.
#[derive(Debug, Clone)]
pub enum Event {
    /// A scenario began.
    Started {
        /// Its name.
        scenario: String,
    },
    /// It began a step.
    Step {
        /// Its name.
        scenario: String,
        /// What it does: `scale sentinel 3 → 1`.
        name: String,
    },
    /// It waits; shown on a terminal only, as it changes often.
    Waiting {
        /// Its name.
        scenario: String,
        /// For what, and what is not met yet.
        reason: String,
    },
    /// It ended.
    Finished {
        /// Its name.
        scenario: String,
        /// How.
        outcome: Outcome,
        /// How long it took.
        seconds: f64,
        /// The first line of why, if it did not pass.
        summary: Option<String>,
    },
    /// Something about the run: `the cluster is ready after 48 s`.
    Message(String),
}

/// A handle that can be cloned at no cost and used from any thread.
#[derive(Clone)]
pub struct Screen(Arc<Mutex<Live>>);

struct Live {
    began: Instant,
    total: usize,
    finished: usize,
    bad: usize,
    shown: Shown,
}

enum Shown {
    Lines(Box<dyn Write + Send>),
    Terminal { all: MultiProgress, total: ProgressBar, running: HashMap<String, Running> },
}

struct Running {
    line: ProgressBar,
    step: String,
}

impl Screen {
    /// Begins to show a run of `total` scenarios on stderr.
    pub fn start(terminal: bool, total: usize) -> Self {
        if terminal {
            Self::on_terminal(ProgressDrawTarget::stderr(), total)
        } else {
            Self::in_lines(Box::new(std::io::stderr()), total)
        }
    }

    /// Plain lines to any writer.
    pub fn in_lines(out: Box<dyn Write + Send>, total: usize) -> Self {
        Self::showing(Shown::Lines(out), total)
    }

    /// Shows an event, and logs it. Never blocks for long and never fails: what can't be shown is no reason to end a run.
    pub fn send(&self, event: Event) {
        if let Some(text) = line(&event) {
            tracing::info!("{text}");
        }
        self.show(event);
    }

    /// Shows what is in the log already.
    pub fn tell(&self, text: &str) {
        self.show(Event::Message(text.to_owned()));
    }

    fn show(&self, event: Event) {
        // A panic elsewhere must not hide what comes after it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).show(event);
    }

    /// Takes the moving lines off the terminal, so that a summary can follow.
    pub fn finish(&self) {
        if let Shown::Terminal { all, total, running } =
            &mut self.0.lock().unwrap_or_else(PoisonError::into_inner).shown
        {
            for (_, scenario) in running.drain() {
                scenario.line.finish_and_clear();
            }
            total.finish_and_clear();
            let _ = all.clear();
        }
    }

    fn on_terminal(target: ProgressDrawTarget, total: usize) -> Self {
        let all = MultiProgress::with_draw_target(target);
        let line = ticking(all.add(spinner("{msg}  {elapsed}")));
        line.set_message(format!("0 of {} finished", words::count(total, "scenario")));
        Self::showing(Shown::Terminal { all, total: line, running: HashMap::new() }, total)
    }

    fn showing(shown: Shown, total: usize) -> Self {
        Self(Arc::new(Mutex::new(Live { began: Instant::now(), total, finished: 0, bad: 0, shown })))
    }
}

impl Live {
    fn show(&mut self, event: Event) {
        if let Event::Finished { outcome, .. } = &event {
            self.finished += 1;
            self.bad += usize::from(*outcome != Outcome::Passed);
        }
        let counts = self.counts();
        match &mut self.shown {
            Shown::Lines(out) => {
                let Some(text) = line(&event) else { return };
                let place = match event {
                    Event::Finished { .. } => format!(" ({}/{})", self.finished, self.total),
                    _ => String::new(),
                };
                let _ = writeln!(out, "[{:>6.1}s] {text}{place}", self.began.elapsed().as_secs_f64());
                let _ = out.flush();
            }
            Shown::Terminal { all, total, running } => match &event {
                Event::Started { scenario } => {
                    let line = spinner("{spinner} {prefix}  {elapsed:>4}  {wide_msg}");
                    let line = ticking(all.insert_before(total, line));
                    line.set_prefix(scenario.clone());
                    running.insert(scenario.clone(), Running { line, step: String::new() });
                }
                Event::Step { scenario, name } => {
                    if let Some(scenario) = running.get_mut(scenario) {
                        scenario.step = one_line(name);
                        scenario.line.set_message(scenario.step.clone());
                    }
                }
                Event::Waiting { scenario, reason } => {
                    if let Some(scenario) = running.get(scenario) {
                        scenario.line.set_message(format!("{} · {}", scenario.step, one_line(reason)));
                    }
                }
                Event::Finished { scenario, .. } => {
                    if let Some(scenario) = running.remove(scenario) {
                        scenario.line.finish_and_clear();
                        all.remove(&scenario.line);
                    }
                    total.set_message(counts);
                    let _ = line(&event).map(|text| all.println(text));
                }
                Event::Message(_) => {
                    let _ = line(&event).map(|text| all.println(text));
                }
            },
        }
    }

    fn counts(&self) -> String {
        let bad = if self.bad > 0 { format!(", {} not passed", self.bad) } else { String::new() };
        format!("{} of {} finished{bad}", self.finished, words::count(self.total, "scenario"))
    }
}

/// An event in one line; none for what only a moving line can show.
fn line(event: &Event) -> Option<String> {
    Some(match event {
        Event::Started { scenario } => format!("{scenario} started"),
        Event::Step { scenario, name } => format!("{scenario}: {}", one_line(name)),
        Event::Waiting { .. } => return None,
        Event::Finished { scenario, outcome, seconds, summary } => {
            let word = words::outcome(*outcome);
            let loud = if *outcome == Outcome::Passed { word.to_owned() } else { word.to_uppercase() };
            let why = summary.as_ref().map(|why| format!(": {}", one_line(why))).unwrap_or_default();
            format!("{} {loud} {scenario} in {}{why}", words::sign(word), words::seconds(*seconds))
        }
        Event::Message(text) => words::plain(text),
    })
}

fn one_line(text: &str) -> String {
    words::plain(words::first_line(text))
}

fn spinner(template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner());
    ProgressBar::new_spinner().with_style(style)
}

/// Only once it has its place: a line that ticks before would draw itself anywhere.
fn ticking(line: ProgressBar) -> ProgressBar {
    line.enable_steady_tick(Duration::from_millis(200));
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::page::Page;

    fn events() -> Vec<Event> {
        let scenario = || "a::b".to_owned();
        vec![
            Event::Message("the cluster is ready".into()),
            Event::Started { scenario: scenario() },
            Event::Step { scenario: scenario(), name: "scale 3 → 1".into() },
            Event::Waiting { scenario: scenario(), reason: "pod-2 is terminating".into() },
            Event::Finished {
                scenario: scenario(),
                outcome: Outcome::Failed,
                seconds: 12.0,
                summary: Some("pod-1 went\nmore".into()),
            },
        ]
    }

    #[test]
    fn plain_lines_say_each_thing_once() {
        let page = Page::default();
        let progress = Screen::in_lines(Box::new(page.clone()), 3);
        let other = progress.clone();
        events().into_iter().for_each(|event| other.send(event));
        progress.finish();
        let text = page.text();
        let lines: Vec<_> = text.lines().map(|line| line.split_once("s] ").unwrap().1).collect();
        assert_eq!(
            lines,
            [
                "the cluster is ready",
                "a::b started",
                "a::b: scale 3 → 1",
                "✗ FAILED a::b in 12 s: pod-1 went (1/3)"
            ]
        );
        assert!(text.starts_with("[   0."), "{text}");
    }

    #[test]
    fn a_terminal_takes_the_same_events() {
        let progress = Screen::on_terminal(ProgressDrawTarget::hidden(), 1);
        events().into_iter().for_each(|event| progress.send(event));
        let counts = progress.0.lock().unwrap().counts();
        assert_eq!(counts, "1 of 1 scenario finished, 1 not passed");
        progress.finish();
    }
}

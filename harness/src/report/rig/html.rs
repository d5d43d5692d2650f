//! The rows as one HTML page that needs no network.

use minijinja::{Value, context};

use super::{Row, State, Summary, markdown::findings};
use crate::{
    error::{Error, Result},
    report::{
        templates::{style, templates},
        words,
    },
};

/// The whole page.
///
/// # Errors
/// [`Error::Bug`] when the template is wrong.
pub fn render(rows: &[Row], on: &str) -> Result<String> {
    fill(rows, on).map_err(|error| Error::bug(format!("rendering the rig's page: {error:#}")))
}

fn fill(rows: &[Row], on: &str) -> std::result::Result<String, minijinja::Error> {
    let templates = templates(&[("rig.html", include_str!("rig.html"))])?;
    let sum = Summary::of(rows);
    templates.get_template("rig.html")?.render(context! {
        style => style(),
        word => if sum.is_good() { "passed" } else { "failed" },
        sum => sum.text(), on,
        rows => rows.iter().map(row).collect::<Vec<_>>(),
    })
}

fn row(row: &Row) -> Value {
    let state = row.state();
    let class = match state {
        State::Killed | State::Green => "passed",
        State::Missing => "",
        _ => "failed",
    };
    let red = row.red();
    let said = if red.is_empty() { row.reason().unwrap_or_default().to_owned() } else { findings(row) };
    context! {
        name => &row.change.name, program => &row.change.program, what => &row.change.what,
        state => state.text(), class, sign => words::sign(class), said,
        scenario => red.first().map(|one| &one.scenario), after => red.first().map(|one| words::seconds(one.seconds)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::rig::{Seen, row::Red, table};

    #[test]
    fn every_change_is_a_row_and_nothing_from_outside_becomes_markup() {
        let evil = Red {
            claim: "S1".into(),
            words: "<script>alert(1)</script>".into(),
            scenario: "a::b".into(),
            seconds: 2.0,
        };
        let rows: Vec<Row> = table()
            .unwrap()
            .into_iter()
            .map(|change| Row { change, seen: Seen::Red(vec![evil.clone()]) })
            .collect();
        let page = render(&rows, "2026-11-29, Kubernetes 1.34.4").unwrap();
        assert!(rows.iter().all(|row| page.contains(&row.change.name)));
        assert!(!page.contains("<script") && !page.contains("http:"), "{page}");
    }
}

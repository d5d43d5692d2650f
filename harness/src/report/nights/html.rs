//! A night as one HTML page that needs no network.

use minijinja::{Value, context};

use super::{
    compare::{Change, Comparison},
    markdown::{nothing_changed, threshold, verdict},
    night::{Column, Ran},
};
use crate::{
    claim,
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
pub fn render(comparison: &Comparison<'_>) -> Result<String> {
    fill(comparison).map_err(|error| Error::bug(format!("rendering a night: {error:#}")))
}

fn fill(comparison: &Comparison<'_>) -> std::result::Result<String, minijinja::Error> {
    let templates = templates(&[("night.html", include_str!("night.html"))])?;
    let red = comparison.red();
    let row = |id: &&str| {
        let cells = comparison.row(id).into_iter().zip(&comparison.night.columns);
        let cells: Vec<Value> = cells.map(|(change, column)| cell(change, column)).collect();
        context! { id => *id, statement => claim::find(id).map(|claim| claim.statement), cells }
    };
    templates.get_template("night.html")?.render(context! {
        style => style(),
        night => &comparison.night.name, word => if red.is_empty() { "passed" } else { "failed" },
        verdict => verdict(comparison), red, changes => comparison.changes(),
        unjudged => comparison.unjudged(), unchanged => nothing_changed(comparison), threshold => threshold(),
        columns => comparison.night.columns.iter().map(column).collect::<Vec<_>>(),
        rows => comparison.ids.iter().map(row).collect::<Vec<_>>(),
    })
}

fn column(column: &Column) -> Value {
    let (page, text) = match &column.ran {
        Ran::Judged(judged) => (Some(&judged.page), &judged.closing),
        Ran::Nothing(why) => (None, why),
    };
    context! { name => &column.name, page, text }
}

fn cell(change: Option<Change>, column: &Column) -> Value {
    let (word, class) = match (&column.ran, change) {
        (Ran::Nothing(_), _) => ("no result", "failed"),
        (Ran::Judged(_), None) => return Value::from(()),
        (Ran::Judged(_), Some(change)) => match change.now() {
            Some(now) => (words::verdict(now.verdict), words::verdict(now.verdict)),
            None => ("vanished", "failed"),
        },
    };
    context! { word, class, sign => words::sign(class), note => change.and_then(|change| change.text()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{
        fixture::scenario,
        nights::{
            compare,
            fixture::{night, ran},
        },
    };

    #[test]
    fn a_red_night_shows_what_is_red_and_nothing_from_outside_becomes_markup() {
        let before = [night("1", vec![("1.34.4", ran(vec![scenario("a::b").proves("S9").proves("S1")]))])];
        let evil = "<script>alert(1)</script>";
        let now = night(
            "2",
            vec![
                ("1.34.4", ran(vec![scenario("a::b").finding("S9", "x")])),
                ("1.35.4", Ran::Nothing(evil.into())),
            ],
        );
        let page = render(&compare(&now, &before)).unwrap();
        for words in [
            "<div class=\"scroll both\"",
            "✗ refuted",
            "was proved",
            "vanished",
            "no result",
            "./1.34.4&#x2f;r1",
            "25 %",
        ] {
            assert!(page.contains(words), "no {words} in {page}");
        }
        assert!(!page.contains("<script") && !page.contains("http:"), "{page}");
        let page = render(&compare(&before[0], &[])).unwrap();
        assert!(page.contains("✓ Green") && page.contains("no earlier night"), "{page}");
    }
}

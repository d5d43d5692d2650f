//! What counts as the right answer.

use serde_json::json;

use super::*;

fn answer(code: &str, addresses: &[&str], times: u32) -> Repeated {
    let answers = addresses.iter().map(|address| json!(address)).collect();
    Repeated { answer: Answer { code: code.to_owned(), answers, milliseconds: 1, ttl: None }, times }
}

#[test]
fn that_there_is_no_address_must_be_said() {
    let none = |code: &str| says(&answer(code, &[], 1).answer, &[]);
    assert!(none("NXDOMAIN") && none("NODATA"));
    for failed in ["SERVFAIL", "TIMEOUT", "NOERROR"] {
        assert!(!none(failed), "{failed}");
    }
    let two = ["10.0.0.1", "10.0.0.2"].map(str::to_owned);
    assert!(says(&answer("NOERROR", &["10.0.0.2", "10.0.0.1"], 1).answer, &two));
    assert!(!says(&answer("NOERROR", &["10.0.0.1"], 1).answer, &two));
    assert!(!says(&answer("NOERROR", &["10.0.0.1"], 1).answer, &[]));
    assert!(!says(&answer("NXDOMAIN", &[], 1).answer, &two));
}

#[test]
fn one_wrong_answer_among_many_is_told_with_the_right_ones() {
    let good = answer("NOERROR", &["10.0.0.1"], 59);
    let right = |answer: &Answer| answer.addresses() == ["10.0.0.1"];
    let judged = |answers: &[Repeated]| each_right("db-0.", answers, right, "10.0.0.1");
    assert_eq!(judged(std::slice::from_ref(&good)), Progress::Met);
    assert_eq!(
        judged(&[good, answer("SERVFAIL", &[], 1)]),
        Progress::NotYet(
            r#"db-0. is 59 times NOERROR ["10.0.0.1"], once SERVFAIL []; expected 10.0.0.1"#.into()
        )
    );
    let silence = |code: &str| answer(code, &[], 1);
    let good = || answer("NOERROR", &["10.0.0.1"], 59);
    for code in ["TIMEOUT", "UNREACHABLE"] {
        assert!(
            matches!(judged(&[good(), silence(code)]), Progress::Prevented(Obstacle::Prober, _)),
            "{code}"
        );
        let both = judged(&[good(), silence(code), silence("SERVFAIL")]);
        assert!(matches!(both, Progress::NotYet(_)), "{code}");
    }
    assert_eq!(judged(&[]), Progress::NotYet("db-0. is ; expected 10.0.0.1".into()));
}

#[test]
fn an_error_of_those_who_are_asked_of_absence_is_not_this_dns_own() {
    let absent = |answers: &[Repeated]| {
        let progress = each_right("db-9.", answers, |answer| answer.code == "NXDOMAIN", "NXDOMAIN");
        unless_others(answers, progress)
    };
    let none = || answer("NXDOMAIN", &[], 59);
    assert_eq!(absent(&[none()]), Progress::Met);
    for error in ["SERVFAIL", "TIMEOUT"] {
        let said = absent(&[none(), answer(error, &[], 1)]);
        assert!(
            matches!(&said, Progress::Prevented(Obstacle::Terrain, why) if why.ends_with(FORWARDED)),
            "{said:?}"
        );
    }
    // A name that is still there is another matter.
    let there = absent(&[answer("NOERROR", &["10.0.0.1"], 2), answer("SERVFAIL", &[], 1)]);
    assert!(matches!(there, Progress::NotYet(_)), "{there:?}");
}

#[test]
fn nothing_bounds_how_long_the_absence_is_kept_that_other_servers_tell() {
    let Some(mut dns) = crate::report::fixture::terrain().dns else { panic!("the fixture's DNS is known") };
    assert_eq!((unbounded(&dns, true), unbounded(&dns, false)), (None, None));
    dns.forwards_absence = true;
    assert_eq!((unbounded(&dns, true), unbounded(&dns, false)), (Some(FORWARDED), None));
    dns.known_by = KnownBy::Measurement;
    assert!(unbounded(&dns, false).is_some());
}

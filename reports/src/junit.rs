//! junit.xml: one suite per catalogue with one test case per requirement, and one suite for the scenarios.
//!
//! What fails the run fails here, and only that: a warning is a success with a line in `system-out`, and what
//! was not judged is skipped with its reason, never green. A scenario that ended early is skipped: what it leaves
//! undecided is an error where it counts, at the requirement.

use crate::model::{Finding, Report, Requirement, Scenario, State, Verdict, Waiver, Witness};
use crate::text::{count, visible, visible_block};
use junit_report::{Duration, OffsetDateTime, TestCase, TestResult, TestSuite};
use std::collections::BTreeSet;
use time::format_description::well_known::Rfc3339;

/// Writes junit.xml.
pub fn to_junit(report: &Report) -> String {
    let stamp = timestamp(&report.run.started);
    let mut whole = junit_report::Report::new();
    for catalogue in catalogues(report) {
        let mut suite = suite(&report.binding, catalogue, stamp);
        suite.add_testcases(report.requirements.iter().filter(|r| r.catalogue == catalogue).map(requirement));
        whole.add_testsuite(suite);
    }
    let mut execution = suite(&report.binding, "scenarios", stamp);
    execution.add_testcases(report.scenarios.iter().map(scenario));
    execution.add_testcases(report.waivers.iter().filter(|w| !w.used).map(unused));
    execution.set_system_out(&block(&report.sentence));
    whole.add_testsuite(execution);

    let mut out = Vec::new();
    whole.write_xml(&mut out).expect("writing to memory cannot fail");
    let mut xml = round_times(&String::from_utf8(out).expect("the writer is given text only"));
    xml.push('\n');
    xml
}

/// Catalogue ids in the order of the binding; one that only requirements name comes last.
fn catalogues(report: &Report) -> Vec<&str> {
    let mut seen = BTreeSet::new();
    let listed = report.run.catalogues.iter().map(|c| c.id.as_str());
    listed.chain(report.requirements.iter().map(|r| r.catalogue.as_str())).filter(|id| seen.insert(*id)).collect()
}

fn suite(binding: &str, name: &str, stamp: OffsetDateTime) -> TestSuite {
    // Built by hand: the crate's constructor reads the clock.
    TestSuite {
        name: clean(name),
        package: clean(binding),
        timestamp: stamp,
        hostname: "localhost".into(),
        testcases: Vec::new(),
        system_out: None,
        system_err: None,
    }
}

fn requirement(requirement: &Requirement) -> TestCase {
    let name = clean(&requirement.id);
    let message = |fallback: &str| {
        let first = requirement.findings.iter().find(|f| f.because.is_none()).or(requirement.findings.first());
        first.map_or_else(|| clean(fallback), |f| clean(&f.message))
    };
    let reason = || requirement.reason.as_deref().map(clean);
    let cause = (!requirement.findings.is_empty()).then(|| block(&findings(requirement)));
    let skipped =
        |type_: &str, message: String| TestResult::SkippedWithCause { type_: type_.into(), message, cause: None };
    let result = match (requirement.state, requirement.verdict) {
        (State::Applicable, Verdict::Pass | Verdict::Warn) => TestResult::Success,
        (State::Applicable, Verdict::Fail) => {
            TestResult::Failure { type_: "broken".into(), message: message("The requirement was broken."), cause }
        }
        (State::Applicable, Verdict::Error) => {
            TestResult::Error { type_: "error".into(), message: message("The test system failed."), cause }
        }
        (State::Applicable, Verdict::Undecided) if requirement.gating => {
            TestResult::Error { type_: "undecided".into(), message: message("Not decided."), cause }
        }
        (State::Applicable, Verdict::Undecided | Verdict::None) => {
            skipped("undecided", format!("Not decided, and not gating. {}", message("")).trim_end().to_owned())
        }
        (State::Waived, _) => TestResult::SkippedWithCause {
            type_: "waived".into(),
            message: reason().unwrap_or_else(|| "Broken, and waived.".into()),
            cause,
        },
        (state, _) => {
            skipped(state.as_str(), reason().unwrap_or_else(|| format!("The requirement is {}.", state.words())))
        }
    };
    let warned = requirement.state == State::Applicable && requirement.verdict == Verdict::Warn;
    TestCase {
        name,
        time: Duration::ZERO,
        result,
        classname: Some(clean(&requirement.catalogue)),
        filepath: None,
        system_out: warned
            .then(|| block(&format!("warning: broken, and the policy only warns\n{}", findings(requirement)))),
        system_err: None,
    }
}

/// All findings of a requirement, one paragraph each.
fn findings(requirement: &Requirement) -> String {
    let mut out = format!(
        "{id}, {level}, {cite}\n{statement}\n{met} kept, {broken} broken\n",
        id = visible(&requirement.id),
        level = requirement.level.to_uppercase(),
        cite = visible(&requirement.cite),
        statement = visible(&requirement.statement),
        met = count(requirement.met, "instance", "instances"),
        broken = requirement.broken,
    );
    for finding in &requirement.findings {
        out.push('\n');
        out.push_str(&one_finding(finding));
    }
    out
}

fn one_finding(finding: &Finding) -> String {
    let mut out =
        format!("{}: {}\n  in {}\n", visible(&finding.outcome), visible(&finding.message), place(&finding.at));
    for (label, text) in
        [("expected", &finding.expected), ("actual", &finding.actual), ("because of", &finding.because)]
    {
        if let Some(text) = text {
            out.push_str(&format!("  {label}: {}\n", visible(text)));
        }
    }
    out
}

/// Where a finding is, in words.
fn place(at: &Witness) -> String {
    let mut out = visible(&at.scenario).into_owned();
    for (label, number) in [("connection", at.connection), ("packet", at.packet), ("frame", at.frame)] {
        if let Some(number) = number {
            out.push_str(&format!(", {label} {number}"));
        }
    }
    if let Some([start, end]) = at.bytes {
        out.push_str(&format!(", bytes {start}..{end}"));
    }
    out
}

fn scenario(scenario: &Scenario) -> TestCase {
    let reason = scenario.reason.as_deref().map(clean);
    let result = match scenario.status.as_str() {
        "completed" => TestResult::Success,
        "aborted" => TestResult::SkippedWithCause {
            type_: "aborted".into(),
            message: reason.unwrap_or_else(|| "It ended early.".into()),
            cause: None,
        },
        _ => TestResult::Error {
            type_: "error".into(),
            message: reason.unwrap_or_else(|| "The test system failed.".into()),
            cause: None,
        },
    };
    TestCase {
        name: clean(&scenario.id),
        time: Duration::milliseconds(i64::try_from(scenario.duration_ms).unwrap_or(i64::MAX)),
        result,
        classname: Some("scenarios".into()),
        filepath: None,
        system_out: None,
        system_err: None,
    }
}

/// A waiver that excused nothing makes the run incomplete, and no requirement says so.
fn unused(waiver: &Waiver) -> TestCase {
    let name = clean(&format!("waiver of {}", waiver.requirement));
    let message = "It excuses something that did not happen. Remove it; until then the run is incomplete.";
    let mut case = TestCase::error(&name, Duration::ZERO, "unused-waiver", message);
    case.set_classname("waivers");
    case
}

/// When the run began; the epoch where it does not say so in RFC 3339 (there is no other clock to ask).
fn timestamp(started: &str) -> OffsetDateTime {
    OffsetDateTime::parse(started, &Rfc3339)
        .ok()
        .filter(|stamp| stamp.format(&Rfc3339).is_ok())
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// Text for attributes; the crate escapes markup, and newlines do not survive there.
fn clean(text: &str) -> String {
    visible(text).into_owned()
}

/// Text for CDATA sections, which the crate writes as they are: nothing may end one.
fn block(text: &str) -> String {
    visible_block(text).replace("]]>", "]]\\u{3e}")
}

/// Rounds `time` attributes to three decimals, as the common schema wants them: the crate prints sums of binary
/// fractions with all their digits. Markup inside attributes is escaped, so a tag ends at the first `>`.
fn round_times(xml: &str) -> String {
    const TIME: &str = " time=\"";
    let mut out = String::with_capacity(xml.len());
    let mut rest = xml;
    while !rest.is_empty() {
        let end = if rest.starts_with("<![CDATA[") {
            rest.find("]]>").map(|at| at + 3)
        } else if rest.starts_with('<') {
            rest.find('>').map(|at| at + 1)
        } else {
            rest.find('<')
        };
        let (token, next) = rest.split_at(end.unwrap_or(rest.len()));
        rest = next;
        let is_case = token.starts_with("<testcase ") || token.starts_with("<testsuite ");
        let number = token.find(TIME).filter(|_| is_case).map(|at| at + TIME.len()).and_then(|start| {
            let end = start + token[start..].find('"')?;
            let seconds: f64 = token[start..end].parse().ok()?;
            Some((start, end, seconds))
        });
        match number {
            Some((start, end, seconds)) => {
                out.push_str(&token[..start]);
                out.push_str(&format!("{seconds:.3}"));
                out.push_str(&token[end..]);
            }
            None => out.push_str(token),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use proptest::prelude::*;

    #[test]
    fn rich_report() {
        insta::assert_snapshot!(to_junit(&sample::failing()));
    }

    #[test]
    fn advice_fails_nothing_and_says_what_it_is() {
        let report = sample::advisory();
        let xml = to_junit(&report);
        let (_, failures, errors, _) = tally(&xml);
        let broken = report.scenarios.iter().filter(|s| s.status == "error").count();
        assert_eq!((failures, errors), (0, broken));
        let (_, told) = xml.rsplit_once("<system-out>").expect("the suite of scenarios says the verdict");
        insta::assert_snapshot!(told);
    }

    /// What a CI system counts.
    fn tally(xml: &str) -> (usize, usize, usize, usize) {
        let doc = roxmltree::Document::parse(xml).expect("well-formed");
        let named = |name: &str| doc.descendants().filter(|n| n.has_tag_name(name)).count();
        (named("testcase"), named("failure"), named("error"), named("skipped"))
    }

    #[test]
    fn counts_agree_with_the_verdicts() {
        let report = sample::failing();
        let (cases, failures, errors, _) = tally(&to_junit(&report));
        let unused = report.waivers.iter().filter(|w| !w.used).count();
        assert_eq!(cases, report.requirements.len() + report.scenarios.len() + unused);
        assert_eq!(
            failures,
            report.requirements.iter().filter(|r| r.state == State::Applicable && r.verdict == Verdict::Fail).count()
        );
        let red = |r: &&Requirement| r.verdict == Verdict::Error || (r.verdict == Verdict::Undecided && r.gating);
        let broken_scenarios = report.scenarios.iter().filter(|s| s.status == "error").count();
        assert_eq!(errors, report.requirements.iter().filter(red).count() + unused + broken_scenarios);

        let (_, failures, errors, _) = tally(&to_junit(&sample::passing()));
        assert_eq!((failures, errors), (0, 0));
    }

    #[test]
    fn a_waived_failure_is_skipped_not_green() {
        let mut report = sample::passing();
        report.requirements[0].state = State::Waived;
        report.requirements[0].verdict = Verdict::Fail;
        let before = tally(&to_junit(&sample::passing()));
        let after = tally(&to_junit(&report));
        assert_eq!((after.1, after.3), (before.1, before.3 + 1));
    }

    #[test]
    fn times_have_three_decimals() {
        let mut report = sample::passing();
        for ms in 0..3000 {
            report.scenarios[0].duration_ms = 3 * ms + 1001;
            report.scenarios.truncate(2);
            let xml = to_junit(&report);
            let doc = roxmltree::Document::parse(&xml).expect("well-formed");
            for time in doc.descendants().filter_map(|n| n.attribute("time")) {
                assert_eq!(time.split_once('.').map(|(_, decimals)| decimals.len()), Some(3), "{time}");
            }
            assert!(
                xml.contains(&format!("time=\"{}\"", crate::text::seconds(3 * ms + 1001).replace([',', ' ', 's'], "")))
            );
        }
    }

    #[test]
    fn stamps_that_are_none_become_the_epoch() {
        assert_eq!(timestamp("2026-03-01T12:00:00.250Z").unix_timestamp(), 1_772_366_400);
        for bad in ["", "yesterday", "0000-01-01T00:00:00+23:59", "9999-12-31T23:59:60Z", "2026-03-01 12:00"] {
            timestamp(bad).format(&Rfc3339).expect("can be written");
        }
    }

    proptest! {
        #[test]
        fn hostile_text_stays_well_formed(text in "\\PC*|.*|([\\]><&\"' ]|\\]\\]>|time=\"1.00001\"|<!\\[CDATA\\[|\u{0}|\u{fffe}){0,12}") {
            let xml = to_junit(&sample::saying(&text));
            prop_assert!(roxmltree::Document::parse(&xml).is_ok(), "{}", xml);
            prop_assert!(!xml.chars().any(|c| crate::text::is_hidden(c) && c != '\n' && c != '\t'));
        }

        #[test]
        fn messages_survive(text in "[ -~]{0,40}") {
            let xml = to_junit(&sample::saying(&text));
            let doc = roxmltree::Document::parse(&xml).expect("well-formed");
            let failure = doc.descendants().find(|n| n.has_tag_name("failure")).expect("one failure");
            prop_assert_eq!(failure.attribute("message"), Some(text.as_str()));
        }
    }
}

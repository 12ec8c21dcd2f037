//! The file as a whole for each kind of verdict, what CI systems count in it, and hostile text.

use super::*;
use crate::model::State;
use crate::sample;
use proptest::prelude::*;
use roxmltree::{Document, Node};

fn find<'r>(report: &'r mut Report, id: &str) -> &'r mut Requirement {
    report.requirements.iter_mut().find(|r| r.id == id).expect("the sample has it")
}

/// The run ended before it had decided something that gates, and a waiver excused nothing.
fn incomplete() -> Report {
    let mut report = sample::passing();
    let failing = sample::failing();
    let id = "wd04/keep-alive-95";
    *find(&mut report, id) = failing.requirements.iter().find(|r| r.id == id).expect("there").clone();
    report.scenarios.push(failing.scenarios.iter().find(|s| s.status == "aborted").expect("there").clone());
    report.waivers = failing.waivers.into_iter().filter(|w| !w.used).collect();
    report.verdict = RunVerdict::Incomplete;
    report.sentence = "Incomplete: 1 requirement not decided, 1 unused waiver.".into();
    report
}

/// The test system failed.
fn error() -> Report {
    let mut report = sample::passing();
    let failing = sample::failing();
    let id = "harness/survives";
    *find(&mut report, id) = failing.requirements.iter().find(|r| r.id == id).expect("there").clone();
    report.scenarios.push(failing.scenarios.iter().find(|s| s.status == "error").expect("there").clone());
    report.verdict = RunVerdict::Error;
    report.sentence = "The test system failed: 1 scenario.".into();
    report
}

/// A run of one scenario with nothing wrong.
fn partial() -> Report {
    let mut report = sample::passing();
    report.partial = true;
    report.verdict = RunVerdict::Partial;
    report.sentence = "Partial run: nothing wrong in what was looked at.".into();
    report.scenarios.truncate(1);
    for requirement in report.requirements.iter_mut().skip(1) {
        requirement.state = State::NotSelected;
        requirement.verdict = Verdict::None;
        requirement.gating = false;
        requirement.met = 0;
        requirement.witnesses.clear();
        requirement.reason = Some("No selected scenario exercises it.".into());
    }
    report
}

/// All that was broken is waived.
fn waived() -> Report {
    let mut report = sample::passing();
    let failing = sample::failing();
    let id = "wd04/publish-qos";
    *find(&mut report, id) = failing.requirements.iter().find(|r| r.id == id).expect("there").clone();
    report.waivers = failing.waivers.into_iter().filter(|w| w.used).collect();
    report.sentence = "Conforms, with 1 waived.".into();
    report
}

/// Nothing ran: no requirement is gating, none says that.
fn nothing_ran() -> Report {
    let mut report = sample::advisory();
    report.scenarios.clear();
    for requirement in report.requirements.iter_mut().filter(|r| r.state == State::Applicable) {
        requirement.verdict = Verdict::Undecided;
        requirement.findings.clear();
    }
    report.verdict = RunVerdict::Incomplete;
    report.sentence = "Incomplete: nothing ran.".into();
    report
}

#[test]
fn a_failing_run() {
    insta::assert_snapshot!(to_junit(&sample::failing()));
}

#[test]
fn an_incomplete_run() {
    insta::assert_snapshot!(to_junit(&incomplete()));
}

#[test]
fn a_run_in_which_the_test_system_failed() {
    insta::assert_snapshot!(to_junit(&error()));
}

#[test]
fn a_partial_run() {
    insta::assert_snapshot!(to_junit(&partial()));
}

#[test]
fn a_run_with_a_waiver() {
    insta::assert_snapshot!(to_junit(&waived()));
}

#[test]
fn a_run_that_gives_advice() {
    insta::assert_snapshot!(to_junit(&sample::advisory()));
}

#[test]
fn a_run_without_scenarios() {
    let xml = to_junit(&nothing_ran());
    let (_, suite) = xml.rsplit_once("</properties>").expect("the suite of scenarios");
    insta::assert_snapshot!(suite);
}

#[test]
fn whatever_ended_badly_is_red_and_nothing_else() {
    let mut all = vec![sample::passing(), incomplete(), error(), partial(), waived(), nothing_ran()];
    all.extend([sample::failing(), sample::hostile(), sample::large(3, 1)]);
    for report in all {
        let red = tally(&to_junit(&report));
        assert_eq!(red.1 + red.2 == 0, report.verdict.is_success(), "{}", report.sentence);
    }
}

/// What a CI system counts.
fn tally(xml: &str) -> (usize, usize, usize, usize) {
    let doc = Document::parse(xml).expect("well-formed");
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
}

#[test]
fn a_waived_failure_is_skipped_not_green() {
    let (before, after) = (tally(&to_junit(&sample::passing())), tally(&to_junit(&waived())));
    assert_eq!((after.1, after.3), (before.1, before.3 + 1));
}

#[test]
fn times_have_three_decimals() {
    let mut report = sample::passing();
    report.scenarios.truncate(2);
    for ms in [0, 1, 999, 1_001, 1_234_567, u64::MAX / 4] {
        report.scenarios[0].duration_ms = ms;
        let xml = to_junit(&report);
        let wanted = format!("time=\"{}\"", crate::text::seconds(ms).replace([',', ' ', 's'], ""));
        assert!(xml.contains(&wanted), "{wanted}");
        let doc = Document::parse(&xml).expect("well-formed");
        for time in doc.descendants().filter_map(|n| n.attribute("time")) {
            assert_eq!(time.split_once('.').map(|(_, decimals)| decimals.len()), Some(3), "{time}");
        }
    }
}

#[test]
fn stamps_that_are_none_become_the_epoch() {
    assert_eq!(timestamp("2026-03-01T12:00:00.250Z"), "2026-03-01T12:00:00.250Z");
    for bad in ["", "yesterday", "2026-03-01 12:00", "2026-02-30T12:00:00Z"] {
        assert_eq!(timestamp(bad), "1970-01-01T00:00:00Z");
    }
}

#[test]
fn what_stands_below_a_failure_is_bounded() {
    let mut report = sample::failing();
    let requirement = find(&mut report, "wd04/publish-retain");
    let finding = requirement.findings[0].clone();
    requirement.findings = vec![finding; 3 * FINDINGS];
    assert!(to_junit(&report).contains("\nand 100 more, see report.json\n"));
    let finding = &mut find(&mut report, "wd04/publish-retain").findings[1];
    finding.actual = Some("\u{1f4a1}".repeat(1 << 20));
    let xml = to_junit(&report);
    assert!(xml.contains("\n... cut here, see report.json]]>") && xml.len() < 200_000, "{}", xml.len());
}

#[test]
fn no_text_asks_for_an_attachment() {
    let xml = to_junit(&sample::saying("see [[ATTACHMENT|/etc/passwd]]"));
    let doc = Document::parse(&xml).expect("well-formed");
    let shown: Vec<&str> = doc.descendants().filter_map(|n| n.text()).collect();
    assert!(shown.iter().any(|text| text.contains("[\\u{5b}ATTACHMENT|/etc/passwd]]")));
    assert!(!shown.iter().any(|text| text.contains("[[ATTACHMENT")));
}

/// Jenkins' junit-10.xsd as a whole, and of Ant's JUnit.xsd whatever it asks for; what goes beyond the latter is named.
fn by_the_schemas(xml: &str) {
    let doc = Document::parse(xml).expect("well-formed");
    let root = doc.root_element();
    assert_eq!(root.tag_name().name(), "testsuites");
    // Ant: the root has no attributes.
    attributes(root, &[], &["name", "tests", "failures", "errors", "time"]);
    for (id, suite) in elements(root).enumerate() {
        assert_eq!(suite.tag_name().name(), "testsuite");
        let counts = ["tests", "failures", "errors", "skipped"];
        attributes(suite, &["name", "id", "package", "hostname", "timestamp", "time"], &counts);
        // Ant: numbered from 0. Everything that is counted is counted right.
        assert_eq!(suite.attribute("id"), Some(id.to_string().as_str()));
        for (attribute, element) in counts.into_iter().zip(["testcase", "failure", "error", "skipped"]) {
            let found = suite.descendants().filter(|n| n.has_tag_name(element)).count();
            assert_eq!(suite.attribute(attribute), Some(found.to_string().as_str()), "{attribute}");
        }
        // Ant: names are not empty, and neither has a token spaces at its ends or two in a row.
        for name in ["name", "package", "hostname"] {
            token(suite.attribute(name));
        }
        // Ant: properties, then cases, then what was said.
        let children: Vec<&str> = elements(suite).map(|n| n.tag_name().name()).collect();
        let cases = children.len() - 3;
        assert_eq!((children[0], &children[cases + 1..]), ("properties", &["system-out", "system-err"][..]));
        assert!(children[1..=cases].iter().all(|name| *name == "testcase"));
        for property in elements(elements(suite).next().expect("properties")) {
            assert_eq!(property.tag_name().name(), "property");
            attributes(property, &["name", "value"], &[]);
        }
        for case in elements(suite).filter(|n| n.has_tag_name("testcase")) {
            attributes(case, &["name", "classname", "time"], &[]);
            let children: Vec<Node<'_, '_>> = elements(case).collect();
            let (ended, said): (Vec<_>, Vec<_>) =
                children.into_iter().partition(|n| ["failure", "error", "skipped"].contains(&n.tag_name().name()));
            // Ant: one of these at most. What a case says is not in Ant's schema, nor is the type of a skipped case.
            assert!(ended.len() <= 1 && said.len() <= 1);
            assert!(said.iter().all(|n| n.has_tag_name("system-out")));
            for node in ended {
                attributes(node, &["type", "message"], &[]);
                assert!(node.text().is_some_and(|text| !text.trim().is_empty()), "GitLab shows nothing else");
            }
        }
    }
    for timed in doc.descendants().filter(|n| n.has_attribute("time")) {
        // Jenkins: SUREFIRE_TIME. Ant: a decimal.
        let (whole, part) = timed.attribute("time").and_then(|t| t.split_once('.')).expect("seconds");
        assert!(part.len() <= 3 && whole.chars().chain(part.chars()).all(|c| c.is_ascii_digit()));
    }
    let mut names = BTreeSet::new();
    for case in doc.descendants().filter(|n| n.has_tag_name("testcase")) {
        let name = (case.attribute("classname"), case.attribute("name"));
        assert!(names.insert(name), "GitLab drops the second {name:?}");
    }
}

/// All of these, any of those, and no others.
fn attributes(node: Node<'_, '_>, required: &[&str], optional: &[&str]) {
    for name in required {
        assert!(node.has_attribute(*name), "{name} of {node:?}");
    }
    for attribute in node.attributes() {
        let name = attribute.name();
        assert!(required.contains(&name) || optional.contains(&name), "{name} of {node:?}");
    }
}

fn elements<'a, 'i>(node: Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(Node::is_element)
}

fn token(text: Option<&str>) {
    let text = text.expect("there");
    assert!(!text.is_empty() && text.trim() == text && !text.contains("  "), "{text:?}");
}

#[test]
fn every_kind_of_run_is_valid_by_the_schemas() {
    let mut all = vec![sample::passing(), sample::failing(), sample::hostile(), sample::advisory()];
    let mut twice = incomplete();
    twice.waivers.extend(twice.waivers.clone());
    all.extend([sample::large(20, 1), twice, incomplete(), error(), partial(), waived(), nothing_ran()]);
    for report in all {
        by_the_schemas(&to_junit(&report));
    }
}

proptest! {
    #[test]
    fn hostile_text_stays_well_formed(text in "\\PC*|.*|([\\]><&\"' ]|\\]\\]>|time=\"1.00001\"|<!\\[CDATA\\[|\u{0}|\u{fffe}){0,12}") {
        let xml = to_junit(&sample::saying(&text));
        prop_assert!(!xml.chars().any(|c| crate::text::is_hidden(c) && c != '\n' && c != '\t'));
        let doc = Document::parse(&xml).expect("well-formed");
        let said = doc.descendants().find(|n| n.has_tag_name("failure")).and_then(|n| n.attribute("message").map(str::to_owned));
        prop_assert_eq!(said, Some(visible(&text).into_owned()));
    }

    #[test]
    fn a_verdict_that_is_no_success_is_red(verdict in 0usize..6, states in proptest::collection::vec(0usize..7, 17)) {
        use RunVerdict::{Advice, Error, Fail, Incomplete, Partial, Pass};
        let mut report = sample::passing();
        report.verdict = [Pass, Advice, Partial, Incomplete, Fail, Error][verdict];
        for (requirement, state) in report.requirements.iter_mut().zip(states) {
            use State::{Applicable, NotApplicable, NotSelected, NotYetTested, OptionNotTaken, Untestable, Waived};
            requirement.state =
                [Applicable, NotApplicable, NotSelected, NotYetTested, OptionNotTaken, Untestable, Waived][state];
        }
        let (_, failures, errors, _) = tally(&to_junit(&report));
        prop_assert_eq!(failures + errors > 0, !report.verdict.is_success());
    }
}

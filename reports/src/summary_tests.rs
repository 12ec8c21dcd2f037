use super::*;
use crate::sample;
use crate::text::{columns, is_hidden};
use proptest::prelude::*;

#[test]
fn rich_report() {
    insta::assert_snapshot!(summarise(&sample::failing(), 80, false));
}

#[test]
fn advisory_report() {
    insta::assert_snapshot!(summarise(&sample::advisory(), 80, false));
}

#[test]
fn clean_report() {
    insta::assert_snapshot!(summarise(&sample::passing(), 80, false));
}

#[test]
fn hostile_report() {
    insta::assert_snapshot!(summarise(&sample::hostile(), 60, false));
}

#[test]
fn colour_only_adds_escape_sequences() {
    let report = sample::failing();
    let mut coloured = summarise(&report, 80, true);
    assert!(coloured.contains("\u{1b}[1;31mFAIL\u{1b}[0m"));
    for code in ["1;31", "1;32", "1;33", "1;35", "1;36", "0"] {
        coloured = coloured.replace(&format!("\u{1b}[{code}m"), "");
    }
    assert_eq!(coloured, summarise(&report, 80, false));
}

#[test]
fn long_lists_are_counted() {
    let mut report = sample::failing();
    let warned = report.requirements.iter().find(|r| r.verdict == Verdict::Warn).expect("one").clone();
    report.requirements.extend(std::iter::repeat_n(warned, 40));
    assert!(summarise(&report, 80, false).contains("... and 29 more"));
    let undecided = report.requirements.iter().find(|r| r.verdict == Verdict::Undecided).expect("one").clone();
    let number = report.requirements.iter().filter(|r| r.verdict == Verdict::Undecided).count();
    for n in 0..40 {
        let mut other = undecided.clone();
        other.findings.clear();
        other.reason = Some(format!("Reason {n}."));
        report.requirements.push(other);
    }
    let summary = summarise(&report, 80, false);
    assert!(summary.contains(&format!("... and {} more", number + 40 - NAMED)), "{summary}");
}

/// An implementation that never connects: what is the same of all of them is said once.
#[test]
fn what_is_alike_is_said_once() {
    let mut report = sample::failing();
    for requirement in &mut report.requirements {
        requirement.findings.clear();
        requirement.reason = Some("The implementation never connected.".to_owned());
        requirement.verdict = Verdict::Undecided;
        requirement.state = State::Applicable;
    }
    let early = report.scenarios.iter().find(|s| s.status == "aborted").expect("one").clone();
    for n in 1..=20 {
        let mut other = early.clone();
        other.id = format!("wd04/consumer/not-run-{n}");
        other.reason = Some(format!("step {n} (await-ready, line 7): in vain: nobody connected"));
        report.scenarios.push(other);
    }
    insta::assert_snapshot!(summarise(&report, 80, false));
}

proptest! {
    #[test]
    fn fits_and_hides_nothing(text in any::<String>(), width in 40usize..120) {
        let summary = summarise(&sample::saying(&text), width, false);
        prop_assert!(!summary.chars().any(|c| is_hidden(c) && c != '\n'));
        for line in summary.lines() {
            prop_assert!(columns(line) <= width, "{}", line);
        }
    }
}

//! From a recording to a report, with a small catalogue of its own.

pub(super) mod sample;

use super::*;
use crate::binding::Binding;
use crate::catalogue::{Judged, Requirement};
use crate::evidence::observe;
use crate::evidence::sketch::Sketch;
use crate::iut::{Command, Role};
use crate::manifest::{LeftOut, Manifest, Selection};
use proptest::prelude::*;
use sample::*;
use serde_json::json;
use std::collections::BTreeMap;
use touchstone_fixtures::recording::{Event, ProcessChange, Recording, Tester};
use touchstone_fixtures::wire::mqtt311::build;
use touchstone_reports::model::{self, RunVerdict, State, Verdict};

#[test]
fn a_conforming_recording_passes_and_says_so() {
    let report = run(&manifest(&["fake/answers"]), conforming);
    assert_eq!(report.verdict, RunVerdict::Pass);
    insta::assert_snapshot!(report.sentence, @"Conforms: 3 of 3 gating requirements met (policy certify).");
    assert_eq!(find(&report, "fake/will").state, State::OptionNotTaken);
    assert_eq!(find(&report, "fake/cbor").state, State::NotApplicable);
    assert_eq!(find(&report, "fake/later").state, State::NotYetTested);
    assert_eq!(find(&report, "fake/never").state, State::Untestable);
    assert_eq!(find(&report, "fake/producer").state, State::NotApplicable);
}

/// The same as [`BINDING`], for a text that requires nothing.
static GUIDANCE: Binding = Binding { advice: Some("The draft holds only guidance"), ..BINDING };

#[test]
fn where_nothing_is_required_there_is_advice_and_no_conformance() {
    let told = |example: fn(&mut Sketch), policy: Policy| {
        let manifest = Manifest { policy, ..manifest(&["fake/answers"]) };
        assess(&manifest, &GUIDANCE, Role::Consumer, policy, &[judged(&Sketch::of(example))], "test").report
    };
    let good = told(conforming, Policy::Certify);
    assert_eq!((good.verdict, good.counts.gating), (RunVerdict::Advice, 0));
    insta::assert_snapshot!(good.sentence, @"Advice only: 4 of 4 points followed (policy certify). The draft holds only guidance: this states no conformance.");
    let broken = told(retaining, Policy::Certify);
    assert_eq!((broken.verdict, broken.counts.fail), (RunVerdict::Advice, 0));
    assert_eq!(find(&broken, "fake/retain").verdict, Verdict::Warn);
    insta::assert_snapshot!(broken.sentence, @"Advice only: 2 of 4 points followed, 2 warnings (policy certify). The draft holds only guidance: this states no conformance.");
    assert_eq!(told(retaining, Policy::Letter).verdict, RunVerdict::Advice);
    let strict = told(retaining, Policy::Strict);
    assert_eq!(strict.verdict, RunVerdict::Fail);
    insta::assert_snapshot!(strict.sentence, @"Does not follow all of the guidance: 2 MUST broken, 2 of 4 points followed (policy strict). The draft holds only guidance: this states no conformance.");
    let followed = told(conforming, Policy::Strict);
    assert_ne!(followed.verdict, RunVerdict::Pass);
    for report in [good, broken, strict, followed] {
        assert_eq!(report.advice.as_deref(), GUIDANCE.advice);
        assert!(!report.sentence.contains("Conforms") && !report.sentence.contains("conform:"), "{}", report.sentence);
    }
}

#[test]
fn advice_takes_something_to_advise_on() {
    let nothing = |s: &mut Sketch| s.wait(10);
    let manifest = manifest(&[]);
    let mut scenario = judged(&Sketch::of(nothing));
    scenario.ledgers.clear();
    let report = assess(&manifest, &GUIDANCE, Role::Consumer, manifest.policy, &[scenario], "test").report;
    assert_eq!(report.verdict, RunVerdict::Incomplete);
    insta::assert_snapshot!(report.sentence, @"Incomplete advice: 0 of 4 points followed, 4 not decided (policy certify). The draft holds only guidance: this states no conformance.");
}

#[test]
fn a_break_is_reported_whole() {
    let report = run(&manifest(&["fake/retain", "fake/answers"]), retaining);
    insta::assert_snapshot!(touchstone_reports::to_json(&report));
}

#[test]
fn policies_change_verdicts_and_not_outcomes() {
    let mut manifest = manifest(&[]);
    for (policy, retain, range) in [
        (Policy::Letter, Verdict::Fail, Verdict::Warn),
        (Policy::Certify, Verdict::Fail, Verdict::Warn),
        (Policy::Strict, Verdict::Fail, Verdict::Fail),
    ] {
        manifest.policy = policy;
        let report = run(&manifest, retaining);
        assert_eq!((find(&report, "fake/retain").verdict, find(&report, "fake/range").verdict), (retain, range));
        assert_eq!(find(&report, "fake/range").outcome, "broken");
        assert_eq!(find(&report, "fake/range").gating, policy == Policy::Strict);
    }
}

#[test]
fn a_waiver_turns_a_fail_into_waived_and_an_unused_one_is_told() {
    let mut manifest = manifest(&[]);
    manifest.waivers = vec![waive("fake/retain")];
    let waived = run(&manifest, retaining);
    let row = find(&waived, "fake/retain");
    assert_eq!((row.state, row.verdict, row.outcome.as_str()), (State::Waived, Verdict::Fail, "broken"));
    assert_eq!((waived.verdict, waived.counts.waived, waived.counts.fail), (RunVerdict::Pass, 1, 0));
    insta::assert_snapshot!(waived.sentence, @"Conforms: 1 waived, 2 of 3 gating requirements met, 1 warning (policy certify).");
    let unused = run(&manifest, conforming);
    assert_eq!(unused.verdict, RunVerdict::Incomplete);
    insta::assert_snapshot!(unused.sentence, @"Incomplete: conformance is neither shown nor refuted: unused waiver of fake/retain (policy certify).");
    // A warning is no fail: the waiver has nothing to do.
    manifest.waivers = vec![waive("fake/range")];
    assert!(!run(&manifest, retaining).waivers[0].used);
}

#[test]
fn a_narrowed_run_is_partial_and_leaves_the_rest_unselected() {
    let mut manifest = manifest(&["fake/answers"]);
    manifest.selection.scenarios = vec!["sketch".into()];
    let quiet = |s: &mut Sketch| {
        s.ready();
        s.stop();
    };
    let report = run(&manifest, conforming);
    assert_eq!(report.verdict, RunVerdict::Partial);
    assert!(!report.sentence.contains("Conforms"));
    // Promised by a selected scenario, and not decided; not promised, and not decided.
    let report = run(&manifest, quiet);
    assert_eq!(find(&report, "fake/answers").verdict, Verdict::Undecided);
    assert_eq!(find(&report, "fake/retain").state, State::NotSelected);
    manifest.selection = Selection { requirements: vec!["fake/answers".into()], ..Selection::default() };
    let report = run(&manifest, retaining);
    assert_eq!(
        (find(&report, "fake/retain").state, find(&report, "fake/retain").verdict),
        (State::NotSelected, Verdict::None)
    );
    assert_eq!(report.verdict, RunVerdict::Partial);
}

#[test]
fn an_option_is_not_taken_undecided_or_noted() {
    let mut manifest = manifest(&[]);
    let report = run(&manifest, conforming);
    insta::assert_snapshot!(
        find(&report, "fake/will").reason.clone().unwrap_or_default(),
        @r#""will" is not declared, and was not used in any scenario of this run"#
    );
    manifest.scenarios[0].exercises = vec!["fake/will".into()];
    let report = run(&manifest, conforming);
    insta::assert_snapshot!(
        find(&report, "fake/will").reason.clone().unwrap_or_default(),
        @r#""will" is not declared, and was not used when scenario sketch gave occasion"#
    );
    // Offered by nobody: the scenario made for it was left out.
    manifest.scenarios[0].exercises.clear();
    let (id, reason) = ("other".into(), "needs `will`".into());
    manifest.left_out = vec![LeftOut { id, reason, exercises: vec!["fake/will".into()] }];
    assert_eq!(find(&run(&manifest, conforming), "fake/will").verdict, Verdict::Undecided);
    manifest.left_out.clear();
    // Claimed, and not seen.
    manifest.pics.options = vec!["will".into()];
    let report = run(&manifest, conforming);
    assert_eq!((find(&report, "fake/will").verdict, report.verdict), (Verdict::Undecided, RunVerdict::Incomplete));
    // Seen, and not claimed: judged, with a note.
    manifest.pics.options.clear();
    let report = run(&manifest, |s| {
        s.connect_with(build::connect("c").will("t", b"m", 0, false).build());
        conforming(s);
    });
    let row = find(&report, "fake/will");
    assert_eq!((row.state, row.verdict, row.findings.len()), (State::Applicable, Verdict::Pass, 1));
    assert_eq!(row.findings[0].outcome, "note");
}

#[test]
fn what_declared_commands_show_is_not_taken_undecided_or_noted() {
    let command = |target: serde_json::Value| Command { action: "deny".into(), target, ..Command::default() };
    let mut manifest = manifest(&["fake/port"]);
    // No declared command has a port, whatever the scenario offers.
    manifest.pics.commands = vec![command(json!({"ipv4_connection": {"protocol": "tcp"}}))];
    let report = run(&manifest, conforming);
    let row = find(&report, "fake/port");
    assert_eq!((row.state, row.verdict, row.gating), (State::OptionNotTaken, Verdict::None, false));
    insta::assert_snapshot!(
        row.reason.clone().unwrap_or_default(),
        @"no declared command shows it, and nothing else did"
    );
    // One has a port, and nothing showed it.
    manifest.pics.commands.push(command(json!({"ipv4_connection": {"dst_port": 443}})));
    let report = run(&manifest, conforming);
    assert_eq!((find(&report, "fake/port").verdict, report.verdict), (Verdict::Undecided, RunVerdict::Incomplete));
    let shows = |s: &mut Sketch| {
        s.ready();
        s.send("a", json!({"action": "deny", "target": {"ipv4_connection": {"dst_port": 80}}}));
        s.stop();
    };
    let row_of = |manifest: &Manifest| {
        let row = find(&run(manifest, shows), "fake/port").clone();
        (row.state, row.verdict, row.findings.first().map(|f| f.outcome.clone()))
    };
    assert_eq!(row_of(&manifest), (State::Applicable, Verdict::Pass, None));
    // Shown, and not declared: judged, with a note.
    manifest.pics.commands.clear();
    assert_eq!(row_of(&manifest), (State::Applicable, Verdict::Pass, Some("note".to_owned())));
}

#[test]
fn a_promise_that_the_end_of_the_scenario_broke_is_undecided() {
    let mut sketch = Sketch::new();
    sketch.ready();
    sketch.event(Event::End { complete: false, reason: "step 3 timed out".into() });
    let evidence = Recording { entries: sketch.recorder.recording().entries, truncated: false };
    let report = verdict(&manifest(&["fake/answers", "fake/will"]), &[judged(&evidence)]);
    let row = find(&report, "fake/answers");
    assert_eq!(row.verdict, Verdict::Undecided);
    insta::assert_snapshot!(row.findings[0].message, @"The scenario ended before this could be decided: step 3 timed out");
    // The option was not offered to the end: neither taken nor refused.
    assert_eq!(
        (find(&report, "fake/will").state, find(&report, "fake/will").verdict),
        (State::Applicable, Verdict::Undecided)
    );
    assert_eq!(report.verdict, RunVerdict::Incomplete);
}

#[test]
fn missing_evidence_never_passes() {
    let promised = manifest(&["fake/retain"]);
    // Cut off: killed after everything had been seen.
    let mut recording = Sketch::of(conforming);
    recording.entries.pop();
    recording.truncated = true;
    let report = verdict(&promised, &[judged(&recording)]);
    assert_eq!((report.verdict, find(&report, "fake/retain").verdict), (RunVerdict::Incomplete, Verdict::Undecided));
    // A limit was reached.
    let report = run(&promised, |s| {
        conforming(s);
        s.event(Event::Tester(Tester::Limit { what: "the capture is full".into() }));
    });
    assert_eq!((report.verdict, report.scenarios[0].status.as_str()), (RunVerdict::Incomplete, "aborted"));
    // A second capture is gone, whatever it promised.
    let mut two = manifest(&[]);
    two.scenarios.push(selected("gone", &[]));
    let gone = JudgedScenario::without_evidence(1, ScenarioStatus::Aborted("it was never recorded".into()));
    let report = verdict(&two, &[judged(&Sketch::of(conforming)), gone]);
    assert_eq!(report.verdict, RunVerdict::Incomplete);
    insta::assert_snapshot!(report.sentence, @"Incomplete: conformance is neither shown nor refuted: evidence of 1 scenario is missing (policy certify).");
    let report = verdict(&manifest(&[]), &[]);
    assert_eq!(report.verdict, RunVerdict::Incomplete);
    // A break stays a break, though.
    let mut recording = Sketch::of(retaining);
    recording.entries.pop();
    assert_eq!(verdict(&promised, &[judged(&recording)]).verdict, RunVerdict::Fail);
}

#[test]
fn an_error_of_the_test_system_is_stronger_than_a_fail() {
    let report = run(&manifest(&[]), |s| {
        retaining(s);
        s.event(Event::Tester(Tester::Canary { ok: false }));
    });
    assert_eq!((report.verdict, report.counts.fail), (RunVerdict::Error, 1));
    assert_eq!(report.scenarios[0].status, "error");
}

#[test]
fn what_follows_from_a_death_points_at_it() {
    let report = run(&manifest(&["fake/answers"]), |s| {
        s.ready();
        s.query("a", json!([]));
        s.exit(1, false);
    });
    let row = find(&report, "fake/answers");
    assert_eq!(row.verdict, Verdict::Undecided);
    assert_eq!(row.findings[0].because.as_deref(), Some("harness/survives"));
    assert_eq!(find(&report, "harness/survives").findings[0].because, None);
    assert_eq!(report.verdict, RunVerdict::Fail);
}

#[test]
fn a_panicking_check_is_an_error_of_ours_and_the_others_go_on() {
    static PANICS: Requirement = Requirement {
        id: "fake/panics",
        judged: Judged::Packet(|packet, _| if packet.from_iut() { panic!("on purpose") } else { None }),
        ..Requirement::TEMPLATE
    };
    let evidence = observe(&Sketch::of(conforming)).expect("a sketch has a context");
    let ledgers = judge(&evidence, [&PANICS, &RETAIN]);
    assert_eq!(ledgers["fake/panics"].outcome(false), Outcome::Error);
    assert_eq!(ledgers["fake/panics"].findings(false).count(), 1);
    assert_eq!(ledgers["fake/retain"].outcome(false), Outcome::Met);
}

#[test]
fn passwords_never_reach_a_report() {
    let report = run(&manifest(&[]), |s| {
        s.event(Event::Process {
            instance: 1,
            change: ProcessChange::Spawn {
                command: vec!["consumer".into(), "mqtt://zulu:hunter2@localhost".into()],
                fresh: true,
            },
            out_offset: 0,
            err_offset: 0,
        });
        s.connect_with(build::connect("c").user_name("zulu").password(b"hunter2").build());
        s.stop();
    });
    for text in [
        touchstone_reports::to_json(&report),
        touchstone_reports::to_junit(&report),
        touchstone_reports::to_html(&report),
        format!("{:?}", report.scenarios[0].trace),
    ] {
        assert!(!text.contains("hunter2") && !text.contains("68756e74657232") && !text.contains("68 75 6e 74"));
    }
    let shown = format!("{:?}", report.scenarios[0].trace);
    assert!(shown.contains("mqtt://zulu:*******@localhost"), "{shown}");
    // The bytes as a list of numbers.
    assert!(!shown.contains("104, 117, 110, 116, 101, 114, 50"));
}

#[test]
fn a_long_trace_keeps_the_packets_that_findings_point_at() {
    let mut sketch = Sketch::new();
    sketch.ready();
    for _ in 0..600 {
        sketch.iut(build::pingreq());
    }
    retaining(&mut sketch);
    let scenario = judged(&sketch.finish());
    let broken = scenario.ledgers["fake/retain"].findings(false).next().map(|f| f.witness.clone());
    let packet = broken.and_then(|w| w.packet);
    let shown = scenario
        .trace
        .iter()
        .any(|row| matches!(&row.what, model::TraceWhat::Packet(p) if Some(p.packet) == packet && p.connection == 2));
    assert!(shown && scenario.trace_omitted > 0);
}

fn ruling() -> impl Strategy<Value = Ruling> {
    prop_oneof![
        Just(Ruling::Met),
        Just(Ruling::Undecided("why".into())),
        Just(Ruling::CutShort("why".into())),
        Just(Ruling::Broken(Deviation {
            witness: None,
            said: "said".into(),
            expected: "expected".into(),
            actual: "actual".into()
        })),
    ]
}

fn scenario() -> impl Strategy<Value = JudgedScenario> {
    let ids = CATALOGUE.requirements.iter().map(|r| r.id).collect::<Vec<_>>();
    let status = prop_oneof![
        6 => Just(ScenarioStatus::Completed),
        2 => Just(ScenarioStatus::Aborted("early".into())),
        1 => Just(ScenarioStatus::Error("ours".into())),
    ];
    let entries = proptest::collection::vec((proptest::sample::select(ids), ruling()), 0..30);
    (status, entries, any::<bool>(), proptest::option::of(0u32..9)).prop_map(|(status, entries, error, death)| {
        let mut ledgers: BTreeMap<&'static str, Ledger> = BTreeMap::new();
        for (frame, (id, ruling)) in entries.into_iter().enumerate() {
            let ledger = ledgers.entry(id).or_default();
            ledger.enter(Witness::frame(frame as u32), ruling);
            if error && frame == 20 {
                ledger.error(Witness::frame(20), "ours");
            }
        }
        let death = death.map(|frame| (touchstone_fixtures::recording::Nanos(0), frame));
        let sha256 = Some("33".into());
        JudgedScenario { ledgers, death, sha256, gap: None, ..JudgedScenario::without_evidence(0, status) }
    })
}

proptest! {
    #[test]
    fn totals_agree_and_the_strongest_verdict_wins(
        mut scenarios in proptest::collection::vec(scenario(), 0..4),
        policy in proptest::sample::select(Policy::ALL.to_vec()),
        exercises in proptest::sample::subsequence(CATALOGUE.requirements.iter().map(|r| r.id).collect::<Vec<_>>(), 0..9),
        waived in proptest::option::of(proptest::sample::select(vec!["fake/retain", "fake/answers"])),
        narrowed in any::<bool>(),
        completed in any::<bool>(),
        will in any::<bool>(),
    ) {
        let mut manifest = manifest(&exercises);
        manifest.policy = policy;
        manifest.completed = completed;
        manifest.waivers = waived.into_iter().map(waive).collect();
        manifest.pics.options = if will { vec!["will".into()] } else { Vec::new() };
        manifest.scenarios = (0..scenarios.len()).map(|n| selected(&format!("s{n}"), &exercises)).collect();
        for (index, scenario) in scenarios.iter_mut().enumerate() {
            scenario.index = index;
        }
        if narrowed {
            manifest.selection.scenarios = vec!["s*".into()];
        }
        let assessment = assess(&manifest, &BINDING, Role::Consumer, policy, &scenarios, "test");
        let report = &assessment.report;
        let c = &report.counts;
        prop_assert_eq!(c.applicable, c.pass + c.warn + c.fail + c.undecided + c.error);
        let states = [c.applicable, c.waived, c.not_applicable, c.not_selected, c.not_yet_tested, c.untestable, c.option_not_taken];
        prop_assert_eq!(c.requirements, states.iter().sum::<u32>());
        for row in &report.requirements {
            let judged = matches!(row.state, State::Applicable | State::Waived);
            prop_assert_eq!(row.verdict == Verdict::None, !judged, "{}", &row.id);
            prop_assert!(row.verdict != Verdict::Pass || row.met > 0, "a vacuous pass: {}", &row.id);
            prop_assert!(row.verdict != Verdict::Undecided || !row.findings.is_empty(), "unexplained: {}", &row.id);
            prop_assert!(row.verdict != Verdict::Fail || !row.findings.is_empty(), "unexplained: {}", &row.id);
            prop_assert!(row.state == State::Applicable || row.state == State::Waived || row.reason.is_some());
        }
        let error = c.error > 0 || scenarios.iter().any(|s| matches!(s.status, ScenarioStatus::Error(_)));
        let undecided = report.requirements.iter().any(|r| r.gating && r.verdict == Verdict::Undecided);
        let unused = report.waivers.iter().any(|w| !w.used);
        let expected = if error { RunVerdict::Error }
            else if c.fail > 0 { RunVerdict::Fail }
            else if undecided || unused || !completed || scenarios.is_empty() { RunVerdict::Incomplete }
            else if narrowed { RunVerdict::Partial }
            else { RunVerdict::Pass };
        prop_assert_eq!(report.verdict, expected);
        prop_assert_eq!(report.sentence.starts_with("Conforms"), expected == RunVerdict::Pass);
        let junit = touchstone_reports::to_junit(report);
        prop_assert_eq!(junit.contains("<failure ") || junit.contains("<error "), !expected.is_success(), "{}", junit);
        // Every letter again, and the order of scenarios changes no outcome.
        prop_assert_eq!(touchstone_reports::to_json(report), touchstone_reports::to_json(&assess(&manifest, &BINDING, Role::Consumer, policy, &scenarios, "test").report));
        scenarios.reverse();
        prop_assert_eq!(&assessment.outcomes, &assess(&manifest, &BINDING, Role::Consumer, policy, &scenarios, "test").outcomes);
    }
}

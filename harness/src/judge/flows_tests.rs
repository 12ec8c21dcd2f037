//! What is declared of QoS decides what is asked for, and packets decide whether the declaration holds.

use super::assess_tests::sample::manifest;
use super::{JudgedScenario, Policy, assess};
use crate::binding::{Binding, ONEM2M_TS0010, OPENC2_MQTT_WD01, OPENC2_MQTT_WD04};
use crate::catalogue::{Flow, Requirement};
use crate::evidence::observe;
use crate::evidence::sketch::Sketch;
use crate::iut::{Pics, Role};
use crate::manifest::Manifest;
use proptest::prelude::*;
use std::collections::BTreeSet;
use touchstone_fixtures::wire::mqtt311::build;
use touchstone_reports::model::{self, State, Verdict};

const KEPT: &str = "mqtt311/resend-on-reconnect";
const PUBACK: &str = "mqtt311/qos1-puback";

fn pics(qos: u8) -> Pics {
    Pics { qos: Some(qos), subscribe_qos: Some(qos), ..Pics::default() }
}

/// A CSE that answers one request: it subscribes with one QoS and publishes with another.
fn cse(s: &mut Sketch, subscribes: u8, publishes: u8) {
    s.cse();
    s.connect();
    s.subscribe(&[("/oneM2M/req/+/in-cse/#", subscribes)]);
    s.wait(300);
    s.edge(build::publish(
        "/oneM2M/req/CAdmin/in-cse/json",
        0,
        0,
        r#"{"op":2,"to":"cse-in","fr":"CAdmin","rqi":"r1"}"#,
    ));
    s.wait(300);
    s.iut(build::publish("/oneM2M/resp/CAdmin/in-cse/json", publishes, 9, r#"{"rsc":2000,"rqi":"r1"}"#));
    s.wait(300);
    s.stop();
}

fn judged(binding: &'static Binding, pics: &Pics, tell: impl FnOnce(&mut Sketch)) -> model::Report {
    let mut sketch = Sketch::new();
    sketch.pics = pics.clone();
    tell(&mut sketch);
    let evidence = observe(&sketch.finish()).expect("a sketch has a context");
    let role = binding.parts[binding.parts.len() - 1].role;
    let scenario = JudgedScenario::of(0, &evidence, binding, "22".into());
    let declared = manifest(&[KEPT, PUBACK]);
    let manifest = Manifest { binding: binding.id.into(), role: role.as_str().into(), pics: pics.clone(), ..declared };
    assess(&manifest, binding, role, Policy::Certify, &[scenario], "test").report
}

fn row<'a>(report: &'a model::Report, id: &str) -> &'a model::Requirement {
    report.requirements.iter().find(|r| r.id == id).expect("it is in the catalogue")
}

fn with_flows(binding: &Binding, role: Role) -> impl Iterator<Item = &'static Requirement> {
    binding.requirements().map(|(_, r)| r).filter(move |r| r.binds(role) && !r.flows.is_empty())
}

#[test]
fn who_declares_qos_0_owes_nothing_of_what_is_above_it() {
    let report = judged(&ONEM2M_TS0010, &pics(0), |s| cse(s, 0, 0));
    for requirement in with_flows(&ONEM2M_TS0010, Role::Cse) {
        let row = row(&report, requirement.id);
        assert_eq!((row.state, row.verdict, row.gating), (State::NotApplicable, Verdict::None, false), "{}", row.id);
        assert!(row.findings.is_empty(), "{}: {:?}", row.id, row.findings);
    }
    insta::assert_snapshot!(row(&report, KEPT).reason.clone().unwrap_or_default(), @"applies only to who publishes above QoS 0; the IUT file declares `qos = 0`");
    insta::assert_snapshot!(row(&report, "mqtt311/session-kept").reason.clone().unwrap_or_default(), @"applies only to who publishes above QoS 0 or subscribes at QoS 2; the IUT file declares `qos = 0` and `subscribe_qos = 0`");
    assert_eq!(row(&report, "harness/publishes-as-declared").verdict, Verdict::Pass);
    assert_eq!(row(&report, "harness/subscribes-as-declared").verdict, Verdict::Pass);
    // What is said of QoS 0 is due now, and the advice against it stands.
    assert_eq!(row(&report, "mqtt311/qos0-dup").verdict, Verdict::Pass);
    assert!(row(&report, "mqtt311/qos0-dup").findings.is_empty());
    assert_eq!(row(&report, "ts0010/publish-qos").verdict, Verdict::Warn);
}

#[test]
fn one_side_is_declared_without_the_other() {
    let report = judged(&ONEM2M_TS0010, &Pics { qos: Some(0), ..Pics::default() }, |s| cse(s, 1, 0));
    assert_eq!(row(&report, KEPT).state, State::NotApplicable);
    assert_eq!(row(&report, PUBACK).state, State::Applicable);
    // It may subscribe at QoS 2, for all that is declared.
    assert_eq!(row(&report, "mqtt311/session-kept").state, State::Applicable);
    let report = judged(&ONEM2M_TS0010, &Pics { subscribe_qos: Some(0), ..Pics::default() }, |s| cse(s, 0, 1));
    assert_eq!(row(&report, KEPT).state, State::Applicable);
    assert_eq!(row(&report, PUBACK).state, State::NotApplicable);
}

#[test]
fn a_packet_that_contradicts_the_declaration_makes_all_of_it_apply() {
    for (subscribes, publishes, rule, applies, spared) in [
        (0, 1, "harness/publishes-as-declared", KEPT, PUBACK),
        (0, 2, "harness/publishes-as-declared", KEPT, PUBACK),
        (1, 0, "harness/subscribes-as-declared", PUBACK, KEPT),
    ] {
        let report = judged(&ONEM2M_TS0010, &pics(0), |s| cse(s, subscribes, publishes));
        let broken = row(&report, rule);
        assert_eq!((broken.outcome.as_str(), broken.verdict), ("broken", Verdict::Warn));
        let due = row(&report, applies);
        assert_eq!((due.state, due.verdict, due.gating), (State::Applicable, Verdict::Undecided, true), "{applies}");
        let note = due.findings.iter().find(|f| f.outcome == "note").expect("it says why it applies");
        assert!(note.message.contains("applies after all"), "{}", note.message);
        assert!(note.at.packet.is_some());
        assert_eq!(row(&report, spared).state, State::NotApplicable, "{spared}");
    }
}

#[test]
fn what_is_seen_is_judged_whatever_is_declared() {
    // Nobody may send this to it, but where it comes it is acknowledged.
    let pushed = |s: &mut Sketch, answers: bool| {
        cse(s, 0, 0);
        s.connect();
        let id = s.push("/oneM2M/req/Cae1/in-cse/json", 1, b"{}");
        if answers {
            s.iut(build::puback(id));
        }
        s.wait(3_000);
    };
    let silent = judged(&ONEM2M_TS0010, &pics(0), |s| pushed(s, false));
    assert_eq!((row(&silent, PUBACK).state, row(&silent, PUBACK).verdict), (State::Applicable, Verdict::Fail));
    let answered = judged(&ONEM2M_TS0010, &pics(0), |s| pushed(s, true));
    assert_eq!((row(&answered, PUBACK).state, row(&answered, PUBACK).verdict), (State::Applicable, Verdict::Pass));
}

#[test]
fn no_declaration_excuses_where_the_text_demands_qos_1() {
    let quiet = |s: &mut Sketch| {
        s.ready_producer();
        s.stop();
    };
    let report = judged(&OPENC2_MQTT_WD04, &pics(0), quiet);
    for requirement in with_flows(&OPENC2_MQTT_WD04, Role::Producer) {
        assert_ne!(row(&report, requirement.id).state, State::NotApplicable, "{}", requirement.id);
    }
}

fn any_pics() -> impl Strategy<Value = Pics> {
    let qos = || proptest::option::of(0_u8..=2);
    (qos(), qos(), proptest::bool::ANY).prop_map(|(qos, subscribe_qos, qos2)| Pics {
        qos,
        subscribe_qos,
        options: qos2.then(|| "qos2".to_owned()).into_iter().collect(),
        ..Pics::default()
    })
}

proptest! {
    /// Packets take back what declarations excuse from, and nothing else; what is not declared is never excused.
    #[test]
    fn a_flow_that_is_seen_is_never_excused(pics in any_pics(), subscribes in 0_u8..=2, publishes in 0_u8..=2) {
        let report = judged(&ONEM2M_TS0010, &pics, |s| cse(s, subscribes, publishes));
        for requirement in with_flows(&ONEM2M_TS0010, Role::Cse) {
            let row = row(&report, requirement.id);
            let has = |flow: &Flow| {
                let seen = flow.shown_by(true, publishes) || flow.shown_by(false, subscribes);
                seen || flow.declared_away(&pics, &ONEM2M_TS0010).is_none()
            };
            let owes = requirement.flows.iter().any(has);
            prop_assert_eq!(row.state != State::NotApplicable, owes, "{}", row.id);
        }
    }

    /// What one flow is part of, another one is: who has no part in the wider has none in the narrower.
    #[test]
    fn narrow_flows_are_declared_away_with_wide_ones(pics in any_pics()) {
        for binding in [&OPENC2_MQTT_WD04, &OPENC2_MQTT_WD01, &ONEM2M_TS0010] {
            for (wide, narrow) in [(Flow::Publishes, Flow::PublishesAtQos1), (Flow::Receives, Flow::ReceivesAtQos2)] {
                let away = |flow: Flow| flow.declared_away(&pics, binding).is_some();
                prop_assert!(!away(wide) || away(narrow));
            }
        }
    }
}

#[test]
fn every_flow_stands_in_the_catalogue() {
    let used: BTreeSet<Flow> =
        ONEM2M_TS0010.requirements().flat_map(|(_, requirement)| requirement.flows).copied().collect();
    assert_eq!(used, Flow::ALL.into());
}

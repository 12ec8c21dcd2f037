//! What the violating examples of this catalogue read like, and what else they break.

use super::{CATALOGUE, qos1};
use crate::evidence::observe;
use crate::evidence::sketch::Sketch;
use crate::judge::{Outcome, judge};
use proptest::prelude::*;
use touchstone_fixtures::recording::{Event, Tester};
use touchstone_fixtures::wire::mqtt311::build;

/// The outcome of one requirement for one conversation.
fn outcome(id: &str, example: fn(&mut Sketch)) -> Outcome {
    let evidence = observe(&Sketch::of(example)).expect("sketches have a context");
    let ledgers = judge(&evidence, CATALOGUE.requirements.iter().copied());
    ledgers.get(id).map_or(Outcome::None, |ledger| ledger.outcome(false))
}

#[test]
fn what_may_have_been_lost_is_undecided() {
    let late_copy: fn(&mut Sketch) = |s| {
        s.ready();
        s.cut();
        s.reconnect();
        s.iut(build::publish_flags(true, 1, false, "oc2/rsp", 9, b"one"));
    };
    assert_eq!(outcome("mqtt311/dup-independent", late_copy), Outcome::Undecided);
    assert_eq!(outcome("mqtt311/qos1-first-copy", late_copy), Outcome::Undecided);
    assert_eq!(outcome("mqtt311/packet-id-unused", late_copy), Outcome::Met, "the SUBSCRIBE, not the PUBLISH");
    let after_disconnect: fn(&mut Sketch) = |s| {
        s.ready();
        s.stop();
        s.reconnect();
        s.iut(build::publish_flags(true, 1, false, "oc2/rsp", 9, b"one"));
    };
    assert_eq!(outcome("mqtt311/dup-independent", after_disconnect), Outcome::Broken);
    let unseen_birth: fn(&mut Sketch) = |s| {
        s.births_known = false;
        s.reconnect();
        s.iut(build::publish_flags(true, 1, false, "oc2/rsp", 9, b"one"));
    };
    assert_eq!(outcome("mqtt311/dup-independent", unseen_birth), Outcome::Undecided);
}

#[test]
fn a_twin_without_dup_is_undecided() {
    let twins: fn(&mut Sketch) = |s| {
        s.ready();
        s.iut(build::publish("oc2/rsp", 1, 9, b"one"));
        s.iut(build::publish("oc2/rsp", 1, 9, b"one"));
    };
    assert_eq!(outcome("mqtt311/packet-id-unused", twins), Outcome::Undecided);
    let timer: fn(&mut Sketch) = |s| {
        s.ready();
        s.iut(build::publish("oc2/rsp", 1, 9, b"one"));
        s.iut(build::publish_flags(true, 1, false, "oc2/rsp", 9, b"one"));
    };
    assert_eq!(outcome("mqtt311/packet-id-unused", timer), Outcome::Met, "a copy is not a new packet");
}

#[test]
fn the_lag_of_the_tester_is_granted() {
    let lagging: fn(&mut Sketch) = |s| {
        s.ready();
        s.push("oc2/cmd/all", 1, b"x");
        s.event(Event::Tester(Tester::Lag { nanos: 1_500_000_000 }));
        s.wait(2_500);
    };
    assert_eq!(outcome("mqtt311/qos1-puback", lagging), Outcome::None);
}

#[test]
fn a_client_of_another_version_breaks_what_names_it_only() {
    let five: fn(&mut Sketch) = |s| {
        // MQTT 5: a property length stands between keep alive and ClientId.
        s.connect_with(build::packet(0x10, b"\0\x04MQTT\x05\0\0\x3C\0\0\x01k"));
    };
    let evidence = observe(&Sketch::of(five)).expect("sketches have a context");
    let ledgers = judge(&evidence, CATALOGUE.requirements.iter().copied());
    let broken: Vec<&str> =
        ledgers.iter().filter(|(_, l)| l.outcome(false) == Outcome::Broken).map(|(id, _)| *id).collect();
    assert_eq!(broken, ["mqtt311/protocol-level"]);
}

#[test]
fn what_follows_a_disconnect_obliges_nobody() {
    let late: fn(&mut Sketch) = |s| {
        s.ready();
        s.iut(build::disconnect());
        s.push("oc2/cmd/all", 1, b"x");
        s.wait(2_500);
    };
    assert_eq!(outcome("mqtt311/qos1-puback", late), Outcome::None);
}

/// One act of a hostile conversation: who, and which bytes.
fn act() -> impl Strategy<Value = (u8, Vec<u8>)> {
    let first = prop::sample::select(vec![
        0x00, 0x10, 0x20, 0x30, 0x32, 0x34, 0x36, 0x3A, 0x40, 0x50, 0x62, 0x70, 0x82, 0x90, 0xA2, 0xB0, 0xC0, 0xE0,
        0xF0,
    ]);
    let body = prop_oneof![
        Just(vec![0, 1]),
        Just(vec![0, 2]),
        Just(vec![0, 0]),
        Just(b"\0\x01a\0\x01x".to_vec()),
        Just(b"\0\x04MQTT\x04\0\0\0\0\x01k".to_vec()),
        prop::collection::vec(any::<u8>(), 0..12),
    ];
    (0..6_u8, first, body).prop_map(|(who, first, body)| (who, build::packet(first, body)))
}

/// What is more than can be followed stays undecided: neither held against the IUT nor passed over.
#[test]
fn too_many_connections_are_undecided() {
    let mut sketch = Sketch::new();
    for _ in 0..4_100 {
        sketch.connect();
        let id = sketch.push("oc2/cmd/all", 1, b"x");
        sketch.iut([build::puback(id), build::publish("a", 1, 9, b"x")].concat());
        sketch.edge(build::puback(9));
    }
    let evidence = observe(&sketch.finish()).unwrap();
    let requirements = [&qos1::QOS1_PUBACK, &qos1::QOS1_UNUSED_PACKET_ID];
    for (id, ledger) in judge(&evidence, requirements) {
        assert_eq!(ledger.outcome(false), Outcome::Undecided, "{id}");
        assert_eq!((ledger.met(), ledger.broken()), (4_096, 0), "{id}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// Checks take any conversation, and none of them blames the IUT for what the server sent.
    #[test]
    fn checks_take_anything(acts in prop::collection::vec(act(), 0..24)) {
        let mut sketch = Sketch::new();
        sketch.open();
        for (who, bytes) in &acts {
            match who {
                0..=1 => sketch.iut(bytes),
                2..=3 => sketch.edge(bytes),
                4 => sketch.wait(700),
                _ => sketch.open(),
            }
        }
        let silent = acts.iter().all(|(who, _)| *who > 1);
        let evidence = observe(&sketch.finish()).expect("sketches have a context");
        let ledgers = judge(&evidence, CATALOGUE.requirements.iter().copied());
        for (id, ledger) in &ledgers {
            // A client that says nothing can break only what it owes for deliveries.
            let owes = ["response-by-qos", "acknowledge-every-publish", "qos1-puback", "qos2-pubrec", "qos2-pubcomp"];
            let broken = ledger.outcome(true) == Outcome::Broken;
            prop_assert!(!(silent && broken) || owes.iter().any(|o| id.ends_with(o)), "{id} blames a silent client");
        }
    }
}

//! Whatever a recording holds, it can be observed and judged, and the observations keep their promises.

use super::{Observation, observe, sketch::Sketch};
use crate::binding;
use crate::judge::{Outcome, judge};
use bytes::Bytes;
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeSet;
use touchstone_fixtures::recording::{
    CloseHow, Closer, ConnectionId, Direction, Event, FaultState, Nanos, Party, ProcessChange, Recorded, Recording,
    SessionChange, StepPhase, Tester, Transport, WindowState,
};
use touchstone_fixtures::wire::mqtt311::build;

fn conn() -> impl Strategy<Value = ConnectionId> {
    (0u32..4).prop_map(ConnectionId)
}

/// Requests and responses under few request_ids and packet identifiers, acknowledgements, and nonsense.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let id = 0u16..4;
    prop_oneof![
        (0u8..3, id.clone(), "[ab]?", any::<bool>(), any::<bool>(), prop_oneof![Just(102), Just(200)]).prop_map(
            |(qos, id, request_id, request, dup, status)| {
                let payload = if request {
                    Sketch::request_payload(&request_id, json!({"action": "query", "target": {"features": []}}))
                } else {
                    Sketch::response_payload(&request_id, json!({"status": status}))
                };
                let id = if qos == 0 { 0 } else { id };
                let mut packet = build::publish("oc2/cmd/all", qos, id, payload);
                packet[0] |= u8::from(dup && qos > 0) << 3;
                packet
            }
        ),
        (0u8..16, id).prop_map(|(kind, id)| build::packet(kind << 4 | 2, id.to_be_bytes())),
        "[ab]?".prop_map(|client| build::connect(&client).build()),
        proptest::collection::vec(any::<u8>(), 0..40),
        Just(build::publish("oc2/cmd/all", 1, 1, b"\x91\x01{")),
        Just(build::publish("oc2/cmd/all", 1, 2, b"\x90\x01{")),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let party = prop_oneof![3 => Just(Party::Iut), 1 => Just(Party::Peer)];
    let by = prop_oneof![Just(Closer::Client), Just(Closer::Server), Just(Closer::Tester)];
    let direction =
        prop_oneof![4 => Just(Direction::FromIut), 4 => Just(Direction::ToIut), 1 => Just(Direction::FromPeer)];
    prop_oneof![
        3 => (conn(), party).prop_map(|(conn, party)| Event::ConnOpen {
            conn, party, transport: Transport::Tcp, remote: String::new()
        }),
        12 => (conn(), direction, bytes(), 0usize..4).prop_map(|(conn, direction, bytes, cut)| {
            let kept = bytes.len().saturating_sub(if cut == 0 { 1 } else { 0 });
            Event::Bytes { conn, direction, data: Bytes::copy_from_slice(&bytes[..kept]) }
        }),
        6 => (conn(), 0u64..2_000).prop_map(|(conn, total)| Event::Written { conn, total }),
        2 => (conn(), by).prop_map(|(conn, by)| Event::Close {
            conn, by, how: CloseHow::Fin, undelivered: 0, reason: String::new()
        }),
        1 => any::<bool>().prop_map(|expected| Event::Process {
            instance: 1,
            change: ProcessChange::Exit { code: Some(0), signal: None, expected },
            out_offset: 0,
            err_offset: 0,
        }),
        1 => (conn(), 0u64..9, any::<bool>()).prop_map(|(conn, injected, lawful)| Event::Fault {
            id: 1, name: "inject".into(), state: FaultState::Fired, conn: Some(conn), lawful, packet: String::new(), injected, note: String::new()
        }),
        1 => conn().prop_map(|conn| Event::Session { conn, client_id: String::new(), change: SessionChange::Kept }),
        1 => Just(Event::Window { name: "a".into(), state: WindowState::ClosedFull }),
        1 => Just(Event::Tester(Tester::Canary { ok: true })),
        1 => Just(Event::Step {
            number: 1,
            verb: "request".into(),
            phase: StepPhase::Done,
            captured: [("q".to_owned(), "a".to_owned())].into(),
            note: String::new(),
        }),
        1 => Just(Event::End { complete: true, reason: String::new() }),
    ]
}

fn recording() -> impl Strategy<Value = Recording> {
    // Mostly forward, now and then backward: a damaged file may say anything.
    let moment = prop_oneof![8 => 0u64..400_000_000, 1 => Just(u64::MAX)];
    (proptest::collection::vec((event(), moment), 0..120), any::<bool>()).prop_map(|(events, truncated)| {
        let mut sketch = Sketch::new();
        sketch.wait(0);
        let mut entries = sketch.finish().entries;
        entries.truncate(1);
        let mut at = 0u64;
        for (event, step) in events {
            at = at.wrapping_add(step);
            let index = entries.len() as u64;
            entries.push(Recorded { index, frame: entries.len() as u32 + 1, at: Nanos(at), event });
        }
        Recording { entries, truncated }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_recording_can_be_observed_and_judged(recording in recording()) {
        let evidence = observe(&recording).expect("it has a context");
        let (mut shown, mut delivered) = (BTreeSet::new(), BTreeSet::new());
        let mut ended = 0;
        for observation in &evidence.observations {
            prop_assert_eq!(ended, 0, "nothing comes after End");
            match observation {
                Observation::Packet(p) => {
                    prop_assert!(p.direction.of_iut());
                    prop_assert!(p.payload.is_none() || !p.packet.truncated);
                    shown.insert(std::sync::Arc::as_ptr(p));
                }
                Observation::Delivered(p) => {
                    prop_assert!(shown.contains(&std::sync::Arc::as_ptr(p)), "delivered before it was sent");
                    prop_assert!(delivered.insert(std::sync::Arc::as_ptr(p)), "delivered twice");
                }
                Observation::Exchange(e) => {
                    prop_assert!(e.copies >= 1);
                    prop_assert!(e.request.direction == Direction::ToIut);
                    prop_assert!(e.responses.iter().all(|r| r.packet.from_iut()));
                    let proven = matches!(e.silence, super::Silence::Proven { .. });
                    prop_assert!(!proven || (e.responses.is_empty() && e.delivery == super::Delivery::Delivered));
                }
                Observation::End { .. } => ended += 1,
                _ => {}
            }
        }
        prop_assert_eq!(ended, 1);
        // The same again: the same observations.
        let again = observe(&recording).expect("it has a context");
        prop_assert_eq!(format!("{:?}", evidence.observations), format!("{:?}", again.observations));
        for (id, ledger) in judge(&evidence, binding::ALL.iter().flat_map(|b| b.requirements()).map(|(_, r)| r)) {
            prop_assert_ne!(ledger.outcome(true), Outcome::Error, "{}", id);
        }
        let _ = crate::judge::trace(&evidence);
    }
}

//! Delivery and pairing, on small recordings.

use super::sketch::Sketch;
use super::{Delivery, Evidence, Exchange, Observation, PacketSeen, Silence, TimelineItem, observe};
use serde_json::json;
use std::sync::Arc;
use touchstone_fixtures::recording::{ConnectionId, Event, Party, SessionChange, Transport};
use touchstone_fixtures::wire::mqtt311::{PacketType, build};

fn seen(tell: impl FnOnce(&mut Sketch)) -> Evidence {
    let mut sketch = Sketch::new();
    tell(&mut sketch);
    observe(&sketch.finish()).expect("a sketch has a context")
}

fn exchanges(evidence: &Evidence) -> Vec<Arc<Exchange>> {
    let exchange = |o: &Observation| match o {
        Observation::Exchange(e) => Some(Arc::clone(e)),
        _ => None,
    };
    evidence.observations.iter().filter_map(exchange).collect()
}

fn strays(evidence: &Evidence) -> usize {
    evidence.observations.iter().filter(|o| matches!(o, Observation::Stray(_))).count()
}

/// Types of the packets that count as delivered, in order.
fn delivered(evidence: &Evidence) -> Vec<(u32, PacketType)> {
    let packet = |o: &Observation| match o {
        Observation::Delivered(p) => Some((p.ordinal, p.packet.packet_type)),
        _ => None,
    };
    evidence.observations.iter().filter_map(packet).collect()
}

fn query() -> serde_json::Value {
    json!({"action": "query", "target": {"features": []}})
}

fn ok() -> serde_json::Value {
    json!({"status": 200})
}

fn proven(exchange: &Exchange) -> Option<bool> {
    match exchange.silence {
        Silence::Proven { answered, .. } => Some(answered),
        _ => None,
    }
}

#[test]
fn a_packet_is_delivered_after_the_quiet_window_and_not_before() {
    let sent = |wait: u64| {
        seen(|s| {
            s.connect();
            s.wait(1_000);
            s.push("oc2/cmd/all", 0, [0x90, 1]);
            s.wait(wait);
            s.cut();
        })
    };
    assert_eq!(delivered(&sent(200)), [(2, PacketType::Connack), (3, PacketType::Publish)]);
    assert_eq!(delivered(&sent(199)), [(2, PacketType::Connack)]);
    assert_eq!(exchanges(&sent(199))[0].delivery, Delivery::Unknown);
}

#[test]
fn what_the_kernel_never_took_is_not_delivered() {
    let evidence = seen(|s| {
        s.connect();
        s.wait(1_000);
        let conn = s.conn;
        let packet = build::publish("oc2/cmd/all", 0, 0, [0x90, 1]);
        s.recorder.bytes(conn, touchstone_fixtures::recording::Direction::ToIut, &packet);
        s.wait(5_000);
    });
    assert_eq!(delivered(&evidence), [(2, PacketType::Connack)]);
}

#[test]
fn an_acknowledgement_delivers_what_it_names_and_all_before_it() {
    let evidence = seen(|s| {
        s.connect();
        s.push("oc2/cmd/all", 0, Sketch::request_payload("a", query()));
        let id = s.push("oc2/cmd/all", 1, Sketch::request_payload("b", query()));
        s.push("oc2/cmd/all", 1, Sketch::request_payload("c", query()));
        s.iut(build::puback(id));
        s.cut();
    });
    let kinds: Vec<u32> = delivered(&evidence).iter().map(|d| d.0).collect();
    assert_eq!(kinds, [2, 3, 4]);
    let delivery: Vec<_> = exchanges(&evidence).iter().map(|e| e.delivery).collect();
    assert_eq!(delivery, [Delivery::Delivered, Delivery::Delivered, Delivery::Unknown]);
}

#[test]
fn one_acknowledgement_does_not_deliver_the_second_copy() {
    let evidence = seen(|s| {
        s.connect();
        let payload = Sketch::request_payload("a", query());
        s.edge(build::publish("oc2/cmd/all", 1, 9, &payload));
        s.wait(300);
        let mut again = build::publish("oc2/cmd/all", 1, 9, &payload);
        again[0] |= 0x08;
        s.edge(again);
        s.iut(build::puback(9));
        s.cut();
    });
    assert_eq!(delivered(&evidence), [(2, PacketType::Connack), (3, PacketType::Publish)]);
    let exchanges = exchanges(&evidence);
    assert_eq!((exchanges.len(), exchanges[0].copies), (1, 2));
}

#[test]
fn packet_ids_belong_to_the_session_of_a_client() {
    let evidence = seen(|s| {
        s.connect();
        let payload = Sketch::request_payload("a", query());
        s.edge(build::publish("oc2/cmd/all", 1, 5, &payload));
        let first = s.conn;
        // A second client, at the same time, with the same identifier and content: its own delivery.
        s.connect_with(build::connect("other").keep_alive(60).build());
        let mut again = build::publish("oc2/cmd/all", 1, 5, &payload);
        again[0] |= 0x08;
        s.edge(again);
        s.iut(build::puback(5));
        assert_ne!(first, s.conn);
        s.cut();
    });
    let exchanges = exchanges(&evidence);
    assert_eq!(exchanges.iter().map(|e| e.copies).collect::<Vec<_>>(), [1, 1]);
    assert_eq!(exchanges[1].delivery, Delivery::Delivered);
}

#[test]
fn a_redelivery_to_the_next_connection_is_a_copy_and_the_time_to_answer_starts_again() {
    let evidence = seen(|s| {
        s.ready();
        let payload = Sketch::request_payload("a", query());
        s.edge(build::publish("oc2/cmd/all", 1, 77, &payload));
        s.cut();
        s.wait(10_000);
        s.reconnect();
        let mut again = build::publish("oc2/cmd/all", 1, 77, &payload);
        again[0] |= 0x08;
        s.edge(again);
        s.iut(build::puback(77));
        // A later command is answered at once: no proof that the redelivered one never will be.
        s.query("b", json!([]));
        s.respond("b", ok());
    });
    let exchanges = exchanges(&evidence);
    assert_eq!((exchanges[0].copies, exchanges[0].delivery), (2, Delivery::Delivered));
    assert_eq!(proven(&exchanges[0]), None);
}

#[test]
fn silence_is_proven_by_a_later_command_only() {
    let acknowledged = seen(|s| {
        s.ready();
        s.query("a", json!([]));
        s.wait(2_000);
        s.query("b", json!([]));
    });
    assert_eq!(proven(&exchanges(&acknowledged)[0]), Some(false));
    let answered = seen(|s| {
        s.ready();
        s.query("a", json!([]));
        s.sentinel();
    });
    assert_eq!(proven(&exchanges(&answered)[0]), Some(true));
    // Sent too early, acknowledged late: it was not listening when the time was over, it was busy.
    let early = seen(|s| {
        s.ready();
        s.query("a", json!([]));
        let id = s.push("oc2/cmd/all", 1, Sketch::request_payload("b", query()));
        s.wait(3_000);
        s.iut(build::puback(id));
    });
    assert_eq!(proven(&exchanges(&early)[0]), None);
    let nothing = seen(|s| {
        s.ready();
        s.query("a", json!([]));
        s.wait(60_000);
    });
    assert_eq!(proven(&exchanges(&nothing)[0]), None);
}

#[test]
fn silence_is_not_proven_when_the_tester_took_the_connection_or_the_process_away() {
    let cut = seen(|s| {
        s.ready();
        s.query("a", json!([]));
        s.cut();
        s.wait(3_000);
        s.reconnect();
        s.query("b", json!([]));
        s.respond("b", ok());
    });
    assert_eq!(proven(&exchanges(&cut)[0]), None);
    let stopped = seen(|s| {
        s.ready();
        s.query("a", json!([]));
        s.closed_by_iut();
        s.exit(0, true);
        s.wait(3_000);
        s.reconnect();
        s.query("b", json!([]));
        s.respond("b", ok());
    });
    let exchanges = exchanges(&stopped);
    assert_eq!((proven(&exchanges[0]), exchanges[0].died), (None, false));
}

#[test]
fn a_death_is_remembered_of_what_it_left_unanswered() {
    let evidence = seen(|s| {
        s.ready();
        s.query("a", json!([]));
        s.respond("a", ok());
        s.query("b", json!([]));
        s.exit(1, false);
    });
    assert_eq!(exchanges(&evidence).iter().map(|e| e.died).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn a_burst_is_paired_by_request_id_in_any_order() {
    let evidence = seen(|s| {
        s.ready();
        let ids: Vec<String> = (0..100).map(|n| format!("r{n}")).collect();
        for id in &ids {
            s.push("oc2/cmd/all", 1, Sketch::request_payload(id, query()));
        }
        for id in ids.iter().rev() {
            s.respond(id, ok());
        }
        for id in 1..=100 {
            s.iut(build::puback(id));
        }
    });
    let exchanges = exchanges(&evidence);
    assert_eq!(exchanges.len(), 100);
    for exchange in &exchanges {
        assert_eq!((exchange.responses.len(), exchange.delivery), (1, Delivery::Delivered));
        assert_eq!(exchange.responses[0].packet.message().and_then(|m| m.request_id.clone()), exchange.request_id);
    }
    assert_eq!(strays(&evidence), 0);
}

#[test]
fn an_answer_shows_that_the_request_arrived() {
    let evidence = seen(|s| {
        s.ready();
        s.push("oc2/cmd/all", 1, Sketch::request_payload("a", query()));
        s.respond("a", ok());
        s.cut();
    });
    assert_eq!(exchanges(&evidence)[0].delivery, Delivery::Delivered);
}

#[test]
fn the_same_request_id_twice_gets_an_answer_each() {
    let evidence = seen(|s| {
        s.ready();
        s.query("a", json!([]));
        s.query("a", json!([]));
        s.respond("a", json!({"status": 102}));
        s.respond("a", ok());
        s.respond("a", ok());
        s.respond("a", ok());
    });
    let counts: Vec<usize> = exchanges(&evidence).iter().map(|e| e.responses.len()).collect();
    assert_eq!(counts, [2, 2]);
}

#[test]
fn one_answer_to_a_request_id_sent_twice_leaves_the_other_open() {
    let evidence = seen(|s| {
        s.ready();
        s.query("a", json!([]));
        s.query("a", json!([]));
        s.respond("a", ok());
        s.sentinel();
    });
    assert_eq!(proven(&exchanges(&evidence)[1]), None);
}

#[test]
fn a_response_published_again_is_a_redelivery() {
    let evidence = seen(|s| {
        s.ready();
        s.query("a", json!([]));
        let response = build::publish("oc2/rsp", 1, 40, Sketch::response_payload("a", ok()));
        s.iut(&response);
        s.cut();
        s.reconnect();
        let mut again = response.clone();
        again[0] |= 0x08;
        s.iut(&again);
        // Without DUP it is a second response.
        s.iut(&response);
    });
    let marks: Vec<bool> = exchanges(&evidence)[0].responses.iter().map(|r| r.redelivery).collect();
    assert_eq!(marks, [false, true, false]);
}

#[test]
fn foreign_and_early_responses_are_strays() {
    let evidence = seen(|s| {
        s.ready();
        s.respond("nobody", ok());
        s.respond("a", ok());
        s.query("a", json!([]));
    });
    assert_eq!(strays(&evidence), 2);
    assert!(exchanges(&evidence)[0].responses.is_empty());
}

#[test]
fn a_response_of_a_peer_answers_nothing() {
    let evidence = seen(|s| {
        s.ready();
        s.query("a", json!([]));
        let peer = ConnectionId(900);
        let (party, transport) = (Party::Peer, Transport::Tcp);
        s.event(Event::ConnOpen { conn: peer, party, transport, remote: String::new() });
        let response = build::publish("oc2/rsp", 0, 0, Sketch::response_payload("a", ok()));
        s.recorder.bytes(peer, party.sends(), &response);
        s.event(Event::Close {
            conn: peer,
            by: touchstone_fixtures::recording::Closer::Client,
            how: touchstone_fixtures::recording::CloseHow::Fin,
            undelivered: 0,
            reason: String::new(),
        });
        // The edge says this after the connection is gone; it concerns no session of the IUT.
        s.event(Event::Session { conn: peer, client_id: "p".into(), change: SessionChange::Kept });
        s.sentinel();
    });
    assert_eq!(proven(&exchanges(&evidence)[0]), Some(true));
    assert_eq!(strays(&evidence), 0);
    assert!(!evidence.observations.iter().any(|o| matches!(o, Observation::Session { conn, .. } if conn.0 == 900)));
}

/// A Consumer that subscribes to the topic it publishes on gets its own responses back.
#[test]
fn an_echoed_response_takes_no_answers() {
    let evidence = seen(|s| {
        s.ready();
        s.query("a", json!([]));
        s.respond("a", ok());
        s.deliver("oc2/rsp", Sketch::response_payload("a", ok()));
        s.respond("a", ok());
    });
    let counts: Vec<usize> = exchanges(&evidence).iter().map(|e| e.responses.len()).collect();
    assert_eq!(counts, [2, 0]);
}

fn nameless(status: u16) -> Vec<u8> {
    let record = json!({"content": {"response": {"status": status}}, "from": "zulu", "created": 1});
    [&[0x91, 0x01], record.to_string().as_bytes()].concat()
}

#[test]
fn a_response_without_request_id_belongs_to_the_only_request_it_can() {
    let evidence = seen(|s| {
        s.ready();
        // To be ignored, and ignored.
        s.deliver("oc2/cmd/all", [0x50, 0x01, b'{', b'}']);
        s.wait(2_500);
        s.deliver("oc2/cmd/all", b"\x90\x01{broken");
        s.respond_raw(nameless(400));
    });
    let counts: Vec<usize> = exchanges(&evidence).iter().map(|e| e.responses.len()).collect();
    assert_eq!(counts, [0, 1]);
}

#[test]
fn among_several_requests_without_request_id_nobody_can_tell() {
    let evidence = seen(|s| {
        s.ready();
        s.deliver("oc2/cmd/all", [0x50, 0x01, b'{', b'}']);
        s.deliver("oc2/cmd/all", b"\x90\x01{broken");
        s.respond_raw(nameless(400));
        s.sentinel();
    });
    let exchanges = exchanges(&evidence);
    assert!(exchanges[..2].iter().all(|e| e.responses.is_empty() && matches!(e.silence, Silence::Open)));
    assert_eq!(strays(&evidence), 0);
}

/// One that answers everything without a request_id, a message that nobody could read as well as a sound request.
#[test]
fn a_response_without_request_id_may_be_meant_for_a_request_that_has_one() {
    let evidence = seen(|s| {
        s.ready();
        s.deliver("oc2/cmd/all", b"\x90\x01{broken");
        s.query("a", json!([]));
        s.respond_raw(nameless(400));
        s.respond_raw(nameless(200));
        s.sentinel();
    });
    let exchanges = exchanges(&evidence);
    assert!(matches!(exchanges[1].silence, Silence::Open), "{:?}", exchanges[1].silence);
}

/// What came before a request cannot be meant for it.
#[test]
fn an_earlier_response_without_request_id_hides_no_silence() {
    let evidence = seen(|s| {
        s.ready();
        s.deliver("oc2/cmd/all", b"\x90\x01{broken");
        s.respond_raw(nameless(400));
        s.wait(1);
        s.query("a", json!([]));
        s.sentinel();
    });
    let exchanges = exchanges(&evidence);
    assert!(matches!(exchanges[1].silence, Silence::Proven { .. }), "{:?}", exchanges[1].silence);
}

#[test]
fn half_a_packet_is_neither_message_nor_request() {
    let evidence = seen(|s| {
        s.ready();
        s.query("a", json!([]));
        let response = build::publish("oc2/rsp", 1, 3, Sketch::response_payload("a", ok()));
        s.iut(&response[..response.len() - 1]);
        s.closed_by_iut();
    });
    assert!(exchanges(&evidence)[0].responses.is_empty());
    let cut_off = |o: &&Observation| matches!(o, Observation::Packet(p) if p.packet.truncated && p.payload.is_none());
    assert_eq!(evidence.observations.iter().filter(cut_off).count(), 1);
}

#[test]
fn bytes_after_the_end_of_a_connection_are_shown_and_not_judged() {
    let evidence = seen(|s| {
        s.ready();
        s.closed_by_iut();
        s.iut(build::pingreq());
    });
    let pings = |p: &Arc<PacketSeen>| p.packet.packet_type == PacketType::Pingreq;
    assert!(!evidence.observations.iter().any(|o| matches!(o, Observation::Packet(p) if pings(p))));
    assert!(evidence.timeline.iter().any(|i| matches!(i, TimelineItem::Packet(p) if pings(p))));
}

#[test]
fn a_packet_that_the_recording_cuts_off_is_shown_and_not_judged() {
    let evidence = seen(|s| {
        s.ready();
        s.iut(&build::publish("oc2/rsp", 1, 3, [0; 50])[..20]);
    });
    assert!(!evidence.observations.iter().any(|o| matches!(o, Observation::Packet(p) if p.packet.truncated)));
    assert!(evidence.timeline.iter().any(|i| matches!(i, TimelineItem::Packet(p) if p.packet.truncated)));
}

#[test]
fn injected_bytes_are_marked_and_what_follows_them_is_not() {
    let evidence = seen(|s| {
        s.ready();
        s.inject([build::pingresp(), build::pingresp()].concat(), false);
        s.edge(build::pingresp());
    });
    let marks: Vec<(bool, bool)> = evidence
        .observations
        .iter()
        .filter_map(|o| match o {
            Observation::Packet(p) if p.packet.packet_type == PacketType::Pingresp => Some((p.injected, p.lawful)),
            _ => None,
        })
        .collect();
    assert_eq!(marks, [(true, false), (true, false), (false, true)]);
}

/// An answer under another request_id is no silence: what is wrong with it is its name.
#[test]
fn a_wrongly_named_answer_leaves_silence_open() {
    let silence = |id: &'static str| {
        let evidence = seen(|s| {
            s.ready();
            s.command("q1", query());
            s.respond(id, ok());
            s.sentinel();
        });
        proven(&exchanges(&evidence)[0])
    };
    assert_eq!(silence("Q1"), None);
    let evidence = seen(|s| {
        s.ready();
        s.command("q1", query());
        s.sentinel();
        s.respond("late", ok());
    });
    assert_eq!(proven(&exchanges(&evidence)[0]), Some(true), "what comes after the time to answer changes nothing");
}

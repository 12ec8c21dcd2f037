//! Session state: how long it is kept, and whose it is (3.1.2.4, 3.1.3.1, 4.1).

use super::handover::{Handover, handed_once};
use super::inbound::Both;
use super::resend::{Resend, came_again, overflow};
use super::resends::Resends;
use super::support::{packet_id_span, ready};
use crate::catalogue::{Examples, Flow, Judged, Trigger};
use crate::evidence::sketch::Sketch;
use crate::judge::{Ruling, Witness};
use crate::requirement;
use serde_json::json;
use touchstone_fixtures::wire::mqtt311::build;

/// A response at QoS 1 whose PUBACK is withheld, and a cut: what the next connection has to bring.
pub(super) fn unacknowledged(s: &mut Sketch) {
    s.ready();
    s.iut(build::publish("oc2/rsp", 1, 9, b"one"));
    s.cut();
}

/// The same, and the reconnect that brings it.
pub(super) fn comes_again(s: &mut Sketch) {
    unacknowledged(s);
    s.reconnect();
    s.iut(build::publish_flags(true, 1, false, "oc2/rsp", 9, b"one"));
    s.edge(build::puback(9));
}

/// The same, without it.
pub(super) fn stays_away(s: &mut Sketch) {
    unacknowledged(s);
    s.reconnect();
    s.wait(2_500);
}

/// Its PUBACK was sent, and the connection cut before it counts as delivered.
pub(super) fn perhaps_acknowledged(s: &mut Sketch) {
    s.ready();
    s.iut(build::publish("oc2/rsp", 1, 9, b"one"));
    s.edge(build::puback(9));
    s.cut();
    s.reconnect();
    s.wait(2_500);
}

/// The server has no session any more: the client may go on as it likes.
pub(super) fn forgotten(s: &mut Sketch) {
    unacknowledged(s);
    s.connect();
    s.wait(2_500);
}

/// The process was ended and started again.
pub(super) fn restarted(s: &mut Sketch) {
    s.ready();
    s.iut(build::publish("oc2/rsp", 1, 9, b"one"));
    s.stop();
    s.spawn();
    s.reconnect();
    s.wait(2_500);
}

/// The reconnect ends before the time to send it again is over.
pub(super) fn cut_again(s: &mut Sketch) {
    unacknowledged(s);
    s.reconnect();
    s.wait(500);
    s.cut();
}

fn query(id: &str) -> Vec<u8> {
    Sketch::request_payload(id, json!({"action": "query", "target": {"features": []}}))
}

/// A request at QoS 2 whose PUBREC is withheld, delivered again: on the same connection, or on the next one.
pub(super) fn receives_again(s: &mut Sketch, across: bool) -> u16 {
    s.ready();
    let id = s.push("oc2/cmd/all", 2, query("r1"));
    s.iut(build::pubrec(id));
    if across {
        s.cut();
        s.reconnect();
    }
    s.edge(build::publish_flags(true, 2, false, "oc2/cmd/all", id, query("r1")));
    s.iut(build::pubrec(id));
    s.edge(build::pubrel(id));
    s.iut(build::pubcomp(id));
    id
}

fn answers(s: &mut Sketch, texts: &[&str]) {
    for text in texts {
        s.respond("r1", json!({"status": 200, "status_text": text}));
    }
}

requirement! {
    /// With Clean Session 0 a client keeps the session state after the connection has ended.
    ///
    /// # Interpretation
    /// A client's part of it: what it sent above QoS 0 and is not acknowledged, and what it received at QoS 2 and
    /// has not finished. What it keeps beyond the end of its process is its own affair (4.1).
    ///
    /// # Judged
    /// On what it owes on a reconnect, as in 4.4.0-1; and on requests at QoS 2 whose PUBREC came before the connection
    /// ended, and that are delivered again on the next one: broken by two different answers.
    SESSION_KEPT {
        id: "mqtt311/session-kept",
        rows: &["MQTT-3.1.2-4"],
        clause: "3.1.2.4",
        flows: &[Flow::Publishes, Flow::ReceivesAtQos2],
        trigger: Trigger::Tester,
        implies: &[
            "mqtt311/session-state-kept",
            "mqtt311/resend-on-reconnect",
            "mqtt311/qos1-unacknowledged",
            "mqtt311/qos2-unacknowledged-publish",
            "mqtt311/qos2-unacknowledged-pubrel",
            "mqtt311/qos2-duplicate-pubrec",
        ],
        judged: Judged::Machine(|| {
            Box::new(Both(
                Resends::check(|resend, _| came_again(resend, |_| true)),
                Handover::check(|handed| handed_once(handed, false)),
            ))
        }),
        examples: Examples {
            conforming: &[comes_again, |s| {
                receives_again(s, true);
                answers(s, &["a"]);
            }],
            violating: &[stays_away, |s| {
                receives_again(s, true);
                answers(s, &["a", "b"]);
            }],
            silent: &[ready, forgotten, restarted, |s| {
                receives_again(s, false);
                answers(s, &["a", "b"]);
            }],
        },
    }
}

requirement! {
    /// With Clean Session 1 a client discards any earlier session and uses nothing of it.
    ///
    /// # Interpretation
    /// A new PUBLISH (DUP 0) with the content of an old one is allowed. A session that began with Clean Session 1 ends
    /// with its connection.
    ///
    /// # Judged
    /// On a PUBLISH with DUP=1 and the packet identifier and content of one of a discarded session, and on a PUBREL of
    /// such a session. Met when a connection with Clean Session 1 lives on for the time granted while an earlier
    /// session left something unacknowledged.
    CLEAN_SESSION_DISCARDS {
        id: "mqtt311/clean-session-discards",
        rows: &["MQTT-3.1.2-6"],
        clause: "3.1.2.4",
        flows: &[Flow::Publishes],
        trigger: Trigger::IutOption("clean-session"),
        judged: Judged::Machine(|| Resends::check(|resend, _| discarded(resend))),
        examples: Examples {
            conforming: &[|s| {
                unacknowledged(s);
                anew(s);
                s.wait(2_500);
            }],
            violating: &[
                |s| {
                    unacknowledged(s);
                    anew(s);
                    s.iut(build::publish_flags(true, 1, false, "oc2/rsp", 9, b"one"));
                },
                |s| {
                    s.ready();
                    s.iut(build::publish("oc2/rsp", 2, 9, b"one"));
                    s.edge(build::pubrec(9));
                    s.iut(build::pubrel(9));
                    s.cut();
                    anew(s);
                    s.iut(build::pubrel(9));
                },
            ],
            silent: &[comes_again, stays_away, |s| {
                unacknowledged(s);
                anew(s);
                s.iut(build::publish("oc2/rsp", 1, 9, b"one"));
            }],
        },
    }
}

/// A connection with Clean Session 1.
fn anew(s: &mut Sketch) {
    s.connect_with(build::connect("k3vq9x2m").keep_alive(60).clean_session(true).build());
}

fn discarded(resend: &Resend<'_>) -> Option<(Witness, Ruling)> {
    match resend {
        Resend::Renewed { connect } => Some((connect.clone(), Ruling::Met)),
        Resend::Discarded { packet, first } => {
            let name = packet.packet.packet_type.name();
            let ruling = Ruling::broken_at(
                packet,
                packet_id_span(&packet.packet),
                format!("{name} of an earlier session sent after Clean Session 1 had ended it"),
                "nothing of the earlier session",
                format!("packet identifier {}, as in {}", first.id, first.place()),
            );
            Some((Witness::packet(packet), ruling))
        }
        Resend::Overflow(p) => Some((Witness::packet(p), overflow())),
        _ => None,
    }
}

requirement! {
    /// The ClientId names the session state that client and server hold for each other.
    ///
    /// # Interpretation
    /// A connection that carries redeliveries has the ClientId of the connection that carried the first copies. A
    /// changed ClientId alone may be a new session on purpose.
    ///
    /// # Judged
    /// On what comes again on a reconnect to the same session; broken by a PUBLISH with DUP=1, on the first connection
    /// of a ClientId, that has packet identifier and content of an unacknowledged one of another ClientId whose
    /// connections are over.
    CLIENT_ID_KEYS_SESSION {
        id: "mqtt311/client-id-keys-session",
        rows: &["MQTT-3.1.3-2"],
        clause: "3.1.3.1",
        flows: &[Flow::Publishes],
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Resends::check(|resend, _| keyed(resend))),
        examples: Examples {
            conforming: &[comes_again],
            violating: &[|s| {
                unacknowledged(s);
                other_client(s);
                s.iut(build::publish_flags(true, 1, false, "oc2/rsp", 9, b"one"));
            }],
            silent: &[
                stays_away,
                |s| {
                    unacknowledged(s);
                    other_client(s);
                    s.iut(build::publish("oc2/rsp", 1, 9, b"one"));
                },
                |s| {
                    unacknowledged(s);
                    other_client(s);
                    s.iut(build::publish_flags(true, 1, false, "oc2/rsp", 8, b"one"));
                },
            ],
        },
    }
}

fn other_client(s: &mut Sketch) {
    s.connect_with(build::connect("another").keep_alive(60).clean_session(false).build());
}

fn keyed(resend: &Resend<'_>) -> Option<(Witness, Ruling)> {
    match resend {
        Resend::OtherClient { packet, first } => {
            let ruling = Ruling::broken_at(
                packet,
                packet_id_span(&packet.packet),
                "PUBLISH of a session sent again under another ClientId",
                format!("the ClientId of connection {}", first.conn),
                format!("another one, on connection {}", packet.conn),
            );
            Some((Witness::packet(packet), ruling))
        }
        Resend::Missing { .. } | Resend::CutShort { .. } => None,
        other => came_again(other, |_| true),
    }
}

requirement! {
    /// A client keeps its session state for as long as the session lasts.
    ///
    /// # Judged
    /// As 3.1.2-4; and on requests at QoS 2 that are delivered again on the same connection, after their PUBREC and
    /// before their PUBREL: broken by two different answers.
    SESSION_STATE_KEPT {
        id: "mqtt311/session-state-kept",
        rows: &["MQTT-4.1.0-1"],
        clause: "4.1",
        flows: &[Flow::Publishes, Flow::ReceivesAtQos2],
        trigger: Trigger::Tester,
        implies: &["mqtt311/session-kept", "mqtt311/qos2-duplicate-pubrec"],
        judged: Judged::Machine(|| {
            Box::new(Both(
                Resends::check(|resend, _| came_again(resend, |_| true)),
                Handover::check(|handed| handed_once(handed, true)),
            ))
        }),
        examples: Examples {
            conforming: &[comes_again, |s| {
                receives_again(s, false);
                answers(s, &["a"]);
            }],
            violating: &[stays_away, |s| {
                receives_again(s, false);
                answers(s, &["a", "b"]);
            }],
            silent: &[ready, forgotten, restarted, perhaps_acknowledged],
        },
    }
}

requirement! {
    /// A session lasts at least as long as its network connection.
    ///
    /// # Judged
    /// Not at all.
    SESSION_OUTLASTS_CONNECTION {
        id: "mqtt311/session-outlasts-connection",
        rows: &["MQTT-4.1.0-2"],
        clause: "4.1",
        judged: Judged::Untestable(
            "a client shows no end of a session while it is connected; only lost state shows, which is 4.1.0-1",
        ),
    }
}

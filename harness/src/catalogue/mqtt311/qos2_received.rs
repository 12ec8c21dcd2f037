//! Receiving at QoS 2 (4.3.3), for those that elect it.

use super::acks::{acknowledges, publish_answered, receives_once};
use super::handover::{Handed, Handover, handed_once};
use super::inbound::{Before, Both, Inbound, Owed};
use super::session::receives_again;
use super::support::{packet_id_span, ready};
use crate::catalogue::{Examples, Judged, Trigger};
use crate::evidence::Setting;
use crate::evidence::sketch::Sketch;
use crate::judge::{Deviation, Ruling, Witness};
use crate::requirement;
use serde_json::json;
use touchstone_fixtures::wire::mqtt311::{PacketType, build};

/// For those that subscribe at QoS 2.
pub(super) const SUBSCRIBES: Trigger = Trigger::IutOption("qos2-subscribe");

requirement! {
    /// The receiver answers a QoS 2 PUBLISH with a PUBREC that carries its packet identifier.
    ///
    /// # Judged
    /// On every QoS 2 PUBLISH delivered to the IUT; a missing PUBREC as in 3.3.4-1.
    QOS2_PUBREC {
        id: "mqtt311/qos2-pubrec",
        rows: &["MQTT-4.3.3-2a"],
        clause: "4.3.3",
        trigger: SUBSCRIBES,
        implies: &["mqtt311/response-by-qos", "mqtt311/acknowledge-every-publish"],
        judged: Judged::Machine(|| {
            Inbound::check(|owed, setting| {
                publish_answered(owed, setting, |push| push.qos == 2 && push.packet_type == PacketType::Publish)
            })
        }),
        examples: Examples {
            conforming: &[receives_once],
            violating: &[
                |s| {
                    s.ready();
                    s.push("oc2/cmd/all", 2, b"x");
                    s.wait(2_500);
                },
                |s| {
                    s.ready();
                    let id = s.push("oc2/cmd/all", 2, b"x");
                    s.iut(build::pubcomp(id));
                },
            ],
            silent: &[ready, acknowledges],
        },
    }
}

requirement! {
    /// Until PUBREL arrives the receiver answers every PUBLISH with that packet identifier with a PUBREC, and hands
    /// the message on once.
    ///
    /// # Interpretation
    /// Only answers show that a message was handed on.
    ///
    /// # Judged
    /// On every QoS 2 PUBLISH delivered to the IUT again after its PUBREC was sent and before its PUBREL; a missing
    /// PUBREC as in 3.3.4-1. Two different answers to such a request break it, too.
    QOS2_DUPLICATE_PUBREC {
        id: "mqtt311/qos2-duplicate-pubrec",
        rows: &["MQTT-4.3.3-2b"],
        clause: "4.3.3",
        trigger: SUBSCRIBES,
        implies: &["mqtt311/qos2-pubrec", "mqtt311/response-by-qos", "mqtt311/acknowledge-every-publish"],
        judged: Judged::Machine(|| {
            Box::new(Both(
                Inbound::check(|owed, setting| publish_answered(owed, setting, |push| push.before == Before::Received)),
                Handover::check(|handed| match handed {
                    // That there is one answer is no PUBREC.
                    Handed::Once { .. } => None,
                    handed => handed_once(handed, true),
                }),
            ))
        }),
        examples: Examples {
            conforming: &[
                |s| {
                    receives_again(s, true);
                },
                |s| {
                    receives_again(s, false);
                    s.respond("r1", json!({"status": 200}));
                },
            ],
            violating: &[
                |s| {
                    s.ready();
                    let id = s.push("oc2/cmd/all", 2, b"x");
                    s.iut(build::pubrec(id));
                    s.cut();
                    s.reconnect();
                    s.edge(build::publish_flags(true, 2, false, "oc2/cmd/all", id, b"x"));
                    s.wait(2_500);
                },
                |s| {
                    receives_again(s, true);
                    s.respond("r1", json!({"status": 200, "status_text": "a"}));
                    s.respond("r1", json!({"status": 200, "status_text": "b"}));
                },
            ],
            silent: &[ready, receives, acknowledges],
        },
    }
}

requirement! {
    /// The receiver answers PUBREL with a PUBCOMP that carries the same packet identifier.
    ///
    /// # Judged
    /// On every PUBREL delivered to the IUT. A missing PUBCOMP is broken only when the connection lived on for the
    /// time granted to answer.
    QOS2_PUBCOMP {
        id: "mqtt311/qos2-pubcomp",
        rows: &["MQTT-4.3.3-2c"],
        clause: "4.3.3",
        trigger: SUBSCRIBES,
        judged: Judged::Machine(|| {
            Inbound::check(|owed, setting| {
                publish_answered(owed, setting, |push| push.packet_type == PacketType::Pubrel)
            })
        }),
        examples: Examples {
            conforming: &[receives_once],
            violating: &[|s| {
                s.ready();
                let id = s.push("oc2/cmd/all", 2, b"x");
                s.iut(build::pubrec(id));
                s.edge(build::pubrel(id));
                s.wait(2_500);
            }],
            silent: &[ready, acknowledges, |s| {
                s.ready();
                let id = s.push("oc2/cmd/all", 2, b"x");
                s.iut(build::pubrec(id));
                s.edge(build::pubrel(id));
                s.cut();
            }],
        },
    }
}

requirement! {
    /// PUBCOMP carries the packet identifier of the PUBREL it answers.
    ///
    /// # Interpretation
    /// A statement without a number (3.7.2); 2.3.1-6 does not name PUBCOMP.
    ///
    /// # Judged
    /// On every PUBCOMP of the IUT: an identifier that was sent to it.
    PUBCOMP_PACKET_ID {
        id: "mqtt311/pubcomp-packet-id",
        rows: &["MQTT-3.7.2"],
        clause: "3.7.2",
        trigger: SUBSCRIBES,
        implies: &["mqtt311/qos2-pubcomp"],
        judged: Judged::Machine(|| Inbound::check(pubcomp_packet_id)),
        examples: Examples {
            conforming: &[receives_once],
            violating: &[|s| {
                s.ready();
                let id = s.push("oc2/cmd/all", 2, b"x");
                s.iut(build::pubrec(id));
                s.edge(build::pubrel(id));
                s.iut(build::pubcomp(id.swap_bytes()));
            }],
            silent: &[ready, acknowledges],
        },
    }
}

fn pubcomp_packet_id(owed: &Owed<'_>, _: &Setting) -> Option<(Witness, Ruling)> {
    match owed {
        Owed::Answered { ack, .. } if ack.packet.packet_type == PacketType::Pubcomp => {
            Some((Witness::packet(ack), Ruling::Met))
        }
        Owed::Unknown { ack, meant, .. } if ack.packet.packet_type == PacketType::Pubcomp => {
            let ruling = Ruling::broken_at(
                ack,
                packet_id_span(&ack.packet),
                "PUBCOMP sent with a packet identifier that no PUBREL to the IUT carried",
                meant.map_or_else(|| "the identifier of a PUBREL".to_owned(), |id| format!("packet identifier {id}")),
                format!("packet identifier {}", ack.packet.packet_id().unwrap_or_default()),
            );
            Some((Witness::packet(ack), ruling))
        }
        _ => None,
    }
}

requirement! {
    /// After its PUBCOMP the receiver takes a PUBLISH with the same packet identifier for a new publication.
    ///
    /// # Judged
    /// On every QoS 2 PUBLISH delivered to the IUT under an identifier whose earlier exchange ended with PUBCOMP; a
    /// missing PUBREC as in 3.3.4-1. A sound request (of OpenC2: `query features`) under such an identifier that stays
    /// unanswered, while a later one is answered, breaks it, too: it was taken for a duplicate.
    QOS2_PACKET_ID_AGAIN {
        id: "mqtt311/qos2-packet-id-again",
        rows: &["MQTT-4.3.3-2d"],
        clause: "4.3.3",
        trigger: SUBSCRIBES,
        implies: &["mqtt311/qos2-pubrec", "mqtt311/response-by-qos", "mqtt311/acknowledge-every-publish"],
        judged: Judged::Machine(|| {
            Box::new(Both(
                Inbound::check(|owed, setting| publish_answered(owed, setting, |push| push.before == Before::Completed)),
                Handover::check(taken_anew),
            ))
        }),
        examples: Examples {
            conforming: &[
                |s| {
                    uses_again(s);
                    s.iut(build::pubrec(1));
                },
                |s| {
                    uses_again(s);
                    s.iut(build::pubrec(1));
                    s.respond("r2", json!({"status": 200}));
                },
            ],
            violating: &[
                |s| {
                    uses_again(s);
                    s.wait(2_500);
                },
                |s| {
                    uses_again(s);
                    s.iut(build::pubrec(1));
                    s.edge(build::pubrel(1));
                    s.iut(build::pubcomp(1));
                    s.sentinel();
                },
            ],
            silent: &[ready, receives, acknowledges],
        },
    }
}

fn query(id: &str) -> Vec<u8> {
    Sketch::request_payload(id, json!({"action": "query", "target": {"features": []}}))
}

/// A request at QoS 2, carried through and answered.
fn receives(s: &mut Sketch) {
    s.ready();
    s.edge(build::publish("oc2/cmd/all", 2, 1, query("r1")));
    s.iut(build::pubrec(1));
    s.edge(build::pubrel(1));
    s.iut(build::pubcomp(1));
    s.respond("r1", json!({"status": 200}));
}

/// Another request under the same identifier.
fn uses_again(s: &mut Sketch) {
    receives(s);
    s.edge(build::publish("oc2/cmd/all", 2, 1, query("r2")));
}

fn taken_anew(handed: &Handed<'_>) -> Option<(Witness, Ruling)> {
    match handed {
        Handed::Again { exchange } => Some((Witness::packet(&exchange.request), Ruling::Met)),
        Handed::Swallowed { exchange } => {
            let id = exchange.request.packet.packet_id().unwrap_or_default();
            let ruling = Ruling::Broken(Deviation {
                witness: None,
                said: format!("Request at QoS 2 with packet identifier {id}, used again after PUBCOMP, never answered"),
                expected: "an answer: it is a new publication".to_owned(),
                actual: "none, though a later request was answered".to_owned(),
            });
            Some((Witness::packet(&exchange.request), ruling))
        }
        _ => None,
    }
}

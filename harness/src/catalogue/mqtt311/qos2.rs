//! Delivery at QoS 2 (4.3.3), for those that elect it.

use super::acks::{acknowledges, publish_answered, receives_once};
use super::handover::{Handed, Handover, handed_once};
use super::inbound::{Before, Both, Inbound, Owed};
use super::outbound::{Outbound, Sent};
use super::packet_ids::{first_copy, unused};
use super::resend::{Resend, Resends, came_again, overflow};
use super::session::{receives_again, stays_away};
use super::support::{flags_of, packet_id_span, publishes, ready, receives_only};
use crate::catalogue::{Examples, Judged, Trigger};
use crate::evidence::Setting;
use crate::evidence::sketch::Sketch;
use crate::judge::{Deviation, Ruling, Witness};
use crate::requirement;
use serde_json::json;
use touchstone_fixtures::wire::mqtt311::{ControlPacket, PacketType, build};

/// For those that publish at QoS 2.
const PUBLISHES: Trigger = Trigger::IutOption("qos2");
/// For those that subscribe at QoS 2.
pub(super) const SUBSCRIBES: Trigger = Trigger::IutOption("qos2-subscribe");

fn at_qos_2(packet: &ControlPacket) -> bool {
    packet.publish().is_some_and(|p| p.qos == 2)
}

/// A message of the IUT at QoS 2, carried through.
fn publishes_once(s: &mut Sketch) {
    s.ready();
    s.iut(build::publish("oc2/rsp", 2, 9, b"one"));
    s.edge(build::pubrec(9));
    s.iut(build::pubrel(9));
    s.edge(build::pubcomp(9));
}

requirement! {
    /// The flag bits of PUBREL are 0010.
    ///
    /// # Judged
    /// On every PUBREL of the IUT: first byte 62.
    PUBREL_FLAGS {
        id: "mqtt311/pubrel-flags",
        rows: &["MQTT-3.6.1-1"],
        clause: "3.6.1",
        trigger: PUBLISHES,
        implies: &["mqtt311/reserved-flags"],
        judged: Judged::Packet(|p, _| flags_of(p, PacketType::Pubrel, 0b0010)),
        examples: Examples {
            conforming: &[publishes_once],
            violating: &[|s| {
                s.ready();
                s.iut(build::publish("oc2/rsp", 2, 9, b"one"));
                s.edge(build::pubrec(9));
                s.iut(build::with_first_byte(build::pubrel(9), 0x60));
            }],
            silent: &[ready, |s| receives_only(s, [0x60, 0x02, 0x00, 0x01])],
        },
    }
}

requirement! {
    /// The sender gives each new QoS 2 message a packet identifier that is not in use.
    ///
    /// # Judged
    /// As 2.3.1-2, on QoS 2 PUBLISHes of the IUT only.
    QOS2_UNUSED_PACKET_ID {
        id: "mqtt311/qos2-unused-packet-id",
        rows: &["MQTT-4.3.3-1a"],
        clause: "4.3.3",
        trigger: PUBLISHES,
        implies: &["mqtt311/packet-id-unused"],
        judged: Judged::Machine(|| Outbound::check(|sent, _| unused(sent, at_qos_2))),
        examples: Examples {
            conforming: &[publishes_once],
            violating: &[|s| {
                s.ready();
                s.iut(build::publish("oc2/rsp", 2, 9, b"one"));
                s.edge(build::pubrec(9));
                s.iut(build::publish("oc2/rsp", 2, 9, b"two"));
            }],
            silent: &[ready, publishes],
        },
    }
}

requirement! {
    /// The sender's first copy of a QoS 2 message has DUP=0.
    ///
    /// # Judged
    /// As 3.3.1-3, on QoS 2 PUBLISHes of the IUT only.
    QOS2_FIRST_COPY {
        id: "mqtt311/qos2-first-copy",
        rows: &["MQTT-4.3.3-1b"],
        clause: "4.3.3",
        trigger: PUBLISHES,
        implies: &["mqtt311/dup-independent"],
        judged: Judged::Machine(|| Outbound::check(|sent, _| first_copy(sent, |p| at_qos_2(&p.packet)))),
        examples: Examples {
            conforming: &[publishes_once],
            violating: &[|s| {
                s.ready();
                s.iut(build::publish_flags(true, 2, false, "oc2/rsp", 9, b"one"));
            }],
            silent: &[ready, publishes],
        },
    }
}

requirement! {
    /// The sender treats a QoS 2 PUBLISH as unacknowledged until its PUBREC arrives.
    ///
    /// # Judged
    /// As 4.4.0-1, on QoS 2 PUBLISHes of the IUT only.
    QOS2_UNACKNOWLEDGED_PUBLISH {
        id: "mqtt311/qos2-unacknowledged-publish",
        rows: &["MQTT-4.3.3-1c"],
        clause: "4.3.3",
        trigger: PUBLISHES,
        implies: &["mqtt311/resend-on-reconnect"],
        judged: Judged::Machine(|| {
            Resends::check(|resend, _| came_again(resend, |first| first.qos == 2 && !first.released))
        }),
        examples: Examples {
            conforming: &[|s| {
                sends_without_pubrec(s);
                s.iut(build::publish_flags(true, 2, false, "oc2/rsp", 9, b"one"));
            }],
            violating: &[|s| {
                sends_without_pubrec(s);
                s.wait(2_500);
            }],
            silent: &[publishes_once, stays_away, |s| {
                // Its PUBREC was sent: it may go on with PUBREL, if it came.
                s.ready();
                s.iut(build::publish("oc2/rsp", 2, 9, b"one"));
                s.edge(build::pubrec(9));
                s.cut();
                s.reconnect();
                s.wait(2_500);
            }],
        },
    }
}

requirement! {
    /// The sender answers PUBREC with a PUBREL that carries the packet identifier of its PUBLISH.
    ///
    /// # Judged
    /// On every PUBREC delivered to the IUT for a QoS 2 PUBLISH of its own. A missing PUBREL is broken only when a
    /// later PUBREC was answered first, or the connection lived on for the time granted to answer.
    QOS2_PUBREL {
        id: "mqtt311/qos2-pubrel",
        rows: &["MQTT-4.3.3-1d"],
        clause: "4.3.3",
        trigger: PUBLISHES,
        judged: Judged::Machine(|| Outbound::check(pubrel)),
        examples: Examples {
            conforming: &[publishes_once],
            violating: &[
                |s| {
                    s.ready();
                    s.iut(build::publish("oc2/rsp", 2, 9, b"one"));
                    s.edge(build::pubrec(9));
                    s.wait(2_500);
                },
                |s| {
                    s.ready();
                    s.iut(build::publish("oc2/rsp", 2, 9, b"one"));
                    s.edge(build::pubrec(9));
                    s.iut(build::publish("oc2/rsp", 2, 10, b"two"));
                    s.edge(build::pubrec(10));
                    s.iut(build::pubrel(10));
                },
            ],
            silent: &[ready, publishes, |s| {
                s.ready();
                s.iut(build::publish("oc2/rsp", 2, 9, b"one"));
                s.edge(build::pubrec(9));
                s.cut();
            }],
        },
    }
}

fn pubrel(sent: &Sent<'_>, _: &Setting) -> Option<(Witness, Ruling)> {
    let (pubrec, lived, granted) = match sent {
        Sent::Released { packet, .. } => return Some((Witness::packet(packet), Ruling::Met)),
        Sent::Unreleased { pubrec, lived, granted } => (pubrec, *lived, *granted),
        _ => return None,
    };
    let actual = match pubrec.overtaken_by {
        Some(later) => format!("none, though the later PUBREC with packet identifier {later} was answered"),
        None if lived > granted => {
            format!("none in {} ms ({} ms are granted)", lived / 1_000_000, granted / 1_000_000)
        }
        None => {
            let why = format!("the connection ended {} ms after the PUBREC was sent", lived / 1_000_000);
            return Some((Witness::packet(&pubrec.packet), Ruling::CutShort(why)));
        }
    };
    let [high, low] = pubrec.id.to_be_bytes();
    let ruling = Ruling::Broken(Deviation {
        witness: None,
        said: format!("PUBREC with packet identifier {} never answered with PUBREL", pubrec.id),
        expected: format!("PUBREL 62 02 {high:02X} {low:02X}"),
        actual,
    });
    Some((Witness::packet(&pubrec.packet), ruling))
}

requirement! {
    /// The sender treats its PUBREL as unacknowledged until the PUBCOMP arrives.
    ///
    /// # Judged
    /// As 4.4.0-1, on PUBRELs of the IUT only.
    QOS2_UNACKNOWLEDGED_PUBREL {
        id: "mqtt311/qos2-unacknowledged-pubrel",
        rows: &["MQTT-4.3.3-1e"],
        clause: "4.3.3",
        trigger: PUBLISHES,
        implies: &["mqtt311/resend-on-reconnect"],
        judged: Judged::Machine(|| Resends::check(|resend, _| came_again(resend, |first| first.released))),
        examples: Examples {
            conforming: &[|s| {
                sends_without_pubcomp(s);
                s.iut(build::pubrel(9));
            }],
            violating: &[|s| {
                sends_without_pubcomp(s);
                s.wait(2_500);
            }],
            silent: &[publishes_once, stays_away, |s| {
                sends_without_pubrec(s);
                s.wait(2_500);
            }],
        },
    }
}

requirement! {
    /// The sender does not send a PUBLISH again once it has sent its PUBREL.
    ///
    /// # Judged
    /// On every PUBREL of the IUT that comes again on a reconnect to the same session, and on every PUBLISH that comes
    /// again after its PUBREL, as long as no PUBCOMP was sent.
    QOS2_NO_PUBLISH_AFTER_PUBREL {
        id: "mqtt311/qos2-no-publish-after-pubrel",
        rows: &["MQTT-4.3.3-1f"],
        clause: "4.3.3",
        trigger: PUBLISHES,
        judged: Judged::Machine(|| Resends::check(|resend, _| no_publish_after_pubrel(resend))),
        examples: Examples {
            conforming: &[|s| {
                sends_without_pubcomp(s);
                s.iut(build::pubrel(9));
            }],
            violating: &[
                |s| {
                    sends_without_pubcomp(s);
                    s.iut(build::publish_flags(true, 2, false, "oc2/rsp", 9, b"one"));
                },
                |s| {
                    sends_without_pubcomp(s);
                    s.iut(build::pubrel(9));
                    s.iut(build::publish_flags(true, 2, false, "oc2/rsp", 9, b"one"));
                },
            ],
            silent: &[publishes_once, |s| {
                sends_without_pubrec(s);
                s.iut(build::publish_flags(true, 2, false, "oc2/rsp", 9, b"one"));
            }],
        },
    }
}

/// A PUBLISH at QoS 2 whose PUBREC is withheld; cut, and connected again.
fn sends_without_pubrec(s: &mut Sketch) {
    s.ready();
    s.iut(build::publish("oc2/rsp", 2, 9, b"one"));
    s.cut();
    s.reconnect();
}

/// The same, with PUBREC and PUBREL, the PUBCOMP being withheld.
fn sends_without_pubcomp(s: &mut Sketch) {
    s.ready();
    s.iut(build::publish("oc2/rsp", 2, 9, b"one"));
    s.edge(build::pubrec(9));
    s.iut(build::pubrel(9));
    s.cut();
    s.reconnect();
}

fn no_publish_after_pubrel(resend: &Resend<'_>) -> Option<(Witness, Ruling)> {
    match resend {
        Resend::Pubrel { packet, .. } => Some((Witness::packet(packet), Ruling::Met)),
        Resend::AfterPubrel { packet, first } => {
            let ruling = Ruling::broken_at(
                packet,
                packet_id_span(&packet.packet),
                "PUBLISH sent again after its PUBREL",
                "the PUBREL alone",
                format!("PUBLISH with packet identifier {}, as in {}", first.id, first.place()),
            );
            Some((Witness::packet(packet), ruling))
        }
        Resend::Overflow(p) => Some((Witness::packet(p), overflow())),
        _ => None,
    }
}

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

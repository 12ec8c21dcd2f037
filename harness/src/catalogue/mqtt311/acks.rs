//! Acknowledgements of what was sent to the IUT: their type, their identifier, their order (3.3.4, 4.5, 4.6).

use super::inbound::{Both, Inbound, Owed, Push};
use super::outbound::{Outbound, Sent};
use super::support::{SEVERAL_IN_FLIGHT, only_connected, packet_id_span, publishes, ready};
use crate::catalogue::{Examples, Flow, Judged, Trigger};
use crate::evidence::Setting;
use crate::evidence::sketch::Sketch;
use crate::judge::{Deviation, Ruling, Witness};
use crate::requirement;
use touchstone_fixtures::wire::mqtt311::{PacketType, build};

/// A delivery at QoS 1, acknowledged.
pub(super) fn acknowledges(s: &mut Sketch) {
    s.ready();
    s.deliver("oc2/cmd/all", b"x");
}

/// A delivery at QoS 1 that is never acknowledged.
pub(super) fn ignores(s: &mut Sketch) {
    s.ready();
    s.push("oc2/cmd/all", 1, b"x");
    s.wait(2_500);
}

/// A delivery at QoS 1, on a connection that is cut before the time to answer has passed.
pub(super) fn cut_short(s: &mut Sketch) {
    s.ready();
    s.push("oc2/cmd/all", 1, b"x");
    s.wait(300);
    s.cut();
}

/// Deliveries at QoS 1 to one that is slow and works on one after another: it is never idle.
pub(super) fn works_off(s: &mut Sketch) {
    s.ready();
    let first = s.push("oc2/cmd/all", 1, b"x");
    s.push("oc2/cmd/all", 1, b"y");
    s.wait(1_900);
    s.iut(build::puback(first));
    s.wait(1_700);
    s.cut();
}

/// A delivery at QoS 2, carried through.
pub(super) fn receives_once(s: &mut Sketch) {
    s.ready();
    let id = s.push("oc2/cmd/all", 2, b"x");
    s.iut(build::pubrec(id));
    s.edge(build::pubrel(id));
    s.iut(build::pubcomp(id));
}

requirement! {
    /// A receiver of PUBLISH answers by its QoS: nothing at QoS 0, PUBACK at QoS 1, PUBREC at QoS 2.
    ///
    /// # Judged
    /// On every PUBLISH delivered to the IUT above QoS 0, and on acknowledgements that only a QoS 0 PUBLISH can
    /// have brought about. A missing acknowledgement is broken only when it is proven: a later PUBLISH was
    /// acknowledged in its place, or the connection lived on for the time granted to answer.
    RESPONSE_BY_QOS {
        id: "mqtt311/response-by-qos",
        rows: &["MQTT-3.3.4-1"],
        clause: "3.3.4",
        flows: &[Flow::Receives],
        trigger: Trigger::Tester,
        implies: &["mqtt311/qos1-puback", "mqtt311/qos2-pubrec", "mqtt311/acknowledge-every-publish"],
        judged: Judged::Machine(|| Inbound::check(response_by_qos)),
        examples: Examples {
            conforming: &[acknowledges, receives_once, works_off],
            violating: &[
                ignores,
                |s| {
                    s.ready();
                    let id = s.push("oc2/cmd/all", 2, b"x");
                    s.iut(build::puback(id));
                },
                |s| {
                    s.ready();
                    s.push("oc2/cmd/all", 0, b"x");
                    s.iut(build::puback(0));
                },
            ],
            silent: &[ready, publishes, cut_short, |s| {
                s.ready();
                s.push("oc2/cmd/all", 0, b"x");
                s.wait(2_500);
            }],
        },
    }
}

fn response_by_qos(owed: &Owed<'_>, setting: &Setting) -> Option<(Witness, Ruling)> {
    if let Owed::Unknown { ack, only_qos0: true, .. } = owed {
        let name = ack.packet.packet_type.name();
        let ruling = Ruling::Broken(Deviation {
            witness: None,
            said: format!("{name} sent though no PUBLISH above QoS 0 was open"),
            expected: "no answer to a PUBLISH at QoS 0".to_owned(),
            actual: name.to_owned(),
        });
        return Some((Witness::packet(ack), ruling));
    }
    publish_answered(owed, setting, |push| push.packet_type == PacketType::Publish)
}

/// Rules on whether a delivery `of` interest got the acknowledgement it asks for.
pub(super) fn publish_answered(owed: &Owed<'_>, setting: &Setting, of: fn(&Push) -> bool) -> Option<(Witness, Ruling)> {
    match owed {
        Owed::Answered { push, ack, .. } if of(push) => Some((Witness::packet(ack), Ruling::Met)),
        Owed::WrongType { push, ack } if of(push) => {
            let ruling = Ruling::broken_bits(
                ack,
                0,
                0xF0,
                format!("PUBLISH at QoS {} answered with {}", push.qos, ack.packet.packet_type.name()),
                wanted(push),
                format!("{} with packet identifier {}", ack.packet.packet_type.name(), push.id),
            );
            Some((Witness::packet(ack), ruling))
        }
        Owed::Missing { push, lived } if of(push) => Some((push.witness.clone(), missing(push, *lived, setting))),
        Owed::CutShort { push, lived } if of(push) => {
            let why = format!(
                "the connection ended {} ms after the {} was sent, or after the last acknowledgement if that is later",
                lived / 1_000_000,
                what(push)
            );
            Some((push.witness.clone(), Ruling::CutShort(why)))
        }
        Owed::Overflow { push } if of(push) => Some(overflow(push)),
        _ => None,
    }
}

fn overflow(push: &Push) -> (Witness, Ruling) {
    (push.witness.clone(), Ruling::Undecided("more packets or connections were open than can be followed".to_owned()))
}

/// The packet that answers, in bytes.
fn wanted(push: &Push) -> String {
    let packet_type = match (push.packet_type, push.qos) {
        (PacketType::Pubrel, _) => PacketType::Pubcomp,
        (_, 1) => PacketType::Puback,
        _ => PacketType::Pubrec,
    };
    let hex: Vec<String> = build::ack(packet_type, push.id).iter().map(|byte| format!("{byte:02X}")).collect();
    format!("{} {}", packet_type.name(), hex.join(" "))
}

fn what(push: &Push) -> String {
    match push.packet_type {
        PacketType::Pubrel => "PUBREL".to_owned(),
        _ => format!("PUBLISH at QoS {}", push.qos),
    }
}

fn missing(push: &Push, lived: u64, setting: &Setting) -> Ruling {
    let actual = match push.overtaken_by {
        Some(later) => format!("none, though the later one with packet identifier {later} was acknowledged"),
        None => {
            format!("none in {} ms ({} ms are granted)", lived / 1_000_000, setting.tolerances.response / 1_000_000)
        }
    };
    Ruling::Broken(Deviation {
        witness: None,
        said: format!("{} with packet identifier {} never acknowledged", what(push), push.id),
        expected: wanted(push),
        actual,
    })
}

requirement! {
    /// PUBACK, PUBREC and PUBREL carry the packet identifier of the PUBLISH that began the exchange.
    ///
    /// # Judged
    /// On every PUBACK and PUBREC of the IUT: the identifier of a PUBLISH that was sent to it; on every PUBREL:
    /// of a QoS 2 PUBLISH of its own, unless it answers a PUBREC for no PUBLISH at all: what is due to that no text says.
    ACK_PACKET_ID {
        id: "mqtt311/ack-packet-id",
        rows: &["MQTT-2.3.1-6"],
        clause: "2.3.1",
        flows: &[Flow::Receives, Flow::Publishes],
        trigger: Trigger::Tester,
        implies: &["mqtt311/response-by-qos", "mqtt311/qos2-pubrel"],
        judged: Judged::Machine(|| Box::new(Both(Inbound::check(ack_packet_id), Outbound::check(pubrel_packet_id)))),
        examples: Examples {
            conforming: &[acknowledges, receives_once],
            violating: &[
                |s| {
                    s.ready();
                    s.edge(build::publish("oc2/cmd/all", 1, 0x1234, b"x"));
                    s.iut(build::puback(0x3412));
                },
                |s| {
                    s.ready();
                    s.edge(build::publish("oc2/cmd/all", 2, 0x1234, b"x"));
                    s.iut(build::pubrec(0x0034));
                },
                |s| {
                    s.ready();
                    s.iut(build::publish("oc2/rsp", 2, 9, b"one"));
                    s.edge(build::pubrec(9));
                    s.iut(build::pubrel(0x0900));
                },
            ],
            silent: &[ready, publishes, |s| {
                s.births_known = false;
                s.reconnect();
                s.iut(build::puback(7));
            }, |s| {
                s.ready();
                s.edge(build::pubrec(9));
                s.iut(build::pubrel(9));
            }],
        },
    }
}

fn ack_packet_id(owed: &Owed<'_>, _: &Setting) -> Option<(Witness, Ruling)> {
    match owed {
        Owed::Answered { ack, .. } if ack.packet.packet_type != PacketType::Pubcomp => {
            Some((Witness::packet(ack), Ruling::Met))
        }
        Owed::Unknown { ack, meant, .. } if ack.packet.packet_type != PacketType::Pubcomp => {
            let name = ack.packet.packet_type.name();
            let ruling = Ruling::broken_at(
                ack,
                packet_id_span(&ack.packet),
                format!("{name} sent with a packet identifier that no PUBLISH to the IUT carried"),
                meant.map_or_else(|| "the identifier of a PUBLISH".to_owned(), |id| format!("packet identifier {id}")),
                format!("packet identifier {}", ack.packet.packet_id().unwrap_or_default()),
            );
            Some((Witness::packet(ack), ruling))
        }
        _ => None,
    }
}

fn pubrel_packet_id(sent: &Sent<'_>, _: &Setting) -> Option<(Witness, Ruling)> {
    let Sent::Pubrel { packet, known } = sent else { return None };
    let ruling = if *known {
        Ruling::Met
    } else {
        Ruling::broken_at(
            packet,
            packet_id_span(&packet.packet),
            "PUBREL sent with a packet identifier that no QoS 2 PUBLISH of the IUT carried",
            "the identifier of its PUBLISH",
            format!("packet identifier {}", packet.packet.packet_id().unwrap_or_default()),
        )
    };
    Some((Witness::packet(packet), ruling))
}

requirement! {
    /// A client acknowledges every PUBLISH it receives by its QoS, whether or not it makes use of the message.
    ///
    /// # Interpretation
    /// A message it cannot read, or did not subscribe to, is acknowledged like any other.
    ///
    /// # Judged
    /// On every PUBLISH delivered to the IUT above QoS 0; a missing acknowledgement as in 3.3.4-1.
    ACKNOWLEDGE_EVERY_PUBLISH {
        id: "mqtt311/acknowledge-every-publish",
        rows: &["MQTT-4.5.0-2"],
        clause: "4.5",
        flows: &[Flow::Receives],
        trigger: Trigger::Tester,
        implies: &["mqtt311/response-by-qos", "mqtt311/qos1-puback", "mqtt311/qos2-pubrec"],
        judged: Judged::Machine(|| {
            Inbound::check(|owed, setting| {
                publish_answered(owed, setting, |push| push.packet_type == PacketType::Publish)
            })
        }),
        examples: Examples {
            conforming: &[acknowledges, receives_once],
            violating: &[ignores, |s| {
                s.ready();
                s.push("oc2/cmd/all", 1, b"\xFF");
                s.deliver("oc2/cmd/all", b"x");
            }],
            silent: &[ready, cut_short, only_connected],
        },
    }
}

requirement! {
    /// PUBACKs are sent in the order in which the QoS 1 PUBLISHes were received.
    ///
    /// # Judged
    /// On every PUBACK of the IUT after the first of a connection, and on one that was overtaken.
    PUBACK_ORDER {
        id: "mqtt311/puback-order",
        rows: &["MQTT-4.6.0-2"],
        clause: "4.6",
        flows: &[Flow::Receives],
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Inbound::check(|owed, _| in_order(owed, 1))),
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                let (one, two) = (s.push("oc2/cmd/all", 1, b"1"), s.push("oc2/cmd/all", 1, b"2"));
                s.iut([build::puback(one), build::puback(two)].concat());
            }],
            violating: &[|s| {
                s.ready();
                let (one, two) = (s.push("oc2/cmd/all", 1, b"1"), s.push("oc2/cmd/all", 1, b"2"));
                s.iut([build::puback(two), build::puback(one)].concat());
            }],
            silent: &[ready, acknowledges],
        },
    }
}

requirement! {
    /// PUBRECs are sent in the order in which the QoS 2 PUBLISHes were received.
    ///
    /// # Judged
    /// On every PUBREC of the IUT after the first of a connection, and on one that was overtaken.
    PUBREC_ORDER {
        id: "mqtt311/pubrec-order",
        rows: &["MQTT-4.6.0-3"],
        clause: "4.6",
        trigger: super::qos2_received::SUBSCRIBES,
        judged: Judged::Machine(|| Inbound::check(|owed, _| in_order(owed, 2))),
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                let (one, two) = (s.push("oc2/cmd/all", 2, b"1"), s.push("oc2/cmd/all", 2, b"2"));
                s.iut([build::pubrec(one), build::pubrec(two)].concat());
            }],
            violating: &[|s| {
                s.ready();
                let (one, two) = (s.push("oc2/cmd/all", 2, b"1"), s.push("oc2/cmd/all", 2, b"2"));
                s.iut([build::pubrec(two), build::pubrec(one)].concat());
            }],
            silent: &[ready, receives_once],
        },
    }
}

fn in_order(owed: &Owed<'_>, qos: u8) -> Option<(Witness, Ruling)> {
    let of = |push: &Push| push.qos == qos && push.packet_type == PacketType::Publish;
    let (push, ack, nth) = match owed {
        Owed::Answered { push, ack, nth } if of(push) => (push, ack, nth),
        Owed::Overflow { push } if of(push) => return Some(overflow(push)),
        _ => return None,
    };
    let ruling = match push.overtaken_by {
        Some(later) => Ruling::broken_at(
            ack,
            packet_id_span(&ack.packet),
            format!("{} sent out of order", ack.packet.packet_type.name()),
            format!("packet identifier {} before {later}, as the PUBLISHes came", push.id),
            format!("{} after {later}", push.id),
        ),
        None if *nth > 1 => Ruling::Met,
        None => return None,
    };
    Some((Witness::packet(ack), ruling))
}

requirement! {
    /// PUBRELs are sent in the order in which the PUBRECs were received.
    ///
    /// # Judged
    /// On every PUBREL of the IUT that answers a PUBREC, after the first of a connection, and on one that was
    /// overtaken.
    PUBREL_ORDER {
        id: "mqtt311/pubrel-order",
        rows: &["MQTT-4.6.0-4"],
        clause: "4.6",
        when: Some(SEVERAL_IN_FLIGHT),
        trigger: Trigger::IutOption("qos2"),
        judged: Judged::Machine(|| Outbound::check(|sent, _| released_in_order(sent))),
        examples: Examples {
            conforming: &[|s| {
                two_received(s);
                s.iut([build::pubrel(2), build::pubrel(1)].concat());
            }],
            violating: &[|s| {
                two_received(s);
                s.iut([build::pubrel(1), build::pubrel(2)].concat());
            }],
            silent: &[ready, |s| {
                two_received(s);
                s.iut(build::pubrel(2));
            }],
        },
    }
}

/// Two messages of the IUT at QoS 2, whose PUBRECs come in reverse order.
fn two_received(s: &mut Sketch) {
    s.ready();
    s.iut([build::publish("oc2/rsp", 2, 1, b"1"), build::publish("oc2/rsp", 2, 2, b"2")].concat());
    s.edge([build::pubrec(2), build::pubrec(1)].concat());
}

fn released_in_order(sent: &Sent<'_>) -> Option<(Witness, Ruling)> {
    let Sent::Released { packet, pubrec, nth } = sent else { return None };
    let ruling = match pubrec.overtaken_by {
        Some(later) => Ruling::broken_at(
            packet,
            packet_id_span(&packet.packet),
            "PUBREL sent out of order",
            format!("packet identifier {} before {later}, as the PUBRECs came", pubrec.id),
            format!("{} after {later}", pubrec.id),
        ),
        None if *nth > 1 => Ruling::Met,
        None => return None,
    };
    Some((Witness::packet(packet), ruling))
}

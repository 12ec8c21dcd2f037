//! Packet identifiers of what the IUT sends (2.3.1), and DUP of first copies (3.3.1.1).

use super::outbound::{Outbound, Sent};
use super::resend::{Resend, overflow};
use super::resends::Resends;
use super::session::{comes_again, stays_away, unacknowledged};
use super::support::{
    by_defect, only_connected, packet_id_span, ping, publishes, publishes_above_0, ready, receives_only, sends,
};
use crate::catalogue::{Examples, Flow, Judged, Trigger};
use crate::evidence::PacketSeen;
use crate::judge::{Check, Deviation, Ruling, Witness};
use crate::requirement;
use touchstone_fixtures::wire::mqtt311::{ControlPacket, PacketType, build};

fn takes_an_id(packet: &ControlPacket) -> bool {
    matches!(packet.packet_type, PacketType::Subscribe | PacketType::Unsubscribe) || publishes_above_0(packet)
}

requirement! {
    /// SUBSCRIBE, UNSUBSCRIBE and a PUBLISH above QoS 0 carry a packet identifier that is not 0.
    ///
    /// # Judged
    /// On every such packet of the IUT.
    PACKET_ID_NON_ZERO {
        id: "mqtt311/packet-id-non-zero",
        rows: &["MQTT-2.3.1-1"],
        clause: "2.3.1",
        judged: Judged::Packet(|p, _| {
            by_defect(p, "MQTT-2.3.1-1", takes_an_id, "carries no packet identifier, or 0")
        }),
        examples: Examples {
            conforming: &[ready, publishes],
            violating: &[
                |s| sends(s, build::subscribe(0, [("a", 1)])),
                |s| sends(s, build::publish("a", 1, 0, b"x")),
                |s| sends(s, build::unsubscribe(0, ["a"])),
            ],
            silent: &[ping, |s| receives_only(s, build::publish("a", 1, 0, b"x"))],
        },
    }
}

requirement! {
    /// A new SUBSCRIBE, UNSUBSCRIBE or PUBLISH above QoS 0 takes a packet identifier that is not in use.
    ///
    /// # Interpretation
    /// The three share one set. An identifier is in use until PUBACK (QoS 1), PUBCOMP (QoS 2), SUBACK or
    /// UNSUBACK; those of PUBLISH survive a reconnect to the same session, the others do not. Identifiers the
    /// server chose are a set of their own. A copy of the same message is not a new packet.
    ///
    /// # Judged
    /// On every such packet of the IUT, against the identifiers it was seen to hold. An identical PUBLISH with
    /// DUP=0 on the same connection is undecided: a retransmission without DUP, or a second message. An identical SUBSCRIBE or
    /// UNSUBSCRIBE is the same one sent again: they have no DUP.
    PACKET_ID_UNUSED {
        id: "mqtt311/packet-id-unused",
        rows: &["MQTT-2.3.1-2"],
        clause: "2.3.1",
        implies: &["mqtt311/packet-id-freed-by-ack"],
        judged: Judged::Machine(|| Outbound::check(|sent, _| unused(sent, |_| true))),
        examples: Examples {
            conforming: &[
                ready,
                publishes,
                |s| {
                    publishes(s);
                    s.iut(build::publish("oc2/rsp", 1, 9, b"two"));
                },
                |s| {
                    s.ready();
                    s.iut(build::publish("oc2/rsp", 1, 9, b"one"));
                    s.cut();
                    s.reconnect();
                    s.iut(build::publish_flags(true, 1, false, "oc2/rsp", 9, b"one"));
                },
                // A new process may have lost what the old one held.
                |s| {
                    s.ready();
                    s.iut(build::publish("oc2/rsp", 1, 9, b"one"));
                    s.exit(1, false);
                    s.closed_by_iut();
                    s.spawn();
                    s.reconnect();
                    s.iut(build::publish("oc2/rsp", 1, 9, b"two"));
                },
                |s| {
                    s.ready();
                    s.iut(build::publish("oc2/rsp", 1, 9, b"one"));
                    s.cut();
                    s.connect_with(build::connect("k3vq9x2m").build());
                    s.iut(build::publish("oc2/rsp", 1, 9, b"two"));
                },
                |s| {
                    s.connect();
                    s.iut(build::subscribe(5, [("a", 1)]));
                    s.cut();
                    s.reconnect();
                    s.iut(build::subscribe(5, [("b", 1)]));
                },
            ],
            violating: &[
                |s| {
                    s.ready();
                    s.iut(build::publish("oc2/rsp", 1, 9, b"one"));
                    s.iut(build::publish("oc2/rsp", 1, 9, b"two"));
                },
                |s| {
                    s.ready();
                    s.iut(build::publish("oc2/rsp", 2, 9, b"one"));
                    s.edge(build::pubrec(9));
                    s.iut(build::subscribe(9, [("a", 1)]));
                },
                |s| {
                    s.ready();
                    s.iut(build::publish("oc2/rsp", 1, 9, b"one"));
                    s.cut();
                    s.reconnect();
                    s.iut(build::publish("oc2/rsp", 1, 9, b"two"));
                },
            ],
            silent: &[only_connected, ping, |s| {
                s.births_known = false;
                s.reconnect();
                s.iut(build::publish("oc2/rsp", 1, 9, b"one"));
            }],
        },
    }
}

/// Rules on an identifier that was taken by a packet `of` interest.
pub(super) fn unused(sent: &Sent<'_>, of: fn(&ControlPacket) -> bool) -> Option<(Witness, Ruling)> {
    match sent {
        Sent::New { packet: p, born: true, .. } if of(&p.packet) => Some((Witness::packet(p), Ruling::Met)),
        Sent::InUse(p, holder) if of(&p.packet) => {
            let id = p.packet.packet_id().unwrap_or_default();
            let place = if holder.conn == p.conn {
                format!("packet {}", holder.ordinal)
            } else {
                format!("packet {} of connection {}", holder.ordinal, holder.conn)
            };
            let since = if holder.received { "PUBREC came, PUBCOMP did not" } else { "not acknowledged yet" };
            let ruling = Ruling::broken_at(
                p,
                packet_id_span(&p.packet),
                format!("{} sent with a packet identifier that is in use", p.packet.packet_type.name()),
                "a packet identifier that is not in use",
                format!("{id}, held by the {} in {place} ({since})", holder.packet_type.name()),
            );
            Some((Witness::packet(p), ruling))
        }
        Sent::Ambiguous(p, holder) if of(&p.packet) => Some((
            Witness::packet(p),
            Ruling::Undecided(format!(
                "packet {} came again with the same packet identifier and DUP=0: a retransmission without DUP, or a \
                 second message like the first",
                holder.ordinal
            )),
        )),
        Sent::Overflow(p) => Some((Witness::packet(p), overflow())),
        _ => None,
    }
}

requirement! {
    /// A packet that is sent again keeps its packet identifier.
    ///
    /// # Interpretation
    /// A PUBLISH with DUP=0 under another packet identifier is a new message, even with the content of an old one.
    ///
    /// # Judged
    /// On every PUBLISH of the IUT that comes again under its identifier; and on one that is owed on a reconnect (as
    /// in 4.4.0-1) and does not: broken when its content came with DUP=1 under another identifier in its place.
    PACKET_ID_KEPT {
        id: "mqtt311/packet-id-kept-on-resend",
        rows: &["MQTT-2.3.1-3a"],
        clause: "2.3.1",
        flows: &[Flow::Publishes],
        trigger: Trigger::Tester,
        implies: &["mqtt311/resend-on-reconnect"],
        judged: Judged::Machine(|| Resends::check(|resend, _| kept(resend))),
        examples: Examples {
            conforming: &[comes_again],
            violating: &[|s| {
                unacknowledged(s);
                s.reconnect();
                s.iut(build::publish_flags(true, 1, false, "oc2/rsp", 10, b"one"));
                s.edge(build::puback(10));
                s.wait(2_500);
            }],
            silent: &[publishes, stays_away, |s| {
                // A first copy may have been lost; the original comes as well.
                unacknowledged(s);
                s.reconnect();
                s.iut(build::publish_flags(true, 1, false, "oc2/rsp", 10, b"one"));
                s.wait(100);
            }],
        },
    }
}

fn kept(resend: &Resend<'_>) -> Option<(Witness, Ruling)> {
    match resend {
        Resend::Again { packet, .. } => Some((Witness::packet(packet), Ruling::Met)),
        Resend::Early { copy, .. } => Some((copy.clone(), Ruling::Met)),
        Resend::Missing { first, moved: Some(moved), births_known: true, .. } if moved.dup => {
            let ruling = Ruling::Broken(Deviation {
                witness: Some(moved.witness.clone()),
                said: "PUBLISH sent again with another packet identifier".to_owned(),
                expected: format!("packet identifier {}, as in {}", first.id, first.place()),
                actual: format!("packet identifier {}", moved.id),
            });
            Some((first.witness.clone(), ruling))
        }
        Resend::Missing { first, moved: Some(_), .. } => Some((
            first.witness.clone(),
            Ruling::Undecided(
                "its content came with another packet identifier: sent again, or another message like it".to_owned(),
            ),
        )),
        Resend::Overflow(p) => Some((Witness::packet(p), overflow())),
        _ => None,
    }
}

requirement! {
    /// A packet identifier is free again only after the acknowledgement that ends its exchange: PUBACK, PUBCOMP,
    /// SUBACK or UNSUBACK.
    ///
    /// # Judged
    /// On every SUBSCRIBE, UNSUBSCRIBE and PUBLISH above QoS 0 of the IUT that takes an identifier while another one
    /// waits for its acknowledgement, as in 2.3.1-2.
    PACKET_ID_FREED {
        id: "mqtt311/packet-id-freed-by-ack",
        rows: &["MQTT-2.3.1-3b"],
        clause: "2.3.1",
        flows: &[Flow::Publishes],
        trigger: Trigger::Tester,
        implies: &["mqtt311/packet-id-unused", "mqtt311/qos1-unused-packet-id", "mqtt311/qos2-unused-packet-id"],
        judged: Judged::Machine(|| {
            Outbound::check(|sent, _| match sent {
                Sent::New { beside: false, .. } => None,
                sent => unused(sent, |_| true),
            })
        }),
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                s.iut(build::publish("oc2/rsp", 1, 9, b"one"));
                s.iut(build::publish("oc2/rsp", 1, 10, b"two"));
            }],
            violating: &[
                |s| {
                    s.ready();
                    s.iut(build::publish("oc2/rsp", 1, 9, b"one"));
                    s.iut(build::publish("oc2/rsp", 1, 9, b"two"));
                },
                |s| {
                    s.ready();
                    s.iut(build::publish("oc2/rsp", 2, 9, b"one"));
                    s.edge(build::pubrec(9));
                    s.iut(build::pubrel(9));
                    s.iut(build::publish("oc2/rsp", 2, 9, b"two"));
                },
            ],
            silent: &[ready, publishes, |s| {
                publishes(s);
                s.iut(build::publish("oc2/rsp", 1, 9, b"two"));
            }],
        },
    }
}

requirement! {
    /// DUP of an outgoing PUBLISH depends only on whether it is a retransmission, never on a copy that came in.
    ///
    /// # Interpretation
    /// The first copy of a message has DUP=0.
    ///
    /// # Judged
    /// On every PUBLISH of the IUT above QoS 0 that is the first copy seen. DUP=1 on it is undecided when the
    /// session began before the recording, or an earlier connection ended without DISCONNECT: the first copy may
    /// have been lost with it.
    DUP_INDEPENDENT {
        id: "mqtt311/dup-independent",
        rows: &["MQTT-3.3.1-3"],
        clause: "3.3.1.1",
        flows: &[Flow::Publishes],
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Outbound::check(|sent, _| first_copy(sent, |p| publishes_above_0(&p.packet)))),
        examples: Examples {
            conforming: &[
                publishes,
                |s| {
                    s.ready();
                    s.iut(build::publish("oc2/rsp", 1, 9, b"one"));
                    s.cut();
                    s.reconnect();
                    s.iut(build::publish_flags(true, 1, false, "oc2/rsp", 9, b"one"));
                },
                // Its PUBACK was sent, but did not arrive before the cut.
                |s| {
                    publishes(s);
                    s.cut();
                    s.reconnect();
                    s.iut(build::publish_flags(true, 1, false, "oc2/rsp", 9, b"one"));
                },
            ],
            violating: &[|s| {
                s.ready();
                s.iut(build::publish_flags(true, 1, false, "oc2/rsp", 9, b"one"));
            }],
            silent: &[ready, |s| sends(s, build::publish("a", 0, 0, b"x"))],
        },
    }
}

/// A check of the DUP bit on the first copies of messages of the binding, for the catalogues of bindings.
pub(in crate::catalogue) fn first_copies_of_messages() -> Box<dyn Check> {
    Outbound::check(|sent, _| first_copy(sent, |p| p.payload.is_some()))
}

/// Rules on the DUP bit of first copies `of` interest.
pub(super) fn first_copy(sent: &Sent<'_>, of: fn(&PacketSeen) -> bool) -> Option<(Witness, Ruling)> {
    match sent {
        Sent::New { packet: p, .. } if of(p) => Some((Witness::packet(p), Ruling::Met)),
        Sent::FirstWithDup { packet: p, lost: true } if of(p) => Some((
            Witness::bits(p, 0, 0x08),
            Ruling::Undecided("DUP=1 on the first copy that was seen; an earlier one may have been lost".to_owned()),
        )),
        Sent::FirstWithDup { packet: p, lost: false } if of(p) => {
            let ruling = Ruling::broken_bits(
                p,
                0,
                0x08,
                "PUBLISH sent for the first time with DUP=1",
                "DUP 0",
                format!("DUP 1, first byte {:02X}", p.packet.raw.first().copied().unwrap_or_default()),
            );
            Some((Witness::packet(p), ruling))
        }
        Sent::Overflow(p) => Some((Witness::packet(p), overflow())),
        _ => None,
    }
}

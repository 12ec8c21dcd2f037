//! Sending at QoS 2 (4.3.3), for those that elect it.

use super::outbound::{Outbound, Sent};
use super::packet_ids::{first_copy, unused};
use super::resend::{Resend, came_again, overflow};
use super::resends::Resends;
use super::session::stays_away;
use super::support::{flags_of, packet_id_span, publishes, ready, receives_only};
use crate::catalogue::{Examples, Judged, Trigger};
use crate::evidence::Setting;
use crate::evidence::sketch::Sketch;
use crate::judge::{Deviation, Ruling, Witness};
use crate::requirement;
use touchstone_fixtures::wire::mqtt311::{ControlPacket, PacketType, build};

/// For those that publish at QoS 2.
const PUBLISHES: Trigger = Trigger::IutOption("qos2");

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

//! Packets of one length (3.4.1, 3.5.1, 3.6.1, 3.7.1, 3.12.1, 3.14.1). These are statements about the format without a
//! number of their own; they bind a client through 7.1.2.

use super::keep_alive::SWITCHED_ON;
use super::qos2_received::SUBSCRIBES;
use super::support::{judgeable, ping, publishes, ready, receives_only, sends};
use crate::catalogue::{Examples, Flow, Judged, Trigger};
use crate::evidence::PacketSeen;
use crate::evidence::sketch::Sketch;
use crate::judge::Ruling;
use crate::requirement;
use serde_json::json;
use touchstone_fixtures::wire::Span;
use touchstone_fixtures::wire::mqtt311::{PacketType, build};

requirement! {
    /// The Remaining Length of PUBACK is 2.
    ///
    /// # Judged
    /// On every PUBACK of the IUT.
    PUBACK_LENGTH {
        id: "mqtt311/puback-length",
        rows: &["MQTT-3.4.1"],
        clause: "3.4.1",
        flows: &[Flow::Receives],
        trigger: Trigger::Tester,
        judged: Judged::Packet(|p, _| length(p, PacketType::Puback, 2)),
        examples: Examples {
            conforming: &[|s| { s.ready(); s.deliver("oc2/cmd/all", b"x"); }],
            violating: &[|s| { s.ready(); let id = s.push("oc2/cmd/all", 1, b"x"); let [high, low] = id.to_be_bytes(); s.iut([0x40, 3, high, low, 0]); }],
            silent: &[ready, publishes, |s| receives_only(s, [0x40, 3, 0, 1, 0])],
        },
    }
}

requirement! {
    /// The Remaining Length of PUBREC is 2.
    ///
    /// # Judged
    /// On every PUBREC of the IUT.
    PUBREC_LENGTH {
        id: "mqtt311/pubrec-length",
        rows: &["MQTT-3.5.1"],
        clause: "3.5.1",
        trigger: SUBSCRIBES,
        judged: Judged::Packet(|p, _| length(p, PacketType::Pubrec, 2)),
        examples: Examples {
            conforming: &[|s| answered(s, build::pubrec(1))],
            violating: &[|s| answered(s, [0x50, 3, 0, 1, 0])],
            silent: &[ready, publishes, |s| receives_only(s, [0x50, 3, 0, 1, 0])],
        },
    }
}

requirement! {
    /// The Remaining Length of PUBREL is 2.
    ///
    /// # Judged
    /// On every PUBREL of the IUT.
    PUBREL_LENGTH {
        id: "mqtt311/pubrel-length",
        rows: &["MQTT-3.6.1"],
        clause: "3.6.1",
        trigger: Trigger::IutOption("qos2"),
        judged: Judged::Packet(|p, _| length(p, PacketType::Pubrel, 2)),
        examples: Examples {
            conforming: &[released],
            violating: &[|s| sends(s, [0x62, 3, 0, 1, 0])],
            silent: &[ready, publishes, |s| receives_only(s, [0x62, 3, 0, 1, 0])],
        },
    }
}

requirement! {
    /// The Remaining Length of PUBCOMP is 2.
    ///
    /// # Judged
    /// On every PUBCOMP of the IUT.
    PUBCOMP_LENGTH {
        id: "mqtt311/pubcomp-length",
        rows: &["MQTT-3.7.1"],
        clause: "3.7.1",
        trigger: SUBSCRIBES,
        judged: Judged::Packet(|p, _| length(p, PacketType::Pubcomp, 2)),
        examples: Examples {
            conforming: &[completed],
            violating: &[|s| sends(s, [0x70, 3, 0, 1, 0])],
            silent: &[ready, publishes, |s| receives_only(s, [0x70, 3, 0, 1, 0])],
        },
    }
}

requirement! {
    /// The Remaining Length of PINGREQ is 0.
    ///
    /// # Judged
    /// On every PINGREQ of the IUT.
    PINGREQ_LENGTH {
        id: "mqtt311/pingreq-length",
        rows: &["MQTT-3.12.1"],
        clause: "3.12.1",
        when: SWITCHED_ON,
        trigger: Trigger::Tester,
        judged: Judged::Packet(|p, _| length(p, PacketType::Pingreq, 0)),
        examples: Examples {
            conforming: &[ping],
            violating: &[|s| sends(s, [0xC0, 0x01, 0x00])],
            silent: &[ready, publishes, |s| receives_only(s, [0xD0, 0x01, 0x00])],
        },
    }
}

requirement! {
    /// The Remaining Length of DISCONNECT is 0.
    ///
    /// # Judged
    /// On every DISCONNECT of the IUT.
    DISCONNECT_LENGTH {
        id: "mqtt311/disconnect-length",
        rows: &["MQTT-3.14.1"],
        clause: "3.14.1",
        trigger: Trigger::IutOption("disconnect"),
        judged: Judged::Packet(|p, _| length(p, PacketType::Disconnect, 0)),
        examples: Examples {
            conforming: &[|s| { s.ready(); s.stop(); }],
            violating: &[|s| sends(s, [0xE0, 0x02, 0x00, 0x00])],
            silent: &[ready, publishes, |s| receives_only(s, [0xE0, 0x01, 0x00])],
        },
    }
}

/// A message at QoS 2, and what the IUT answers.
fn answered(s: &mut Sketch, bytes: impl AsRef<[u8]>) {
    s.ready();
    s.push("oc2/cmd/all", 2, b"x");
    s.iut(bytes);
}

/// A message of the IUT at QoS 2, and its PUBREL.
fn released(s: &mut Sketch) {
    s.ready();
    s.query("r1", json!([]));
    s.iut(build::publish("oc2/rsp", 2, 9, Sketch::response_payload("r1", json!({"status": 200}))));
    s.edge(build::pubrec(9));
    s.iut(build::pubrel(9));
    s.edge(build::pubcomp(9));
}

/// A message to the IUT at QoS 2, to its PUBCOMP.
fn completed(s: &mut Sketch) {
    s.ready();
    let id = s.push("oc2/cmd/all", 2, b"x");
    s.iut(build::pubrec(id));
    s.edge(build::pubrel(id));
    s.iut(build::pubcomp(id));
}

fn length(p: &PacketSeen, of: PacketType, expected: u32) -> Option<Ruling> {
    if p.packet.packet_type != of || !judgeable(p) {
        return None;
    }
    let length = p.packet.remaining_length.as_ref()?;
    if length.value == expected {
        return Some(Ruling::Met);
    }
    Some(Ruling::broken_at(
        p,
        Span::new(length.span.start, p.packet.raw.len() as u32),
        format!("{} sent with a Remaining Length of {}", of.name(), length.value),
        format!("Remaining Length {expected}"),
        format!("Remaining Length {}", length.value),
    ))
}

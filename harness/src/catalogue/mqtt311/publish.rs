//! PUBLISH: its flags, its topic, its packet identifier (3.3, 4.3.1).

use super::closing::Closes;
use super::support::{any, by_defect_in, closes, is_cut, judgeable, publishes, ready, receives_only, sends, stays};
use super::violations::Kind;
use crate::catalogue::{Examples, Judged, Trigger};
use crate::evidence::PacketSeen;
use crate::judge::Ruling;
use crate::requirement;
use touchstone_fixtures::wire::Span;
use touchstone_fixtures::wire::mqtt311::{ControlPacket, PacketType, build};

requirement! {
    /// PUBLISH never has both QoS bits set.
    ///
    /// # Judged
    /// On every PUBLISH of the IUT.
    PUBLISH_QOS_RANGE {
        id: "mqtt311/publish-qos-range",
        rows: &["MQTT-3.3.1-4a"],
        clause: "3.3.1.2",
        trigger: Trigger::Tester,
        judged: Judged::Packet(|p, _| {
            by_defect_in(p, "MQTT-3.3.1-4a", PacketType::Publish, any, "sent with both QoS bits set")
        }),
        examples: Examples {
            conforming: &[publishes],
            violating: &[|s| sends(s, build::publish("a", 3, 2, b"x"))],
            silent: &[ready, |s| receives_only(s, build::publish("a", 3, 2, b"x"))],
        },
    }
}

requirement! {
    /// A receiver of a PUBLISH with both QoS bits set closes the network connection.
    ///
    /// # Judged
    /// On the first packet of a connection that no server may send, where it is a PUBLISH with both QoS bits set: met when
    /// the IUT ends the connection within the time to answer, broken when the packet was delivered and the connection is
    /// still open after that time.
    CLOSE_ON_QOS_3 {
        id: "mqtt311/close-on-qos-3",
        rows: &["MQTT-3.3.1-4b"],
        clause: "3.3.1.2",
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Closes::check(Kind::Qos3)),
        examples: Examples {
            conforming: &[|s| closes(s, build::publish("a", 3, 2, b"x"))],
            violating: &[
                |s| stays(s, build::publish("a", 3, 2, b"x")),
            ],
            silent: &[ready, |s| is_cut(s, build::publish("a", 3, 2, b"x"))],
        },
    }
}

requirement! {
    /// The Topic Name is the first field of the variable header of PUBLISH, and a UTF-8 string.
    ///
    /// # Judged
    /// On every PUBLISH of the IUT: the two bytes after the Remaining Length are a length that fits, and what
    /// follows is UTF-8.
    PUBLISH_TOPIC_FIRST {
        id: "mqtt311/publish-topic-first",
        rows: &["MQTT-3.3.2-1"],
        clause: "3.3.2.1",
        trigger: Trigger::Tester,
        judged: Judged::Packet(|p, _| {
            by_defect_in(p, "MQTT-3.3.2-1", PacketType::Publish, any, "does not begin with a Topic Name in UTF-8")
        }),
        examples: Examples {
            conforming: &[publishes],
            violating: &[
                |s| sends(s, build::packet(0x32, b"\x7F\x01\x00\x07oc2/rsp")),
                |s| sends(s, build::publish(b"\xFF", 1, 2, b"x")),
            ],
            silent: &[ready, |s| receives_only(s, build::publish(b"\xFF", 1, 2, b"x"))],
        },
    }
}

requirement! {
    /// The Topic Name of PUBLISH holds no wildcard character.
    ///
    /// # Judged
    /// On every PUBLISH of the IUT: neither `#` (23) nor `+` (2B). 4.7.1-1 says the same of every Topic Name.
    PUBLISH_NO_WILDCARD {
        id: "mqtt311/publish-no-wildcard",
        rows: &["MQTT-3.3.2-2"],
        clause: "3.3.2.1",
        trigger: Trigger::Tester,
        implies: &["mqtt311/topic-name-no-wildcard"],
        judged: Judged::Packet(|p, _| {
            by_defect_in(p, "MQTT-3.3.2-2", PacketType::Publish, any, "sent to a topic with a wildcard")
        }),
        examples: Examples {
            conforming: &[publishes],
            violating: &[
                |s| sends(s, build::publish("cmd/+/req", 1, 2, b"x")),
                |s| sends(s, build::publish("cmd/#", 0, 0, b"x")),
            ],
            silent: &[ready, |s| receives_only(s, build::publish("a/#", 1, 2, b"x"))],
        },
    }
}

fn at_qos_0(packet: &ControlPacket) -> bool {
    packet.publish().is_some_and(|p| p.qos == 0)
}

requirement! {
    /// A PUBLISH at QoS 0 has DUP 0.
    ///
    /// # Interpretation
    /// 3.3.1-2 and 4.3.1-1 ask for the same bit.
    ///
    /// # Judged
    /// On every PUBLISH of the IUT at QoS 0.
    QOS0_DUP {
        id: "mqtt311/qos0-dup",
        rows: &["MQTT-3.3.1-2", "MQTT-4.3.1-1"],
        clause: "3.3.1.1",
        trigger: Trigger::IutOption("qos0"),
        judged: Judged::Packet(|p, _| {
            by_defect_in(p, "MQTT-3.3.1-2", PacketType::Publish, at_qos_0, "sent at QoS 0 with DUP=1")
        }),
        examples: Examples {
            conforming: &[|s| sends(s, build::publish("a", 0, 0, b"x"))],
            violating: &[|s| sends(s, build::publish_flags(true, 0, false, "a", 0, b"x"))],
            silent: &[ready, publishes, |s| receives_only(s, build::publish_flags(true, 0, false, "a", 0, b"x"))],
        },
    }
}

requirement! {
    /// A PUBLISH at QoS 0 holds no packet identifier.
    ///
    /// # Interpretation
    /// Right after the topic the payload begins. Two bytes too many can be told only where the payload says of
    /// itself where it begins.
    ///
    /// # Judged
    /// On a PUBLISH of the IUT at QoS 0 whose payload is JSON, bare or behind a two-byte header that begins with
    /// a 9 (WD04): broken when that is found two bytes late. Other payloads say nothing.
    QOS0_NO_PACKET_ID {
        id: "mqtt311/qos0-no-packet-id",
        rows: &["MQTT-2.3.1-5"],
        clause: "2.3.1",
        trigger: Trigger::IutOption("qos0"),
        judged: Judged::Packet(|p, _| qos0_no_packet_id(p)),
        examples: Examples {
            conforming: &[
                |s| sends(s, build::publish("oc2/rsp", 0, 0, b"\x91\x01{\"a\":1}")),
                |s| sends(s, build::publish("a", 0, 0, b"[1]")),
            ],
            violating: &[
                |s| sends(s, build::publish("oc2/rsp", 0, 0, b"\x00\x05\x91\x01{\"a\":1}")),
                |s| sends(s, build::publish("a", 0, 0, b"\x00\x05{}")),
            ],
            silent: &[publishes, |s| sends(s, build::publish("a", 0, 0, b"\x00\x05hi"))],
        },
    }
}

fn qos0_no_packet_id(p: &PacketSeen) -> Option<Ruling> {
    let publish = p.packet.publish()?;
    if !judgeable(p) || publish.qos != 0 {
        return None;
    }
    let payload = &publish.payload;
    if begins_a_message(&payload.value) {
        return Some(Ruling::Met);
    }
    // A damaged header also stands two bytes in front of a message.
    let (&[first, second], rest) = payload.value.split_first_chunk::<2>()?;
    if first >> 4 == 9 || !begins_a_message(rest) {
        return None;
    }
    Some(Ruling::broken_at(
        p,
        Span::new(payload.span.start, payload.span.start + 2),
        "PUBLISH sent at QoS 0 with two bytes like a packet identifier in front of its payload",
        "payload right after the topic",
        format!("{first:02X} {second:02X} before it"),
    ))
}

/// Whether the bytes are JSON, bare or behind a WD04 payload header.
fn begins_a_message(bytes: &[u8]) -> bool {
    let body = match bytes {
        [0x90..=0x92, 1..=3, body @ ..] => body,
        _ => bytes,
    };
    matches!(body.first(), Some(b'{' | b'[')) && serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok()
}

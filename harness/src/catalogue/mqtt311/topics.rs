//! Topic names and topic filters (4.7).

use super::support::{by_defect, has_topic, has_will, only_connected, ping, publishes, ready, receives_only, sends};
use crate::catalogue::{Examples, Judged, Trigger};
use crate::requirement;
use touchstone_fixtures::wire::mqtt311::{ControlPacket, PacketType, build};

/// Whether it names a topic: a PUBLISH, or a CONNECT with a will.
fn has_topic_name(packet: &ControlPacket) -> bool {
    packet.packet_type == PacketType::Publish || has_will(packet)
}

/// Whether it holds topic filters.
fn has_filter(packet: &ControlPacket) -> bool {
    matches!(packet.packet_type, PacketType::Subscribe | PacketType::Unsubscribe)
}

requirement! {
    /// A Topic Name holds no wildcard character.
    ///
    /// # Interpretation
    /// Topic Names are the topic of a PUBLISH (3.3.2-2 says the same of it) and the Will Topic.
    ///
    /// # Judged
    /// On every PUBLISH, and every CONNECT with a will: neither `#` (23) nor `+` (2B).
    TOPIC_NAME_NO_WILDCARD {
        id: "mqtt311/topic-name-no-wildcard",
        rows: &["MQTT-4.7.1-1"],
        clause: "4.7.1",
        trigger: Trigger::Tester,
        judged: Judged::Packet(|p, _| {
            by_defect(p, "MQTT-4.7.1-1", has_topic_name, "holds a wildcard in a Topic Name")
        }),
        examples: Examples {
            conforming: &[publishes, |s| s.connect_with(build::connect("k").will("dev/gone", "x", 0, false).build())],
            violating: &[
                |s| s.connect_with(build::connect("k").will("dev/#", "x", 0, false).build()),
                |s| sends(s, build::publish("a/+/b", 1, 2, b"")),
            ],
            silent: &[ready, |s| receives_only(s, build::publish("a/#", 1, 2, b""))],
        },
    }
}

requirement! {
    /// In a Topic Filter `#` stands alone or right after a `/`, and is the last character.
    ///
    /// # Judged
    /// On every filter of SUBSCRIBE and UNSUBSCRIBE: never a `#` elsewhere.
    FILTER_MULTI_LEVEL_WILDCARD {
        id: "mqtt311/filter-multi-level-wildcard",
        rows: &["MQTT-4.7.1-2"],
        clause: "4.7.1.2",
        judged: Judged::Packet(|p, _| by_defect(p, "MQTT-4.7.1-2", has_filter, "holds a filter with a misplaced #")),
        examples: Examples {
            conforming: &[ready, |s| sends(s, build::subscribe(2, [("#", 1), ("a/#", 1), ("/#", 1)]))],
            violating: &[
                |s| sends(s, build::subscribe(2, [("a/b#", 1)])),
                |s| sends(s, build::unsubscribe(2, ["a/#/b"])),
            ],
            silent: &[only_connected, |s| receives_only(s, build::subscribe(2, [("a/b#", 1)]))],
        },
    }
}

requirement! {
    /// In a Topic Filter `+` fills a whole level.
    ///
    /// # Judged
    /// On every filter of SUBSCRIBE and UNSUBSCRIBE: never a `+` beside another character than `/`.
    FILTER_SINGLE_LEVEL_WILDCARD {
        id: "mqtt311/filter-single-level-wildcard",
        rows: &["MQTT-4.7.1-3"],
        clause: "4.7.1.3",
        judged: Judged::Packet(|p, _| by_defect(p, "MQTT-4.7.1-3", has_filter, "holds a filter with a misplaced +")),
        examples: Examples {
            conforming: &[ready, |s| sends(s, build::subscribe(2, [("+", 1), ("a/+/c", 1), ("+/+", 1)]))],
            violating: &[
                |s| sends(s, build::subscribe(2, [("a/b+/c", 1)])),
                |s| sends(s, build::unsubscribe(2, ["+a"])),
            ],
            silent: &[only_connected, |s| receives_only(s, build::subscribe(2, [("a+", 1)]))],
        },
    }
}

requirement! {
    /// Topic Names and Topic Filters are at least one character long.
    ///
    /// # Judged
    /// On every PUBLISH, SUBSCRIBE and UNSUBSCRIBE, and every CONNECT with a will.
    TOPIC_NOT_EMPTY {
        id: "mqtt311/topic-not-empty",
        rows: &["MQTT-4.7.3-1"],
        clause: "4.7.3",
        judged: Judged::Packet(|p, _| {
            by_defect(p, "MQTT-4.7.3-1", has_topic, "holds a Topic Name or Topic Filter of length 0")
        }),
        examples: Examples {
            conforming: &[ready, publishes],
            violating: &[
                |s| sends(s, build::publish("", 1, 2, b"x")),
                |s| sends(s, build::subscribe(2, [("", 1)])),
                |s| s.connect_with(build::connect("k").will("", "x", 0, false).build()),
            ],
            silent: &[ping, |s| receives_only(s, build::publish("", 1, 2, b"x"))],
        },
    }
}

requirement! {
    /// Topic Names and Topic Filters hold no U+0000.
    ///
    /// # Judged
    /// On every PUBLISH, SUBSCRIBE and UNSUBSCRIBE, and every CONNECT with a will.
    TOPIC_NO_NULL {
        id: "mqtt311/topic-no-null",
        rows: &["MQTT-4.7.3-2"],
        clause: "4.7.3",
        implies: &["mqtt311/no-null-character"],
        judged: Judged::Packet(|p, _| {
            by_defect(p, "MQTT-4.7.3-2", has_topic, "holds a Topic Name or Topic Filter with U+0000")
        }),
        examples: Examples {
            conforming: &[ready, publishes],
            violating: &[
                |s| sends(s, build::subscribe(2, [(b"a\0", 1)])),
                |s| sends(s, build::publish(b"\0", 1, 2, b"x")),
            ],
            silent: &[ping, |s| receives_only(s, build::publish(b"\0", 1, 2, b"x"))],
        },
    }
}

requirement! {
    /// Topic Names and Topic Filters take at most 65535 bytes.
    ///
    /// # Judged
    /// Not at all: a breach can only show as a malformed packet.
    TOPIC_LENGTH {
        id: "mqtt311/topic-length",
        rows: &["MQTT-4.7.3-3"],
        clause: "4.7.3",
        judged: Judged::Untestable("the two-byte length prefix cannot express more than 65535"),
    }
}

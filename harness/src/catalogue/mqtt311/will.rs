//! The will in CONNECT (3.1.2.5 to 3.1.2.7, 3.1.3.2, 3.1.3.3).

use super::support::{any, by_defect_in, has_will, only_connected, only_opened, ready, receives_only};
use crate::catalogue::{Examples, Judged, Trigger};
use crate::evidence::sketch::Sketch;
use crate::requirement;
use touchstone_fixtures::wire::mqtt311::{PacketType, build};

/// A connection with a complete will.
fn willing(s: &mut Sketch) {
    s.connect_with(build::connect("k").will("gone", b"\xFF\x00", 1, true).build());
}

requirement! {
    /// With the Will Flag set, Will Topic and Will Message are both in the payload.
    ///
    /// # Judged
    /// On every CONNECT with the Will Flag: both fields fit within the packet.
    WILL_FIELDS_PRESENT {
        id: "mqtt311/will-fields-present",
        rows: &["MQTT-3.1.2-9"],
        clause: "3.1.2.5",
        trigger: Trigger::IutOption("will"),
        implies: &["mqtt311/connect-format"],
        judged: Judged::Packet(|p, _| {
            by_defect_in(p, "MQTT-3.1.2-9", PacketType::Connect, has_will, "sets the Will Flag without a whole will")
        }),
        examples: Examples {
            conforming: &[willing],
            violating: &[
                |s| s.connect_with(build::connect("k").will_topic("gone").build()),
                |s| s.connect_with(build::connect("k").flags(0x06).build()),
            ],
            silent: &[only_connected, |s| receives_only(s, build::connect("k").flags(0x06).build())],
        },
    }
}

requirement! {
    /// Without the Will Flag, Will QoS and Will Retain are 0 and the payload holds neither Will Topic nor Will
    /// Message.
    ///
    /// # Interpretation
    /// Surplus fields after those the flags announce may be a will.
    ///
    /// # Judged
    /// On every CONNECT: never such bits or such bytes without the Will Flag.
    WILL_FIELDS_ABSENT {
        id: "mqtt311/will-fields-absent",
        rows: &["MQTT-3.1.2-11"],
        clause: "3.1.2.5",
        implies: &["mqtt311/connect-format", "mqtt311/user-name-absent", "mqtt311/password-absent"],
        judged: Judged::Packet(|p, _| {
            by_defect_in(p, "MQTT-3.1.2-11", PacketType::Connect, any, "holds parts of a will without the Will Flag")
        }),
        examples: Examples {
            conforming: &[ready, willing],
            violating: &[
                |s| s.connect_with(build::connect("k").will("gone", "x", 0, false).flags(0x02).build()),
                |s| s.connect_with(build::connect("k").flags(0x0A).build()),
                |s| s.connect_with(build::connect("k").flags(0x22).build()),
            ],
            silent: &[only_opened, |s| receives_only(s, build::connect("k").flags(0x22).build())],
        },
    }
}

requirement! {
    /// Without the Will Flag, Will QoS is 0.
    ///
    /// # Judged
    /// On every CONNECT: never another Will QoS without the Will Flag.
    WILL_QOS_ZERO {
        id: "mqtt311/will-qos-zero-without-will",
        rows: &["MQTT-3.1.2-13"],
        clause: "3.1.2.6",
        implies: &["mqtt311/will-fields-absent"],
        judged: Judged::Packet(|p, _| {
            by_defect_in(p, "MQTT-3.1.2-13", PacketType::Connect, any, "has a Will QoS without the Will Flag")
        }),
        examples: Examples {
            conforming: &[ready, willing],
            violating: &[|s| s.connect_with(build::connect("k").flags(0x0A).build())],
            silent: &[only_opened, |s| receives_only(s, build::connect("k").flags(0x0A).build())],
        },
    }
}

requirement! {
    /// Will QoS is 0, 1 or 2, never 3.
    ///
    /// # Judged
    /// On every CONNECT with the Will Flag.
    WILL_QOS_RANGE {
        id: "mqtt311/will-qos-range",
        rows: &["MQTT-3.1.2-14"],
        clause: "3.1.2.6",
        trigger: Trigger::IutOption("will"),
        judged: Judged::Packet(|p, _| {
            by_defect_in(p, "MQTT-3.1.2-14", PacketType::Connect, has_will, "has a Will QoS of 3")
        }),
        examples: Examples {
            conforming: &[willing],
            violating: &[|s| s.connect_with(build::connect("k").will("gone", "x", 3, false).build())],
            silent: &[only_connected, |s| receives_only(s, build::connect("k").will("w", "x", 3, false).build())],
        },
    }
}

requirement! {
    /// Without the Will Flag, Will Retain is 0.
    ///
    /// # Judged
    /// On every CONNECT: never Will Retain without the Will Flag.
    WILL_RETAIN_ZERO {
        id: "mqtt311/will-retain-zero-without-will",
        rows: &["MQTT-3.1.2-15"],
        clause: "3.1.2.7",
        implies: &["mqtt311/will-fields-absent"],
        judged: Judged::Packet(|p, _| {
            by_defect_in(p, "MQTT-3.1.2-15", PacketType::Connect, any, "sets Will Retain without the Will Flag")
        }),
        examples: Examples {
            conforming: &[ready, willing],
            violating: &[|s| s.connect_with(build::connect("k").flags(0x22).build())],
            silent: &[only_opened, |s| receives_only(s, build::connect("k").flags(0x22).build())],
        },
    }
}

requirement! {
    /// The Will Topic is a UTF-8 string.
    ///
    /// # Judged
    /// On every CONNECT with the Will Flag.
    WILL_TOPIC_UTF8 {
        id: "mqtt311/will-topic-utf8",
        rows: &["MQTT-3.1.3-10"],
        clause: "3.1.3.2",
        trigger: Trigger::IutOption("will"),
        implies: &["mqtt311/utf8-well-formed"],
        judged: Judged::Packet(|p, _| {
            by_defect_in(p, "MQTT-3.1.3-10", PacketType::Connect, has_will, "carries a Will Topic that is not UTF-8")
        }),
        examples: Examples {
            conforming: &[willing],
            violating: &[|s| s.connect_with(build::connect("k").will(b"caf\xE9", "x", 0, false).build())],
            silent: &[only_connected, |s| receives_only(s, build::connect("k").will(b"\xE9", "x", 0, false).build())],
        },
    }
}

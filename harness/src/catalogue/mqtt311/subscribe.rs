//! SUBSCRIBE and UNSUBSCRIBE (3.8, 3.10).

use super::support::{any, by_defect_in, flags_of, only_connected, publishes, ready, receives_only, sends};
use crate::catalogue::{Examples, Judged, Trigger};
use crate::evidence::sketch::Sketch;
use crate::requirement;
use touchstone_fixtures::wire::mqtt311::{PacketType, build};

/// A client that gives up a subscription.
fn unsubscribes(s: &mut Sketch) {
    s.ready();
    s.iut(build::unsubscribe(2, ["oc2/cmd/all", "oc2/cmd/ap/alpha"]));
    s.edge(build::unsuback(2));
}

requirement! {
    /// The flag bits of SUBSCRIBE are 0010.
    ///
    /// # Judged
    /// On every SUBSCRIBE: first byte 82.
    SUBSCRIBE_FLAGS {
        id: "mqtt311/subscribe-flags",
        rows: &["MQTT-3.8.1-1"],
        clause: "3.8.1",
        implies: &["mqtt311/reserved-flags"],
        judged: Judged::Packet(|p, _| flags_of(p, PacketType::Subscribe, 0b0010)),
        examples: Examples {
            conforming: &[ready],
            violating: &[|s| sends(s, build::with_first_byte(build::subscribe(1, [("a", 1)]), 0x80))],
            silent: &[only_connected, |s| receives_only(s, [0x80, 0x00])],
        },
    }
}

requirement! {
    /// The Topic Filters of SUBSCRIBE are UTF-8 strings.
    ///
    /// # Judged
    /// On every SUBSCRIBE.
    SUBSCRIBE_FILTERS_UTF8 {
        id: "mqtt311/subscribe-filters-utf8",
        rows: &["MQTT-3.8.3-1"],
        clause: "3.8.3",
        implies: &["mqtt311/utf8-well-formed"],
        judged: Judged::Packet(|p, _| {
            by_defect_in(p, "MQTT-3.8.3-1", PacketType::Subscribe, any, "holds a Topic Filter that is not UTF-8")
        }),
        examples: Examples {
            conforming: &[ready],
            violating: &[|s| sends(s, build::subscribe(1, [(b"a/\xFF", 1)]))],
            silent: &[only_connected, |s| receives_only(s, build::subscribe(1, [(b"\xFF", 1)]))],
        },
    }
}

requirement! {
    /// SUBSCRIBE holds at least one pair of Topic Filter and requested QoS.
    ///
    /// # Judged
    /// On every SUBSCRIBE: whole pairs, one or more, to the last byte.
    SUBSCRIBE_NOT_EMPTY {
        id: "mqtt311/subscribe-not-empty",
        rows: &["MQTT-3.8.3-3"],
        clause: "3.8.3",
        judged: Judged::Packet(|p, _| {
            by_defect_in(
                p,
                "MQTT-3.8.3-3",
                PacketType::Subscribe,
                any,
                "does not hold pairs of Topic Filter and QoS",
            )
        }),
        examples: Examples {
            conforming: &[ready],
            violating: &[
                |s| sends(s, build::packet(0x82, [0, 1])),
                |s| sends(s, build::packet(0x82, [0, 1, 0, 1, b'a'])),
            ],
            silent: &[only_connected, |s| receives_only(s, build::packet(0x82, [0, 1]))],
        },
    }
}

requirement! {
    /// The byte after each Topic Filter of SUBSCRIBE is 0, 1 or 2; its upper six bits are 0.
    ///
    /// # Interpretation
    /// Worded for the server, which closes the connection on other values; the client owes the format through
    /// 7.1.2. Subscription options of MQTT 5 are such values.
    ///
    /// # Judged
    /// On every SUBSCRIBE.
    SUBSCRIBE_QOS {
        id: "mqtt311/subscribe-qos",
        rows: &["MQTT-3.8.3-4"],
        clause: "3.8.3",
        judged: Judged::Packet(|p, _| {
            by_defect_in(p, "MQTT-3.8.3-4", PacketType::Subscribe, any, "asks for a QoS that does not exist")
        }),
        examples: Examples {
            conforming: &[ready, |s| sends(s, build::subscribe(1, [("a", 0), ("b", 2)]))],
            violating: &[
                |s| sends(s, build::subscribe(1, [("a", 3)])),
                |s| sends(s, build::subscribe(1, [("a", 0x2C)])),
            ],
            silent: &[only_connected, |s| receives_only(s, build::subscribe(1, [("a", 3)]))],
        },
    }
}

requirement! {
    /// The flag bits of UNSUBSCRIBE are 0010.
    ///
    /// # Judged
    /// On every UNSUBSCRIBE: first byte A2.
    UNSUBSCRIBE_FLAGS {
        id: "mqtt311/unsubscribe-flags",
        rows: &["MQTT-3.10.1-1"],
        clause: "3.10.1",
        trigger: Trigger::IutOption("unsubscribe"),
        implies: &["mqtt311/reserved-flags"],
        judged: Judged::Packet(|p, _| flags_of(p, PacketType::Unsubscribe, 0b0010)),
        examples: Examples {
            conforming: &[unsubscribes],
            violating: &[|s| sends(s, build::with_first_byte(build::unsubscribe(1, ["a"]), 0xA0))],
            silent: &[ready, publishes, |s| receives_only(s, [0xA0, 0x00])],
        },
    }
}

requirement! {
    /// The payload of UNSUBSCRIBE is Topic Filters as UTF-8 strings, one right after the other.
    ///
    /// # Judged
    /// On every UNSUBSCRIBE: filters to the last byte, nothing between them.
    UNSUBSCRIBE_FILTERS {
        id: "mqtt311/unsubscribe-filters",
        rows: &["MQTT-3.10.3-1"],
        clause: "3.10.3",
        trigger: Trigger::IutOption("unsubscribe"),
        judged: Judged::Packet(|p, _| {
            by_defect_in(
                p,
                "MQTT-3.10.3-1",
                PacketType::Unsubscribe,
                any,
                "does not hold UTF-8 Topic Filters one after the other",
            )
        }),
        examples: Examples {
            conforming: &[unsubscribes],
            violating: &[
                |s| sends(s, build::packet(0xA2, [0, 1, 0, 1, b'a', 1])),
                |s| sends(s, build::unsubscribe(1, [b"\xFF"])),
            ],
            silent: &[ready, |s| receives_only(s, build::unsubscribe(1, [b"\xFF"]))],
        },
    }
}

requirement! {
    /// UNSUBSCRIBE holds at least one Topic Filter.
    ///
    /// # Judged
    /// On every UNSUBSCRIBE.
    UNSUBSCRIBE_NOT_EMPTY {
        id: "mqtt311/unsubscribe-not-empty",
        rows: &["MQTT-3.10.3-2"],
        clause: "3.10.3",
        trigger: Trigger::IutOption("unsubscribe"),
        judged: Judged::Packet(|p, _| {
            by_defect_in(p, "MQTT-3.10.3-2", PacketType::Unsubscribe, any, "holds no Topic Filter")
        }),
        examples: Examples {
            conforming: &[unsubscribes],
            violating: &[|s| sends(s, build::packet(0xA2, [0, 1]))],
            silent: &[ready, |s| receives_only(s, build::packet(0xA2, [0, 1]))],
        },
    }
}

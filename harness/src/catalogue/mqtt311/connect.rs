//! CONNECT: its format and its variable header (3.1, 3.1.2).

use super::support::{any, by_defect_in, only_opened, ready, receives_only};
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::evidence::sketch::Sketch;
use crate::requirement;
use touchstone_fixtures::wire::mqtt311::{PacketType, build};

/// A connection that begins with `packet`.
fn begins(s: &mut Sketch, packet: impl AsRef<[u8]>) {
    s.connect_with(packet);
}

requirement! {
    /// The protocol name in CONNECT is `MQTT`, in upper case.
    ///
    /// # Interpretation
    /// Worded for the server, which may refuse another name and must not go on by the rules of this version;
    /// the client owes the name through 7.1.2.
    ///
    /// # Judged
    /// On every CONNECT: bytes `00 04 4D 51 54 54`.
    PROTOCOL_NAME {
        id: "mqtt311/protocol-name",
        rows: &["MQTT-3.1.2-1"],
        clause: "3.1.2.1",
        judged: Judged::Packet(|p, _| {
            by_defect_in(p, "MQTT-3.1.2-1", PacketType::Connect, any, "names another protocol than MQTT")
        }),
        examples: Examples {
            conforming: &[ready],
            violating: &[
                |s| begins(s, build::connect("k").protocol_name("mqtt").build()),
                |s| begins(s, build::connect("k").protocol_name("MQIsdp").protocol_level(3).build()),
            ],
            silent: &[only_opened, |s| receives_only(s, build::connect("k").protocol_name("mqtt").build())],
        },
    }
}

requirement! {
    /// The protocol level in CONNECT is 4.
    ///
    /// # Interpretation
    /// Worded for the server, which answers another level with return code 1; the client owes level 4 through
    /// 7.1.2.
    ///
    /// # Judged
    /// On every CONNECT.
    PROTOCOL_LEVEL {
        id: "mqtt311/protocol-level",
        rows: &["MQTT-3.1.2-2"],
        clause: "3.1.2.2",
        judged: Judged::Packet(|p, _| {
            by_defect_in(p, "MQTT-3.1.2-2", PacketType::Connect, any, "has another protocol level than 4")
        }),
        examples: Examples {
            conforming: &[ready],
            violating: &[
                |s| begins(s, build::connect("k").protocol_level(3).build()),
                |s| begins(s, build::connect("k").protocol_level(0x84).build()),
            ],
            silent: &[only_opened, |s| receives_only(s, build::connect("k").protocol_level(3).build())],
        },
    }
}

requirement! {
    /// Bit 0 of the connect flags is 0.
    ///
    /// # Interpretation
    /// Worded for the server, which validates the bit; the client owes it through 7.1.2.
    ///
    /// # Judged
    /// On every CONNECT.
    CONNECT_RESERVED_FLAG {
        id: "mqtt311/connect-reserved-flag",
        rows: &["MQTT-3.1.2-3"],
        clause: "3.1.2.3",
        judged: Judged::Packet(|p, _| {
            by_defect_in(p, "MQTT-3.1.2-3", PacketType::Connect, any, "sets the reserved bit of the connect flags")
        }),
        examples: Examples {
            conforming: &[ready],
            violating: &[|s| begins(s, build::connect("k").flags(0x03).build())],
            silent: &[only_opened, |s| receives_only(s, build::connect("k").flags(0x03).build())],
        },
    }
}

requirement! {
    /// A CONNECT has the format of clause 3.1 to its last byte.
    ///
    /// # Interpretation
    /// Worded for the server, which validates the packet and closes the connection on a defect; the client owes
    /// the format through 7.1.2. What has a statement of its own (flags, strings) is judged there.
    ///
    /// # Judged
    /// On every CONNECT: every field fits, and none is followed by surplus bytes. The layout of another version is
    /// not held against this one: there only name and level are judged.
    CONNECT_FORMAT {
        id: "mqtt311/connect-format",
        rows: &["MQTT-3.1.4-1"],
        clause: "3.1.4",
        judged: Judged::Packet(|p, _| {
            by_defect_in(p, "MQTT-3.1.4-1", PacketType::Connect, any, "does not have the format of clause 3.1")
        }),
        examples: Examples {
            conforming: &[ready],
            violating: &[|s| begins(s, build::connect("k").tail([0xAA, 0xBB]).build())],
            silent: &[
                only_opened,
                |s| receives_only(s, build::connect("k").tail([0xAA]).build()),
                |s| begins(s, build::connect("k").protocol_level(5).tail([0xAA]).build()),
            ],
        },
    }
}

requirement! {
    /// The ClientId is present, as the first field of the payload of CONNECT.
    ///
    /// # Judged
    /// On every CONNECT: its two length bytes follow the keep alive, and the field fits.
    CLIENT_ID_PRESENT {
        id: "mqtt311/client-id-present",
        rows: &["MQTT-3.1.3-3"],
        clause: "3.1.3.1",
        implies: &["mqtt311/connect-format"],
        judged: Judged::Packet(|p, _| {
            by_defect_in(p, "MQTT-3.1.3-3", PacketType::Connect, any, "carries no ClientId")
        }),
        examples: Examples {
            conforming: &[ready, |s| begins(s, build::connect("").build())],
            violating: &[|s| begins(s, build::connect("").no_client_id().build())],
            silent: &[only_opened, |s| receives_only(s, build::connect("").no_client_id().build())],
        },
    }
}

requirement! {
    /// The ClientId is a UTF-8 string.
    ///
    /// # Judged
    /// On every CONNECT.
    CLIENT_ID_UTF8 {
        id: "mqtt311/client-id-utf8",
        rows: &["MQTT-3.1.3-4"],
        clause: "3.1.3.1",
        implies: &["mqtt311/utf8-well-formed"],
        judged: Judged::Packet(|p, _| {
            by_defect_in(p, "MQTT-3.1.3-4", PacketType::Connect, any, "carries a ClientId that is not UTF-8")
        }),
        examples: Examples {
            conforming: &[ready],
            violating: &[|s| begins(s, build::connect(b"dev\xFF").build())],
            silent: &[only_opened, |s| receives_only(s, build::connect(b"dev\xFF").build())],
        },
    }
}

requirement! {
    /// A zero-length ClientId comes only with Clean Session 1.
    ///
    /// # Judged
    /// On every CONNECT: never length 0 together with Clean Session 0.
    EMPTY_CLIENT_ID_CLEAN {
        id: "mqtt311/empty-client-id-clean",
        rows: &["MQTT-3.1.3-7"],
        clause: "3.1.3.1",
        judged: Judged::Packet(|p, _| {
            by_defect_in(
                p,
                "MQTT-3.1.3-7",
                PacketType::Connect,
                any,
                "has a zero-length ClientId with Clean Session 0",
            )
        }),
        examples: Examples {
            conforming: &[ready, |s| begins(s, build::connect("").build())],
            violating: &[|s| begins(s, build::connect("").clean_session(false).build())],
            silent: &[only_opened, |s| receives_only(s, build::connect("").clean_session(false).build())],
        },
    }
}

requirement! {
    /// The payload of CONNECT holds its fields in the order ClientId, Will Topic, Will Message, User Name,
    /// Password.
    ///
    /// # Interpretation
    /// Two fields that changed places still parse; only an observer who knows what each must hold sees it.
    ///
    /// # Judged
    /// Not yet: it takes a run whose user name and password are known to the judge.
    CONNECT_PAYLOAD_ORDER {
        id: "mqtt311/connect-payload-order",
        rows: &["MQTT-3.1.3-1"],
        clause: "3.1.3",
        trigger: Trigger::IutOption("credentials"),
        judged: Judged::NotYet("needs credentials that the judge knows"),
    }
}

requirement! {
    /// A client that gets no PINGRESP within a reasonable time closes the network connection.
    ///
    /// # Judged
    /// Not yet: it takes a withheld PINGRESP.
    CLOSE_WITHOUT_PINGRESP {
        id: "mqtt311/close-without-pingresp",
        rows: &["MQTT-3.1.2.10"],
        clause: "3.1.2.10",
        level: Level::Should,
        trigger: Trigger::Tester,
        judged: Judged::NotYet("needs a withheld PINGRESP"),
    }
}

requirement! {
    /// A client that gets no CONNACK within a reasonable time closes the network connection.
    ///
    /// # Judged
    /// Not yet: it takes a withheld CONNACK.
    CLOSE_WITHOUT_CONNACK {
        id: "mqtt311/close-without-connack",
        rows: &["MQTT-3.2"],
        clause: "3.2",
        level: Level::Should,
        trigger: Trigger::Tester,
        judged: Judged::NotYet("needs a withheld CONNACK"),
    }
}

requirement! {
    /// After a refusal the client sends nothing more on that connection.
    ///
    /// # Interpretation
    /// The statement binds the server, which closes the connection; for a client it is advice. Packets that were
    /// under way when the refusal arrived are void (3.1.4-5). When to connect again is not regulated.
    ///
    /// # Judged
    /// Not yet: it takes a refused CONNECT.
    SILENT_AFTER_REFUSAL {
        id: "mqtt311/silent-after-refusal",
        rows: &["MQTT-3.2.2-5"],
        clause: "3.2.2.3",
        level: Level::Guidance,
        trigger: Trigger::Tester,
        judged: Judged::NotYet("needs a refused CONNECT"),
    }
}

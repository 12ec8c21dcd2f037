//! CONNECT: its format and its variable header (3.1, 3.1.2).

use super::patience::{Missing, Patience};
use super::refusal::Refusal;
use super::support::{any, by_defect_in, judgeable, only_opened, ping, ready, receives_only};
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::evidence::sketch::Sketch;
use crate::evidence::{PacketSeen, Setting};
use crate::judge::Ruling;
use crate::requirement;
use touchstone_fixtures::wire::Span;
use touchstone_fixtures::wire::mqtt311::{PacketType, build};

/// A CONNECT whose user name and password stand in these places, when the IUT was given `touchstone` and `proof`.
fn signs_in(s: &mut Sketch, user_name: &str, password: &str) {
    s.user_name = Some("touchstone".to_owned());
    s.connect_with(build::connect("k").user_name(user_name).password(password).build());
}

/// A CONNECT that nobody answers.
fn asks_for_entry(s: &mut Sketch) {
    s.open();
    s.iut(build::connect("k").keep_alive(60).build());
}

/// A CONNECT that is refused.
pub(super) fn is_refused(s: &mut Sketch) {
    asks_for_entry(s);
    s.edge(build::connack(false, 5));
}

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
    /// On every CONNECT with a user name and a password, where the IUT file says which: met when the user name stands in
    /// its place, broken when it stands in that of the password, or of a field of the will.
    CONNECT_PAYLOAD_ORDER {
        id: "mqtt311/connect-payload-order",
        rows: &["MQTT-3.1.3-1"],
        clause: "3.1.3",
        trigger: Trigger::IutOption("credentials"),
        judged: Judged::Packet(payload_order),
        examples: Examples {
            conforming: &[|s| signs_in(s, "touchstone", "proof")],
            violating: &[|s| signs_in(s, "proof", "touchstone"), |s| {
                s.user_name = Some("touchstone".to_owned());
                let connect = build::connect("k").will("touchstone", "proof", 0, false);
                s.connect_with(connect.user_name("dev").password("gone").build());
            }],
            silent: &[ready, |s| signs_in(s, "somebody", "else")],
        },
    }
}

fn payload_order(p: &PacketSeen, setting: &Setting) -> Option<Ruling> {
    let known = setting.user_name.as_ref()?.as_bytes();
    let connect = p.packet.connect().filter(|_| judgeable(p))?;
    let (user_name, password) = (connect.user_name.as_ref()?, connect.password.as_ref()?);
    if user_name.bytes == known {
        return Some(Ruling::Met);
    }
    let is_known = |field: Option<(Span, &[u8])>| field.filter(|(_, bytes)| *bytes == known).map(|(span, _)| span);
    let places = [
        ("the Will Topic", connect.will_topic.as_ref().map(|topic| (topic.span, topic.bytes.as_ref()))),
        ("the Will Message", connect.will_message.as_ref().map(|message| (message.span, message.value.as_ref()))),
        ("the password", Some((password.span, password.value.as_ref()))),
    ];
    let (place, span) = places.into_iter().find_map(|(place, field)| Some((place, is_known(field)?)))?;
    let said = format!("CONNECT holds the user name where {place} belongs");
    let expected = "ClientId, Will Topic, Will Message, user name, password, in this order";
    Some(Ruling::broken_at(p, span, said, expected, format!("the user name in place of {place}")))
}

requirement! {
    /// A client that gets no PINGRESP within a reasonable time closes the network connection.
    ///
    /// # Interpretation
    /// The text names no time. Granted is what a server grants a silent client (3.1.2-24): one and a half times the keep
    /// alive.
    ///
    /// # Judged
    /// From the first PINGREQ that gets no PINGRESP to the end of the connection, when nothing else came from the
    /// server: met when the IUT ends it, broken when it is open for one and a half times the keep alive.
    CLOSE_WITHOUT_PINGRESP {
        id: "mqtt311/close-without-pingresp",
        rows: &["MQTT-3.1.2.10"],
        clause: "3.1.2.10",
        level: Level::Should,
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Patience::check(Missing::Pingresp)),
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                s.wait(54_000);
                s.iut(build::pingreq());
                s.wait(20_000);
                s.closed_by_iut();
            }],
            violating: &[|s| {
                s.ready();
                s.wait(54_000);
                s.iut(build::pingreq());
                s.wait(54_000);
                s.iut(build::pingreq());
                s.wait(40_000);
                s.push("oc2/cmd/all", 1, b"x");
                s.wait(1_000);
                s.closed_by_iut();
            }],
            silent: &[
                ready,
                ping,
                |s| {
                    s.ready();
                    s.iut(build::pingreq());
                    s.wait(50);
                    s.closed_by_iut();
                },
                |s| {
                    s.ready();
                    s.iut(build::pingreq());
                    s.wait(10_000);
                    s.cut();
                },
            ],
        },
    }
}

requirement! {
    /// A client that gets no CONNACK within a reasonable time closes the network connection.
    ///
    /// # Interpretation
    /// The text names no time. Granted are 30 seconds, as the most patient client libraries have it.
    ///
    /// # Judged
    /// From a CONNECT that gets no CONNACK to the end of the connection: met when the IUT ends it, broken when it is
    /// open for 30 seconds.
    CLOSE_WITHOUT_CONNACK {
        id: "mqtt311/close-without-connack",
        rows: &["MQTT-3.2"],
        clause: "3.2",
        level: Level::Should,
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Patience::check(Missing::Connack)),
        examples: Examples {
            conforming: &[|s| {
                asks_for_entry(s);
                s.wait(10_000);
                s.closed_by_iut();
            }],
            violating: &[|s| {
                asks_for_entry(s);
                s.wait(31_000);
            }],
            silent: &[ready, asks_for_entry, |s| {
                asks_for_entry(s);
                s.wait(10_000);
                s.cut();
            }],
        },
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
    /// On every CONNACK with a return code of 1 to 5: broken by a SUBSCRIBE or a PUBLISH on that connection after the
    /// CONNACK was delivered, met when the connection ends without one.
    SILENT_AFTER_REFUSAL {
        id: "mqtt311/silent-after-refusal",
        rows: &["MQTT-3.2.2-5"],
        clause: "3.2.2.3",
        level: Level::Guidance,
        trigger: Trigger::Tester,
        judged: Judged::Machine(Refusal::check),
        examples: Examples {
            conforming: &[|s| {
                is_refused(s);
                s.closed_by_server("refused");
            }],
            violating: &[|s| {
                is_refused(s);
                s.wait(300);
                s.iut(build::subscribe(1, [("a", 1)]));
            }],
            silent: &[ready, is_refused, |s| {
                // Under way when the refusal came.
                is_refused(s);
                s.iut(build::subscribe(1, [("a", 1)]));
            }],
        },
    }
}

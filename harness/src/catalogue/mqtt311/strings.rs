//! UTF-8 strings (1.5.3).

use super::closing::Closes;
use super::support::{
    by_defect, closes, has_string, is_cut, only_opened, publishes, ready, receives_only, sends, stays,
};
use super::violations::Kind;
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::requirement;
use touchstone_fixtures::wire::mqtt311::build;

requirement! {
    /// Every string in a control packet is well-formed UTF-8 and encodes no code point from D800 to DFFF.
    ///
    /// # Interpretation
    /// Strings are the protocol name, ClientId, Will Topic, User Name, the topic of a PUBLISH and every topic
    /// filter. Will Message, Password and payload are binary.
    ///
    /// # Judged
    /// On every CONNECT, PUBLISH, SUBSCRIBE and UNSUBSCRIBE of the IUT.
    UTF8_WELL_FORMED {
        id: "mqtt311/utf8-well-formed",
        rows: &["MQTT-1.5.3-1a"],
        clause: "1.5.3",
        judged: Judged::Packet(|p, _| {
            by_defect(p, "MQTT-1.5.3-1a", has_string, "holds a string that is not well-formed UTF-8")
        }),
        examples: Examples {
            conforming: &[ready, |s| sends(s, build::publish("caf\u{e9}/\u{1F600}", 1, 2, b""))],
            violating: &[
                |s| sends(s, build::publish(b"\xED\xA0\xBD\xED\xB8\x80", 1, 2, b"")),
                |s| sends(s, build::subscribe(2, [(b"a/\xC0\xAF", 1)])),
                |s| s.connect_with(build::connect("k").user_name(b"caf\xE9").build()),
            ],
            silent: &[only_opened, |s| receives_only(s, build::publish(b"a\xC0\xAF", 1, 2, b""))],
        },
    }
}

requirement! {
    /// A receiver of a string that is not well-formed UTF-8 closes the network connection.
    ///
    /// # Judged
    /// On the first packet of a connection that no server may send, where it is one with a string that is not UTF-8: met when
    /// the IUT ends the connection within the time to answer, broken when the packet was delivered and the connection is
    /// still open after that time.
    CLOSE_ON_ILL_FORMED_UTF8 {
        id: "mqtt311/close-on-ill-formed-utf8",
        rows: &["MQTT-1.5.3-1b"],
        clause: "1.5.3",
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Closes::check(Kind::IllFormedUtf8)),
        examples: Examples {
            conforming: &[|s| closes(s, build::publish(b"a\xC0\xAF", 1, 2, b"")), |s| closes(s, build::publish(b"\xED\xA0\x80", 1, 2, b""))],
            violating: &[
                |s| stays(s, build::publish(b"a\xC0\xAF", 1, 2, b"")),
                |s| stays(s, build::publish(b"\xED\xA0\x80", 1, 2, b"")),
            ],
            silent: &[ready, |s| is_cut(s, build::publish(b"a\xC0\xAF", 1, 2, b""))],
        },
    }
}

requirement! {
    /// No string in a control packet holds the character U+0000.
    ///
    /// # Judged
    /// On every CONNECT, PUBLISH, SUBSCRIBE and UNSUBSCRIBE of the IUT. In topics and filters 4.7.3-2 says the
    /// same.
    NO_NULL_CHARACTER {
        id: "mqtt311/no-null-character",
        rows: &["MQTT-1.5.3-2a"],
        clause: "1.5.3",
        judged: Judged::Packet(|p, _| by_defect(p, "MQTT-1.5.3-2a", has_string, "holds a string with U+0000")),
        examples: Examples {
            conforming: &[ready, publishes],
            violating: &[
                |s| s.connect_with(build::connect("k").user_name(b"a\0b").build()),
                |s| sends(s, build::publish(b"a\0b", 1, 2, b"")),
            ],
            silent: &[only_opened, |s| receives_only(s, build::publish(b"a\0", 1, 2, b""))],
        },
    }
}

requirement! {
    /// A receiver of a string with U+0000 closes the network connection.
    ///
    /// # Judged
    /// On the first packet of a connection that no server may send, where it is one with U+0000 in a string: met when
    /// the IUT ends the connection within the time to answer, broken when the packet was delivered and the connection is
    /// still open after that time.
    CLOSE_ON_NULL_CHARACTER {
        id: "mqtt311/close-on-null-character",
        rows: &["MQTT-1.5.3-2b"],
        clause: "1.5.3",
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Closes::check(Kind::NullCharacter)),
        examples: Examples {
            conforming: &[|s| closes(s, build::publish(b"a\0b", 1, 2, b""))],
            violating: &[
                |s| stays(s, build::publish(b"a\0b", 1, 2, b"")),
            ],
            silent: &[ready, |s| is_cut(s, build::publish(b"a\0b", 1, 2, b""))],
        },
    }
}

requirement! {
    /// The bytes EF BB BF mean U+FEFF wherever they stand; a receiver neither skips nor strips them.
    ///
    /// # Judged
    /// Not at all: no packet shows it.
    BYTE_ORDER_MARK_KEPT {
        id: "mqtt311/byte-order-mark-kept",
        rows: &["MQTT-1.5.3-3"],
        clause: "1.5.3",
        trigger: Trigger::Tester,
        judged: Judged::Untestable("what a receiver does with a string stays inside it"),
    }
}

requirement! {
    /// Strings avoid control characters (U+0001 to U+001F, U+007F to U+009F) and code points that Unicode
    /// defines as non-characters.
    ///
    /// # Judged
    /// On every CONNECT, PUBLISH, SUBSCRIBE and UNSUBSCRIBE of the IUT; a recommendation, so it warns.
    NO_CONTROL_CHARACTERS {
        id: "mqtt311/no-control-characters",
        rows: &["MQTT-1.5.3"],
        clause: "1.5.3",
        level: Level::Should,
        judged: Judged::Packet(|p, _| {
            by_defect(p, "MQTT-1.5.3", has_string, "holds a string with a control character or a non-character")
        }),
        examples: Examples {
            conforming: &[ready, publishes],
            violating: &[
                |s| sends(s, build::publish("a\u{7}", 1, 2, b"")),
                |s| sends(s, build::subscribe(2, [("a\u{85}", 1)])),
                |s| sends(s, build::publish("a\u{FFFE}", 1, 2, b"")),
            ],
            silent: &[only_opened, |s| receives_only(s, build::publish("a\u{1}", 1, 2, b""))],
        },
    }
}

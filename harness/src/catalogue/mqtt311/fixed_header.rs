//! The fixed header: packet types, reserved flags, Remaining Length (2.2).

use super::closing::Closes;
use super::support::{
    any, by_defect, closes, flags_of, is_cut, judgeable, only_opened, ping, ready, receives_only, sends, stays,
};
use super::violations::Kind;
use crate::catalogue::{Examples, Judged, Trigger};
use crate::evidence::PacketSeen;
use crate::judge::Ruling;
use crate::requirement;
use touchstone_fixtures::wire::mqtt311::{PacketType, build};

requirement! {
    /// The reserved flag bits of the first byte carry the values of table 2.2.
    ///
    /// # Interpretation
    /// The first byte of a client's packet is exactly 10 (CONNECT), 40 (PUBACK), 50 (PUBREC), 62 (PUBREL),
    /// 70 (PUBCOMP), 82 (SUBSCRIBE), A2 (UNSUBSCRIBE), C0 (PINGREQ) or E0 (DISCONNECT). The flags of PUBLISH
    /// have meanings of their own.
    ///
    /// # Judged
    /// On every packet of the IUT of these types.
    RESERVED_FLAGS {
        id: "mqtt311/reserved-flags",
        rows: &["MQTT-2.2.2-1"],
        clause: "2.2.2",
        judged: Judged::Packet(|p, _| reserved_flags(p)),
        examples: Examples {
            conforming: &[ready, ping],
            violating: &[
                |s| sends(s, [0xC1, 0x00]),
                |s| {
                    s.ready();
                    let id = s.push("oc2/cmd/all", 1, b"x");
                    s.iut(build::with_first_byte(build::puback(id), 0x42));
                },
                |s| sends(s, build::with_first_byte(build::subscribe(1, [("a", 1)]), 0x80)),
            ],
            silent: &[only_opened, |s| receives_only(s, [0xD1, 0x00])],
        },
    }
}

/// The flag bits table 2.2 prints for what a client sends; PUBLISH has its own.
const fn table_2_2(packet_type: PacketType) -> Option<u8> {
    match packet_type {
        PacketType::Pubrel | PacketType::Subscribe | PacketType::Unsubscribe => Some(0b0010),
        PacketType::Connect
        | PacketType::Puback
        | PacketType::Pubrec
        | PacketType::Pubcomp
        | PacketType::Pingreq
        | PacketType::Disconnect => Some(0),
        _ => None,
    }
}

fn reserved_flags(p: &PacketSeen) -> Option<Ruling> {
    flags_of(p, p.packet.packet_type, table_2_2(p.packet.packet_type)?)
}

requirement! {
    /// A receiver of a packet with invalid reserved flags closes the network connection.
    ///
    /// # Judged
    /// On the first packet of a connection that no server may send, where it is one with invalid reserved flags: met when
    /// the IUT ends the connection within the time to answer, broken when the packet was delivered and the connection is
    /// still open after that time.
    CLOSE_ON_RESERVED_FLAGS {
        id: "mqtt311/close-on-reserved-flags",
        rows: &["MQTT-2.2.2-2"],
        clause: "2.2.2",
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Closes::check(Kind::ReservedFlags)),
        examples: Examples {
            conforming: &[|s| closes(s, [0xD1, 0x00]), |s| closes(s, [0x42, 0x02, 0x00, 0x01])],
            violating: &[
                |s| stays(s, [0xD1, 0x00]),
                |s| stays(s, [0x42, 0x02, 0x00, 0x01]),
            ],
            silent: &[ready, |s| is_cut(s, [0xD1, 0x00])],
        },
    }
}

requirement! {
    /// A client sends only packet types that table 2.1 lets a client send.
    ///
    /// # Interpretation
    /// Types 0 and 15 are forbidden to everybody; CONNACK, SUBACK, UNSUBACK and PINGRESP go from server to
    /// client only.
    ///
    /// # Judged
    /// On every packet of the IUT, by the high half of its first byte.
    CLIENT_PACKET_TYPES {
        id: "mqtt311/client-packet-types",
        rows: &["MQTT-2.1"],
        clause: "2.2.1",
        judged: Judged::Packet(|p, _| client_packet_types(p)),
        examples: Examples {
            conforming: &[ready, ping],
            violating: &[
                |s| sends(s, [0xF0, 0x00]),
                |s| sends(s, [0x00, 0x00]),
                |s| sends(s, [0xD0, 0x00]),
                |s| sends(s, build::suback(1, [1])),
            ],
            silent: &[only_opened, |s| receives_only(s, [0xF0, 0x00])],
        },
    }
}

fn client_packet_types(p: &PacketSeen) -> Option<Ruling> {
    let first = *p.packet.raw.first()?;
    if !p.from_iut() {
        return None;
    }
    let what = match p.packet.packet_type {
        PacketType::Reserved0 | PacketType::Reserved15 => "forbidden by table 2.1",
        PacketType::Connack | PacketType::Suback | PacketType::Unsuback | PacketType::Pingresp => "a server's to send",
        _ => return judgeable(p).then_some(Ruling::Met),
    };
    Some(Ruling::broken_bits(
        p,
        0,
        0xF0,
        format!("Packet of type {} sent, which is {what}", p.packet.packet_type.name()),
        "a packet type of a client",
        format!("first byte {first:02X}"),
    ))
}

requirement! {
    /// The Remaining Length takes one to four bytes of seven bits each and says how many bytes follow.
    ///
    /// # Interpretation
    /// A fifth length byte (a fourth with its continuation bit set) cannot be read. No rule of this version asks
    /// for the shortest form. The format binds a client through 7.1.2.
    ///
    /// # Judged
    /// On every packet of the IUT that arrived whole. Where the length cannot be read, nothing later on that
    /// connection is judged. A length that promises more than is there shows in the packets that follow.
    REMAINING_LENGTH {
        id: "mqtt311/remaining-length",
        rows: &["MQTT-2.2.3"],
        clause: "2.2.3",
        judged: Judged::Packet(|p, _| {
            by_defect(p, "MQTT-2.2.3", any, "has a Remaining Length that cannot be read")
        }),
        examples: Examples {
            conforming: &[ready, |s| sends(s, [0x30, 0x85, 0x00, 0x00, 0x01, b'a', b'h', b'i'])],
            violating: &[|s| sends(s, [0x40, 0x80, 0x80, 0x80, 0x80, 0x01])],
            silent: &[only_opened, |s| receives_only(s, [0x40, 0x80, 0x80, 0x80, 0x80, 0x01])],
        },
    }
}

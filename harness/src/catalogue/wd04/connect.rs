//! CONNECT: the table of 3.1.1, bit by bit.

use super::support::{connect, judgeable, without_defect};
use crate::catalogue::{Examples, Judged, Level};
use crate::evidence::sketch::Sketch;
use crate::evidence::{PacketSeen, Setting};
use crate::judge::Ruling;
use crate::requirement;
use touchstone_fixtures::wire::Span;
use touchstone_fixtures::wire::mqtt311::{Connect, PacketType, build};

fn good(s: &mut Sketch) {
    s.connect();
}

fn nothing_sent(s: &mut Sketch) {
    s.open();
}

fn cut_off(s: &mut Sketch) {
    s.open();
    s.iut([0x10, 12, 0, 4, b'M']);
    s.closed_by_iut();
}

/// A CONNECT of the IUT with these flags, behind the usual fields.
fn with_flags(s: &mut Sketch, flags: u8) {
    s.connect_with(build::connect("k3vq9x2m").clean_session(false).keep_alive(60).flags(flags).build());
}

/// Bits of the connect flags that have one right value, 0.
fn flag(packet: &PacketSeen, mask: u8, name: &str) -> Option<Ruling> {
    let flags = connect(packet)?.flags.as_ref()?;
    let found = (flags.value & mask) >> mask.trailing_zeros();
    if found == 0 {
        return Some(Ruling::Met);
    }
    let said = format!("CONNECT sent with {name} {found}");
    Some(Ruling::broken_bits(packet, flags.span.start, mask, said, format!("{name} 0"), found.to_string()))
}

requirement! {
    /// A client connects with a CONNECT packet as MQTT 3.1.1 defines it.
    ///
    /// # Interpretation
    /// It is the first packet on every connection, and no field of it departs from MQTT 3.1.1.
    ///
    /// # Judged
    /// On the first packet of each connection and on every CONNECT, unless the connection ended within it. Broken
    /// by another first packet and by any defect of a CONNECT.
    CONNECT_PACKET {
        id: "wd04/connect-packet",
        rows: &["W4-001"],
        clause: "3.1.1",
        judged: Judged::Packet(connect_packet),
        examples: Examples {
            conforming: &[good],
            violating: &[
                |s| {
                    s.open();
                    s.iut(build::pingreq());
                },
                |s| with_flags(s, 0x01),
            ],
            silent: &[nothing_sent, cut_off],
        },
    }
}

fn connect_packet(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    if !judgeable(packet) {
        return None;
    }
    if packet.packet.packet_type == PacketType::Connect {
        return Some(without_defect(packet));
    }
    (packet.ordinal == 1).then(|| {
        let name = packet.packet.packet_type.name();
        Ruling::broken_bits(packet, 0, 0xF0, format!("{name} sent as the first packet"), "CONNECT first", name)
    })
}

requirement! {
    /// The protocol name is the four bytes `MQTT`, behind the length 4.
    ///
    /// # Judged
    /// On the first six bytes of the variable header of every CONNECT.
    PROTOCOL_NAME {
        id: "wd04/connect-protocol-name",
        rows: &["W4-002"],
        clause: "3.1.1",
        implies: &["wd04/connect-packet", "mqtt311/protocol-name"],
        judged: Judged::Packet(protocol_name),
        examples: Examples {
            conforming: &[good],
            violating: &[
                |s| {
                    s.open();
                    s.iut(build::connect("k3vq9x2m").clean_session(false).protocol_name("MQIsdp").build());
                },
                |s| {
                    s.open();
                    s.iut(build::connect("k3vq9x2m").clean_session(false).protocol_name("mqtt").build());
                },
            ],
            silent: &[nothing_sent, cut_off],
        },
    }
}

fn protocol_name(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let name = connect(packet)?.protocol_name.as_ref()?;
    if name.bytes.as_ref() == b"MQTT" {
        return Some(Ruling::Met);
    }
    let shown = format!("`{}`", name.display());
    let span = Span::new(name.span.start.saturating_sub(2), name.span.end);
    let said = format!("CONNECT sent with protocol name {shown}");
    Some(Ruling::broken_at(packet, span, said, "protocol name `MQTT` of length 4", shown))
}

requirement! {
    /// The protocol level is 4.
    ///
    /// # Judged
    /// On the level byte of every CONNECT.
    PROTOCOL_LEVEL {
        id: "wd04/connect-protocol-level",
        rows: &["W4-003"],
        clause: "3.1.1",
        implies: &["wd04/connect-packet", "mqtt311/protocol-level"],
        judged: Judged::Packet(protocol_level),
        examples: Examples {
            conforming: &[good],
            violating: &[|s| {
                s.open();
                s.iut(build::connect("k3vq9x2m").clean_session(false).protocol_level(5).build());
            }],
            silent: &[nothing_sent, cut_off],
        },
    }
}

fn protocol_level(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let level = connect(packet)?.protocol_level.as_ref()?;
    if level.value == 4 {
        return Some(Ruling::Met);
    }
    let said = format!("CONNECT sent with protocol level {}", level.value);
    Some(Ruling::broken_at(packet, level.span, said, "protocol level 4", level.value.to_string()))
}

requirement! {
    /// Clean Session is 0.
    ///
    /// # Interpretation
    /// 2.8 only advises against a clean session; the table of 3.1.1 fixes the bit, and that is what binds.
    ///
    /// # Judged
    /// On bit 1 of the connect flags of every CONNECT.
    CLEAN_SESSION {
        id: "wd04/connect-clean-session",
        rows: &["W4-004", "W4-068"],
        clause: "3.1.1",
        judged: Judged::Packet(|packet, _| flag(packet, 0x02, "Clean Session")),
        examples: Examples {
            conforming: &[good],
            violating: &[|s| with_flags(s, 0x02)],
            silent: &[nothing_sent, cut_off],
        },
    }
}

requirement! {
    /// The Will Flag is 0: WD04 does not use the last will.
    ///
    /// # Judged
    /// On bit 2 of the connect flags of every CONNECT.
    WILL_FLAG {
        id: "wd04/connect-will-flag",
        rows: &["W4-005", "W4-067"],
        clause: "3.1.1",
        judged: Judged::Packet(|packet, _| flag(packet, 0x04, "Will Flag")),
        examples: Examples {
            conforming: &[good],
            violating: &[|s| {
                s.connect_with(build::connect("k3vq9x2m").clean_session(false).keep_alive(60).will("a", "b", 0, false).build());
            }],
            silent: &[nothing_sent, cut_off],
        },
    }
}

requirement! {
    /// Will QoS is 0.
    ///
    /// # Judged
    /// On bits 4 and 3 of the connect flags of every CONNECT.
    WILL_QOS {
        id: "wd04/connect-will-qos",
        rows: &["W4-006"],
        clause: "3.1.1",
        implies: &[
            "wd04/connect-packet",
            "mqtt311/will-fields-absent",
            "mqtt311/will-qos-zero-without-will",
        ],
        judged: Judged::Packet(|packet, _| flag(packet, 0x18, "Will QoS")),
        examples: Examples {
            conforming: &[good],
            violating: &[|s| with_flags(s, 0x08), |s| with_flags(s, 0x10)],
            silent: &[nothing_sent, cut_off],
        },
    }
}

requirement! {
    /// Will Retain is 0.
    ///
    /// # Judged
    /// On bit 5 of the connect flags of every CONNECT.
    WILL_RETAIN {
        id: "wd04/connect-will-retain",
        rows: &["W4-007"],
        clause: "3.1.1",
        implies: &[
            "wd04/connect-packet",
            "mqtt311/will-fields-absent",
            "mqtt311/will-retain-zero-without-will",
        ],
        judged: Judged::Packet(|packet, _| flag(packet, 0x20, "Will Retain")),
        examples: Examples {
            conforming: &[good],
            violating: &[|s| with_flags(s, 0x20)],
            silent: &[nothing_sent, cut_off],
        },
    }
}

requirement! {
    /// The Remaining Length of CONNECT counts the fields of the packet, no more and no less.
    ///
    /// # Judged
    /// On every CONNECT: its length against the fields that its flags announce, to the last byte.
    REMAINING_LENGTH {
        id: "wd04/connect-remaining-length",
        rows: &["W4-010"],
        clause: "3.1.1",
        implies: &["wd04/connect-packet", "mqtt311/connect-format"],
        judged: Judged::Packet(remaining_length),
        examples: Examples {
            conforming: &[good],
            violating: &[|s| {
                s.open();
                s.iut(build::connect("k3vq9x2m").clean_session(false).keep_alive(60).tail("x").build());
            }],
            silent: &[nothing_sent, cut_off],
        },
    }
}

fn remaining_length(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    if packet.packet.packet_type != PacketType::Connect || !judgeable(packet) {
        return None;
    }
    let layout = ["MQTT-2.2.3", "MQTT-3.1.4-1"].iter().find_map(|clause| packet.packet.defects_of(clause).next());
    match layout {
        Some(defect) => {
            let said = format!("CONNECT's Remaining Length does not fit its fields ({})", defect.actual);
            let expected = "a Remaining Length that counts the packet's fields";
            Some(Ruling::broken_at(packet, defect.span, said, expected, defect.actual.clone()))
        }
        None => Some(Ruling::Met),
    }
}

fn keep_alive(connect: &Connect) -> Option<(u16, Span)> {
    connect.keep_alive.as_ref().map(|k| (k.value, k.span))
}

fn keep_alive_example(s: &mut Sketch, seconds: u16) {
    s.connect_with(build::connect("k3vq9x2m").clean_session(false).keep_alive(seconds).build());
}

requirement! {
    /// Keep Alive is below 300 seconds.
    ///
    /// # Interpretation
    /// 3.1.1 says below 300 and 2.6 at most 300, so exactly 300 is a requirement of its own
    /// (`wd04/connect-keep-alive-300`), as is 0, which switches the mechanism off (`wd04/connect-keep-alive-0`).
    /// Here only what both texts forbid is broken: more than 300.
    ///
    /// # Judged
    /// On the Keep Alive field of every CONNECT.
    KEEP_ALIVE {
        id: "wd04/connect-keep-alive",
        rows: &["W4-008", "W4-065"],
        clause: "3.1.1",
        judged: Judged::Packet(keep_alive_bounded),
        examples: Examples {
            conforming: &[good, |s| keep_alive_example(s, 299), |s| keep_alive_example(s, 300)],
            violating: &[|s| keep_alive_example(s, 301), |s| keep_alive_example(s, 65_535)],
            silent: &[nothing_sent, cut_off],
        },
    }
}

fn keep_alive_bounded(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let (seconds, span) = keep_alive(connect(packet)?)?;
    if seconds <= 300 {
        return Some(Ruling::Met);
    }
    let said = format!("CONNECT sent with a keep alive of {seconds} s");
    Some(Ruling::broken_at(packet, span, said, "a keep alive below 300 s", format!("{seconds} s")))
}

requirement! {
    /// Keep Alive is not exactly 300 seconds.
    ///
    /// # Interpretation
    /// The table of 3.1.1 asks for less than 300. 2.6 names 300 as the maximum, and the packet of appendix A.1
    /// sends it.
    ///
    /// # Judged
    /// On the Keep Alive field of every CONNECT.
    KEEP_ALIVE_300 {
        id: "wd04/connect-keep-alive-300",
        rows: &["W4-008", "W4-065", "W4-070"],
        clause: "3.1.1",
        contradiction: Some("3.1.1 asks for a keep alive below 300 s; 2.6 allows 300 s and appendix A.1 sends it"),
        judged: Judged::Packet(keep_alive_300),
        examples: Examples {
            conforming: &[good, |s| keep_alive_example(s, 301)],
            violating: &[|s| keep_alive_example(s, 300)],
            silent: &[nothing_sent, cut_off],
        },
    }
}

fn keep_alive_300(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let (seconds, span) = keep_alive(connect(packet)?)?;
    if seconds != 300 {
        return Some(Ruling::Met);
    }
    let said = "CONNECT sent with a keep alive of exactly 300 s";
    Some(Ruling::broken_at(packet, span, said, "a keep alive below 300 s", "300 s"))
}

requirement! {
    /// Keep Alive is not 0.
    ///
    /// # Interpretation
    /// 0 is a number below 300, as 3.1.1 asks, but switches keep alive off, so that neither the maximum of 2.6 nor
    /// the PINGREQ of 3.1.12 means anything.
    ///
    /// # Judged
    /// On the Keep Alive field of every CONNECT.
    KEEP_ALIVE_0 {
        id: "wd04/connect-keep-alive-0",
        rows: &["W4-008", "W4-065"],
        clause: "3.1.1",
        contradiction: Some("0 is below the 300 s of 3.1.1, but leaves nothing of the maximum of 2.6 and the pings of 3.1.12"),
        judged: Judged::Packet(keep_alive_0),
        examples: Examples {
            conforming: &[good],
            violating: &[|s| keep_alive_example(s, 0)],
            silent: &[nothing_sent, cut_off],
        },
    }
}

fn keep_alive_0(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let (seconds, span) = keep_alive(connect(packet)?)?;
    if seconds != 0 {
        return Some(Ruling::Met);
    }
    let said = "CONNECT switches keep alive off";
    Some(Ruling::broken_at(packet, span, said, "a keep alive from 1 to 299 s", "0"))
}

requirement! {
    /// User name, password and client identifier, with their flags, are left open.
    LEFT_OPEN {
        id: "wd04/connect-left-open",
        rows: &["W4-009"],
        clause: "3.1.1",
        level: Level::Guidance,
        judged: Judged::Untestable("the table leaves these fields to be defined: any value satisfies it"),
    }
}

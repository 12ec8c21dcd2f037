//! What the requirements of this catalogue share: judging one packet by the defects of the strict decoder, and
//! the few recordings that most examples begin with.

use crate::evidence::PacketSeen;
use crate::evidence::sketch::Sketch;
use crate::iut::Pics;
use crate::judge::{Deviation, Ruling, Witness};
use touchstone_fixtures::wire::mqtt311::{ControlPacket, PacketType, build};
use touchstone_fixtures::wire::{Defect, Span};

/// What rules on an order of several messages apply to.
pub(super) const SEVERAL_IN_FLIGHT: (&str, fn(&Pics) -> bool) =
    ("it publishes before its last message is acknowledged (not `one-in-flight`)", |pics| {
        !pics.elects("one-in-flight")
    });

/// Whether the bytes can be held against the IUT: it sent them, and all of them arrived.
pub(super) fn judgeable(packet: &PacketSeen) -> bool {
    packet.from_iut() && !packet.packet.truncated
}

/// Judges a packet of the IUT by what the decoder found under `clause`: broken by the first such defect, met when
/// there is none and the packet is `relevant`. `phrase` goes on from the packet's name.
pub(super) fn by_defect(
    packet: &PacketSeen,
    clause: &str,
    relevant: fn(&ControlPacket) -> bool,
    phrase: &str,
) -> Option<Ruling> {
    if !judgeable(packet) || (foreign(&packet.packet) && !NAMES_THE_VERSION.contains(&clause)) {
        return None;
    }
    let mut found = packet.packet.defects_of(clause);
    match found.next() {
        Some(defect) => Some(broken(packet, defect, format!("{} {phrase}", packet.packet.packet_type.name()))),
        None => relevant(&packet.packet).then_some(Ruling::Met),
    }
}

/// The statements about what says which protocol a CONNECT belongs to.
const NAMES_THE_VERSION: [&str; 2] = ["MQTT-3.1.2-1", "MQTT-3.1.2-2"];

/// Whether it is a CONNECT of another protocol, or of another version: what follows its level may be laid out in
/// another way, so that nothing but its name and its level can be held against it.
fn foreign(packet: &ControlPacket) -> bool {
    let Some(connect) = packet.connect() else { return false };
    connect.protocol_name.as_ref().is_some_and(|name| name.bytes != "MQTT")
        || connect.protocol_level.as_ref().is_some_and(|level| level.value != 4)
}

/// Like [`by_defect`], for packets of one type only.
pub(super) fn by_defect_in(
    packet: &PacketSeen,
    clause: &str,
    only: PacketType,
    relevant: fn(&ControlPacket) -> bool,
    phrase: &str,
) -> Option<Ruling> {
    if packet.packet.packet_type != only {
        return None;
    }
    by_defect(packet, clause, relevant, phrase)
}

/// Broken as the decoder describes it.
pub(super) fn broken(packet: &PacketSeen, defect: &Defect, said: String) -> Ruling {
    Ruling::Broken(Deviation {
        witness: Some(Witness { bits: defect.bits, ..Witness::bytes(packet, defect.span) }),
        said,
        expected: defect.expected.clone(),
        actual: defect.actual.clone(),
    })
}

/// Judges the flag bits of the first byte of packets of one type.
pub(super) fn flags_of(packet: &PacketSeen, only: PacketType, expected: u8) -> Option<Ruling> {
    let first = *packet.packet.raw.first()?;
    if !judgeable(packet) || packet.packet.packet_type != only {
        return None;
    }
    if first & 0x0F == expected {
        return Some(Ruling::Met);
    }
    let name = only.name();
    Some(Ruling::broken_bits(
        packet,
        0,
        (first ^ expected) & 0x0F,
        format!("{name} sent with reserved flag bits {:04b}", first & 0x0F),
        format!("first byte {:02X}", (only as u8) << 4 | expected),
        format!("{first:02X}"),
    ))
}

/// Every packet is relevant.
pub(super) fn any(_: &ControlPacket) -> bool {
    true
}

/// Whether it holds a string at all.
pub(super) fn has_string(packet: &ControlPacket) -> bool {
    matches!(
        packet.packet_type,
        PacketType::Connect | PacketType::Publish | PacketType::Subscribe | PacketType::Unsubscribe
    )
}

/// Whether it holds a Topic Name or a Topic Filter.
pub(super) fn has_topic(packet: &ControlPacket) -> bool {
    matches!(packet.packet_type, PacketType::Publish | PacketType::Subscribe | PacketType::Unsubscribe)
        || has_will(packet)
}

/// Whether it is a CONNECT with the Will Flag.
pub(super) fn has_will(packet: &ControlPacket) -> bool {
    packet.connect().is_some_and(|c| c.will_flag())
}

/// Whether it is a CONNECT with the User Name Flag.
pub(super) fn has_user_name(packet: &ControlPacket) -> bool {
    packet.connect().is_some_and(|c| c.flag(0x80))
}

/// Whether it is a CONNECT with the Password Flag.
pub(super) fn has_password(packet: &ControlPacket) -> bool {
    packet.connect().is_some_and(|c| c.flag(0x40))
}

/// Whether it is a PUBLISH with a QoS above 0.
pub(super) fn publishes_above_0(packet: &ControlPacket) -> bool {
    packet.publish().is_some_and(|p| p.qos > 0)
}

/// The bytes of the packet identifier, or the whole packet where it has none.
pub(super) fn packet_id_span(packet: &ControlPacket) -> Span {
    use touchstone_fixtures::wire::mqtt311::Body;
    let id = match &packet.body {
        Body::Publish(p) => p.packet_id.as_ref(),
        Body::Ack(id) => id.as_ref(),
        Body::Subscribe(s) => s.packet_id.as_ref(),
        Body::Suback(s) => s.packet_id.as_ref(),
        Body::Unsubscribe(u) => u.packet_id.as_ref(),
        _ => None,
    };
    id.map_or(Span::new(0, packet.raw.len() as u32), |id| id.span)
}

/// A connected and subscribed client that has published nothing.
pub(super) fn ready(s: &mut Sketch) {
    s.ready();
}

/// A connection that was opened, and on which nothing was sent.
pub(super) fn only_opened(s: &mut Sketch) {
    s.open();
    s.wait(500);
}

/// Connected, and nothing else.
pub(super) fn only_connected(s: &mut Sketch) {
    s.connect();
}

/// Connected, and a ping: no packet with a string, an identifier or flags of its own after the CONNECT.
pub(super) fn ping(s: &mut Sketch) {
    s.connect();
    s.iut(build::pingreq());
    s.edge(build::pingresp());
}

/// A message of the IUT at QoS 1, acknowledged.
pub(super) fn publishes(s: &mut Sketch) {
    s.ready();
    s.iut(build::publish("oc2/rsp", 1, 9, b"one"));
    s.edge(build::puback(9));
}

/// Connected, and a raw packet of the IUT.
pub(super) fn sends(s: &mut Sketch, packet: impl AsRef<[u8]>) {
    s.connect();
    s.iut(packet);
}

/// A connection on which only the server speaks, past its own rules: never judged.
pub(super) fn receives_only(s: &mut Sketch, packet: impl AsRef<[u8]>) {
    s.open();
    s.inject(packet, false);
}

/// What no server sends, and a client that closes the connection.
pub(super) fn closes(s: &mut Sketch, packet: impl AsRef<[u8]>) {
    s.ready();
    s.inject(packet, false);
    s.wait(20);
    s.closed_by_iut();
}

/// What no server sends, and a client that goes on.
pub(super) fn stays(s: &mut Sketch, packet: impl AsRef<[u8]>) {
    s.ready();
    s.inject(packet, false);
    s.wait(2_500);
    s.iut(build::pingreq());
}

/// What no server sends, and a connection that is cut before anything can be told.
pub(super) fn is_cut(s: &mut Sketch, packet: impl AsRef<[u8]>) {
    s.ready();
    s.inject(packet, false);
    s.wait(50);
    s.cut();
}

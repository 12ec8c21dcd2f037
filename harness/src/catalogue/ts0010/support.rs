//! What the requirements of this catalogue share.

use crate::evidence::PacketSeen;
use crate::evidence::onem2m::Primitive;
use crate::evidence::sketch::Sketch;
use touchstone_fixtures::wire::mqtt311::{Connect, Publish};

/// Whether the bytes can be held against the IUT: it sent them, and all of them arrived.
pub(super) fn judgeable(packet: &PacketSeen) -> bool {
    packet.from_iut() && !packet.packet.truncated
}

/// A whole CONNECT of the IUT.
pub(super) fn connect(packet: &PacketSeen) -> Option<&Connect> {
    packet.packet.connect().filter(|_| judgeable(packet))
}

/// A whole PUBLISH of the IUT that holds a primitive.
pub(super) fn sent(packet: &PacketSeen) -> Option<(&Publish, &Primitive)> {
    let primitive = packet.primitive()?;
    Some((packet.packet.publish().filter(|_| judgeable(packet))?, primitive))
}

/// Text B, where text A does not say the same.
pub(super) const LATER: &[&str] = &["onem2m-ts0010-v2.4.1"];

/// A CSE, connected and subscribed.
pub(super) fn cse(s: &mut Sketch) {
    s.ready_cse();
}

/// An AE, connected and subscribed.
pub(super) fn ae(s: &mut Sketch) {
    s.ready_ae();
}

/// A CSE that opens a connection and sends nothing.
pub(super) fn nothing_sent(s: &mut Sketch) {
    s.cse();
    s.open();
    s.closed_by_iut();
}

/// A CSE with a CONNECT of its own.
pub(super) fn connects(s: &mut Sketch, packet: Vec<u8>) {
    s.cse();
    s.connect_with(packet);
}

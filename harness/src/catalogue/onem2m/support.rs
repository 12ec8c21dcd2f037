//! What the requirements of this catalogue share.

use crate::evidence::PacketSeen;
use crate::evidence::onem2m::Primitive;
use crate::evidence::payload::Kind;
use crate::judge::Ruling;

/// A primitive of the IUT, as far as it could be read.
pub(super) fn sent(packet: &PacketSeen) -> Option<&Primitive> {
    packet.primitive().filter(|_| packet.from_iut() && !packet.packet.truncated)
}

/// A request of the IUT that could be read whole.
pub(super) fn request(packet: &PacketSeen) -> Option<&Primitive> {
    sent(packet).filter(|p| p.whole_text() && p.kind == Some(Kind::Request))
}

/// A response of the IUT that could be read whole.
pub(super) fn response(packet: &PacketSeen) -> Option<&Primitive> {
    sent(packet).filter(|p| p.whole_text() && p.kind == Some(Kind::Response))
}

/// Broken by the first departure under a row; kept where there is none and the primitive shows that it could have one.
pub(super) fn held(packet: &PacketSeen, primitive: &Primitive, row: &str, said: &str, shown: bool) -> Option<Ruling> {
    let Some(defect) = primitive.defects_of(row).next() else { return shown.then_some(Ruling::Met) };
    let start = packet.packet.publish()?.payload.span.start;
    let (expected, actual) = (defect.expected.clone(), defect.actual.clone());
    Some(Ruling::broken_at(packet, defect.span.shifted(start), said, expected, actual))
}

/// What a primitive is called in a finding.
pub(super) fn noun(primitive: &Primitive) -> &'static str {
    match primitive.kind {
        Some(Kind::Request) => "Request",
        Some(Kind::Response) => "Response",
        _ => "Primitive",
    }
}

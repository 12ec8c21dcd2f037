//! What the requirements of this catalogue share: the packets they look at, and how findings name them.

use crate::evidence::PacketSeen;
use crate::evidence::openc2::{ContentKind, Message};
use crate::judge::{Deviation, Ruling, Witness};
use touchstone_fixtures::wire::mqtt311::{Body, Connect, PacketType, Publish, Subscription};
use touchstone_fixtures::wire::{Defect, Span};

/// Whether the bytes can be held against the IUT: it sent them, and all of them arrived.
pub(in crate::catalogue) fn judgeable(packet: &PacketSeen) -> bool {
    packet.from_iut() && !packet.packet.truncated
}

/// A whole CONNECT of the IUT.
pub(in crate::catalogue) fn connect(packet: &PacketSeen) -> Option<&Connect> {
    packet.packet.connect().filter(|_| judgeable(packet))
}

/// A whole PUBLISH of the IUT that holds an OpenC2 message.
pub(in crate::catalogue) fn sent(packet: &PacketSeen) -> Option<(&Publish, &Message)> {
    let message = packet.message()?;
    Some((packet.packet.publish().filter(|_| judgeable(packet))?, message))
}

/// The subscriptions below `oc2/` of a whole SUBSCRIBE of the IUT; `None` where there are none.
pub(in crate::catalogue) fn subscriptions(packet: &PacketSeen) -> Option<Vec<&Subscription>> {
    let Body::Subscribe(subscribe) = &packet.packet.body else { return None };
    if !judgeable(packet) {
        return None;
    }
    let ours: Vec<_> = subscribe.subscriptions.iter().filter(|s| s.filter.bytes.starts_with(b"oc2/")).collect();
    (!ours.is_empty()).then_some(ours)
}

/// What a message is called in a finding.
pub(in crate::catalogue) fn noun(message: &Message) -> &'static str {
    match message.kind {
        Some(ContentKind::Request) => "Request",
        Some(ContentKind::Response) => "Response",
        Some(ContentKind::Notification) => "Notification",
        None if message.header.is_some_and(|h| h.fixed == 0b1001 && h.message_type == 0) => "Request",
        None if message.header.is_some_and(|h| h.fixed == 0b1001 && h.message_type == 1) => "Response",
        None => "OpenC2 message",
    }
}

/// Bytes of the payload as bytes of the packet.
pub(super) fn in_packet(publish: &Publish, span: Span) -> Span {
    span.shifted(publish.payload.span.start)
}

/// Broken by a defect of the packet's MQTT bytes.
pub(super) fn broken_packet(packet: &PacketSeen, defect: &Defect, said: String) -> Ruling {
    Ruling::Broken(Deviation {
        witness: Some(Witness { bits: defect.bits, ..Witness::bytes(packet, defect.span) }),
        said,
        expected: defect.expected.clone(),
        actual: defect.actual.clone(),
    })
}

/// Broken by a defect of the payload, whose span counts from the payload's first byte.
pub(super) fn broken_payload(packet: &PacketSeen, publish: &Publish, defect: &Defect, said: String) -> Ruling {
    let defect = Defect { span: in_packet(publish, defect.span), ..defect.clone() };
    broken_packet(packet, &defect, said)
}

/// Met, unless the packet has an MQTT defect.
pub(super) fn without_defect(packet: &PacketSeen) -> Ruling {
    match packet.packet.defects.first() {
        Some(defect) => {
            let said = format!("{} sent with a defect ({})", packet.packet.packet_type.name(), defect.clause);
            broken_packet(packet, defect, said)
        }
        None => Ruling::Met,
    }
}

/// Nanoseconds as seconds with one decimal.
pub(in crate::catalogue) fn seconds(nanos: u64) -> String {
    format!("{}.{} s", nanos / 1_000_000_000, nanos / 100_000_000 % 10)
}

/// Whether it acknowledges a delivery.
pub(super) fn acknowledges(packet_type: PacketType) -> bool {
    matches!(packet_type, PacketType::Puback | PacketType::Pubrec | PacketType::Pubrel | PacketType::Pubcomp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_one_decimal() {
        assert_eq!(seconds(2_340_000_000), "2.3 s");
        assert_eq!(seconds(0), "0.0 s");
    }
}

//! Packets that belong together: handshakes of acknowledgement, and requests with their responses.

use crate::model::TracePacket;
use std::collections::BTreeMap;

/// So many pairs are drawn beside each other; more share the last lane.
pub(super) const LANES: usize = 4;

/// Two rows of a trace that belong together.
#[derive(Clone, Copy)]
pub(super) struct Pair {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) lane: usize,
}

/// A handshake that did not end: where it began, and what is missing.
pub(super) type Open = (usize, &'static str);

/// Whether a packet is on a connection of the implementation.
pub(super) fn of_iut(packet: &TracePacket) -> bool {
    packet.direction.ends_with("-iut")
}

/// Whether a client sent a packet.
pub(super) fn from_client(packet: &TracePacket) -> bool {
    packet.direction.starts_with("from-")
}

/// The value of a field.
pub(super) fn field<'p>(packet: &'p TracePacket, name: &str) -> Option<&'p str> {
    packet.fields.iter().find(|field| field.name == name).map(|field| field.value.as_str())
}

/// What begins a handshake, and what its end is called.
fn closes(packet: &TracePacket) -> Option<(&'static str, &'static str)> {
    let id = || field(packet, "Packet Identifier").is_some();
    match packet.name.as_str() {
        "CONNECT" => Some(("CONNACK", "no CONNACK")),
        "PUBLISH" if id() => Some(("PUBACK PUBCOMP", "no acknowledgement")),
        "SUBSCRIBE" => Some(("SUBACK", "no SUBACK")),
        "UNSUBSCRIBE" => Some(("UNSUBACK", "no UNSUBACK")),
        "PINGREQ" => Some(("PINGRESP", "no PINGRESP")),
        _ => None,
    }
}

/// Handshakes that ended, and those that did not.
pub(super) fn handshakes<'p>(packets: impl Iterator<Item = (usize, &'p TracePacket)>) -> (Vec<Pair>, Vec<Open>) {
    let mut open: Vec<(usize, &TracePacket)> = Vec::new();
    let mut ended: Vec<Pair> = Vec::new();
    for (at, packet) in packets {
        let id = field(packet, "Packet Identifier");
        let end = open.iter().rposition(|(_, begun)| {
            begun.connection == packet.connection
                && begun.direction != packet.direction
                && field(begun, "Packet Identifier") == id
                && closes(begun).is_some_and(|(names, _)| names.split(' ').any(|name| name == packet.name))
        });
        if let Some(end) = end {
            ended.push(Pair { from: open.remove(end).0, to: at, lane: 0 });
        }
        if closes(packet).is_some() {
            open.push((at, packet));
        }
    }
    let open = open.into_iter().filter_map(|(at, packet)| Some((at, closes(packet)?.1))).collect();
    (ended, open)
}

/// Requests to the implementation, or of it, joined with what answers them first; and the requests that nothing answers.
pub(super) fn exchanges<'p>(
    packets: impl Iterator<Item = (usize, &'p TracePacket)>,
) -> (Vec<(Pair, &'p str)>, Vec<usize>) {
    let mut open: BTreeMap<&str, (usize, bool)> = BTreeMap::new();
    let mut joined = Vec::new();
    for (at, packet) in packets.filter(|(_, p)| of_iut(p)) {
        let Some(name) = packet.exchange.as_deref() else { continue };
        match open.get(name) {
            Some((from, asked)) if *asked != from_client(packet) => {
                joined.push((Pair { from: *from, to: at, lane: 0 }, name));
                open.remove(name);
            }
            Some(_) => {}
            None => {
                open.insert(name, (at, from_client(packet)));
            }
        }
    }
    let unanswered = open.values().filter(|(_, from_client)| !from_client).map(|(at, _)| *at).collect();
    (joined, unanswered)
}

/// Puts pairs into lanes, each beside those that are still open where it begins.
pub(super) fn lanes<'p>(pairs: impl Iterator<Item = &'p mut Pair>) {
    let mut pairs: Vec<&mut Pair> = pairs.collect();
    pairs.sort_by_key(|pair| (pair.from, pair.to));
    let mut lanes = [None; LANES];
    for pair in pairs {
        let free = |busy: &Option<usize>| busy.is_none_or(|until| until < pair.from);
        pair.lane = lanes.iter().position(free).unwrap_or(LANES - 1);
        lanes[pair.lane] = Some(pair.to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TraceField;

    fn packet(direction: &str, name: &str, id: Option<u16>, exchange: Option<&str>) -> TracePacket {
        let id =
            id.map(|id| TraceField { name: "Packet Identifier".into(), bytes: [2, 4], bits: 0, value: id.to_string() });
        TracePacket {
            connection: 3,
            packet: 1,
            direction: direction.into(),
            name: name.into(),
            summary: String::new(),
            bytes: Vec::new(),
            length: 0,
            fields: id.into_iter().collect(),
            text: None,
            exchange: exchange.map(str::to_owned),
        }
    }

    fn pairs(pairs: &[Pair]) -> Vec<(usize, usize, usize)> {
        pairs.iter().map(|pair| (pair.from, pair.to, pair.lane)).collect()
    }

    /// QoS 1 both ways under one identifier, QoS 2 around them, and a SUBSCRIBE that nothing answers.
    #[test]
    fn handshakes_are_told_apart_by_direction_and_identifier() {
        let packets = [
            packet("from-iut", "PUBLISH", Some(9), None),
            packet("to-iut", "PUBLISH", Some(1), None),
            packet("from-iut", "PUBLISH", Some(1), None),
            packet("to-iut", "PUBREC", Some(9), None),
            packet("to-iut", "PUBACK", Some(1), None),
            packet("from-iut", "PUBREL", Some(9), None),
            packet("from-iut", "PUBACK", Some(1), None),
            packet("to-iut", "PUBCOMP", Some(9), None),
            packet("from-iut", "SUBSCRIBE", Some(2), None),
            packet("from-iut", "PUBLISH", None, None),
        ];
        let (mut ended, open) = handshakes(packets.iter().enumerate());
        lanes(ended.iter_mut());
        ended.sort_by_key(|pair| pair.from);
        assert_eq!(pairs(&ended), [(0, 7, 0), (1, 6, 1), (2, 4, 2)]);
        assert_eq!(open, [(8, "no SUBACK")]);
    }

    #[test]
    fn requests_are_joined_with_their_first_response() {
        let packets = [
            packet("to-iut", "PUBLISH", None, Some("a")),
            packet("to-iut", "PUBLISH", None, Some("b")),
            packet("from-peer", "PUBLISH", None, Some("b")),
            packet("from-iut", "PUBLISH", None, Some("a")),
            packet("from-iut", "PUBLISH", None, Some("a")),
        ];
        let (joined, unanswered) = exchanges(packets.iter().enumerate());
        let names: Vec<_> = joined.iter().map(|(pair, name)| (pair.from, pair.to, *name)).collect();
        assert_eq!(names, [(0, 3, "a")]);
        assert_eq!(unanswered, [1]);
    }
}

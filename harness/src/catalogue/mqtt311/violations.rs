//! What no conforming server sends: told from the bytes, and from what was said on the connection before.

use crate::evidence::PacketSeen;
use std::collections::{BTreeMap, BTreeSet};
use touchstone_fixtures::wire::mqtt311::{Body, PacketType};

/// Identifiers of SUBSCRIBEs without a SUBACK that are followed on one connection.
const SUBSCRIBES: usize = 1_024;

/// Under which statement a receiver has to close the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// 1.5.3-1: a string that is not UTF-8.
    IllFormedUtf8,
    /// 1.5.3-2: a string with U+0000.
    NullCharacter,
    /// 2.2.2-2: invalid reserved flags.
    ReservedFlags,
    /// 3.3.1-4: a PUBLISH with both QoS bits set.
    Qos3,
    /// 4.8.0-1 alone: against a packet format, or against a MUST of the server.
    Other,
    /// Odd, and no text calls it a violation.
    Soft,
}

/// A packet that is a violation, in words that go on from "after".
#[derive(Clone, Debug)]
pub(super) struct Violation {
    pub kind: Kind,
    pub what: String,
}

/// What was said on one connection so far, as far as it tells a violation.
#[derive(Debug, Default)]
pub(super) struct Talk {
    connack: bool,
    /// Filters of the SUBSCRIBEs that wait for their SUBACK.
    subscribes: BTreeMap<u16, usize>,
    /// Whether there were too many of them.
    overflown: bool,
    /// Identifiers the client has used.
    used: BTreeSet<u16>,
    pings: u64,
}

impl Talk {
    /// The client sent a packet.
    pub fn sent(&mut self, p: &PacketSeen) {
        self.used.extend(p.packet.packet_id());
        match (&p.packet.body, p.packet.packet_type) {
            (Body::Subscribe(subscribe), _) => {
                if let Some(id) = p.packet.packet_id() {
                    if self.subscribes.len() < SUBSCRIBES {
                        self.subscribes.insert(id, subscribe.subscriptions.len());
                    } else {
                        self.overflown = true;
                    }
                }
            }
            (_, PacketType::Pingreq) => self.pings += 1,
            _ => {}
        }
    }

    /// The server sent a packet: whether it may not, the tester's own doing being known as such.
    pub fn received(&mut self, p: &PacketSeen) -> Option<Violation> {
        let found = self.judge(p);
        match p.packet.packet_type {
            PacketType::Connack => self.connack = true,
            PacketType::Suback => {
                p.packet.packet_id().map(|id| self.subscribes.remove(&id));
            }
            PacketType::Pingresp => self.pings = self.pings.saturating_sub(1),
            _ => {}
        }
        found.filter(|_| p.injected && !p.lawful && !p.packet.truncated)
    }

    fn judge(&self, p: &PacketSeen) -> Option<Violation> {
        let name = p.packet.packet_type.name();
        let has = |clause| p.packet.defects_of(clause).next().is_some();
        let violation = |kind, what: String| Some(Violation { kind, what });
        if has("MQTT-2.1") {
            return violation(Kind::Other, format!("a packet of type {name}, which no server sends"));
        }
        if has("MQTT-3.3.1-4a") {
            return violation(Kind::Qos3, "a PUBLISH with both QoS bits set".to_owned());
        }
        if has("MQTT-2.2.2-1") {
            return violation(Kind::ReservedFlags, format!("a {name} with invalid reserved flags"));
        }
        if has("MQTT-1.5.3-1a") {
            return violation(Kind::IllFormedUtf8, format!("a {name} with a string that is not UTF-8"));
        }
        if has("MQTT-1.5.3-2a") {
            return violation(Kind::NullCharacter, format!("a {name} with U+0000 in a string"));
        }
        // A reserved return code, and characters that strings should not hold.
        let defect = p.packet.defects.iter().find(|d| !matches!(d.clause, "MQTT-3.2.2-6" | "MQTT-1.5.3"));
        if let Some(defect) = defect {
            let what = format!(
                "a malformed {name} ({}, expected: {}; sent: {})",
                defect.clause, defect.expected, defect.actual
            );
            return violation(Kind::Other, what);
        }
        if p.packet.packet_type == PacketType::Connack {
            return match (self.connack, has("MQTT-3.2.2-6")) {
                (true, _) => violation(Kind::Other, "a second CONNACK".to_owned()),
                (false, true) => violation(Kind::Soft, "a CONNACK with a reserved return code".to_owned()),
                (false, false) => None,
            };
        }
        if !self.connack {
            return violation(Kind::Other, format!("a {name} before CONNACK"));
        }
        self.unasked(p)
    }

    /// Answers to nothing, and answers that do not fit.
    fn unasked(&self, p: &PacketSeen) -> Option<Violation> {
        let name = p.packet.packet_type.name();
        let id = p.packet.packet_id();
        match &p.packet.body {
            Body::Suback(suback) => match id.and_then(|id| self.subscribes.get(&id)) {
                Some(filters) if *filters != suback.return_codes.len() => Some(Violation {
                    kind: Kind::Other,
                    what: format!("a SUBACK with {} codes for {filters} filters", suback.return_codes.len()),
                }),
                Some(_) => None,
                None if self.overflown => None,
                None => Some(Violation { kind: Kind::Soft, what: "a SUBACK for no SUBSCRIBE".to_owned() }),
            },
            Body::Ack(_)
                if p.packet.packet_type != PacketType::Pubrel && !id.is_some_and(|id| self.used.contains(&id)) =>
            {
                Some(Violation { kind: Kind::Soft, what: format!("a {name} with a packet identifier never used") })
            }
            Body::Empty if self.pings == 0 => {
                Some(Violation { kind: Kind::Soft, what: "a PINGRESP without a PINGREQ".to_owned() })
            }
            _ => None,
        }
    }
}

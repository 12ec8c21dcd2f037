//! Conditions on packets of the IUT.

use crate::diagnostic::instead;
use crate::diagnostic::toml::Fields;
use crate::scenario::model::Key;
use touchstone_fixtures::wire::mqtt311::{Body, ControlPacket, PacketType};

/// What a packet must look like.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// Its type.
    pub packet: PacketType,
    /// Topic of a PUBLISH.
    pub topic: Option<String>,
    /// QoS of a PUBLISH.
    pub qos: Option<u8>,
    /// DUP of a PUBLISH.
    pub dup: Option<bool>,
    /// RETAIN of a PUBLISH.
    pub retain: Option<bool>,
    /// The whole first byte.
    pub flags: Option<u8>,
    /// Packet identifier.
    pub packet_id: Option<u16>,
    /// A SUBSCRIBE or UNSUBSCRIBE that holds this filter.
    pub filter: Option<String>,
}

/// The types of packets by name.
pub const PACKETS: [(&str, PacketType); 14] = [
    ("CONNECT", PacketType::Connect),
    ("CONNACK", PacketType::Connack),
    ("PUBLISH", PacketType::Publish),
    ("PUBACK", PacketType::Puback),
    ("PUBREC", PacketType::Pubrec),
    ("PUBREL", PacketType::Pubrel),
    ("PUBCOMP", PacketType::Pubcomp),
    ("SUBSCRIBE", PacketType::Subscribe),
    ("SUBACK", PacketType::Suback),
    ("UNSUBSCRIBE", PacketType::Unsubscribe),
    ("UNSUBACK", PacketType::Unsuback),
    ("PINGREQ", PacketType::Pingreq),
    ("PINGRESP", PacketType::Pingresp),
    ("DISCONNECT", PacketType::Disconnect),
];

/// Which end sends a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The IUT.
    Iut,
    /// The edge.
    Edge,
}

/// Reads `from` = "iut" or "edge".
pub fn end(fields: &Fields<'_>) -> Option<End> {
    if !fields.has("from") {
        fields.missing("from", "\"iut\"");
    }
    fields.choice("from", &[("iut", End::Iut), ("edge", End::Edge)]).map(|f| f.value)
}

/// What an implementation has to do so that there can be such a packet: nothing is acknowledged at QoS 0.
pub fn flow(packet: PacketType, from: End) -> Option<Key> {
    match (packet, from) {
        (PacketType::Puback | PacketType::Pubrec | PacketType::Pubcomp, End::Iut) | (PacketType::Pubrel, End::Edge) => {
            Some(Key::Receives)
        }
        (PacketType::Puback | PacketType::Pubrec | PacketType::Pubcomp, End::Edge) | (PacketType::Pubrel, End::Iut) => {
            Some(Key::Publishes)
        }
        _ => None,
    }
}

/// Reads `packet` = NAME.
pub fn packet_type(fields: &Fields<'_>) -> Option<PacketType> {
    let name = fields.required("packet", "\"PUBLISH\"")?;
    let found = PACKETS.iter().find(|(known, _)| *known == name.value).map(|(_, packet)| *packet);
    if found.is_none() {
        let names: Vec<&str> = PACKETS.iter().map(|(name, _)| *name).collect();
        fields.document.wrong(
            name.span,
            format!("unknown packet `{}`", name.value),
            "",
            instead(&name.value.to_ascii_uppercase(), &names),
        );
    }
    found
}

impl Pattern {
    /// Reads the conditions of an `await`.
    pub fn read(fields: &Fields<'_>) -> Option<Pattern> {
        let packet = packet_type(fields);
        let topic = fields.string("topic").map(|t| t.value);
        let qos = fields.integer("qos", 0, 2).and_then(|n| u8::try_from(n.value).ok());
        let dup = fields.boolean("dup").map(|b| b.value);
        let retain = fields.boolean("retain").map(|b| b.value);
        let flags = match hex(fields, "flags") {
            Some(bytes) => match bytes.as_slice() {
                [byte] => Some(*byte),
                _ => {
                    let span = fields.key_span("flags");
                    fields.document.wrong(span, "`flags` must be one byte in hex", "", None);
                    None
                }
            },
            None => None,
        };
        let packet_id = fields.integer("packet_id", 1, 65535).and_then(|n| u16::try_from(n.value).ok());
        let filter = fields.string("filter").map(|f| f.value);
        let packet = packet?;
        let publish = packet == PacketType::Publish;
        let subscription = matches!(packet, PacketType::Subscribe | PacketType::Unsubscribe);
        for (key, given, fits) in [
            ("topic", topic.is_some(), publish),
            ("qos", qos.is_some(), publish),
            ("dup", dup.is_some(), publish),
            ("retain", retain.is_some(), publish),
            ("filter", filter.is_some(), subscription),
        ] {
            if given && !fits {
                fields.document.wrong(
                    fields.key_span(key),
                    format!("a {} has no `{key}`", packet.name()),
                    "",
                    Some(format!("remove `{key}`, or await another packet")),
                );
            }
        }
        Some(Pattern { packet, topic, qos, dup, retain, flags, packet_id, filter })
    }

    /// What an implementation has to do so that one of its packets can be that.
    pub fn needs(&self) -> Option<Key> {
        let sent_above_0 = self.qos.is_some_and(|qos| qos > 0) || self.dup == Some(true);
        if sent_above_0 { Some(Key::Publishes) } else { flow(self.packet, End::Iut) }
    }

    /// Whether a packet is what the conditions ask for.
    pub fn matches(&self, packet: &ControlPacket) -> bool {
        fn fits<T: PartialEq>(wanted: Option<&T>, found: Option<&T>) -> bool {
            wanted.is_none_or(|wanted| found == Some(wanted))
        }
        if packet.packet_type != self.packet {
            return false;
        }
        let publish = packet.publish();
        let topic = publish.and_then(|p| p.topic.as_ref()).and_then(|t| t.text.as_ref());
        fits(self.topic.as_ref(), topic)
            && fits(self.qos.as_ref(), publish.map(|p| &p.qos))
            && fits(self.dup.as_ref(), publish.map(|p| &p.dup))
            && fits(self.retain.as_ref(), publish.map(|p| &p.retain))
            && fits(self.flags.as_ref(), packet.raw.first())
            && fits(self.packet_id.as_ref(), packet.packet_id().as_ref())
            && self.filter.as_ref().is_none_or(|filter| holds(packet, filter))
    }

    /// The conditions in words.
    pub fn describe(&self) -> String {
        let mut words = self.packet.name().to_owned();
        let mut add = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                words.push_str(&format!(" {name} {value}"));
            }
        };
        add("topic", self.topic.clone());
        add("QoS", self.qos.map(|v| v.to_string()));
        add("DUP", self.dup.map(|v| u8::from(v).to_string()));
        add("RETAIN", self.retain.map(|v| u8::from(v).to_string()));
        add("byte 0", self.flags.map(|v| format!("0x{v:02x}")));
        add("packet id", self.packet_id.map(|v| v.to_string()));
        add("filter", self.filter.clone());
        words
    }
}

fn holds(packet: &ControlPacket, filter: &str) -> bool {
    match &packet.body {
        Body::Subscribe(s) => s.subscriptions.iter().any(|s| s.filter.text.as_deref() == Some(filter)),
        Body::Unsubscribe(u) => u.filters.iter().any(|f| f.text.as_deref() == Some(filter)),
        _ => false,
    }
}

/// Bytes written in hex; spaces between them are allowed.
pub fn hex(fields: &Fields<'_>, key: &'static str) -> Option<Vec<u8>> {
    let text = fields.string(key)?;
    let digits: Vec<u8> = text.value.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    let bytes: Option<Vec<u8>> = digits
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => {
                let digit = |b: u8| char::from(b).to_digit(16);
                u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()
            }
            _ => None,
        })
        .collect();
    if bytes.is_none() {
        fields.document.wrong(
            text.span,
            format!("`{key}` in {} is not hex", fields.name),
            "",
            Some("write two digits for each byte, as in \"90 01\"".to_owned()),
        );
    }
    bytes
}

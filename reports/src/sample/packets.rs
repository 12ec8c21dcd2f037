//! A made-up conversation between a broker and a Consumer, already annotated.

use crate::model::{TraceField, TracePacket, TraceRow, TraceWhat};

/// Bytes and their names, put together at once.
#[derive(Default)]
struct Wire {
    bytes: Vec<u8>,
    fields: Vec<TraceField>,
}

impl Wire {
    fn first(kind: &str, byte: u8, remaining: u8) -> Wire {
        let mut wire = Wire::default();
        wire.bytes.push(byte);
        wire.bits("Control Packet Type", 0, 0xf0);
        if let Some(field) = wire.fields.last_mut() {
            field.value = format!("{} ({kind})", byte >> 4);
        }
        if byte >> 4 == 3 {
            wire.bits("DUP", 0, 0x08);
            wire.bits("QoS", 0, 0x06);
            wire.bits("RETAIN", 0, 0x01);
        } else {
            wire.bits("Flags", 0, 0x0f);
        }
        wire.field("Remaining Length", &[remaining], &remaining.to_string());
        wire
    }

    fn field(&mut self, name: &str, bytes: &[u8], value: &str) {
        let start = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        self.bytes.extend_from_slice(bytes);
        let end = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        self.fields.push(TraceField { name: name.into(), bytes: [start, end], bits: 0, value: value.into() });
    }

    fn bits(&mut self, name: &str, at: u32, mask: u8) {
        let byte = self.bytes.get(at as usize).copied().unwrap_or(0);
        let value = (byte & mask) >> mask.trailing_zeros();
        self.fields.push(TraceField { name: name.into(), bytes: [at, at + 1], bits: mask, value: value.to_string() });
    }
}

/// The conversation, told row by row.
pub(super) struct Talk {
    rows: Vec<TraceRow>,
    packets: u32,
}

impl Talk {
    /// Whether a row is the Consumer's response.
    pub(super) fn is_reply(row: &TraceRow) -> bool {
        matches!(&row.what, TraceWhat::Packet(p) if p.direction == "from-iut" && p.name == "PUBLISH")
    }

    fn row(&mut self, what: TraceWhat) {
        let n = self.rows.len() as u64;
        let frame = u32::try_from(n).unwrap_or(u32::MAX).saturating_add(3);
        self.rows.push(TraceRow { at: 1_204_517 * n + 311_000 * (n % 3), frame, what });
    }

    fn note(&mut self, kind: &str, text: &str) {
        self.row(TraceWhat::Note { kind: kind.into(), text: text.into() });
    }

    fn packet(&mut self, direction: &str, name: &str, summary: &str, wire: Wire, text: Option<&str>) {
        self.packets += 1;
        let length = u32::try_from(wire.bytes.len()).unwrap_or(u32::MAX);
        self.row(TraceWhat::Packet(TracePacket {
            connection: 1,
            packet: self.packets,
            direction: direction.into(),
            name: name.into(),
            summary: summary.into(),
            bytes: wire.bytes,
            length,
            fields: wire.fields,
            text: text.map(str::to_owned),
            exchange: text.map(|_| "5f0c7a1e".to_owned()),
        }));
    }
}

/// A Consumer that connects, subscribes and answers `pairs` requests, badly when it `deviates`.
pub(super) fn consumer_talk(deviates: bool, pairs: u32) -> Vec<TraceRow> {
    let mut talk = Talk { rows: Vec::new(), packets: 0 };
    talk.note("process", "IUT started, fresh state");
    talk.note("connection", "connection 1 opened by the IUT");
    connect(&mut talk);
    let mut ack = Wire::first("CONNACK", 0x20, 2);
    ack.field("Acknowledge Flags", &[0], "no session present");
    ack.field("Return Code", &[0], "0, accepted");
    talk.packet("to-iut", "CONNACK", "accepted, no session present", ack, None);

    let filter = "oc2/cmd/all";
    let mut subscribe = Wire::first("SUBSCRIBE", 0x82, 16);
    subscribe.field("Packet Identifier", &[0, 1], "1");
    subscribe.field("Topic Filter length", &[0, 11], "11");
    subscribe.field("Topic Filter", filter.as_bytes(), filter);
    subscribe.field("Requested QoS", &[1], "1");
    talk.packet("from-iut", "SUBSCRIBE", "id 1, oc2/cmd/all at QoS 1", subscribe, None);
    let mut ack = Wire::first("SUBACK", 0x90, 3);
    ack.field("Packet Identifier", &[0, 1], "1");
    ack.field("Return Code", &[1], "granted QoS 1");
    talk.packet("to-iut", "SUBACK", "id 1, granted QoS 1", ack, None);

    talk.note("step", "2: request `features` to all");
    for id in 0..pairs {
        let request = r#"{"content":{"request":{"action":"query","target":{"features":[]}}},"request_id":"5f0c7a1e","from":"tester"}"#;
        publish(&mut talk, "to-iut", 0x32, filter, id, &[0x90, 0x01], request);
        let mut ack = Wire::first("PUBACK", 0x40, 2);
        let answered = u16::try_from(id).unwrap_or(0).wrapping_add(7);
        ack.field("Packet Identifier", &answered.to_be_bytes(), &answered.to_string());
        talk.packet("from-iut", "PUBACK", &format!("id {answered}"), ack, None);
        let response =
            r#"{"content":{"response":{"status":200,"results":{"profiles":["slpf","slpf"]}}},"from":"dev-7"}"#;
        let first = if deviates { 0x35 } else { 0x32 };
        publish(&mut talk, "from-iut", first, "oc2/rsp", id, &[0x91, 0x01], response);
        let mut ack = Wire::first("PUBACK", 0x40, 2);
        ack.field("Packet Identifier", &answered.to_be_bytes(), &answered.to_string());
        talk.packet("to-iut", "PUBACK", &format!("id {answered}"), ack, None);
    }
    talk.note("window", "response window of `features` closed full");
    talk.packet("from-iut", "DISCONNECT", "", Wire::first("DISCONNECT", 0xe0, 0), None);
    talk.note("connection", "connection 1 closed by the IUT, FIN");
    talk.rows
}

fn connect(talk: &mut Talk) {
    let mut wire = Wire::first("CONNECT", 0x10, 32);
    wire.field("Protocol Name length", &[0, 4], "4");
    wire.field("Protocol Name", b"MQTT", "MQTT");
    wire.field("Protocol Level", &[4], "4 (3.1.1)");
    wire.bytes.push(0xc0);
    for (name, mask) in [
        ("User Name Flag", 0x80),
        ("Password Flag", 0x40),
        ("Will Retain", 0x20),
        ("Will QoS", 0x18),
        ("Will Flag", 0x04),
        ("Clean Session", 0x02),
        ("Reserved", 0x01),
    ] {
        wire.bits(name, 9, mask);
    }
    wire.field("Keep Alive", &[0x01, 0x1d], "285 s");
    wire.field("Client Identifier length", &[0, 5], "5");
    wire.field("Client Identifier", b"dev-7", "\"dev-7\"");
    wire.field("User Name length", &[0, 4], "4");
    wire.field("User Name", b"dev7", "\"dev7\"");
    wire.field("Password length", &[0, 6], "6");
    wire.field("Password", b"******", "masked");
    talk.packet("from-iut", "CONNECT", "client dev-7, keep alive 285 s, persistent session", wire, None);
}

fn publish(talk: &mut Talk, direction: &str, first: u8, topic: &str, id: u32, header: &[u8], body: &str) {
    let topic_length = u8::try_from(topic.len()).unwrap_or(u8::MAX);
    let mut wire = Wire::first("PUBLISH", first, u8::try_from(topic.len() + 6 + body.len()).unwrap_or(u8::MAX));
    wire.field("Topic Name length", &[0, topic_length], &topic_length.to_string());
    wire.field("Topic Name", topic.as_bytes(), &format!("\"{topic}\""));
    let id = u16::try_from(id).unwrap_or(0).wrapping_add(7);
    wire.field("Packet Identifier", &id.to_be_bytes(), &id.to_string());
    wire.field("Payload header", header, if header[0] == 0x90 { "request, JSON" } else { "response, JSON" });
    wire.field("Application Message", body.as_bytes(), &format!("{} bytes of JSON", body.len()));
    let retain = if first & 1 == 1 { ", RETAIN" } else { "" };
    let qos = first >> 1 & 3;
    let summary = format!("{topic}, QoS {qos}{retain}, id {id}, {} bytes", wire.bytes.len());
    talk.packet(direction, "PUBLISH", &summary, wire, Some(body));
}

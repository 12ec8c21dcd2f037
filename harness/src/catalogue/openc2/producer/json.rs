//! The JSON of Commands (LS 3.1.5 and 5.3).

use crate::catalogue::openc2::sent::{queries, request, sends, sends_cbor};
use crate::catalogue::openc2::support::{broken, deviates, in_packet};
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::evidence::PacketSeen;
use crate::evidence::openc2::ContentKind;
use crate::evidence::openc2::json::{IJSON, NUMBERS};
use crate::iut::{Role, Serialization};
use crate::judge::{Ruling, Witness};
use crate::requirement;
use serde_json::json;
use touchstone_fixtures::wire::Span;

/// Judges what a JSON message of the IUT shows of the row `row`.
fn ijson(packet: &PacketSeen, row: &str) -> Option<Ruling> {
    let message = packet.message().filter(|_| packet.from_iut())?;
    let other = matches!(message.kind, Some(ContentKind::Response | ContentKind::Notification));
    if message.serialization != Some(Serialization::Json) || other {
        return None;
    }
    if let Some(defect) = message.defects_of(row).next() {
        return Some(broken(packet, defect, "Command is not I-JSON: "));
    }
    if let Some((_, why)) = &message.unread {
        return Some(Ruling::Undecided(format!("The Command was not read to its end: {why}")));
    }
    (message.whole() && message.kind == Some(ContentKind::Request)).then_some(Ruling::Met)
}

requirement! {
    /// Commands in JSON are I-JSON: JSON, in UTF-8, without byte order mark, repeated names, lone surrogates or noncharacters.
    ///
    /// # Interpretation
    /// LS 5.3-2 binds the JSON of generated Commands to RFC 7493, which builds on RFC 8259; what a grammar of JSON
    /// refuses is refused here.
    ///
    /// # Judged
    /// In each message of the IUT that is JSON, or whose payload header says so, from the byte after the header to the
    /// end.
    COMMAND_IJSON {
        id: "openc2/command-ijson",
        rows: &["L-081"],
        clause: "5.3-2",
        level: Level::Must,
        roles: &[Role::Producer],
        trigger: Trigger::Tester,
        judged: Judged::Packet(|packet, _| ijson(packet, IJSON)),
        examples: Examples {
            conforming: &[queries, |s| sends(s, json!({"action": "stop", "target": {"process": {"name": "ü\u{1F600}"}}}))],
            violating: &[
                |s| {
                    s.ready_producer();
                    s.send_text(
                        r#"{"content":{"request":{"action":"query","action":"deny","target":{"features":[]}}},"request_id":"3b7c9a52-0d4e-4f6a-9c1b-8e2d5f7a6b10"}"#,
                    );
                },
                |s| {
                    s.ready_producer();
                    s.send_text(r#"{"content":{"request":{"action":"query","target":{"features":[],}}}}"#);
                },
                |s| {
                    s.ready_producer();
                    s.send_text("{\"content\":{\"request\":{\"action\":\"query\"");
                },
                |s| {
                    s.ready_producer();
                    s.send_text(r#"{"content":{"request":{"action":"stop","target":{"process":{"name":"\ud800"}}}}}"#);
                },
            ],
            silent: &[|s| sends_cbor(s, json!({"action": "query", "target": {"features": []}}))],
        },
    }
}

requirement! {
    /// Numbers of a Command in JSON fit IEEE 754 double precision, in magnitude and in precision.
    ///
    /// # Interpretation
    /// RFC 7493 2.2 advises against others. Integers count as fitting when a double holds them exactly, fractions when
    /// they are written with 17 significant digits at most.
    ///
    /// # Judged
    /// In each message of the IUT that is JSON, or whose payload header says so.
    COMMAND_IJSON_NUMBERS {
        id: "openc2/command-ijson-numbers",
        rows: &["L-081-numbers"],
        clause: "5.3-2",
        level: Level::Should,
        roles: &[Role::Producer],
        trigger: Trigger::Tester,
        judged: Judged::Packet(|packet, _| ijson(packet, NUMBERS)),
        examples: Examples {
            conforming: &[|s| sends(s, json!({"action": "stop", "target": {"process": {"pid": 9_007_199_254_740_991_u64}}}))],
            violating: &[|s| sends(s, json!({"action": "stop", "target": {"process": {"pid": 9_007_199_254_740_993_u64}}}))],
            silent: &[|s| sends_cbor(s, json!({"action": "query", "target": {"features": []}}))],
        },
    }
}

requirement! {
    /// Valid ways to write the same Response in JSON are understood alike.
    RESPONSE_JSON_HANDLING {
        id: "openc2/response-json-handling",
        rows: &["L-082"],
        clause: "5.3-3",
        level: Level::Must,
        roles: &[Role::Producer],
        judged: Judged::Untestable("what a Producer makes of a Response happens inside it, and no message tells of it"),
    }
}

fn supported(packet: &PacketSeen) -> Option<Ruling> {
    let message = request(packet).filter(|m| m.whole())?;
    match (message.header.map(|header| header.serialization), message.serialization?) {
        (_, Serialization::Json) => Some(Ruling::Met),
        (Some(1), Serialization::Cbor) => Some(deviates(
            Witness::bytes(packet, in_packet(packet, Span::new(2, message.payload_len))),
            "Command is called JSON by its header, and is CBOR",
            "a Command in JSON",
            "CBOR",
        )),
        _ => None,
    }
}

requirement! {
    /// A Producer supports JSON.
    ///
    /// # Interpretation
    /// It does when it sends a Command in JSON. What it calls JSON and cannot be read as JSON is judged by
    /// `openc2/command-ijson`.
    ///
    /// # Judged
    /// In each Command: it is in JSON; or its payload header says JSON and something else follows, which breaks it.
    /// Commands that are called CBOR, and are, decide nothing.
    JSON_SUPPORTED_PRODUCER {
        id: "openc2/json-supported-producer",
        rows: &["L-086"],
        clause: "3.1.5",
        level: Level::Must,
        roles: &[Role::Producer],
        trigger: Trigger::Tester,
        judged: Judged::Packet(|packet, _| supported(packet)),
        examples: Examples {
            conforming: &[queries],
            violating: &[|s| {
                // {"action": "query", "target": {"features": []}} in CBOR
                s.ready_producer();
                s.send_raw("oc2/cmd/all", b"\x90\x01\xA2\x66action\x65query\x66target\xA1\x68features\x80");
            }],
            silent: &[|s| sends_cbor(s, json!({"action": "query", "target": {"features": []}}))],
        },
    }
}

//! The message around the content: its request_id (LS 3.2) and its serialization in JSON (LS 3.1.5, 5.4).

use super::request_id;
use super::support::{
    Answer, answer, broken, deviates, in_packet, query_features, repeats, response, too_early, unanswered,
};
use super::variants;
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::evidence::openc2::ContentKind;
use crate::evidence::openc2::json::{IJSON, LONE_SURROGATE, NONCHARACTER, NUMBERS};
use crate::evidence::{Exchange, PacketSeen, Setting};
use crate::iut::{Role, Serialization};
use crate::judge::{Ruling, Witness};
use crate::requirement;
use serde_json::json;
use touchstone_fixtures::wire::{Defect, Span};

/// Faults that a text copied from the Command can have brought with it.
const COPIED: [&str; 2] = [LONE_SURROGATE, NONCHARACTER];

fn within(inner: Span, outer: Span) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// Judges what a JSON message of the IUT shows of the row `row`.
fn ijson(packet: &PacketSeen, row: &str) -> Option<Ruling> {
    let message = packet.message().filter(|_| packet.from_iut())?;
    if message.serialization != Some(Serialization::Json) || message.kind == Some(ContentKind::Request) {
        return None;
    }
    // A request_id is copied as it came (LS 3.2), and `to` of a Response names whom the Command was `from`. What no
    // I-JSON text may hold, but a text can, is then not its own: it came from a peer that broke the rule, and what
    // becomes of invalid input is reported without a verdict. Where a request_id did not come so, the requirement on
    // copying tells.
    let copied: Vec<Span> = ["request_id", "to"]
        .into_iter()
        .filter_map(|name| request_id::member(message, name).filter(|_| message.whole()))
        .map(|node| node.span)
        .collect();
    let own = |d: &&Defect| !(COPIED.contains(&d.expected.as_str()) && copied.iter().any(|copy| within(d.span, *copy)));
    let mut defects = message.defects_of(row).peekable();
    let copies = defects.peek().is_some();
    if let Some(defect) = defects.find(own) {
        return Some(broken(packet, defect, "Response is not I-JSON: "));
    }
    if copies {
        return None;
    }
    if let Some((_, why)) = &message.unread {
        return Some(Ruling::Undecided(format!("The Response was not read to its end: {why}")));
    }
    (message.whole() && message.kind == Some(ContentKind::Response)).then_some(Ruling::Met)
}

requirement! {
    /// A Response in JSON is I-JSON: JSON, in UTF-8, without byte order mark, repeated names, lone surrogates or noncharacters.
    ///
    /// # Interpretation
    /// LS 5.4-2 binds the JSON of generated Responses to RFC 7493, which builds on RFC 8259; what a grammar of
    /// JSON refuses is refused here.
    ///
    /// # Judged
    /// In each message of the IUT that is JSON, or whose payload header says so, from the byte after the header
    /// to the end. A lone surrogate or a noncharacter in its request_id, or in `to`, is neither praised nor blamed:
    /// those are copied from the Command.
    RESPONSE_IJSON {
        id: "openc2/response-ijson",
        rows: &["L-084"],
        clause: "5.4-2",
        level: Level::Must,
        roles: &[Role::Consumer],
        trigger: Trigger::Tester,
        judged: Judged::Packet(|packet, _| ijson(packet, IJSON)),
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                s.query("q😀", json!([]));
                s.respond_text(r#" {"request_id":"\u0071\ud83d\ude00","content":{"response":{"status":200}}} "#);
            }],
            violating: &[
                |s| {
                    s.ready();
                    s.query("q1", json!([]));
                    s.respond_text(r#"{"content":{"response":{"status":200,"status":200}},"request_id":"q1"}"#);
                },
                |s| {
                    s.ready();
                    s.query("q1", json!([]));
                    s.respond_text(
                        r#"{"content":{"response":{"status":200,"status_text":"\ud800"}},"request_id":"q1"}"#,
                    );
                },
                |s| {
                    s.ready();
                    s.query("q1", json!([]));
                    s.respond_text("\u{FEFF}{\"content\":{\"response\":{\"status\":200}},\"request_id\":\"q1\"}");
                },
                |s| {
                    s.ready();
                    s.query("q1", json!([]));
                    s.respond_raw(b"\x91\x01{\"content\":{\"response\":{\"status\":200,\"status_text\":\"\xE9\"}}}");
                },
                |s| {
                    s.ready();
                    s.query("q1", json!([]));
                    s.respond_text("status=200");
                },
            ],
            silent: &[|s| {
                s.ready();
                s.query("q1", json!([]));
                // {"status": 200} in CBOR
                s.respond_raw(b"\x91\x02\xA1\x66status\x18\xC8");
            }, |s| {
                s.ready();
                s.deliver(
                    "oc2/cmd/all",
                    b"\x90\x01{\"content\":{\"request\":{\"action\":\"query\",\"target\":{\"features\":[]}}},\"request_id\":\"\\udc00\"}",
                );
                s.respond_text(r#"{"content":{"response":{"status":200}},"request_id":"\udc00"}"#);
            }, |s| {
                s.ready();
                s.command_text(
                    r#"{"content":{"request":{"action":"query","target":{"features":[]}}},"request_id":"q1","from":"\ud800"}"#,
                );
                s.respond_text(r#"{"content":{"response":{"status":200}},"request_id":"q1","to":["\ud800"]}"#);
            }],
        },
    }
}

requirement! {
    /// Numbers of a Response in JSON fit IEEE 754 double precision, in magnitude and in precision.
    ///
    /// # Interpretation
    /// RFC 7493 2.2 advises against others. Integers count as fitting when a double holds them exactly, fractions
    /// when they are written with 17 significant digits at most.
    ///
    /// # Judged
    /// In each message of the IUT that is JSON, or whose payload header says so.
    RESPONSE_IJSON_NUMBERS {
        id: "openc2/response-ijson-numbers",
        rows: &["L-084-numbers"],
        clause: "5.4-2",
        level: Level::Should,
        roles: &[Role::Consumer],
        trigger: Trigger::Tester,
        judged: Judged::Packet(|packet, _| ijson(packet, NUMBERS)),
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                s.query("q1", json!([]));
                s.respond("q1", json!({"status": 200}));
            }],
            violating: &[|s| {
                s.ready();
                s.query("q1", json!(["rate_limit"]));
                s.respond_text(
                    r#"{"content":{"response":{"status":200,"results":{"rate_limit":1e400}}},"request_id":"q1"}"#,
                );
            }],
            silent: &[|s| {
                s.ready();
                s.query("q1", json!([]));
                s.respond_raw(b"\x91\x02\xA1\x66status\x18\xC8");
            }],
        },
    }
}

requirement! {
    /// The `request_id` of a Command stands in each Response to it.
    ///
    /// # Interpretation
    /// Without it a Producer cannot tell which of its Commands a Response answers.
    ///
    /// # Judged
    /// Each Response that carries the request_id of a Command keeps it. A Response without one, or with one that
    /// no Command had, breaks it, provided every message sent to the IUT before was a sound Command with a
    /// request_id in a serialization it declares: else the Response may answer one whose request_id it could not read.
    REQUEST_ID_COPIED {
        id: "openc2/request-id-copied",
        rows: &["L-003"],
        clause: "3.2",
        level: Level::Must,
        interop: true,
        roles: &[Role::Consumer],
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Box::new(request_id::Copied::default())),
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                s.query("q1", json!([]));
                s.query("q2", json!([]));
                s.respond("q2", json!({"status": 200}));
                s.respond("q1", json!({"status": 200}));
            }],
            violating: &[
                |s| {
                    s.ready();
                    s.query("q1", json!([]));
                    s.respond("Q1", json!({"status": 200}));
                },
                |s| {
                    s.ready();
                    s.query("q1", json!([]));
                    s.respond_text(r#"{"content":{"response":{"status":200}},"from":"zulu"}"#);
                },
            ],
            silent: &[
                |s| {
                    s.ready();
                    s.respond("q1", json!({"status": 200}));
                },
                |s| {
                    s.ready();
                    s.command_text(r#"{"content":{"request":{"action":"query","target":{"features":[]}}"#);
                    s.respond("q1", json!({"status": 400}));
                },
            ],
        },
    }
}

/// Where the serialization byte of a message stands.
fn serialization_byte(packet: &PacketSeen) -> Witness {
    Witness::bytes(packet, in_packet(packet, Span::byte(1)))
}

/// Judges a command in JSON: answered in JSON.
fn json_supported(exchange: &Exchange, setting: &Setting) -> Option<Ruling> {
    let message = exchange.message()?;
    if message.serialization != Some(Serialization::Json) || message.kind != Some(ContentKind::Request) {
        return None;
    }
    let expected = "a Response in JSON";
    let mut met = false;
    for seen in exchange.distinct() {
        match response(&seen.packet).and_then(|m| m.serialization) {
            Some(Serialization::Json) => met = true,
            Some(Serialization::Cbor) => {
                return Some(deviates(
                    serialization_byte(&seen.packet),
                    "A Command in JSON was answered in CBOR",
                    expected,
                    "CBOR",
                ));
            }
            // No header of an OpenC2 message that can be read says XML.
            Some(Serialization::Xml) | None => {}
        }
    }
    if met {
        return Some(Ruling::Met);
    }
    let (_, names) = query_features(exchange, setting)?;
    match answer(exchange) {
        _ if repeats(&names) => None,
        Answer::Silent => Some(unanswered(exchange, "query features in JSON was not answered", expected)),
        Answer::Open => Some(too_early("query features in JSON")),
        _ => None,
    }
}

requirement! {
    /// A Consumer supports JSON: it answers Commands in JSON with Responses in JSON.
    ///
    /// # Interpretation
    /// JSON is the one serialization that everybody supports (LS 3.1.5), so a Producer that speaks it may speak no
    /// other.
    ///
    /// # Judged
    /// On each Command in JSON that is answered, and on each sound `query features` in JSON, addressed to the IUT,
    /// that is shown to stay unanswered.
    JSON_SUPPORTED {
        id: "openc2/json-supported",
        rows: &["L-086"],
        clause: "3.1.5",
        level: Level::Must,
        interop: true,
        roles: &[Role::Consumer],
        trigger: Trigger::Tester,
        judged: Judged::Exchange(json_supported),
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                s.query("q1", json!([]));
                s.respond("q1", json!({"status": 200}));
            }],
            violating: &[
                |s| {
                    s.ready();
                    s.query("q1", json!([]));
                    // {"content": {"response": {"status": 200}}, "request_id": "q1"} in CBOR
                    s.respond_raw(
                        b"\x91\x02\xA2\x67content\xA1\x68response\xA1\x66status\x18\xC8\x6Arequest_id\x62q1",
                    );
                },
                |s| {
                    s.ready();
                    s.query("q1", json!([]));
                    s.wait(2_500);
                    // An acknowledgement proves silence, without an answer in JSON.
                    s.query("q2", json!([]));
                },
            ],
            silent: &[|s| {
                s.ready();
                s.query("q1", json!([]));
            }],
        },
    }
}

requirement! {
    /// Valid ways to write the same JSON are understood alike: escapes, white space, order of members, text beyond ASCII.
    ///
    /// # Interpretation
    /// Order and white space do not matter (LS 1.5.2); RFC 7493 and RFC 8259 leave escapes to the writer. What
    /// becomes of texts that are no I-JSON is reported without a verdict: taking and refusing them both conform.
    ///
    /// # Judged
    /// On each Command that is written with escapes, white space or text beyond ASCII, or in another order, while
    /// the same content written without them was answered with status 200 in the same recording: it is, too.
    JSON_VARIANTS {
        id: "openc2/json-variants",
        rows: &["L-085"],
        clause: "5.4-3",
        level: Level::Must,
        roles: &[Role::Consumer],
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Box::new(variants::Variants::default())),
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                s.query("q1", json!([]));
                s.respond("q1", json!({"status": 200}));
                s.command_text(
                    r#"{"content":{"request":{"\u0061ction":"query","target":{"features":[]}}},"request_id":"q2"}"#,
                );
                s.respond("q2", json!({"status": 200}));
            }],
            violating: &[
                |s| {
                    s.ready();
                    s.query("q1", json!([]));
                    s.respond("q1", json!({"status": 200}));
                    s.command_text(
                        r#"{"content":{"request":{"\u0061ction":"query","target":{"features":[]}}},"request_id":"q2"}"#,
                    );
                    s.respond("q2", json!({"status": 400}));
                },
                |s| {
                    s.ready();
                    s.command_text(
                        r#"{"request_id":"q2","content":{"request":{"target":{"features":[]},"action":"query"}}}"#,
                    );
                    s.query("q1", json!([]));
                    s.respond("q1", json!({"status": 200}));
                    s.sentinel();
                },
                |s| {
                    s.ready();
                    s.query("q1", json!([]));
                    s.respond("q1", json!({"status": 200}));
                    s.command_text(
                        r#"{"content":{"request":{"action":"query","target":{"features":[]}}},"request_id":"q–2"}"#,
                    );
                    s.respond("q–2", json!({"status": 500}));
                },
            ],
            silent: &[
                |s| {
                    s.ready();
                    s.query("q1", json!([]));
                    s.respond("q1", json!({"status": 200}));
                    s.query("q2", json!([]));
                    s.respond("q2", json!({"status": 400}));
                },
                |s| {
                    // The plain one fares no better.
                    s.ready();
                    s.query("q1", json!([]));
                    s.respond("q1", json!({"status": 400}));
                    s.command_text(
                        r#"{"content":{"request":{"action" : "query","target":{"features":[]}}},"request_id":"q2"}"#,
                    );
                    s.respond("q2", json!({"status": 400}));
                },
            ],
        },
    }
}

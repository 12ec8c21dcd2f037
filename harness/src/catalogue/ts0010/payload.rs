//! What a PUBLISH carries (6.4, 6.5).

use super::support::{judgeable, sent};
use super::topics::Echoes;
use crate::catalogue::{Examples, Judged, Level};
use crate::evidence::onem2m::Primitive;
use crate::evidence::payload::Kind;
use crate::evidence::sketch::Sketch;
use crate::evidence::{Observation, PacketSeen, Setting};
use crate::judge::{Check, Ledger, Ruling, Witness};
use crate::requirement;
use serde_json::{Value, json};
use touchstone_fixtures::wire::mqtt311::Publish;

/// What 6.4.1 calls good practice, with the larger of the two meanings of kilo.
const LARGE: u32 = 100 * 1024;

fn requests(s: &mut Sketch) {
    s.ready_ae();
    s.request("r1", json!({}));
}

/// A request with some parameters put over the usual ones.
fn asks(s: &mut Sketch, over: Value) {
    s.ready_ae();
    s.request("r1", over);
}

fn answers(s: &mut Sketch, over: Value) {
    s.ready_cse();
    s.ask("r1", json!({}));
    s.reply("r1", 2000, over);
}

fn retrieved(s: &mut Sketch) {
    answers(s, json!({"pc": {"m2m:cb": {}}}));
}

/// A payload of the IUT's on a topic of requests.
fn publishes(s: &mut Sketch, payload: &[u8]) {
    s.ready_ae();
    s.send_raw("/oneM2M/req/Cae1/in-cse/json", payload);
}

fn others(s: &mut Sketch) {
    s.ready_ae();
    s.grant("r1", 2001, json!({}));
    s.send_raw("weather", "rain");
}

fn told_only(s: &mut Sketch) {
    s.ready_cse();
    s.ask("r1", json!({}));
}

requirement! {
    /// What is published on the topics of requests and responses is a request or response primitive, in JSON or XML.
    ///
    /// # Interpretation
    /// How a primitive is written in detail, TS-0004 clause 8 says, whose rules are requirements of their own. Other
    /// serializations came with later releases.
    ///
    /// # Judged
    /// On every PUBLISH of the IUT on a topic that begins with `/oneM2M/` and one of the four leaves: that its payload can be
    /// read to its end and has an operation or a status, where the topic does not say which of them is missing. What holds a
    /// document type declaration, or more values than are read, is not judged. Of a response nothing is held against it once a
    /// message was sent to the IUT on a topic that is not in order: it may answer in what that was written in.
    PRIMITIVE {
        id: "ts0010/payload",
        rows: &["T-019", "T-029", "T-036", "T-046", "T-048", "T-055"],
        clause: "6.5.4",
        implies: &["onem2m/json", "onem2m/xml"],
        judged: Judged::Machine(|| Echoes::check(primitive)),
        examples: Examples {
            conforming: &[requests, retrieved],
            violating: &[
                |s| publishes(s, b"op=2"),
                |s| publishes(s, b"{\"op\": 2"),
                |s| publishes(s, b"<rqp><op>2</rqp>"),
                |s| {
                    s.ready_ae();
                    s.send_raw("/oneM2M/req/Cae1/in-cse/cbor", b"\xa1\x62op\x02");
                },
            ],
            silent: &[others, told_only, |s| publishes(s, b"<!DOCTYPE x [<!ENTITY e \"e\">]><x>&e;</x>")],
        },
    }
}

fn primitive(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let (publish, primitive) = sent(packet)?;
    primitive.topic.as_ref()?;
    let broken = |actual: &str| {
        let said = "PUBLISH on a oneM2M topic that holds no primitive in JSON or XML";
        Some(Ruling::broken_at(packet, publish.payload.span, said, "a primitive in JSON or XML", actual))
    };
    if primitive.serialization.is_none() {
        return broken("neither");
    }
    match (primitive.unread.is_some(), primitive.whole_text(), primitive.kind) {
        (true, ..) => None,
        (false, false, _) => broken("a text that cannot be read to its end"),
        (false, true, None) => broken("a text without operation and status, or with both"),
        (false, true, Some(_)) => Some(Ruling::Met),
    }
}

requirement! {
    /// A PUBLISH is no larger than 100 kilobytes.
    ///
    /// # Judged
    /// On the payload of every PUBLISH of the IUT with a primitive: broken by more than 102400 bytes.
    SIZE {
        id: "ts0010/publish-size",
        rows: &["T-022"],
        clause: "6.4.1",
        level: Level::Should,
        contradiction: Some("a note of 6.4.1 wants larger messages in segments, and no clause says how to put them together"),
        judged: Judged::Packet(size),
        examples: Examples {
            conforming: &[requests, retrieved],
            violating: &[|s| answers(s, json!({"pc": {"m2m:cin": {"con": "x".repeat(110_000)}}}))],
            silent: &[others, told_only],
        },
    }
}

fn size(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let (publish, primitive) = sent(packet)?;
    if primitive.payload_len <= LARGE {
        return Some(Ruling::Met);
    }
    let actual = format!("{} bytes", primitive.payload_len);
    let said = "Primitive of more than 100 kilobytes in one PUBLISH";
    Some(Ruling::broken_at(packet, publish.payload.span, said, "at most 102400 bytes", actual))
}

/// The first of these parameters that is missing.
fn missing(packet: &PacketSeen, (publish, primitive): (&Publish, &Primitive), what: &str, names: &[&str]) -> Ruling {
    let Some(name) = names.iter().find(|name| primitive.get(name).is_none()) else { return Ruling::Met };
    let said = format!("{what} without a mandatory parameter");
    Ruling::broken_at(packet, publish.payload.span, said, *name, "nothing of that name")
}

requirement! {
    /// A request holds Operation, To, From and Request Identifier.
    ///
    /// # Interpretation
    /// 6.4.5 says that it can hold them, with `ri` for the last; 6.5.1 says that it shall, with `rqi`, which is its short name.
    /// The tables to which 6.5.1 leads let From be missing where an AE is created.
    ///
    /// # Judged
    /// On every request of the IUT that can be read whole.
    REQUEST {
        id: "ts0010/request-parameters",
        rows: &["T-042", "T-045"],
        clause: "6.5.1",
        implies: &["onem2m/request-operation", "onem2m/request-to", "onem2m/request-fr", "onem2m/request-rqi"],
        judged: Judged::Packet(request),
        examples: Examples {
            conforming: &[requests, |s| asks(s, json!({"ty": 2, "fr": null, "pc": {"m2m:ae": {}}}))],
            violating: &[
                |s| asks(s, json!({"op": null})),
                |s| asks(s, json!({"to": null})),
                |s| asks(s, json!({"fr": null})),
                |s| asks(s, json!({"rqi": null, "ri": "r1"})),
            ],
            silent: &[others, told_only, |s| publishes(s, b"{\"op\": 2")],
        },
    }
}

fn request(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let request = sent(packet).filter(|(_, p)| p.whole_text() && p.kind == Some(Kind::Request))?;
    let names: &[&str] = if request.1.registers_ae() { &["op", "to", "rqi"] } else { &["op", "to", "fr", "rqi"] };
    Some(missing(packet, request, "Request", names))
}

requirement! {
    /// A response holds Response Status Code and Request Identifier.
    ///
    /// # Interpretation
    /// As for `ts0010/request-parameters`. Who was sent a request whose Request Identifier cannot be read has none to repeat.
    ///
    /// # Judged
    /// On every response of the IUT that can be read whole. A missing Request Identifier is not held against it once a message
    /// was sent to it that has none, or none that can be read.
    RESPONSE {
        id: "ts0010/response-parameters",
        rows: &["T-043", "T-047"],
        clause: "6.5.2",
        implies: &["onem2m/response-rsc", "onem2m/response-rqi"],
        judged: Judged::Machine(|| Box::new(Response::default())),
        examples: Examples {
            conforming: &[retrieved],
            violating: &[|s| answers(s, json!({"rsc": null})), |s| answers(s, json!({"rqi": null}))],
            silent: &[others, told_only, |s| {
                s.ready_cse();
                s.ask("r1", json!({"rqi": null}));
                s.reply("r1", 4000, json!({"rqi": null}));
            }, |s| {
                // It breaks off after what somebody could have read.
                s.ready_cse();
                s.deliver("/oneM2M/req/CAdmin/in-cse/json", r#"{"op":2,"to":"cse-in","rqi":"r1","rv"#);
                s.reply("r1", 4000, json!({"rqi": null}));
            }],
        },
    }
}

#[derive(Default)]
struct Response {
    /// A message was sent to the IUT that has no identifier to repeat.
    nameless: bool,
}

impl Check for Response {
    fn observe(&mut self, observation: &Observation, _: &Setting, ledger: &mut Ledger) {
        let Observation::Packet(p) = observation else { return };
        if !judgeable(p) {
            let named = p.primitive().is_some_and(|r| r.whole_text() && r.text("rqi").is_some());
            self.nameless |= p.packet.publish().is_some() && !named;
            return;
        }
        let Some(response) = sent(p).filter(|(_, r)| r.whole_text() && r.kind == Some(Kind::Response)) else { return };
        let names: &[&str] = if self.nameless { &["rsc"] } else { &["rsc", "rqi"] };
        let known = !self.nameless || response.1.get("rqi").is_some();
        match missing(p, response, "Response", names) {
            Ruling::Met if !known => {}
            ruling => ledger.enter(Witness::packet(p), ruling),
        }
    }
}

//! The topics that primitives are published on (6.4.2 to 6.4.4, 6.5.4).

use super::support::sent;
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::evidence::onem2m::Primitive;
use crate::evidence::onem2m::topic::{Leaf, Topic};
use crate::evidence::payload::Kind;
use crate::evidence::sketch::Sketch;
use crate::evidence::{Exchange, Observation, PacketSeen, Setting};
use crate::iut::Serialization;
use crate::judge::{Check, Deviation, Ledger, Ruling, Witness};
use crate::requirement;
use serde_json::json;
use touchstone_fixtures::wire::Span;
use touchstone_fixtures::wire::mqtt311::Publish;

const REQUEST: &str = r#"{"op":2,"to":"cse-in","fr":"Cae1","rqi":"r1","rvi":"3"}"#;
const XML: &str = "<m2m:rqp xmlns:m2m=\"http://www.onem2m.org/xml/protocols\"><op>2</op><to>cse-in</to><fr>Cae1</fr>\
                   <rqi>r1</rqi><rvi>3</rvi></m2m:rqp>";

fn requests(s: &mut Sketch) {
    s.ready_ae();
    s.request("r1", json!({}));
}

fn answers(s: &mut Sketch) {
    s.ready_cse();
    s.ask("r1", json!({}));
    s.reply("r1", 2000, json!({"pc": {"m2m:cb": {}}}));
}

/// A primitive on a topic of the example's choice.
fn published(s: &mut Sketch, topic: &str, payload: &str) {
    s.ready_ae();
    s.send_raw(topic, payload);
}

fn others(s: &mut Sketch) {
    s.ready_ae();
    s.send_raw("weather", "rain");
}

/// The topic of a PUBLISH with a primitive, and where it stands.
fn topic(publish: &Publish) -> Option<(String, Span)> {
    publish.topic.as_ref().map(|topic| (topic.display(), topic.span))
}

/// The leaves that a kind of primitive belongs to.
fn fits(kind: Kind, leaf: Leaf) -> bool {
    match kind {
        Kind::Request => leaf.asks(),
        Kind::Response => !leaf.asks(),
        Kind::Notification => false,
    }
}

requirement! {
    /// Requests are published on `/oneM2M/req/<originator>/<receiver>/<type>`, responses on `/oneM2M/resp/...`, those of
    /// registration on `/oneM2M/reg_req/...` and `/oneM2M/reg_resp/...`.
    ///
    /// # Interpretation
    /// The text prints the topics of 6.4.5 without their leading slash and those of 6.4.3 and 6.4.4 without the last level: the
    /// slash is required, and the last level is a requirement of its own.
    ///
    /// # Judged
    /// On every PUBLISH of the IUT with a request or a response that can be read: spelling, leading slash, the right one of the
    /// four, two levels that are not empty behind it, and at most one more. Of a response nothing is held against it once a
    /// message was sent to the IUT on a topic that is not in order.
    FORM {
        id: "ts0010/topic-form",
        rows: &["T-023", "T-020"],
        clause: "6.4.2",
        level: Level::Guidance,
        interop: true,
        judged: Judged::Machine(|| Echoes::check(form)),
        examples: Examples {
            conforming: &[requests, answers, |s| published(s, "/oneM2M/reg_req/cred:1/in-cse/json", REQUEST)],
            violating: &[
                |s| published(s, "oneM2M/req/Cae1/in-cse/json", REQUEST),
                |s| published(s, "/onem2m/req/Cae1/in-cse/json", REQUEST),
                |s| published(s, "/oneM2M/resp/Cae1/in-cse/json", REQUEST),
                |s| published(s, "/oneM2M/req//in-cse/json", REQUEST),
                |s| published(s, "/oneM2M/req/Cae1/in-cse/json/more", REQUEST),
                |s| published(s, "elsewhere", REQUEST),
            ],
            silent: &[others, |s| published(s, "/oneM2M/req/Cae1/in-cse/json", "{"), |s| {
                // It answers where it was asked.
                s.ready_cse();
                s.deliver("/oneM2M/req/CAdmin/in-cse/json/more", REQUEST);
                s.send_raw("/oneM2M/resp/CAdmin/in-cse/json/more", r#"{"rsc":4000,"rqi":"r1","rvi":"3"}"#);
            }],
        },
    }
}

fn form(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let (publish, primitive) = sent(packet)?;
    let kind = primitive.kind?;
    let (name, span) = topic(publish)?;
    let sound = Topic::parse(&name)
        .is_some_and(|t| t.leading && t.spelled && t.complete() && t.surplus == 0 && fits(kind, t.leaf));
    if sound {
        return Some(Ruling::Met);
    }
    let (what, leaf) = if kind == Kind::Request { ("Request", "req") } else { ("Response", "resp") };
    let expected = format!("/oneM2M/{leaf}/<originator>/<receiver>/<type>");
    Some(Ruling::broken_at(packet, span, format!("{what} published on another topic"), expected, name))
}

requirement! {
    /// The last level of the topic says how the payload is serialized: `json` or `xml`.
    ///
    /// # Judged
    /// On every PUBLISH of the IUT with a primitive that can be read whole, on a topic of 6.4.2 to 6.4.4. One without such a
    /// level is judged here where it is a request; 6.4.3 and 6.4.4 print the others without it. Of a response nothing is held
    /// against it once a message was sent to the IUT on a topic that does not say how it is serialized.
    FORMAT {
        id: "ts0010/topic-format",
        rows: &["T-028", "T-054", "T-056"],
        clause: "6.5.4",
        interop: true,
        judged: Judged::Machine(|| Echoes::check(format)),
        examples: Examples {
            conforming: &[requests, answers, |s| published(s, "/oneM2M/req/Cae1/in-cse/xml", XML)],
            violating: &[
                |s| published(s, "/oneM2M/req/Cae1/in-cse/json", XML),
                |s| published(s, "/oneM2M/req/Cae1/in-cse/xml", REQUEST),
                |s| published(s, "/oneM2M/req/Cae1/in-cse/JSON", REQUEST),
                |s| published(s, "/oneM2M/req/Cae1/in-cse", REQUEST),
            ],
            silent: &[others, |s| published(s, "/oneM2M/reg_req/cred:1/in-cse", REQUEST), bare_response, |s| {
                s.ready_cse();
                s.deliver("/oneM2M/req/CAdmin/in-cse/cbor", REQUEST);
                s.send_raw("/oneM2M/resp/CAdmin/in-cse/cbor", r#"{"rsc":4015,"rqi":"r1","rvi":"3"}"#);
            }],
        },
    }
}

/// Judges packets of the IUT one at a time, and holds nothing against a response once it may repeat what is wrong with the
/// topic of its request.
pub(super) struct Echoes {
    judge: fn(&PacketSeen, &Setting) -> Option<Ruling>,
    /// A message was sent to the IUT on a topic that is not in order.
    odd: bool,
}

impl Echoes {
    pub(super) fn check(judge: fn(&PacketSeen, &Setting) -> Option<Ruling>) -> Box<dyn Check> {
        Box::new(Echoes { judge, odd: false })
    }
}

impl Check for Echoes {
    fn observe(&mut self, observation: &Observation, setting: &Setting, ledger: &mut Ledger) {
        let Observation::Packet(p) = observation else { return };
        if !p.from_iut() {
            self.odd |= p.packet.publish().is_some() && !p.primitive().is_some_and(in_order);
            return;
        }
        let response = p.payload.as_ref().is_some_and(|payload| payload.facts().answers());
        match (self.judge)(p, setting) {
            Some(Ruling::Broken(_)) if self.odd && response => {}
            Some(ruling) => ledger.enter(Witness::packet(p), ruling),
            None => {}
        }
    }
}

/// Whether the topic of a primitive has all it should have, and says how it is serialized.
fn in_order(primitive: &Primitive) -> bool {
    let says = |topic: &Topic| match primitive.serialization {
        Some(Serialization::Json) => topic.format.as_deref() == Some("json"),
        Some(Serialization::Xml) => topic.format.as_deref() == Some("xml"),
        _ => false,
    };
    primitive
        .topic
        .as_ref()
        .is_some_and(|topic| topic.leading && topic.spelled && topic.complete() && topic.surplus == 0 && says(topic))
}

/// A response on a topic without a last level.
fn bare_response(s: &mut Sketch) {
    s.ready_cse();
    s.ask("r1", json!({}));
    s.send_raw("/oneM2M/resp/CAdmin/in-cse", r#"{"rsc":4000,"rqi":"r1","rvi":"3"}"#);
}

requirement! {
    /// The topics of responses and of registration have a last level that says how the payload is serialized, too.
    ///
    /// # Judged
    /// On every PUBLISH of the IUT with a response or a request of registration that can be read whole: that there is a fifth
    /// level. What it says is judged by `ts0010/topic-format`.
    SUFFIX {
        id: "ts0010/topic-suffix",
        rows: &["T-056"],
        clause: "6.5.4",
        contradiction: Some("6.5.4 demands the level on every topic, 6.4.3 and 6.4.4 print theirs without it"),
        judged: Judged::Packet(suffix),
        examples: Examples {
            conforming: &[answers, |s| published(s, "/oneM2M/reg_req/cred:1/in-cse/json", REQUEST)],
            violating: &[bare_response, |s| published(s, "/oneM2M/reg_req/cred:1/in-cse", REQUEST)],
            silent: &[others, requests],
        },
    }
}

fn suffix(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let (publish, primitive) = sent(packet)?;
    written(primitive)?;
    let parsed = primitive.topic.as_ref().filter(|t| t.complete() && t.leaf != Leaf::Request)?;
    if parsed.format.is_some() {
        return Some(Ruling::Met);
    }
    let (name, span) = topic(publish)?;
    Some(Ruling::broken_at(packet, span, "Primitive published on a topic without a last level", "json or xml", name))
}

fn written(primitive: &Primitive) -> Option<&'static str> {
    match primitive.serialization.filter(|_| primitive.whole_text() && primitive.kind.is_some())? {
        Serialization::Json => Some("json"),
        Serialization::Xml => Some("xml"),
        Serialization::Cbor => None,
    }
}

fn format(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let (publish, primitive) = sent(packet)?;
    let name = written(primitive)?;
    let parsed = primitive.topic.as_ref().filter(|t| t.complete())?;
    match parsed.format.as_deref() {
        Some(format) if format == name => Some(Ruling::Met),
        None if parsed.leaf != Leaf::Request => None,
        format => {
            let (_, span) = topic(publish)?;
            let actual = format.map_or_else(|| "no such level".to_owned(), str::to_owned);
            let said = format!("Primitive in {} published on a topic that does not say so", name.to_uppercase());
            Some(Ruling::broken_at(packet, span, said, format!("the last level {name}"), actual))
        }
    }
}

requirement! {
    /// A response is published on the topic of its request with `resp` in place of `req`, or `reg_resp` in place of `reg_req`:
    /// the levels of originator and receiver stay where they are.
    ///
    /// # Interpretation
    /// The last level is judged by `ts0010/topic-format`. 6.4.5 lets a receiver take the originator from `fr`, too, and the
    /// identifier of an AE has two forms: what counts is whose it is.
    ///
    /// # Judged
    /// On every response to a request that came on a topic of TS-0010, by the last part of each level; the Credential-ID of a
    /// registration stays as it is.
    RESPONSE {
        id: "ts0010/topic-response",
        rows: &["T-033", "T-034", "T-038", "T-039"],
        clause: "6.4.3",
        level: Level::Guidance,
        interop: true,
        trigger: Trigger::Tester,
        judged: Judged::Exchange(response),
        examples: Examples {
            conforming: &[answers, |s| {
                s.ready_cse();
                s.deliver("/oneM2M/reg_req/cred:1/in-cse/json", REQUEST);
                s.send_raw("/oneM2M/reg_resp/cred:1/in-cse/json", r#"{"rsc":4000,"rqi":"r1","rvi":"3"}"#);
            }],
            violating: &[
                |s| {
                    s.ready_cse();
                    s.ask("r1", json!({}));
                    s.send_raw("/oneM2M/resp/in-cse/CAdmin/json", r#"{"rsc":4000,"rqi":"r1","rvi":"3"}"#);
                },
                |s| {
                    s.ready_cse();
                    s.deliver("/oneM2M/reg_req/cred:1/in-cse/json", REQUEST);
                    s.send_raw("/oneM2M/resp/cred:1/in-cse/json", r#"{"rsc":4000,"rqi":"r1","rvi":"3"}"#);
                },
            ],
            silent: &[requests, |s| {
                s.ready_cse();
                s.ask("r1", json!({}));
            }],
        },
    }
}

fn response(exchange: &Exchange, _: &Setting) -> Option<Ruling> {
    let asked = exchange.request.primitive()?.topic.as_ref().filter(|t| t.leaf.asks() && t.complete())?;
    let leaf = if asked.leaf == Leaf::Request { Leaf::Response } else { Leaf::RegistrationResponse };
    let from = exchange.request.primitive().and_then(|request| request.text("fr"));
    let mut met = None;
    for seen in exchange.distinct() {
        let Some((publish, primitive)) = sent(&seen.packet) else { continue };
        let fits = primitive.topic.as_ref().is_some_and(|answered| {
            let found = last(&answered.originator);
            let to_it = match leaf {
                Leaf::Response => found == last(&asked.originator) || from.is_some_and(|from| found == last(from)),
                _ => answered.originator == asked.originator,
            };
            answered.leaf == leaf && to_it && last(&answered.receiver) == last(&asked.receiver)
        });
        if !fits {
            let (name, span) = topic(publish)?;
            return Some(Ruling::Broken(Deviation {
                witness: Some(Witness::bytes(&seen.packet, span)),
                said: "Response published where its originator does not look for it".to_owned(),
                expected: format!("/oneM2M/{}/{}/{}/<type>", leaf.as_str(), asked.originator, asked.receiver),
                actual: name,
            }));
        }
        met = Some(Ruling::Met);
    }
    met
}

/// The last part of an identifier, or of one as a level: what its longer forms end with.
pub(super) fn last(id: &str) -> &str {
    id.rsplit(['/', ':']).next().unwrap_or_default()
}

//! The topics that primitives are published on (6.4.2 to 6.4.4, 6.5.4).

use super::support::sent;
use crate::catalogue::subscribed::{Subscriptions, Wanted, matches};
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::evidence::onem2m::Primitive;
use crate::evidence::onem2m::topic::{Leaf, Topic, level};
use crate::evidence::payload::Kind;
use crate::evidence::sketch::Sketch;
use crate::evidence::{Exchange, PacketSeen, Setting};
use crate::iut::{Role, Serialization};
use crate::judge::{Deviation, Ruling, Witness};
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
    /// four, two levels that are not empty behind it, and at most one more.
    FORM {
        id: "ts0010/topic-form",
        rows: &["T-023", "T-020"],
        clause: "6.4.2",
        level: Level::Guidance,
        interop: true,
        judged: Judged::Packet(form),
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
            silent: &[others, |s| published(s, "/oneM2M/req/Cae1/in-cse/json", "{")],
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
    /// level is judged here where it is a request; 6.4.3 and 6.4.4 print the others without it.
    FORMAT {
        id: "ts0010/topic-format",
        rows: &["T-028", "T-054", "T-056"],
        clause: "6.5.4",
        interop: true,
        judged: Judged::Packet(format),
        examples: Examples {
            conforming: &[requests, answers, |s| published(s, "/oneM2M/req/Cae1/in-cse/xml", XML)],
            violating: &[
                |s| published(s, "/oneM2M/req/Cae1/in-cse/json", XML),
                |s| published(s, "/oneM2M/req/Cae1/in-cse/xml", REQUEST),
                |s| published(s, "/oneM2M/req/Cae1/in-cse/JSON", REQUEST),
                |s| published(s, "/oneM2M/req/Cae1/in-cse", REQUEST),
            ],
            silent: &[others, |s| published(s, "/oneM2M/reg_req/cred:1/in-cse", REQUEST), bare_response],
        },
    }
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
    /// The last level is judged by `ts0010/topic-format`.
    ///
    /// # Judged
    /// On every response to a request that came on a topic of TS-0010.
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
    let mut met = None;
    for seen in exchange.distinct() {
        let Some((publish, primitive)) = sent(&seen.packet) else { continue };
        let fits = primitive.topic.as_ref().is_some_and(|answered| {
            answered.leaf == leaf && answered.originator == asked.originator && answered.receiver == asked.receiver
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

/// The topics of requests to the IUT, whoever sends them.
fn requests_to(setting: &Setting) -> Vec<Wanted> {
    let usual = "/oneM2M/req/<originator>/<AE-ID>/json";
    let shape = |filter: &str| filter.strip_prefix("/oneM2M/req/").is_some_and(somebody);
    wanted(setting, |own, other, format| format!("/oneM2M/req/{other}/{own}/{format}"), usual, shape)
}

/// The topics of responses to the IUT, whoever sends them.
fn responses_to(setting: &Setting) -> Vec<Wanted> {
    let usual = "/oneM2M/resp/<AE-ID>/<receiver>/json";
    let shape = |filter: &str| filter.strip_prefix("/oneM2M/resp/").is_some_and(somebody);
    wanted(setting, |own, other, format| format!("/oneM2M/resp/{own}/{other}/{format}"), usual, shape)
}

/// Whether a filter lets something in JSON through, whoever it names as Originator and Receiver.
fn somebody(filter: &str) -> bool {
    let mut levels: Vec<&str> = filter.split('/').collect();
    levels.iter_mut().take(2).filter(|level| !matches!(**level, "" | "#")).for_each(|level| *level = "+");
    matches(&levels.join("/"), "<one>/<other>/json")
}

/// With the identifier of the IUT as a level of topics. That of an AE whose stem begins with C may stand there with that of its
/// registrar in front (6.4.2) or alone (7.4); one that declares none is given it.
fn wanted(
    setting: &Setting,
    topic: fn(&str, &str, &str) -> String,
    name: &str,
    shape: fn(&str) -> bool,
) -> Vec<Wanted> {
    // Where it declares both, either will do to show what it listens to.
    let json = setting.pics.speaks(Serialization::Json);
    let format = if json { "json" } else { "xml" };
    let declared = &setting.pics.onem2m;
    let forms = match (setting.role, declared.cse_id.as_deref(), declared.ae_id.as_deref()) {
        (Role::Cse, Some(cse), _) => vec![level(cse)],
        (Role::Ae, _, Some(stem)) if stem.starts_with('S') => vec![stem.to_owned()],
        (Role::Ae, Some(cse), Some(stem)) => vec![level(&format!("{cse}/{stem}")), stem.to_owned()],
        (Role::Ae, ..) if json => return vec![Wanted::shaped(name, shape)],
        _ => return Vec::new(),
    };
    // An AE talks to its registrar alone, and may say so (7.4).
    let registrar = declared.cse_id.as_deref().filter(|_| setting.role == Role::Ae).map(level);
    let other = registrar.as_deref().unwrap_or("<other>");
    vec![Wanted::any(forms.iter().map(|own| topic(own, other, format)).collect())]
}

/// A CSE that subscribes to these filters, and lives on.
fn subscribed(s: &mut Sketch, filters: &[&str]) {
    s.cse();
    s.connect();
    let filters: Vec<(&str, u8)> = filters.iter().map(|filter| (*filter, 1)).collect();
    s.subscribe(&filters);
    s.wait(2_500);
}

fn ready(s: &mut Sketch) {
    s.ready_cse();
}

/// A CSE that declares XML alone, and subscribes to no more than that.
fn in_xml(s: &mut Sketch) {
    s.cse();
    s.pics.serializations = vec![Serialization::Xml];
    s.connect();
    s.subscribe(&[("/oneM2M/req/+/in-cse/xml", 1), ("/oneM2M/resp/in-cse/+/xml", 1)]);
    s.wait(2_500);
}

fn connected_only(s: &mut Sketch) {
    s.cse();
    s.connect();
}

/// An AE with that identifier, or with none that it declares, that subscribes to these filters, and lives on.
fn ae_subscribed(s: &mut Sketch, stem: Option<&str>, filters: &[&str]) {
    s.ae();
    s.pics.onem2m.cse_id = Some("/in-cse".to_owned());
    s.pics.onem2m.ae_id = stem.map(str::to_owned);
    s.connect();
    let filters: Vec<(&str, u8)> = filters.iter().map(|filter| (*filter, 1)).collect();
    s.subscribe(&filters);
    s.wait(2_500);
}

/// It is not known what it is called, and it has not registered yet.
fn ae_to_be_named(s: &mut Sketch) {
    ae_subscribed(s, None, &["/oneM2M/reg_resp/cred/#"]);
}

requirement! {
    /// A receiver subscribes to the requests that are sent to it, `/oneM2M/req/+/<receiver>/#`.
    ///
    /// # Interpretation
    /// 6.4.3 and 6.4.5 print the filter without a level for the serialization, 6.5.4 with `#`: any filter will do that covers
    /// the topics of requests in JSON, or in XML where that alone is declared. What counts is the session: where the server
    /// still has one, earlier subscriptions are part of it. The identifier of an AE whose stem begins with C has two forms
    /// (6.4.2 and 7.4 differ): either will do. An AE that declares none is given it when it registers: a subscription to the
    /// requests of anybody is enough there.
    ///
    /// # Judged
    /// Over all connections of the IUT that were accepted. Met by a SUBSCRIBE that covers the topics, or
    /// by session present 1 after one. Broken when a connection ends, or the recording does, without it, provided that nothing
    /// was subscribed to for the time granted to answer, and nothing of the client waits for its acknowledgement.
    SUBSCRIBES_REQUESTS {
        id: "ts0010/subscribe-requests",
        rows: &["T-030", "T-040", "T-041", "T-057"],
        clause: "6.5.4",
        interop: true,
        judged: Judged::Machine(|| Subscriptions::any_of(requests_to)),
        examples: Examples {
            conforming: &[
                ready,
                in_xml,
                |s| subscribed(s, &["/oneM2M/req/+/in-cse/json", "/oneM2M/resp/in-cse/+/+"]),
                |s| ae_subscribed(s, Some("Cae1"), &["/oneM2M/req/+/in-cse:Cae1/#", "/oneM2M/resp/in-cse:Cae1/#"]),
                |s| ae_subscribed(s, Some("Cae1"), &["/oneM2M/req/in-cse/Cae1/+", "/oneM2M/resp/Cae1/in-cse/#"]),
                |s| ae_subscribed(s, None, &["/oneM2M/req/+/Cae7/json"]),
            ],
            violating: &[
                |s| subscribed(s, &["/oneM2M/req/+/in-cse", "/oneM2M/resp/in-cse/#"]),
                |s| subscribed(s, &["oneM2M/req/+/in-cse/#", "/oneM2M/resp/in-cse/#"]),
                |s| ae_subscribed(s, Some("Cae1"), &["/oneM2M/req/+/Cae2/#"]),
            ],
            silent: &[connected_only, ae_to_be_named],
        },
    }
}

requirement! {
    /// An originator subscribes to the responses that are sent to it, `/oneM2M/resp/<originator>/#`.
    ///
    /// # Judged
    /// As `ts0010/subscribe-requests`. A CSE is an originator, too: of notifications.
    SUBSCRIBES_RESPONSES {
        id: "ts0010/subscribe-responses",
        rows: &["T-035", "T-041", "T-057"],
        clause: "6.5.4",
        interop: true,
        judged: Judged::Machine(|| Subscriptions::any_of(responses_to)),
        examples: Examples {
            conforming: &[
                ready,
                in_xml,
                |s| subscribed(s, &["/oneM2M/req/+/in-cse/json", "/oneM2M/resp/in-cse/+/+"]),
                |s| ae_subscribed(s, Some("Cae1"), &["/oneM2M/resp/in-cse:Cae1/#", "/oneM2M/req/#"]),
                |s| ae_subscribed(s, Some("Sae1"), &["/oneM2M/resp/Sae1/+/json", "/oneM2M/req/+/Sae1/json"]),
                |s| ae_subscribed(s, None, &["/oneM2M/resp/Cae7/in-cse/#"]),
            ],
            violating: &[
                |s| subscribed(s, &["/oneM2M/req/+/in-cse/#"]),
                |s| subscribed(s, &["/oneM2M/req/+/in-cse/#", "/oneM2M/resp/in-cse/+"]),
                |s| ae_subscribed(s, Some("Cae1"), &["/oneM2M/req/+/Cae1/#"]),
            ],
            silent: &[connected_only, ae_to_be_named],
        },
    }
}

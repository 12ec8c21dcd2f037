//! How primitives are written (TS-0004 clause 8).

use super::support::{held, noun, sent};
use crate::catalogue::{Examples, Judged, Trigger};
use crate::evidence::onem2m::Primitive;
use crate::evidence::payload::Kind;
use crate::evidence::sketch::Sketch;
use crate::evidence::{Observation, PacketSeen, Setting};
use crate::iut::Serialization;
use crate::judge::{Check, Ledger, Ruling, Witness};
use crate::requirement;
use serde_json::{Value, json};

fn sends(s: &mut Sketch, over: Value) {
    s.ready_ae();
    s.request("r1", over);
}

fn sound(s: &mut Sketch) {
    sends(s, json!({}));
}

fn writes(s: &mut Sketch, text: &str) {
    s.ready_ae();
    s.send_raw("/oneM2M/req/Cae1/in-cse/json", text);
}

fn writes_xml(s: &mut Sketch, text: &str) {
    s.ready_ae();
    s.send_raw("/oneM2M/req/Cae1/in-cse/xml", text);
}

/// A RETRIEVE in XML, with something within its root element, and another name for that.
fn xml(s: &mut Sketch, root: &str, inner: &str) {
    let text = format!(
        "<m2m:{root} xmlns:m2m=\"http://www.onem2m.org/xml/protocols\"><op>2</op><to>cse-in</to><fr>Cae1</fr>\
         <rqi>r1</rqi><rvi>3</rvi>{inner}</m2m:{root}>"
    );
    writes_xml(s, &text);
}

fn sound_xml(s: &mut Sketch) {
    xml(s, "rqp", "");
}

fn nothing(s: &mut Sketch) {
    s.ready_ae();
    s.grant("r1", 2001, json!({}));
    s.send_raw("weather", "rain");
}

/// Reading ends without anything known to be wrong.
fn declares_entities(s: &mut Sketch) {
    writes_xml(s, "<!DOCTYPE x [<!ENTITY e \"e\">]><x>&e;</x>");
}

/// Judges a primitive that could be read whole.
fn judged(packet: &PacketSeen, row: &str, said: &str, shown: fn(&Primitive) -> bool) -> Option<Ruling> {
    let primitive = sent(packet).filter(|p| p.whole_text())?;
    held(packet, primitive, row, &format!("{} {said}", noun(primitive)), primitive.kind.is_some() && shown(primitive))
}

/// Judges the text of everything in one serialization.
fn readable(packet: &PacketSeen, serialization: Serialization, row: &str) -> Option<Ruling> {
    let primitive = sent(packet).filter(|p| p.serialization == Some(serialization))?;
    if primitive.unread.is_some() {
        return None;
    }
    let name = if serialization == Serialization::Xml { "XML" } else { "JSON" };
    held(packet, primitive, row, &format!("{} that is no sound {name}", noun(primitive)), primitive.whole_text())
}

requirement! {
    /// A primitive in JSON is a JSON object in UTF-8 whose member names do not repeat.
    ///
    /// # Judged
    /// On every payload of the IUT on a oneM2M topic that is not XML, down to 128 levels and 16384 values.
    JSON {
        id: "onem2m/json",
        rows: &["M-030"],
        clause: "8.4.2",
        trigger: Trigger::IutOption("json"),
        judged: Judged::Packet(|p, _| readable(p, Serialization::Json, "M-030")),
        examples: Examples {
            conforming: &[sound],
            violating: &[
                |s| writes(s, "op=2"),
                |s| writes(s, "[]"),
                |s| writes(s, r#"{"op": 2, "op": 2}"#),
                |s| writes(s, r#"{"op": 2, "ot": 20150910T062032}"#),
            ],
            silent: &[nothing, sound_xml, declares_entities],
        },
    }
}

requirement! {
    /// Parameters have their short names.
    ///
    /// # Interpretation
    /// Names are case-sensitive. A name that no table has shows nothing: later releases may have it.
    ///
    /// # Judged
    /// On every primitive of the IUT that can be read whole: broken by a long name, by a short one in another case, and by `ri`
    /// in place of `rqi`.
    SHORT_NAMES {
        id: "onem2m/short-names",
        rows: &["M-031"],
        clause: "8.2.1",
        judged: Judged::Packet(|p, _| judged(p, "M-031", "with a parameter under another name than its short one", |_| true)),
        examples: Examples {
            conforming: &[sound, sound_xml],
            violating: &[
                |s| sends(s, json!({"Op": 1})),
                |s| sends(s, json!({"requestIdentifier": "r1"})),
                |s| sends(s, json!({"rqi": null, "ri": "r1"})),
            ],
            silent: &[nothing, |s| writes(s, r#"{"Op": 1"#)],
        },
    }
}

requirement! {
    /// Parameters that are numbers are written as numbers, those that are texts as texts.
    ///
    /// # Judged
    /// On every primitive of the IUT that can be read whole, by the parameters whose type the tables say for sure: `op`, `ty`,
    /// `rsc`, `rcn`, `drt`; `to`, `fr`, `rqi`, `rvi`, `gid`, `ot`. Of a response nothing is held against it once a message was
    /// sent to the IUT with a parameter of another type, or that cannot be read: it may repeat that.
    TYPES {
        id: "onem2m/types",
        rows: &["M-032"],
        clause: "8.4.2",
        judged: Judged::Machine(|| Box::<Typed>::default()),
        examples: Examples {
            conforming: &[sound, sound_xml],
            violating: &[
                |s| sends(s, json!({"op": "1"})),
                |s| sends(s, json!({"rvi": 3})),
                |s| xml(s, "rqp", "<rcn>one</rcn>"),
            ],
            silent: &[nothing, |s| writes(s, r#"{"op": "1"#), |s| {
                s.ready_cse();
                s.ask("r1", json!({"rqi": 7}));
                s.reply("r1", 4000, json!({"rqi": 7}));
            }],
        },
    }
}

/// Judges types, and excuses responses that may repeat what they were sent.
#[derive(Default)]
struct Typed {
    odd: bool,
}

impl Check for Typed {
    fn observe(&mut self, observation: &Observation, _: &Setting, ledger: &mut Ledger) {
        let Observation::Packet(p) = observation else { return };
        if !p.from_iut() {
            let sound = |told: &Primitive| told.whole_text() && told.defects_of("M-032").next().is_none();
            self.odd |= p.packet.publish().is_some() && !p.primitive().is_some_and(sound);
            return;
        }
        let response = p.primitive().is_some_and(|p| p.kind == Some(Kind::Response));
        match judged(p, "M-032", "with a parameter of another type than its own", |_| true) {
            Some(Ruling::Broken(_)) if self.odd && response => {}
            Some(ruling) => ledger.enter(Witness::packet(p), ruling),
            None => {}
        }
    }
}

requirement! {
    /// Nothing is wrapped around the parameters of a primitive in JSON.
    ///
    /// # Judged
    /// On every primitive of the IUT in JSON that can be read whole.
    NO_WRAPPER {
        id: "onem2m/json-no-wrapper",
        rows: &["M-033"],
        clause: "8.4.2",
        trigger: Trigger::IutOption("json"),
        judged: Judged::Packet(|p, _| judged(p, "M-033", "wrapped in another object", in_json)),
        examples: Examples {
            conforming: &[sound],
            violating: &[|s| {
                let inner = json!({"op": 2, "to": "cse-in", "fr": "Cae1", "rqi": "r1", "rvi": "3"});
                writes(s, &json!({"m2m:rqp": inner}).to_string());
            }],
            silent: &[nothing, sound_xml],
        },
    }
}

fn in_json(primitive: &Primitive) -> bool {
    primitive.serialization == Some(Serialization::Json)
}

fn has_content(primitive: &Primitive) -> bool {
    primitive.get("pc").is_some()
}

requirement! {
    /// Content is one member of `pc`.
    ///
    /// # Judged
    /// On every primitive of the IUT that can be read whole and has `pc`.
    ONE_MEMBER {
        id: "onem2m/pc-one-member",
        rows: &["M-034"],
        clause: "8.4.2",
        judged: Judged::Packet(|p, _| judged(p, "M-034", "with other content than one member", has_content)),
        examples: Examples {
            conforming: &[sound],
            violating: &[
                |s| sends(s, json!({"pc": {}})),
                |s| sends(s, json!({"pc": {"m2m:cnt": {}, "m2m:cin": {}}})),
                |s| sends(s, json!({"pc": "text"})),
            ],
            silent: &[nothing, sound_xml],
        },
    }
}

requirement! {
    /// The name of what `pc` holds has a prefix: `m2m:` where oneM2M defines it.
    ///
    /// # Judged
    /// On every primitive of the IUT that can be read whole and has `pc`.
    PREFIX {
        id: "onem2m/pc-prefix",
        rows: &["M-035"],
        clause: "8.4.2",
        judged: Judged::Packet(|p, _| judged(p, "M-035", "with content whose name has no prefix", |p| p.content().is_some())),
        examples: Examples {
            conforming: &[sound],
            violating: &[|s| sends(s, json!({"pc": {"cnt": {}}}))],
            silent: &[nothing, sound_xml],
        },
    }
}

requirement! {
    /// A primitive in XML is well-formed, prefixes declared.
    ///
    /// # Interpretation
    /// A document type declaration is not read, nor is anything that it names: what holds one shows nothing here.
    ///
    /// # Judged
    /// On every payload of the IUT on a oneM2M topic that begins like XML, or whose topic says so, down to 128 levels and 16384
    /// elements and attributes.
    XML {
        id: "onem2m/xml",
        rows: &["M-036"],
        clause: "8.3",
        trigger: Trigger::IutOption("xml"),
        judged: Judged::Packet(|p, _| readable(p, Serialization::Xml, "M-036")),
        examples: Examples {
            conforming: &[sound_xml],
            violating: &[
                |s| writes_xml(s, "<rqp><op>2</rqp>"),
                |s| xml(s, "rqp", "<p:x/>"),
                |s| xml(s, "rqp", "<gid>&e;</gid>"),
                |s| writes_xml(s, "op=2"),
            ],
            silent: &[nothing, sound, declares_entities],
        },
    }
}

requirement! {
    /// The root element of a primitive in XML is `rqp` or `rsp` of oneM2M's namespace, and each parameter stands once below it.
    ///
    /// # Judged
    /// On every primitive of the IUT in XML that can be read whole.
    ROOT {
        id: "onem2m/xml-root",
        rows: &["M-037"],
        clause: "8.3",
        trigger: Trigger::IutOption("xml"),
        judged: Judged::Packet(root),
        examples: Examples {
            conforming: &[sound_xml],
            violating: &[
                |s| xml(s, "req", ""),
                |s| writes_xml(s, "<rqp><op>2</op><to>x</to><fr>C1</fr><rqi>r</rqi><rvi>3</rvi></rqp>"),
                |s| xml(s, "rqp", "<op>2</op>"),
            ],
            silent: &[nothing, sound, declares_entities],
        },
    }
}

fn root(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let primitive = sent(packet).filter(|p| p.whole_text() && p.serialization == Some(Serialization::Xml))?;
    held(packet, primitive, "M-037", "XML with another root element, or a parameter twice", true)
}

requirement! {
    /// Timestamps are written `YYYYMMDDThhmmss`, with a comma and up to six digits behind it where wanted, in UTC.
    ///
    /// # Interpretation
    /// The expiration and execution times may also be milliseconds from now.
    ///
    /// # Judged
    /// On `ot`, `rqet`, `rset` and `oet` of every primitive of the IUT that can be read whole.
    TIMESTAMPS {
        id: "onem2m/timestamps",
        rows: &["M-038"],
        clause: "6.3.3",
        trigger: Trigger::IutOption("timestamps"),
        judged: Judged::Packet(|p, _| judged(p, "M-038", "with a timestamp of another form", timed)),
        examples: Examples {
            conforming: &[
                |s| sends(s, json!({"ot": "20261121T170000", "rqet": "20261121T170000,5"})),
                |s| sends(s, json!({"rqet": "3000"})),
            ],
            violating: &[
                |s| sends(s, json!({"ot": "2026-11-21T17:00:00Z"})),
                |s| sends(s, json!({"rqet": "20261321T170000"})),
            ],
            silent: &[nothing, sound],
        },
    }
}

fn timed(primitive: &Primitive) -> bool {
    ["ot", "rqet", "rset", "oet"].iter().any(|name| primitive.get(name).is_some())
}

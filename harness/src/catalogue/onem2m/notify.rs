//! What notifications are written in (TS-0004 7.5.1.1).

use super::history::{last, texts};
use super::support::{request, response};
use crate::catalogue::{Examples, Judged, Trigger};
use crate::evidence::onem2m::{Operation, Primitive};
use crate::evidence::sketch::Sketch;
use crate::evidence::{Observation, PacketSeen, Setting};
use crate::iut::{Role, Serialization};
use crate::judge::{Check, Deviation, Ledger, Ruling, Witness};
use crate::requirement;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Requests that are not answered, and AEs, that are followed; what is more is not judged.
const FOLLOWED: usize = 4096;

const JSON: &str = r#"{"op":5,"to":"Cnew","fr":"/in-cse","rqi":"n1","rvi":"3","pc":{"m2m:sgn":{}}}"#;
const XML: &str = "<m2m:rqp xmlns:m2m=\"http://www.onem2m.org/xml/protocols\"><op>5</op><to>Cnew</to><fr>/in-cse</fr>\
                   <rqi>n1</rqi><pc><m2m:sgn/></pc><rvi>3</rvi></m2m:rqp>";

/// An AE that asks for notifications in some serializations.
fn registered(s: &mut Sketch, serializations: Value) {
    s.ready_cse();
    let ae = json!({"api": "N.a", "rr": true, "srv": ["3"], "csz": serializations});
    s.ask("a1", json!({"op": 1, "ty": 2, "fr": "Cnew", "pc": {"m2m:ae": ae}}));
    s.reply("a1", 2001, json!({"pc": {"m2m:ae": {"aei": "Cnew", "ri": "Cnew"}}}));
}

fn told_in_json(s: &mut Sketch) {
    s.send_raw("/oneM2M/req/in-cse/Cnew/json", JSON);
}

fn told_in_xml(s: &mut Sketch) {
    s.send_raw("/oneM2M/req/in-cse/Cnew/xml", XML);
}

requirement! {
    /// A notification is serialized in one of the ways that its receiver says it can read.
    ///
    /// # Judged
    /// On every NOTIFY of a CSE that can be read whole, on the topic of an AE whose registration it had confirmed with
    /// `csz` in the request: that `csz` names its serialization, as a media type or by the last part of one. An AE that has been
    /// updated since, or names nothing that is known, shows nothing.
    SERIALIZATION {
        id: "onem2m/notify-serialization",
        rows: &["M-061"],
        clause: "7.5.1.1",
        roles: &[Role::Cse],
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Box::<Asked>::default()),
        examples: Examples {
            conforming: &[|s| {
                registered(s, json!(["application/json"]));
                told_in_json(s);
            }, |s| {
                registered(s, json!(["xml", "json"]));
                told_in_xml(s);
            }],
            violating: &[|s| {
                registered(s, json!(["application/json"]));
                told_in_xml(s);
            }, |s| {
                registered(s, json!(["application/vnd.onem2m-ntfy+xml"]));
                told_in_json(s);
            }],
            silent: &[|s| registered(s, json!(["json"])), |s| {
                registered(s, json!(null));
                told_in_xml(s);
            }, |s| {
                registered(s, json!(["cbor"]));
                told_in_xml(s);
            }, |s| {
                registered(s, json!(["json"]));
                s.ask("u1", json!({"op": 3, "to": "cse-in/Cnew", "fr": "Cnew", "pc": {"m2m:ae": {"csz": ["xml"]}}}));
                told_in_xml(s);
            }],
        },
    }
}

#[derive(Default)]
struct Asked {
    /// By Request Identifier: what a registration asks for.
    open: BTreeMap<String, Vec<Serialization>>,
    /// By the stem of the AE-ID.
    asked: BTreeMap<String, Vec<Serialization>>,
}

/// The serializations that an attribute names; nothing where it names others, too.
fn named(request: &Primitive) -> Option<Vec<Serialization>> {
    let (_, ae) = request.content()?;
    let named: Option<Vec<Serialization>> = texts(ae.get("csz")?)?
        .iter()
        .map(|text| match text.to_ascii_lowercase() {
            text if text.ends_with("json") => Some(Serialization::Json),
            text if text.ends_with("xml") => Some(Serialization::Xml),
            _ => None,
        })
        .collect();
    named.filter(|named| !named.is_empty())
}

impl Asked {
    fn told(&mut self, p: &PacketSeen) {
        let Some(request) = p.primitive().filter(|request| request.whole_text()) else { return };
        match request.operation() {
            Some(Operation::Create) if request.registers_ae() => {
                if let (Some(rqi), Some(named)) = (request.text("rqi"), named(request))
                    && self.open.len() < FOLLOWED
                {
                    self.open.insert(rqi.to_owned(), named);
                }
            }
            // It may be about any of them.
            Some(Operation::Create | Operation::Update | Operation::Delete) if concerns_ae(request) => {
                self.asked.clear()
            }
            _ => {}
        }
    }

    fn sent(&mut self, p: &PacketSeen, ledger: &mut Ledger) {
        if let Some(answer) = response(p) {
            let open = answer.text("rqi").and_then(|rqi| self.open.remove(rqi));
            let given = answer.content().and_then(|(_, ae)| ae.get("aei")?.as_text()).map(last);
            if let (Some(stem), Some(2001)) = (given, answer.rsc()) {
                self.asked.remove(stem);
                if let Some(named) = open.filter(|_| self.asked.len() < FOLLOWED) {
                    self.asked.insert(stem.to_owned(), named);
                }
            }
            return;
        }
        let Some(notify) = request(p).filter(|p| p.operation() == Some(Operation::Notify)) else { return };
        let Some(receiver) = notify.topic.as_ref().and_then(|topic| topic.receiver.rsplit(':').next()) else { return };
        let (Some(asked), Some(found)) = (self.asked.get(receiver), notify.serialization) else { return };
        let ruling = match asked.contains(&found) {
            true => Ruling::Met,
            false => Ruling::Broken(Deviation {
                witness: None,
                said: "Notification in a serialization that its receiver does not name".to_owned(),
                expected: asked.iter().map(|s| format!("{s:?}").to_uppercase()).collect::<Vec<_>>().join(" or "),
                actual: format!("{found:?}").to_uppercase(),
            }),
        };
        ledger.enter(Witness::packet(p), ruling);
    }
}

/// Whether a request may change what an AE has said of itself.
fn concerns_ae(request: &Primitive) -> bool {
    match request.operation() {
        Some(Operation::Update) => request.content().is_none_or(|(name, _)| name == "m2m:ae"),
        // Deleting anything else leaves AEs alone; what is deleted, the target does not say.
        Some(Operation::Delete) => true,
        _ => false,
    }
}

impl Check for Asked {
    fn observe(&mut self, observation: &Observation, _: &Setting, ledger: &mut Ledger) {
        let Observation::Packet(p) = observation else { return };
        if p.from_iut() {
            self.sent(p, ledger);
        } else {
            self.told(p);
        }
    }
}

//! Whose identifiers stand in the topics of requests (6.4.2, 6.4.4).

use super::support::sent;
use super::topics::last;
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::evidence::onem2m::Primitive;
use crate::evidence::onem2m::topic::{Leaf, Topic, is_ae_stem, level};
use crate::evidence::payload::Kind;
use crate::evidence::sketch::Sketch;
use crate::evidence::{Observation, PacketSeen, Setting};
use crate::iut::Role;
use crate::judge::{Check, Ledger, Ruling, Witness};
use crate::requirement;
use serde_json::json;

const REQUEST: &str = r#"{"op":2,"to":"cse-in","fr":"Cae1","rqi":"r1","rvi":"3"}"#;
const REGISTRATION: &str = r#"{"op":1,"to":"/in-cse","ty":2,"rqi":"r1","rvi":"3","pc":{"m2m:ae":{}}}"#;
const NOTIFY: &str = r#"{"op":5,"to":"Cae1","fr":"/in-cse","rqi":"n1","rvi":"3","pc":{"m2m:sgn":{}}}"#;

fn requests(s: &mut Sketch) {
    s.ready_ae();
    s.request("r1", json!({}));
}

/// A request of an AE on a topic of the example's choice.
fn on(s: &mut Sketch, topic: &str) {
    s.ready_ae();
    s.send_raw(topic, REQUEST);
}

/// A notification of a CSE, likewise.
fn notifies(s: &mut Sketch, topic: &str) {
    s.ready_cse();
    s.send_raw(topic, NOTIFY);
}

/// A registration of an AE that has a Credential-ID and nothing else.
fn registers(s: &mut Sketch, topic: &str) {
    s.ae();
    s.pics.onem2m.ae_id = None;
    s.pics.onem2m.credential_id = Some("maker/device".into());
    s.connect();
    s.send_raw(topic, REGISTRATION);
}

fn others(s: &mut Sketch) {
    s.ready_ae();
    s.notify("n1", json!({}));
    s.notified("n1", 2000, json!({}));
    s.send_raw("weather", "rain");
}

/// A request of the IUT that can be read whole, on a topic that has all its levels.
fn asked(packet: &PacketSeen) -> Option<(&Primitive, &Topic)> {
    let (_, request) = sent(packet).filter(|(_, p)| p.whole_text() && p.kind == Some(Kind::Request))?;
    Some((request, request.topic.as_ref().filter(|topic| topic.leaf.asks() && topic.complete())?))
}

fn elsewhere(packet: &PacketSeen, said: &str, expected: String, actual: &str) -> Option<Ruling> {
    let span = packet.packet.publish()?.topic.as_ref()?.span;
    Some(Ruling::broken_at(packet, span, said, expected, actual))
}

requirement! {
    /// The level of the Originator in the topic of a request is the identifier of whoever sends it.
    ///
    /// # Interpretation
    /// 6.4.2 wants the identifier relative to the service provider, in which the CSE-ID of its registrar stands before the stem
    /// of an AE that begins with C; 7.4 lets AEs publish under the stem alone. Either will do, and a note says which it was.
    /// An AE that registers may not know its identifier yet. A CSE that passes a request on puts itself into the topic, and the
    /// first Originator stays in `fr`.
    ///
    /// # Judged
    /// On every request that can be read whole on a topic with `req`: of an AE that does not register, the last part of the
    /// level against the last part of `fr`; of a CSE that declares its `cse_id`, against that.
    ORIGINATOR {
        id: "ts0010/topic-originator",
        rows: &["T-024"],
        clause: "6.4.2",
        level: Level::Guidance,
        interop: true,
        judged: Judged::Machine(|| Box::<Originator>::default()),
        examples: Examples {
            conforming: &[requests, |s| on(s, "/oneM2M/req/in-cse:Cae1/in-cse/json"), |s| {
                notifies(s, "/oneM2M/req/in-cse/Cae1/json");
            }],
            violating: &[
                |s| on(s, "/oneM2M/req/Cother/in-cse/json"),
                |s| on(s, "/oneM2M/req/in-cse_Cae1/in-cse/json"),
                |s| notifies(s, "/oneM2M/req/Cae1/Cae1/json"),
            ],
            silent: &[others, |s| {
                s.ready_ae();
                s.send_raw("/oneM2M/req/Cnew/in-cse/json", REGISTRATION);
            }, |s| registers(s, "/oneM2M/reg_req/maker:device/in-cse/json")],
        },
    }
}

/// Tells once which form it was.
#[derive(Default)]
struct Originator {
    told: [bool; 2],
}

impl Check for Originator {
    fn observe(&mut self, observation: &Observation, setting: &Setting, ledger: &mut Ledger) {
        let Observation::Packet(p) = observation else { return };
        let Some((request, topic)) = asked(p).filter(|(_, topic)| topic.leaf == Leaf::Request) else { return };
        let own = match setting.role {
            Role::Cse => setting.pics.onem2m.cse_id.as_deref(),
            _ => request.text("fr").filter(|_| !request.registers_ae()),
        };
        let Some(own) = own.map(last).filter(|own| !own.is_empty()) else { return };
        if last(&topic.originator) != own {
            let said = "Request on a topic of another originator";
            if let Some(ruling) =
                elsewhere(p, said, format!("{own}, alone or behind its CSE-ID and a colon"), &topic.originator)
            {
                ledger.enter(Witness::packet(p), ruling);
            }
            return;
        }
        ledger.enter(Witness::packet(p), Ruling::Met);
        let long = topic.originator != own;
        if setting.role == Role::Ae
            && own.starts_with('C')
            && !std::mem::replace(&mut self.told[usize::from(long)], true)
        {
            let form = if long { "with the CSE-ID of its registrar in front" } else { "as its stem alone" };
            ledger.note(Witness::packet(p), format!("The AE stands in topics {form}"));
        }
    }
}

requirement! {
    /// Where the identifier of an AE has a slash, its topics have a colon in place of that.
    ///
    /// # Judged
    /// On every request of an AE whose registrar's CSE-ID is declared, on a topic that has this CSE-ID in front of the last part
    /// of `fr`: with a colon between them it is kept, with a slash, which makes a level of its own, it is broken.
    COLONS {
        id: "ts0010/topic-colons",
        rows: &["T-025"],
        clause: "6.4.2",
        roles: &[Role::Ae],
        trigger: Trigger::IutOption("sp-relative-ae-id"),
        implies: &["ts0010/topic-originator", "ts0010/topic-receiver", "ts0010/topic-form", "ts0010/topic-format"],
        judged: Judged::Packet(colons),
        examples: Examples {
            conforming: &[|s| on(s, "/oneM2M/req/in-cse:Cae1/in-cse/json")],
            violating: &[|s| on(s, "/oneM2M/req/in-cse/Cae1/in-cse/json")],
            silent: &[others, requests, |s| on(s, "/oneM2M/req/in-cse/Cother/in-cse/json")],
        },
    }
}

fn colons(packet: &PacketSeen, setting: &Setting) -> Option<Ruling> {
    let (request, topic) = asked(packet).filter(|(_, topic)| topic.leaf == Leaf::Request)?;
    let registrar = level(setting.pics.onem2m.cse_id.as_deref()?);
    let stem = last(request.text("fr")?);
    if topic.originator == format!("{registrar}:{stem}") {
        return Some(Ruling::Met);
    }
    let kept = topic.originator == registrar && topic.receiver == stem && topic.surplus > 0;
    if !kept {
        return None;
    }
    let actual = format!("{registrar}/{stem}");
    elsewhere(packet, "Topic with the slash of an AE-ID in it", format!("{registrar}:{stem}"), &actual)
}

requirement! {
    /// The level of the Receiver in the topic of a request is the identifier of whom it is sent to on this hop.
    ///
    /// # Interpretation
    /// As for `ts0010/topic-originator`, either form of the identifier of an AE will do. An AE sends to its registrar, whatever
    /// the target.
    ///
    /// # Judged
    /// On every request that can be read whole: of an AE whose registrar's CSE-ID is declared, against that; of a CSE where the
    /// target in `to` is an AE of its own, by its stem or behind its own CSE-ID, against that stem.
    RECEIVER {
        id: "ts0010/topic-receiver",
        rows: &["T-026"],
        clause: "6.4.2",
        level: Level::Guidance,
        interop: true,
        judged: Judged::Packet(receiver),
        examples: Examples {
            conforming: &[requests, |s| notifies(s, "/oneM2M/req/in-cse/Cae1/json"), |s| {
                notifies(s, "/oneM2M/req/in-cse/in-cse:Cae1/json");
            }],
            violating: &[
                |s| on(s, "/oneM2M/req/Cae1/cse-in/json"),
                |s| notifies(s, "/oneM2M/req/in-cse/Cother/json"),
            ],
            silent: &[others, |s| {
                s.ready_cse();
                s.send_raw("/oneM2M/req/in-cse/mn/json", NOTIFY.replace("\"Cae1\"", "\"/mn/Cae1/inbox\""));
            }],
        },
    }
}

fn receiver(packet: &PacketSeen, setting: &Setting) -> Option<Ruling> {
    let (request, topic) = asked(packet)?;
    let cse = setting.pics.onem2m.cse_id.as_deref()?;
    let own = match setting.role {
        Role::Cse => {
            let to = request.text("to")?;
            let stem = to.strip_prefix(cse).and_then(|rest| rest.strip_prefix('/')).unwrap_or(to);
            Some(stem).filter(|stem| is_ae_stem(stem))?
        }
        _ => last(cse),
    };
    if last(&topic.receiver) == own {
        return Some(Ruling::Met);
    }
    elsewhere(packet, "Request on a topic of another receiver", own.to_owned(), &topic.receiver)
}

requirement! {
    /// An AE that registers without an identifier publishes under its Credential-ID, with colons for its slashes.
    ///
    /// # Interpretation
    /// A slash at the beginning of a Credential-ID may be left out, as it is of other identifiers.
    ///
    /// # Judged
    /// On every request of an AE that declares a `credential_id`, on a topic with `reg_req`.
    CREDENTIAL {
        id: "ts0010/topic-credential",
        rows: &["T-037", "T-038"],
        clause: "6.4.4",
        level: Level::Guidance,
        interop: true,
        roles: &[Role::Ae],
        trigger: Trigger::IutOption("credential_id"),
        judged: Judged::Packet(credential),
        examples: Examples {
            conforming: &[|s| registers(s, "/oneM2M/reg_req/maker:device/in-cse/json")],
            violating: &[
                |s| registers(s, "/oneM2M/reg_req/Cae1/in-cse/json"),
                |s| registers(s, "/oneM2M/reg_req/maker/device/in-cse/json"),
            ],
            silent: &[others, requests, |s| registers(s, "/oneM2M/req/Cae1/in-cse/json")],
        },
    }
}

fn credential(packet: &PacketSeen, setting: &Setting) -> Option<Ruling> {
    let (_, topic) = asked(packet).filter(|(_, topic)| topic.leaf == Leaf::RegistrationRequest)?;
    let declared = setting.pics.onem2m.credential_id.as_deref()?;
    if topic.originator == level(declared) || topic.originator == declared.replace('/', ":") {
        return Some(Ruling::Met);
    }
    elsewhere(packet, "Registration on a topic without the Credential-ID", level(declared), &topic.originator)
}

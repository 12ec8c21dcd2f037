//! Which request a response belongs to, and how it is written (TS-0001 7.1.7 and 8.1.3, TS-0004 7.3.3.12).

use super::support::{request, response};
use crate::catalogue::{Examples, Judged, Trigger};
use crate::evidence::onem2m::Primitive;
use crate::evidence::payload::Kind;
use crate::evidence::sketch::Sketch;
use crate::evidence::{Exchange, Observation, PacketSeen, Setting};
use crate::iut::Serialization;
use crate::judge::{Check, Deviation, Ledger, Ruling, Witness};
use crate::requirement;
use serde_json::json;
use std::collections::{BTreeMap, VecDeque};
use touchstone_fixtures::recording::Nanos;
use touchstone_fixtures::wire::mqtt311::build;

const FROM_AE: &str = "/oneM2M/req/Cae1/in-cse/json";
const XML: &str = "<m2m:rsp xmlns:m2m=\"http://www.onem2m.org/xml/protocols\"><rsc>2000</rsc><rqi>r1</rqi>\
                   <pc><m2m:cb/></pc><rvi>3</rvi></m2m:rsp>";

fn retrieved(s: &mut Sketch) {
    s.ready_cse();
    s.ask("r1", json!({}));
    s.reply("r1", 2000, json!({"pc": {"m2m:cb": {}}}));
}

fn notified(s: &mut Sketch) {
    s.ready_ae();
    s.notify("n1", json!({}));
    s.notified("n1", 2000, json!({}));
}

fn unanswered(s: &mut Sketch) {
    s.ready_cse();
    s.ask("r1", json!({}));
}

requirement! {
    /// The Request Identifier of a response is that of its request.
    ///
    /// # Judged
    /// On every response of the IUT with a Request Identifier: met where a request under it was sent to the IUT, broken where no
    /// message was. That is not held against it once a message was sent to it whose Request Identifier is absent, longer than
    /// 200 characters or not of visible ASCII characters, or which is no sound primitive in a serialization that it declares,
    /// nor where a session began before the recording.
    SAME_ID {
        id: "onem2m/response-same-rqi",
        rows: &["M-026"],
        clause: "8.1.3 of TS-0001",
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Box::<SameId>::default()),
        examples: Examples {
            conforming: &[retrieved, notified],
            violating: &[|s| {
                unanswered(s);
                s.reply("r2", 2000, json!({"pc": {"m2m:cb": {}}}));
            }, |s| {
                s.ready_ae();
                s.notify("n1", json!({}));
                s.notified("N1", 2000, json!({}));
            }],
            silent: &[unanswered, |s| {
                s.ready_cse();
                s.deliver("/oneM2M/req/CAdmin/in-cse/json", r#"{"op":2,"to":"cse-in","rqi":"r1""#);
                s.reply("r?", 4000, json!({}));
            }, |s| {
                // Two names: which of them counts, parsers do not agree on.
                s.ready_cse();
                let twice = r#"{"op":2,"to":"cse-in","fr":"CAdmin","rqi":"r1","rvi":"3","rqi":"r2"}"#;
                s.deliver("/oneM2M/req/CAdmin/in-cse/json", twice);
                s.reply("r2", 4000, json!({}));
            }, |s| {
                s.births_known = false;
                unanswered(s);
                s.reply("r2", 2000, json!({"pc": {"m2m:cb": {}}}));
            }],
        },
    }
}

#[derive(Default)]
struct SameId {
    /// A message was sent to the IUT.
    asked: bool,
    /// One of them has an identifier that the IUT may not have been able to read, or has read otherwise.
    doubtful: bool,
}

impl Check for SameId {
    fn observe(&mut self, observation: &Observation, setting: &Setting, ledger: &mut Ledger) {
        match observation {
            Observation::Packet(p) if !p.from_iut() && p.packet.publish().is_some() => {
                self.asked = true;
                let readable = |m: &Primitive| {
                    let sound = !m.defects.iter().any(|defect| TEXTUAL.contains(&defect.clause));
                    m.whole_text()
                        && sound
                        && m.text("rqi").is_some_and(plain)
                        && m.serialization.is_some_and(|s| setting.pics.speaks(s))
                };
                self.doubtful |= !p.primitive().is_some_and(readable);
            }
            Observation::Stray(p) if self.asked && !self.doubtful && setting.births_known => {
                let Some(response) = response(p) else { return };
                let Some((node, rqi)) = response.get("rqi").and_then(|node| Some((node, node.as_text()?))) else {
                    return;
                };
                let Some(publish) = p.packet.publish() else { return };
                let span = node.span.shifted(publish.payload.span.start);
                let said = format!("Response with the Request Identifier {}, which no request had", node.describe());
                let ruling = Ruling::broken_at(p, span, said, "the Request Identifier of a request", rqi);
                ledger.enter(Witness::packet(p), ruling);
            }
            Observation::Exchange(exchange) if exchange.request_id.is_some() => {
                for seen in exchange.distinct().filter(|seen| response(&seen.packet).is_some()) {
                    ledger.enter(Witness::packet(&seen.packet), Ruling::Met);
                }
            }
            _ => {}
        }
    }
}

/// Whether everybody reads and writes an identifier alike, white space and escapes aside.
fn plain(rqi: &str) -> bool {
    (1..=200).contains(&rqi.len()) && rqi.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Rows under which a text may be read in more than one way.
const TEXTUAL: [&str; 6] = ["M-030", "M-031", "M-032", "M-033", "M-036", "M-037"];

requirement! {
    /// A request has a Request Identifier of its own among those of its originator that are not answered yet.
    ///
    /// # Interpretation
    /// Once a request is answered its identifier is free again. An originator that has waited for the time to answer may have
    /// given up, and the same request published again is the same request.
    ///
    /// # Judged
    /// On every request of the IUT that can be read whole and has `fr` and `rqi`. Broken when another one from the same originator
    /// to the same receiver, under the same identifier, which differs in `op`, `to`, `ty` or `pc`, was published within the time
    /// to answer before it, and no response under that identifier has been sent to the IUT since.
    OWN_ID {
        id: "onem2m/request-own-rqi",
        rows: &["M-027"],
        clause: "7.1.7 of TS-0001",
        judged: Judged::Machine(|| Box::<OwnId>::default()),
        examples: Examples {
            conforming: &[|s| {
                s.ready_ae();
                s.request("r1", json!({}));
                s.request("r2", json!({}));
            }, |s| {
                // It has been answered.
                s.ready_ae();
                s.request("r1", json!({}));
                s.grant("r1", 2001, json!({}));
                s.request("r1", json!({"to": "cse-in/Cae1/c"}));
            }, |s| {
                // The same once more.
                s.ready_ae();
                s.request("r1", json!({"ot": "20261121T200000"}));
                s.request("r1", json!({"ot": "20261121T200001"}));
            }, |s| {
                s.ready_ae();
                s.request("r1", json!({}));
                s.wait(2_500);
                s.request("r1", json!({"to": "cse-in/Cae1/c"}));
            }],
            violating: &[|s| {
                s.ready_ae();
                s.request("r1", json!({}));
                s.request("r1", json!({"to": "cse-in/Cae1/c"}));
            }],
            silent: &[notified, |s| s.ready_ae(), |s| {
                s.ready_ae();
                s.iut(build::publish(FROM_AE, 1, 9, r#"{"op":2,"to":"cse-in","rqi":"r1"}"#));
            }],
        },
    }
}

/// Originator, receiver and Request Identifier.
type Key = (String, String, String);

/// Requests whose answers may still come; the oldest is forgotten first.
const PENDING: usize = 4096;

#[derive(Default)]
struct OwnId {
    pending: BTreeMap<Key, (Vec<u8>, Nanos)>,
    order: VecDeque<(Key, Nanos)>,
}

/// What a request asks for, as it is written: what changes when it is sent once more, as times do, is left out.
fn asked(request: &Primitive, payload: &[u8]) -> Vec<u8> {
    let written = |name: &str| {
        let span = request.get(name).map(|node| node.span)?;
        payload.get(usize::try_from(span.start).ok()?..usize::try_from(span.end).ok()?)
    };
    ["op", "to", "ty", "pc"].iter().flat_map(|name| [written(name).unwrap_or_default(), b"\n"].concat()).collect()
}

impl OwnId {
    fn asks(&mut self, p: &PacketSeen, setting: &Setting, ledger: &mut Ledger) {
        let (Some(request), Some(publish)) = (request(p), p.packet.publish()) else { return };
        let (Some(fr), Some(rqi)) = (request.text("fr"), request.text("rqi")) else { return };
        let receiver = request.topic.as_ref().map(|topic| topic.receiver.clone()).unwrap_or_default();
        let key = (fr.to_owned(), receiver, rqi.to_owned());
        let text = asked(request, &publish.payload.value);
        let other = self
            .pending
            .get(&key)
            .filter(|(earlier, at)| *earlier != text && p.at.since(*at) <= setting.tolerances.response && !publish.dup);
        let ruling = match other {
            None => Ruling::Met,
            Some(_) => {
                let span = request.get("rqi").map(|node| node.span.shifted(publish.payload.span.start));
                let said = "Request under the Request Identifier of another one that is not answered".to_owned();
                Ruling::Broken(Deviation {
                    witness: span.map(|span| Witness::bytes(p, span)),
                    said,
                    expected: "an identifier of its own".to_owned(),
                    actual: format!("{rqi:?} again"),
                })
            }
        };
        ledger.enter(Witness::packet(p), ruling);
        if self.order.len() >= PENDING
            && let Some((oldest, at)) = self.order.pop_front()
            && self.pending.get(&oldest).is_some_and(|(_, since)| *since == at)
        {
            self.pending.remove(&oldest);
        }
        self.order.push_back((key.clone(), p.at));
        self.pending.insert(key, (text, p.at));
    }
}

impl Check for OwnId {
    fn observe(&mut self, observation: &Observation, setting: &Setting, ledger: &mut Ledger) {
        let Observation::Packet(p) = observation else { return };
        if p.from_iut() {
            self.asks(p, setting, ledger);
        } else if p.packet.publish().is_some() {
            // Whether it is an answer that the originator takes for one is its own affair.
            match p.correlation() {
                Some(rqi) => self.pending.retain(|(_, _, pending), _| pending != rqi),
                None => self.pending.clear(),
            }
        }
    }
}

requirement! {
    /// A response is serialized as its request was.
    ///
    /// # Judged
    /// On every response that can be read whole, to a sound request in a serialization that the IUT declares, on a topic that
    /// says which that is, and without `xM2M-Accept`.
    SERIALIZATION {
        id: "onem2m/response-serialization",
        rows: &["M-060"],
        clause: "7.3.3.12",
        contradiction: Some("TS-0010 6.5.3 lets a receiver choose where the request does not say what it accepts"),
        trigger: Trigger::Tester,
        judged: Judged::Exchange(serialization),
        examples: Examples {
            conforming: &[retrieved, notified],
            violating: &[|s| {
                unanswered(s);
                s.send_raw("/oneM2M/resp/CAdmin/in-cse/xml", XML);
            }],
            silent: &[unanswered, |s| {
                s.ready_cse();
                s.ask("r1", json!({"xM2M-Accept": "application/xml"}));
                s.send_raw("/oneM2M/resp/CAdmin/in-cse/xml", XML);
            }, |s| {
                s.cse();
                s.pics.serializations = vec![Serialization::Xml];
                s.connect();
                s.ask("r1", json!({}));
                s.send_raw("/oneM2M/resp/CAdmin/in-cse/xml", XML);
            }],
        },
    }
}

fn serialization(exchange: &Exchange, setting: &Setting) -> Option<Ruling> {
    let asked = exchange.request.primitive().filter(|p| {
        p.whole_text() && p.kind == Some(Kind::Request) && p.defects.is_empty() && p.get("xM2M-Accept").is_none()
    })?;
    let wanted = asked.serialization.filter(|s| setting.pics.speaks(*s))?;
    let name = if wanted == Serialization::Xml { "xml" } else { "json" };
    asked.topic.as_ref().filter(|topic| topic.format.as_deref() == Some(name))?;
    let mut met = None;
    for seen in exchange.distinct() {
        let Some(found) = response(&seen.packet).and_then(|response| response.serialization) else { continue };
        if found != wanted {
            return Some(Ruling::Broken(Deviation {
                witness: Some(Witness::packet(&seen.packet)),
                said: "Response in another serialization than its request".to_owned(),
                expected: name.to_uppercase(),
                actual: format!("{found:?}").to_uppercase(),
            }));
        }
        met = Some(Ruling::Met);
    }
    met
}

requirement! {
    /// A request under a Request Identifier that is pending for its originator is refused.
    PENDING_REFUSED {
        id: "onem2m/refuses-pending-rqi",
        rows: &["M-062"],
        clause: "7.1.7 of TS-0001",
        judged: Judged::Untestable(
            "when a receiver is done with a request, and whether that is before it reads the next one, cannot be seen from outside",
        ),
    }
}

//! Who is registered with a CSE, and who is not (TS-0004 7.3.2.1, 7.4.5.2.1).

use super::history::{History, is_base, last, sound};
use super::receiver::refusal_of;
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::evidence::onem2m::{Operation, Primitive};
use crate::evidence::sketch::Sketch;
use crate::evidence::{Exchange, Observation, Setting};
use crate::iut::Role;
use crate::judge::{Check, Ledger, Ruling, Witness};
use crate::requirement;
use serde_json::json;
use touchstone_fixtures::recording::ProcessChange;

/// A registration, and its answer.
fn registers(s: &mut Sketch, rqi: &str, from: Option<&str>, api: &str, rsc: u32) {
    let name = format!("ae-{rqi}");
    let ae = json!({"rn": name, "api": api, "rr": true, "srv": ["3"]});
    s.ask(rqi, json!({"op": 1, "ty": 2, "fr": from, "pc": {"m2m:ae": ae}}));
    let pc = match rsc {
        2001 => json!({"m2m:ae": {"rn": name, "ri": from, "aei": from.unwrap_or("C77")}}),
        _ => json!({"m2m:dbg": "no"}),
    };
    s.reply(rqi, rsc, json!({"pc": pc}));
}

fn retrieved(s: &mut Sketch) {
    s.ready_cse();
    s.ask("r1", json!({}));
    s.reply("r1", 2000, json!({"pc": {"m2m:cb": {}}}));
}

fn once(s: &mut Sketch) {
    s.ready_cse();
    registers(s, "r1", Some("Cnew"), "N.a", 2001);
}

fn deregisters(s: &mut Sketch) {
    once(s);
    s.ask("d1", json!({"op": 4, "to": "cse-in/ae-r1", "fr": "Cnew"}));
    s.reply("d1", 2002, json!({}));
}

fn asks_as(s: &mut Sketch, from: &str, rsc: u32) {
    s.ask("r9", json!({"fr": from}));
    s.reply("r9", rsc, json!({"pc": {"m2m:cb": {}}}));
}

/// Judges exchanges by what was known before each of them.
pub(super) struct Later {
    history: History,
    /// Frames in which a process of the CSE ended, which may have forgotten everything with that, the newest first.
    ends: Vec<u32>,
    judge: fn(&Exchange, &History, &Setting) -> Option<Ruling>,
}

impl Later {
    pub(super) fn check(judge: fn(&Exchange, &History, &Setting) -> Option<Ruling>) -> Box<dyn Check> {
        Box::new(Later { history: History::default(), ends: Vec::new(), judge })
    }
}

impl Check for Later {
    fn observe(&mut self, observation: &Observation, setting: &Setting, ledger: &mut Ledger) {
        let exchange = match observation {
            Observation::Process { change: ProcessChange::Exit { .. }, frame, .. } => {
                self.ends.insert(0, *frame);
                return;
            }
            Observation::Exchange(exchange) => exchange,
            _ => return,
        };
        while self.ends.pop_if(|end| *end < exchange.request.frame).is_some() {
            self.history = History::default();
        }
        if let Some(ruling) = (self.judge)(exchange, &self.history, setting) {
            ledger.enter(Witness::packet(&exchange.request), ruling);
        }
        self.history.take(exchange);
    }
}

requirement! {
    /// A request of an AE that is not registered is refused with 4106.
    ///
    /// # Interpretation
    /// An AE that has deregistered is not registered. Which of the errors that keep somebody out it is, was settled with the
    /// release that this text is of: guidance.
    ///
    /// # Judged
    /// On every answer to a sound RETRIEVE of the CSEBase by an AE whose registration the CSE had confirmed, and whose
    /// deregistration it had confirmed before the request was sent.
    UNREGISTERED {
        id: "onem2m/refuses-unregistered",
        rows: &["M-051"],
        clause: "7.3.2.1",
        level: Level::Guidance,
        roles: &[Role::Cse],
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Later::check(unregistered)),
        examples: Examples {
            conforming: &[|s| {
                deregisters(s);
                asks_as(s, "Cnew", 4106);
            }],
            violating: &[|s| {
                deregisters(s);
                asks_as(s, "Cnew", 2000);
            }, |s| {
                deregisters(s);
                asks_as(s, "Cnew", 4004);
            }],
            silent: &[retrieved, deregisters, |s| {
                once(s);
                asks_as(s, "Cnew", 4103);
            }, |s| {
                deregisters(s);
                registers(s, "r2", Some("Cnew"), "N.a", 2001);
                asks_as(s, "Cnew", 2000);
            }, |s| {
                // Sent before the CSE had said that it was done.
                once(s);
                s.ask("d1", json!({"op": 4, "to": "cse-in/ae-r1", "fr": "Cnew"}));
                asks_as(s, "Cnew", 2000);
                s.reply("d1", 2002, json!({}));
            }],
        },
    }
}

fn refused_with(exchange: &Exchange, why: &str, rsc: i128) -> Option<Ruling> {
    refusal_of(exchange, |found| Some(if found == rsc { Ok(()) } else { Err((why, format!("rsc {rsc}"))) }))
}

fn unregistered(exchange: &Exchange, history: &History, setting: &Setting) -> Option<Ruling> {
    let request = sound(exchange).filter(|p| p.operation() == Some(Operation::Retrieve))?;
    let gone = history.gone.get(request.text("fr")?).filter(|since| **since < exchange.request.frame);
    if gone.is_none() || !is_base(request.text("to")?, setting) {
        return None;
    }
    refused_with(exchange, "Request of an AE that has deregistered not refused as it should be", 4106)
}

requirement! {
    /// An AE that is registered and registers once more is refused with 4117.
    ///
    /// # Judged
    /// On every answer to a sound CREATE of an AE below the CSEBase, under another name, from an AE whose registration the CSE had
    /// confirmed before the request was sent, and has not been asked to end since.
    REGISTERED_TWICE {
        id: "onem2m/refuses-registered",
        rows: &["M-056"],
        clause: "7.4.5.2.1",
        roles: &[Role::Cse],
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Later::check(registered_twice)),
        examples: Examples {
            conforming: &[|s| {
                once(s);
                registers(s, "r2", Some("Cnew"), "N.a", 4117);
            }],
            violating: &[|s| {
                once(s);
                registers(s, "r2", Some("Cnew"), "N.a", 2001);
            }, |s| {
                once(s);
                registers(s, "r2", Some("Cnew"), "N.a", 4105);
            }],
            silent: &[once, |s| {
                deregisters(s);
                registers(s, "r2", Some("Cnew"), "N.a", 2001);
            }, |s| {
                // It may remember nobody.
                once(s);
                s.stop();
                s.spawn();
                s.connect();
                registers(s, "r2", Some("Cnew"), "N.a", 2001);
            }, |s| {
                once(s);
                registers(s, "r2", Some("Cother"), "N.a", 2001);
            }, |s| {
                // The name is taken, too.
                once(s);
                let ae = json!({"rn": "ae-r1", "api": "N.a", "rr": true, "srv": ["3"]});
                s.ask("r2", json!({"op": 1, "ty": 2, "fr": "Cnew", "pc": {"m2m:ae": ae}}));
                s.reply("r2", 4105, json!({}));
            }],
        },
    }
}

/// A sound CREATE of an AE below the CSEBase, and what it holds of the AE.
fn registration<'a>(exchange: &'a Exchange, setting: &Setting) -> Option<(&'a Primitive, &'a crate::evidence::Node)> {
    let request = sound(exchange).filter(|p| p.registers_ae())?;
    let (_, ae) = request.content().filter(|(name, _)| *name == "m2m:ae")?;
    is_base(request.text("to")?, setting).then_some((request, ae))
}

fn registered_twice(exchange: &Exchange, history: &History, setting: &Setting) -> Option<Ruling> {
    let (request, ae) = registration(exchange, setting)?;
    let known = history.registered.get(request.text("fr")?).filter(|ae| ae.since < exchange.request.frame)?;
    let name = ae.get("rn").and_then(|rn| rn.as_text());
    let other = known.name.as_deref().is_some_and(|known| name.is_some_and(|name| last(name) != known));
    if !other || exchange.copies != 1 {
        return None;
    }
    refused_with(exchange, "Registration of an AE that is registered not refused as it should be", 4117)
}

requirement! {
    /// An AE whose App-ID begins with none of R, r and N is refused with 4000.
    ///
    /// # Judged
    /// On every answer to a sound CREATE of an AE below the CSEBase with such an `api`, with `rr` and `srv`, by an originator that
    /// has no identifier yet (`fr` is missing, S or C): met by 4000, broken by a status of success. Other errors may come first,
    /// and show nothing.
    APP_ID {
        id: "onem2m/refuses-app-id",
        rows: &["M-057"],
        clause: "7.4.5.2.1",
        roles: &[Role::Cse],
        trigger: Trigger::Tester,
        judged: Judged::Exchange(app_id),
        examples: Examples {
            conforming: &[|s| {
                s.ready_cse();
                registers(s, "r1", Some("C"), "my-app", 4000);
            }],
            violating: &[|s| {
                s.ready_cse();
                registers(s, "r1", None, "my-app", 2001);
            }],
            silent: &[retrieved, once, |s| {
                s.ready_cse();
                registers(s, "r1", Some("C"), "my-app", 4103);
            }, |s| {
                s.ready_cse();
                registers(s, "r1", Some("Cold"), "my-app", 4117);
            }],
        },
    }
}

fn app_id(exchange: &Exchange, setting: &Setting) -> Option<Ruling> {
    let (request, ae) = registration(exchange, setting)?;
    let nameless = matches!(request.text("fr"), None | Some("S" | "C" | ""));
    let api = ae.get("api")?.as_text()?;
    let strange = !api.is_empty() && !api.starts_with(['R', 'r', 'N']);
    if !nameless || !strange || ae.get("rr").is_none() || ae.get("srv").is_none() {
        return None;
    }
    refusal_of(exchange, |rsc| match rsc {
        4000 => Some(Ok(())),
        1000..3000 => Some(Err(("AE registered with an App-ID of no kind", "rsc 4000".to_owned()))),
        _ => None,
    })
}

//! By what name a Consumer knows a Command (LS 3.3.1).

use super::support::{Answer, answer, answerable, misfit, response_requested, too_early, well_formed};
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::evidence::openc2::{Message, Node};
use crate::evidence::sketch::Sketch;
use crate::evidence::{Exchange, Observation, Setting};
use crate::iut::Role;
use crate::judge::{Check, Ledger, Ruling, Witness};
use crate::requirement;
use serde_json::{Value, json};
use std::sync::Arc;

/// Most Commands that are kept for comparison.
const KEPT: usize = 1_024;

requirement! {
    /// A Command without `command_id` goes by the `request_id` of its message.
    ///
    /// # Interpretation
    /// By what name a Consumer knows a Command shows when a later one has the target `command` and names it. How that is
    /// to be answered, no clause says; so a refusal is held against it only where a Command that did have a `command_id`
    /// was known by that.
    ///
    /// # Judged
    /// On each sound Command with the target `command` that is addressed to the IUT and names, by its request_id, an
    /// earlier one without `command_id` that was answered with status 200: met by status 102 or 200; broken by 400, 404
    /// and 501 where the same action on an earlier one, likewise answered with 200 and named by its command_id, was
    /// answered with 102 or 200. Other answers, and refusals of both, decide nothing.
    DEFAULT {
        id: "openc2/command-id-default",
        rows: &["L-010"],
        clause: "3.3.1",
        level: Level::Must,
        roles: &[Role::Consumer],
        trigger: Trigger::Command("L-010"),
        judged: Judged::Machine(|| Box::<Names>::default()),
        examples: Examples {
            conforming: &[
                |s| {
                    earlier(s);
                    about(s, "r1", 200);
                },
                |s| {
                    earlier(s);
                    about(s, "c2", 200);
                    about(s, "r1", 102);
                },
            ],
            violating: &[
                |s| {
                    earlier(s);
                    about(s, "c2", 200);
                    about(s, "r1", 404);
                },
                |s| {
                    earlier(s);
                    about(s, "r1", 501);
                    about(s, "c2", 102);
                },
            ],
            silent: &[
                |s| s.ready(),
                earlier,
                // It knows neither, or there is nothing to compare with.
                |s| {
                    earlier(s);
                    about(s, "c2", 404);
                    about(s, "r1", 404);
                },
                |s| {
                    earlier(s);
                    about(s, "r1", 404);
                },
                // What has a command_id goes by that.
                |s| {
                    earlier(s);
                    about(s, "c2", 200);
                    about(s, "r2", 404);
                },
                |s| {
                    earlier(s);
                    about(s, "c2", 200);
                    about(s, "r1", 503);
                },
                |s| {
                    earlier(s);
                    about(s, "c2", 200);
                    about(s, "nobody", 404);
                },
            ],
        },
    }
}

/// A Command without `command_id`, and one with.
fn earlier(s: &mut Sketch) {
    s.ready();
    s.query("r1", json!([]));
    s.respond("r1", json!({"status": 200}));
    s.command("r2", json!({"action": "query", "target": {"features": []}, "command_id": "c2"}));
    s.respond("r2", json!({"status": 200}));
}

/// A query about the Command of that name, and how it is answered.
fn about(s: &mut Sketch, name: &str, status: u16) {
    let command: Value = json!({"action": "query", "target": {"command": name}});
    s.command(&format!("about-{name}"), command);
    s.respond(&format!("about-{name}"), json!({"status": status}));
}

/// Which names the IUT knows Commands by.
#[derive(Debug, Default)]
struct Names {
    /// Sound Commands that are due an answer, in the order of their exchanges.
    sent: Vec<Arc<Exchange>>,
    full: bool,
}

impl Check for Names {
    fn observe(&mut self, observation: &Observation, setting: &Setting, ledger: &mut Ledger) {
        match observation {
            Observation::Exchange(exchange) if answerable(exchange, setting).is_some_and(well_formed) => {
                if self.sent.len() < KEPT {
                    self.sent.push(Arc::clone(exchange));
                } else {
                    self.full = true;
                }
            }
            Observation::End { .. } => self.conclude(ledger),
            _ => {}
        }
    }
}

/// How a Command names another.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    CommandId,
    RequestId,
}

impl Names {
    fn conclude(&mut self, ledger: &mut Ledger) {
        let sent = std::mem::take(&mut self.sent);
        let named: Vec<(&Exchange, &str, By)> = sent
            .iter()
            .filter_map(|exchange| {
                let message = exchange.message()?;
                let name = names(message)?;
                Some((exchange.as_ref(), message.action()?, known_as(&sent, exchange, name)?))
            })
            .collect();
        for (exchange, action, _) in named.iter().filter(|(_, _, by)| *by == By::RequestId) {
            let known = named.iter().any(|(other, of, by)| *by == By::CommandId && of == action && accepted(other));
            ledger.enter(Witness::packet(&exchange.request), ruling(exchange, known));
        }
        if self.full {
            let nowhere = Witness { connection: None, packet: None, frame: None, bytes: None, bits: 0 };
            ledger.enter(nowhere, Ruling::Undecided(format!("More than {KEPT} Commands to compare")));
        }
    }
}

/// What a Command names with its target; nothing where it wants no answer.
fn names(message: &Message) -> Option<&str> {
    let (target, name) = message.target()?;
    (target == "command" && response_requested(message) != Some("none")).then(|| name.as_text())?
}

fn command_id(message: &Message) -> Option<&Node> {
    message.content.as_ref()?.get("command_id")
}

/// Which name this is of an earlier Command that was carried out; `None` where it is of none, or may be of two.
fn known_as(sent: &[Arc<Exchange>], exchange: &Exchange, name: &str) -> Option<By> {
    let mut all = sent.iter().filter_map(|other| {
        let by = match other.message().and_then(command_id) {
            Some(id) => (id.as_text() == Some(name)).then_some(By::CommandId)?,
            None => (other.request_id.as_deref() == Some(name)).then_some(By::RequestId)?,
        };
        Some((other, by))
    });
    let (other, by) = all.next().filter(|_| all.next().is_none())?;
    let Answer::Final(response, 200) = answer(other) else { return None };
    (response.packet.end_at <= exchange.request.at).then_some(by)
}

fn accepted(exchange: &Exchange) -> bool {
    matches!(answer(exchange), Answer::Final(_, 200) | Answer::Interim(_))
}

fn ruling(exchange: &Exchange, known: bool) -> Ruling {
    let what = "A Command about an earlier one, named by its request_id,";
    match answer(exchange) {
        Answer::Final(_, 200) | Answer::Interim(_) => Ruling::Met,
        Answer::Final(response, code @ (400 | 404 | 501)) if known => {
            misfit(response, Some(code), what, "status 102 or 200, as for one named by its command_id")
        }
        Answer::Final(_, code) => Ruling::CutShort(format!(
            "{what} was answered with status {code}, which does not tell whether it was known"
        )),
        _ => too_early(what),
    }
}

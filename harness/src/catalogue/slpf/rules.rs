//! Follows the rules of a firewall by their numbers, through one recording.

use super::reason::{Reason, reason};
use super::support::{Parts, SLPF, parts, received};
use crate::catalogue::openc2::support::{result, status, well_formed};
use crate::evidence::openc2::schema::same;
use crate::evidence::openc2::{Message, Node};
use crate::evidence::{Exchange, Observation, ResponseSeen, Setting};
use crate::judge::{Check, Ledger, Ruling, Witness};
use std::collections::BTreeMap;
use std::sync::Arc;
use touchstone_fixtures::recording::{Nanos, ProcessChange};

/// Most commands, and most starts of the IUT, that are followed.
const FOLLOWED: usize = 4_096;

/// What is known of a command in the light of what came before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// It cannot succeed.
    Fails(Reason),
    /// It got a number that no rule had, as far as is known.
    Fresh,
    /// It got the number of another rule.
    Clash(i128),
}

/// Judges commands of the profile, in the order in which they were sent, at the end of the recording.
pub(super) struct Rules {
    judge: fn(&Exchange, Known) -> Option<Ruling>,
    commands: Vec<Arc<Exchange>>,
    spawns: Vec<Nanos>,
    full: bool,
}

impl Rules {
    pub(super) fn check(judge: fn(&Exchange, Known) -> Option<Ruling>) -> Box<dyn Check> {
        Box::new(Rules { judge, commands: Vec::new(), spawns: Vec::new(), full: false })
    }
}

impl Check for Rules {
    fn observe(&mut self, observation: &Observation, setting: &Setting, ledger: &mut Ledger) {
        match observation {
            Observation::Process { change: ProcessChange::Spawn { .. }, at, .. } => {
                self.full |= self.spawns.len() >= FOLLOWED;
                self.spawns.push(*at);
                self.spawns.truncate(FOLLOWED);
            }
            Observation::Exchange(exchange) if received(exchange, setting).is_some() => {
                if self.commands.len() < FOLLOWED {
                    self.commands.push(Arc::clone(exchange));
                } else {
                    self.full = true;
                }
            }
            Observation::End { .. } => {
                let mut book = Book::default();
                for exchange in std::mem::take(&mut self.commands) {
                    for known in book.turn(&exchange, &self.spawns, setting) {
                        if let Some(ruling) = (self.judge)(&exchange, known) {
                            ledger.enter(Witness::packet(&exchange.request), ruling);
                        }
                    }
                }
                if self.full {
                    let nowhere = Witness { connection: None, packet: None, frame: None, bytes: None, bits: 0 };
                    ledger.enter(nowhere, Ruling::Undecided("There were too many commands to follow".to_owned()));
                }
            }
            _ => {}
        }
    }
}

/// A rule, under the Producer it belongs to and its number.
type Key = (String, i128);

/// What is known of a number, and since when.
struct Place {
    since: Nanos,
    /// The command that made the rule; `None`: there was one, and it was deleted.
    made: Option<Arc<Exchange>>,
}

/// What is known of the rules.
#[derive(Default)]
struct Book {
    places: BTreeMap<Key, Place>,
}

impl Book {
    /// Takes the next command: what is known of it, and what it changes.
    fn turn(&mut self, exchange: &Arc<Exchange>, spawns: &[Nanos], setting: &Setting) -> Vec<Known> {
        let Some((message, parts)) = exchange.message().and_then(|m| Some((m, parts(m)?))) else { return Vec::new() };
        let mut known: Vec<Known> = reason(exchange, setting).map(Known::Fails).into_iter().collect();
        let done = exchange.final_response().filter(|r| status(r) == Some(200));
        if parts.is_update() {
            self.places.clear();
        } else if parts.is_delete() {
            known.extend(self.delete(exchange, message, parts, done, spawns, setting));
        } else if parts.is_rule() {
            known.extend(self.rule(exchange, message, parts, done, spawns));
        }
        // What is due no Response fails in silence.
        if super::support::obliging(exchange, setting).is_none() {
            known.clear();
        }
        known
    }

    /// The place, when it is as it was since before this command, and the firewall was not started anew.
    fn steady(&self, key: &Key, exchange: &Exchange, spawns: &[Nanos]) -> Option<&Place> {
        let at = exchange.request.at;
        let steady = |place: &&Place| place.since <= at && !spawns.iter().any(|s| place.since <= *s && *s <= at);
        self.places.get(key).filter(steady)
    }

    fn delete(
        &mut self,
        exchange: &Exchange,
        message: &Message,
        parts: Parts<'_>,
        done: Option<&ResponseSeen>,
        spawns: &[Nanos],
        setting: &Setting,
    ) -> Option<Known> {
        let key = (message.from.clone().unwrap_or_default(), parts.value.as_whole()?);
        let gone = self.steady(&key, exchange, spawns).is_some_and(|place| place.made.is_none());
        match done {
            Some(done) => {
                self.places.insert(key, Place { since: done.packet.end_at, made: None });
            }
            None if !gone => {
                self.places.remove(&key);
            }
            None => {}
        }
        let supported = !setting.pics.elects("slpf-no-delete") && well_formed(message);
        (gone && supported).then_some(Known::Fails(Reason::Gone))
    }

    fn rule(
        &mut self,
        exchange: &Arc<Exchange>,
        message: &Message,
        parts: Parts<'_>,
        done: Option<&ResponseSeen>,
        spawns: &[Nanos],
    ) -> Option<Known> {
        let from = message.from.clone().unwrap_or_default();
        let wanted = parts.insert_rule().map(|number| (from.clone(), number));
        let holds = |key: &Key| self.steady(key, exchange, spawns).is_some_and(|place| place.made.is_some());
        let in_use = wanted.as_ref().is_some_and(holds) && well_formed(message);
        let Some(done) = done else {
            if exchange.final_response().is_none() {
                // Perhaps it was carried out, under whatever number.
                self.places.clear();
            }
            return in_use.then_some(Known::Fails(Reason::InUse));
        };
        let number = number_of(done).or(parts.insert_rule());
        let Some(key) = number.map(|number| (from, number)) else {
            self.places.clear();
            return None;
        };
        let known = match self.steady(&key, exchange, spawns).and_then(|place| place.made.as_ref()) {
            _ if in_use => Known::Fails(Reason::InUse),
            _ if wanted.is_some() => Known::Fresh,
            Some(other) if !same_rule(other, message) => Known::Clash(key.1),
            _ => Known::Fresh,
        };
        let passes = ["start_time", "stop_time", "duration"];
        if message.args().is_some_and(|args| passes.iter().any(|name| args.get(name).is_some())) {
            self.places.remove(&key);
        } else {
            self.places.insert(key, Place { since: done.packet.end_at, made: Some(Arc::clone(exchange)) });
        }
        Some(known)
    }
}

/// The rule number that a Response tells.
pub(super) fn number_of(response: &ResponseSeen) -> Option<i128> {
    let message = response.packet.message()?;
    result(message, SLPF)?.get("rule_number").and_then(Node::as_whole)
}

/// Whether a command makes the rule that another one made.
fn same_rule(made: &Exchange, message: &Message) -> bool {
    let target = |m: &Message| m.content.as_ref().and_then(|c| c.get("target")).cloned();
    match made.message().map(|m| (m, target(m), target(message))) {
        Some((made, Some(a), Some(b))) => made.action() == message.action() && same(&a, &b),
        _ => true,
    }
}

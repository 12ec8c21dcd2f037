//! An implementation outlives what is sent to it.

use crate::catalogue::{Examples, Judged, Level};
use crate::evidence::openc2::{ContentKind, Form, Message};
use crate::evidence::sketch::Sketch;
use crate::evidence::{Delivery, Exchange, Observation, PacketSeen, Setting};
use crate::iut::{Role, Serialization};
use crate::judge::{Check, Deviation, Ledger, Ruling, Witness};
use crate::requirement;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use touchstone_fixtures::recording::{ConnectionId, Nanos, ProcessChange};
use touchstone_fixtures::wire::mqtt311::PacketType;

fn ready(s: &mut Sketch) {
    s.ready();
}

fn hostile(s: &mut Sketch) {
    s.ready();
    s.deliver("oc2/cmd/all", b"\x90\x01{\"content\":");
}

fn good_payload() -> Vec<u8> {
    Sketch::request_payload("r1", json!({"action": "query", "target": {"features": []}}))
}

requirement! {
    /// An implementation keeps running until it is asked to stop, and goes on answering after hostile input.
    ///
    /// # Interpretation
    /// This is a rule of this program: whatever arrives over the network, also bytes that no specification allows,
    /// must not end an implementation. Ending without being asked to is never in order, with whatever exit code.
    ///
    /// # Judged
    /// On its process: met by one that was running when it was asked to stop, broken by an end that nobody asked for.
    ///
    /// For a Consumer also on the exchanges after hostile input, which is any OpenC2 message that is no sound request
    /// or longer than 64 KiB, and any packet that a conforming server may not send: broken when a sound `query
    /// features` after it got no answer in the time granted from when it arrived, or from the last acknowledgement if
    /// that is later, nor any request after it; met by answers to sound requests. Answers that cannot be read are
    /// answers.
    SURVIVES {
        id: "harness/survives",
        rows: &["TS-001"],
        clause: "rule 1",
        level: Level::Guidance,
        interop: true,
        judged: Judged::Machine(|| Box::<Survives>::default()),
        examples: Examples {
            conforming: &[
                |s| {
                    s.ready();
                    s.stop();
                },
                |s| {
                    hostile(s);
                    s.query("r1", json!([]));
                    s.respond("r1", json!({"status": 200}));
                },
                |s| {
                    // One sound request goes unanswered, a later one does not.
                    hostile(s);
                    s.query("r1", json!([]));
                    s.sentinel();
                },
            ],
            violating: &[
                |s| {
                    s.ready();
                    s.closed_by_iut();
                    s.exit(0, false);
                },
                |s| {
                    // Neither acknowledged nor answered.
                    hostile(s);
                    s.push("oc2/cmd/all", 1, good_payload());
                    s.wait(2_500);
                },
                |s| {
                    // Acknowledged, and not answered.
                    hostile(s);
                    s.query("r1", json!([]));
                    s.wait(2_500);
                },
                |s| {
                    hostile(s);
                    s.query("r1", json!([]));
                    s.wait(2_500);
                    s.stop();
                },
            ],
            silent: &[ready, hostile, |s| {
                hostile(s);
                s.query("r1", json!([]));
                s.cut();
            }, |s| {
                // It answers, in a way that nobody can read.
                hostile(s);
                s.query("r1", json!([]));
                s.wait(5);
                s.respond_raw(b"\x91\x01eyJjb250ZW50Ijp7fX0=");
                s.wait(2_500);
            }, |s| {
                // It is still at work on what came before.
                hostile(s);
                s.push("oc2/cmd/all", 1, good_payload());
                s.wait(1_900);
                s.deliver("oc2/cmd/all", b"x");
                s.wait(1_000);
                s.cut();
            }, |s| {
                // Without hostile input, silence is another requirement's business.
                s.ready();
                s.query("r1", json!([]));
                s.wait(2_500);
            }],
        },
    }
}

/// Requests that may have gone unanswered: the first ones are enough.
const LISTED: usize = 64;
/// Largest payload that is taken for an everyday message.
const LARGE: u32 = 64 * 1024;
/// Ends of connections, and stops, that are remembered.
const REMEMBERED: usize = 65_536;

#[derive(Default)]
struct Survives {
    /// End of the first hostile packet.
    hostile: Option<Nanos>,
    /// When the IUT last sent a response.
    answered: Option<Nanos>,
    /// When it last acknowledged a message: until then it may have been at work on what came before.
    acknowledged: Option<Nanos>,
    /// When connections of the IUT ended.
    closed: BTreeMap<ConnectionId, Nanos>,
    /// When it was asked to stop, or ended.
    stops: Vec<Nanos>,
    /// Whether there were more of them.
    full: bool,
    /// Whether the running process has been found running when it was asked to stop.
    stopping: bool,
    unanswered: Vec<Arc<Exchange>>,
}

impl Check for Survives {
    fn observe(&mut self, observation: &Observation, setting: &Setting, ledger: &mut Ledger) {
        match observation {
            Observation::Packet(p) => self.packet(p),
            Observation::Closed { conn, at, .. } => {
                if self.closed.len() < REMEMBERED {
                    self.closed.insert(*conn, *at);
                } else {
                    self.full = true;
                }
            }
            Observation::Process { change, at, frame, .. } => {
                if let Some(ruling) = self.process(change, *at) {
                    ledger.enter(Witness::frame(*frame), ruling);
                }
            }
            Observation::Exchange(exchange) => self.exchange(exchange, setting, ledger),
            Observation::End { at, .. } => self.end(*at, setting, ledger),
            _ => {}
        }
    }
}

impl Survives {
    fn packet(&mut self, p: &PacketSeen) {
        if p.from_iut() {
            if p.message.as_ref().is_some_and(|m| answers(m)) {
                self.answered = Some(p.end_at);
            }
            if matches!(p.packet.packet_type, PacketType::Puback | PacketType::Pubrec) {
                self.acknowledged = Some(p.end_at);
            }
        } else if self.hostile.is_none() && is_hostile(p) {
            self.hostile = Some(p.end_at);
        }
    }

    fn process(&mut self, change: &ProcessChange, at: Nanos) -> Option<Ruling> {
        match change {
            ProcessChange::Spawn { .. } => {
                self.stopping = false;
                None
            }
            ProcessChange::StopRequested { .. } | ProcessChange::Exit { expected: true, .. } => {
                self.stopped(at);
                (!std::mem::replace(&mut self.stopping, true)).then_some(Ruling::Met)
            }
            ProcessChange::Exit { code, signal, expected: false } => {
                self.stopped(at);
                let how = match (signal, code) {
                    (Some(signal), _) => format!("signal {signal}"),
                    (None, Some(code)) => format!("exit code {code}"),
                    (None, None) => "no exit code".to_owned(),
                };
                Some(Ruling::Broken(Deviation {
                    witness: None,
                    said: format!("The process ended with {how}, and nobody had asked it to"),
                    expected: "a process that runs until it is asked to stop".to_owned(),
                    actual: how,
                }))
            }
            ProcessChange::Orphans { .. } => None,
        }
    }

    fn stopped(&mut self, at: Nanos) {
        if self.stops.len() < REMEMBERED {
            self.stops.push(at);
        } else {
            self.full = true;
        }
    }

    fn exchange(&mut self, exchange: &Arc<Exchange>, setting: &Setting, ledger: &mut Ledger) {
        // Commands oblige a Consumer alone; a Producer may well be sent its own.
        let concerns = setting.role == Role::Consumer && must_answer(exchange, setting);
        if exchange.delivery != Delivery::Delivered || exchange.died || !concerns {
            return;
        }
        if let Some(response) = exchange.responses.first() {
            ledger.enter(Witness::packet(&response.packet), Ruling::Met);
        } else if self.hostile.is_some_and(|hostile| hostile <= exchange.request.at) && self.unanswered.len() < LISTED {
            self.unanswered.push(Arc::clone(exchange));
        }
    }

    fn end(&mut self, at: Nanos, setting: &Setting, ledger: &mut Ledger) {
        // Never again: what is answered later shows that it lives.
        let answered = self.answered;
        let open = |exchange: &&Arc<Exchange>| answered.is_none_or(|answer| answer <= exchange.request.end_at);
        let Some(exchange) = self.unanswered.iter().find(open) else { return };
        let asked = exchange.request.end_at;
        let closed = self.closed.get(&exchange.request.conn).copied();
        let stopped = self.stops.iter().copied().find(|stop| *stop >= asked);
        let since = self.acknowledged.map_or(asked, |acknowledged| acknowledged.max(asked));
        let waited = closed.into_iter().chain(stopped).fold(at, Nanos::min).since(since);
        let ruling = if self.full && closed.or(stopped).is_none() {
            Ruling::Undecided("more connections and processes ended than can be followed".to_owned())
        } else if waited > setting.tolerances.response {
            Ruling::Broken(Deviation {
                witness: None,
                said: "After hostile input, a sound `query features` was never answered".to_owned(),
                expected: "an implementation that goes on answering".to_owned(),
                actual: format!("no answer in {} ms", waited / 1_000_000),
            })
        } else {
            Ruling::CutShort("the recording ends before a command after hostile input had to be answered".to_owned())
        };
        ledger.enter(Witness::packet(&exchange.request), ruling);
    }
}

/// Whether it is an answer, be it one that cannot be read: what is wrong with that one, other requirements tell.
fn answers(message: &Message) -> bool {
    message.kind.is_none_or(|kind| kind == ContentKind::Response)
}

/// Whether no everyday conversation contains it.
fn is_hostile(p: &PacketSeen) -> bool {
    let odd = |m: &Message| m.payload_len > LARGE || m.kind != Some(ContentKind::Request) || !sound(m);
    (p.injected && !p.lawful) || p.message.as_deref().is_some_and(odd)
}

fn sound(message: &Message) -> bool {
    message.whole() && message.form == Form::Record && message.defects.is_empty() && message.content_defects.is_empty()
}

/// Whether the request is one that every Consumer answers: `query features` in JSON, without arguments, to it.
fn must_answer(exchange: &Exchange, setting: &Setting) -> bool {
    let Some(message) = exchange.message() else { return false };
    let features = message.target().is_some_and(|(name, value)| name == "features" && value.as_array().is_some());
    let addressed = message
        .to
        .as_ref()
        .is_none_or(|to| to.is_empty() || setting.pics.identity.as_ref().is_some_and(|identity| to.contains(identity)));
    sound(message)
        && message.serialization == Some(Serialization::Json)
        && message.request_id.is_some()
        && message.action() == Some("query")
        && features
        && addressed
        && message.args().is_none()
}

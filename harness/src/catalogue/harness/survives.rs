//! An implementation outlives what is sent to it.

use crate::catalogue::ts0010::says_leave;
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::evidence::payload::{Kind, Payload, Quality};
use crate::evidence::sketch::Sketch;
use crate::evidence::{Delivery, Exchange, Observation, PacketSeen, Setting};
use crate::iut::Role;
use crate::judge::{Check, Deviation, Ledger, Ruling, Witness};
use crate::requirement;
use serde_json::json;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use touchstone_fixtures::recording::{ConnectionId, Nanos, ProcessChange};
use touchstone_fixtures::wire::mqtt311::{PacketType, build};

fn ready(s: &mut Sketch) {
    s.ready();
}

fn hostile(s: &mut Sketch) {
    s.ready();
    s.deliver("oc2/cmd/all", b"\x90\x01{\"content\":");
}

fn unusual(s: &mut Sketch) {
    s.ready();
    let command = json!({"request": {"action": "query", "target": {"features": []}}});
    let message = json!({"content": command, "request_id": "r0", "created": 1, "from": "x".repeat(70_000)});
    s.deliver("oc2/cmd/all", [&[0x90, 1][..], message.to_string().as_bytes()].concat());
}

/// Where a CSE is asked something in XML, and where it answers.
const XML: &str = "/oneM2M/req/CAdmin/in-cse/xml";
const ANSWERED: &str = "/oneM2M/resp/CAdmin/in-cse/xml";

fn in_xml(rqi: &str, label: &str) -> String {
    format!(
        "<m2m:rqp xmlns:m2m=\"http://www.onem2m.org/xml/protocols\"><op>2</op><to>cse-in</to><fr>CAdmin</fr>\
         <rqi>{rqi}</rqi><rvi>3</rvi><gid>{label}</gid></m2m:rqp>"
    )
}

fn good_payload() -> Vec<u8> {
    Sketch::request_payload("r1", json!({"action": "query", "target": {"features": []}}))
}

requirement! {
    /// An implementation keeps running until it is asked to stop, and goes on answering after hostile input.
    ///
    /// # Interpretation
    /// This is a rule of this program: whatever arrives over the network, also bytes that no specification allows,
    /// must not end an implementation. Ending without being asked to is never in order, with whatever exit code, unless it was
    /// told to leave for good: exit code 0 is then in order.
    ///
    /// # Judged
    /// On its process: met by one that was running when it was asked to stop, broken by an end that nobody asked for.
    ///
    /// For who answers requests also on the exchanges after hostile input, which is any message that departs from its
    /// specification, and any packet that a conforming server may not send: broken when a sound request (of OpenC2: `query features`) after
    /// it got no answer in the time granted from when it arrived, or from the last acknowledgement if that is later,
    /// nor any request after it; met by answers to sound requests. Answers that cannot be read are answers.
    SURVIVES {
        id: "harness/survives",
        rows: &["TS-001"],
        clause: "rule 1",
        level: Level::Guidance,
        interop: true,
        judged: Judged::Machine(|| Box::new(Survives::after(Input::Invalid))),
        examples: Examples {
            conforming: &[
                |s| {
                    s.ready();
                    s.stop();
                },
                |s| {
                    s.ready_ae();
                    s.stimulus(json!({"id": "l", "leave": true}));
                    s.closed_by_iut();
                    s.exit(0, false);
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

requirement! {
    /// An implementation goes on answering after unusual input that no specification forbids.
    ///
    /// # Interpretation
    /// This is a rule of this program. Specifications set few limits: a message of many kilobytes, a message that is
    /// for somebody else, or a topic that looks like another is in order, and an implementation may refuse it. That
    /// it stops answering everybody afterwards is worth a warning.
    ///
    /// # Judged
    /// As `harness/survives` on the exchanges of who answers requests, after input that is unusual without departing from
    /// a specification: messages longer than 64 KiB or deeper than 100 levels, messages that are no requests, and packets written past the
    /// server that it may send. Undecided as soon as anything hostile came before.
    SURVIVES_UNUSUAL {
        id: "harness/survives-unusual",
        rows: &["TS-005"],
        clause: "rule 5",
        level: Level::Guidance,
        roles: &[Role::Consumer, Role::Cse],
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Box::new(Survives::after(Input::Unusual))),
        examples: Examples {
            conforming: &[
                |s| {
                    unusual(s);
                    s.query("r1", json!([]));
                    s.respond("r1", json!({"status": 200}));
                },
                |s| {
                    // In XML, where nothing obliges to answer, answers are answers.
                    s.ready_cse();
                    s.push(XML, 1, in_xml("r1", &"x".repeat(70_000)));
                    s.push(XML, 1, in_xml("r2", ""));
                    s.wait(300);
                    s.iut(build::publish(ANSWERED, 1, 9, r#"<m2m:rsp xmlns:m2m="http://www.onem2m.org/xml/protocols"><rsc>2000</rsc><rqi>r2</rqi><rvi>3</rvi></m2m:rsp>"#));
                },
            ],
            violating: &[|s| {
                unusual(s);
                s.query("r1", json!([]));
                s.wait(2_500);
            }],
            silent: &[ready, unusual, |s| {
                s.ready_cse();
                s.push(XML, 1, in_xml("r1", &"x".repeat(70_000)));
                s.push(XML, 1, in_xml("r2", ""));
                s.wait(2_500);
            }, |s| {
                // What came before it is the other rule's business.
                hostile(s);
                unusual(s);
                s.query("r1", json!([]));
                s.wait(2_500);
            }, |s| {
                unusual(s);
                s.query("r1", json!([]));
                s.cut();
            }],
        },
    }
}

/// Requests that may have gone unanswered: the first ones are enough.
const LISTED: usize = 64;
/// Largest payload that is taken for an everyday message.
const LARGE: usize = 64 * 1024;
/// Ends of connections, and stops, that are remembered.
const REMEMBERED: usize = 65_536;

/// Hostile packets that a finding can name.
const SUSPECTS: usize = 1024;
/// Bytes of a suspect that a finding shows; the rest is in the recording.
const SHOWN: usize = 32;

/// What is not everyday about a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Input {
    /// No specification forbids it.
    Unusual,
    /// It departs from its specification.
    Invalid,
}

struct Survives {
    /// After which input silence counts.
    after: Input,
    /// End of the first such packet.
    hostile: Option<Nanos>,
    /// Where only unusual input counts: end of the first packet that departs from its specification.
    spoiled: Option<Nanos>,
    /// The latest such packets.
    suspects: VecDeque<Arc<PacketSeen>>,
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
    /// Whether it was told to leave for good.
    leaving: bool,
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
                if let Some(ruling) = self.process(change, *at, setting).filter(|_| self.after == Input::Invalid) {
                    ledger.enter(Witness::frame(*frame), ruling);
                }
            }
            Observation::Stimulated { line, .. } => self.leaving |= says_leave(line),
            Observation::Exchange(exchange) => self.exchange(exchange, setting, ledger),
            Observation::End { at, .. } => self.end(*at, setting, ledger),
            _ => {}
        }
    }
}

impl Survives {
    fn after(after: Input) -> Survives {
        Survives {
            after,
            hostile: None,
            spoiled: None,
            suspects: VecDeque::new(),
            answered: None,
            acknowledged: None,
            closed: BTreeMap::new(),
            stops: Vec::new(),
            full: false,
            stopping: false,
            leaving: false,
            unanswered: Vec::new(),
        }
    }

    fn packet(&mut self, p: &Arc<PacketSeen>) {
        if p.from_iut() {
            if p.payload.as_ref().is_some_and(|payload| answers(payload)) {
                self.answered = Some(p.end_at);
            }
            if matches!(p.packet.packet_type, PacketType::Puback | PacketType::Pubrec) {
                self.acknowledged = Some(p.end_at);
            }
            return;
        }
        match input(p) {
            Some(input) if input == self.after => {
                self.hostile.get_or_insert(p.end_at);
                if self.suspects.len() == SUSPECTS {
                    self.suspects.pop_front();
                }
                self.suspects.push_back(Arc::clone(p));
            }
            Some(Input::Invalid) => {
                self.spoiled.get_or_insert(p.end_at);
            }
            _ => {}
        }
    }

    /// The last such packet before `at`, in words; nothing if there is none.
    fn suspect(&self, at: Nanos, setting: &Setting) -> String {
        let Some(p) = self.suspects.iter().rev().find(|p| p.end_at <= at) else { return String::new() };
        let bytes = p.packet.publish().map_or(&p.packet.raw, |publish| &publish.payload.value);
        let what = if p.packet.publish().is_some() { "payload" } else { "bytes" };
        let shown: Vec<String> = bytes.iter().take(SHOWN).map(|byte| format!("{byte:02x}")).collect();
        let more = if bytes.len() > SHOWN { format!(" ... ({} bytes)", bytes.len()) } else { String::new() };
        format!(
            "; the last such input before it is packet {} of connection {}, {what} {}{more}, seed {}",
            p.ordinal,
            p.conn,
            shown.join(" "),
            setting.seed
        )
    }

    fn process(&mut self, change: &ProcessChange, at: Nanos, setting: &Setting) -> Option<Ruling> {
        match change {
            ProcessChange::Spawn { .. } => {
                (self.stopping, self.leaving) = (false, false);
                None
            }
            ProcessChange::StopRequested { .. } | ProcessChange::Exit { expected: true, .. } => {
                self.stopped(at);
                (!std::mem::replace(&mut self.stopping, true)).then_some(Ruling::Met)
            }
            ProcessChange::Exit { code: Some(0), .. } if self.leaving => {
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
                    actual: format!("{how}{}", self.suspect(at, setting)),
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
        let Some(facts) = exchange.request.payload.as_ref().map(|payload| payload.facts()) else { return };
        let obliges = facts.obliges(setting);
        // Not everything that may be answered obliges to: nothing in XML does. An answer shows the same.
        let sound = facts.kind() == Some(Kind::Request) && facts.quality() == Quality::Everyday;
        if exchange.delivery != Delivery::Delivered || exchange.died || !(obliges || sound) {
            return;
        }
        let asked = exchange.request.at;
        let follows = self.hostile.is_some_and(|hostile| hostile <= asked);
        if let Some(response) = exchange.responses.first() {
            if follows || self.after == Input::Invalid {
                ledger.enter(Witness::packet(&response.packet), Ruling::Met);
            }
        } else if obliges
            && follows
            && self.spoiled.is_none_or(|spoiled| spoiled > asked)
            && self.unanswered.len() < LISTED
        {
            self.unanswered.push(Arc::clone(exchange));
        }
    }

    fn end(&mut self, at: Nanos, setting: &Setting, ledger: &mut Ledger) {
        // Never again: what is answered later shows that it lives.
        let answered = self.answered;
        let open = |exchange: &&Arc<Exchange>| answered.is_none_or(|answer| answer <= exchange.request.end_at);
        let Some(exchange) = self.unanswered.iter().find(open) else { return };
        let asked = exchange.request.end_at;
        let input = if self.after == Input::Invalid { "hostile input" } else { "unusual input" };
        let closed = self.closed.get(&exchange.request.conn).copied();
        let stopped = self.stops.iter().copied().find(|stop| *stop >= asked);
        let since = self.acknowledged.map_or(asked, |acknowledged| acknowledged.max(asked));
        let waited = closed.into_iter().chain(stopped).fold(at, Nanos::min).since(since);
        let ruling = if self.full && closed.or(stopped).is_none() {
            Ruling::Undecided("more connections and processes ended than can be followed".to_owned())
        } else if waited > setting.tolerances.response {
            Ruling::Broken(Deviation {
                witness: None,
                said: format!("After {input}, a sound `{}` was never answered", exchange.words()),
                expected: "an implementation that goes on answering".to_owned(),
                actual: format!("no answer in {} ms{}", waited / 1_000_000, self.suspect(asked, setting)),
            })
        } else {
            Ruling::CutShort(format!("the recording ends before a command after {input} had to be answered"))
        };
        ledger.enter(Witness::packet(&exchange.request), ruling);
    }
}

/// Whether it is an answer, be it one that cannot be read: what is wrong with that one, other requirements tell.
fn answers(payload: &Payload) -> bool {
    payload.facts().kind().is_none_or(|kind| kind == Kind::Response)
}

/// What is not everyday about a packet to the IUT.
fn input(p: &PacketSeen) -> Option<Input> {
    let written = p.injected.then_some(if p.lawful { Input::Unusual } else { Input::Invalid });
    let long = p.packet.publish().is_some_and(|publish| publish.payload.value.len() > LARGE);
    let said = p.payload.as_ref().and_then(|payload| match payload.facts().quality() {
        Quality::Invalid => Some(Input::Invalid),
        Quality::Unusual => Some(Input::Unusual),
        Quality::Everyday => long.then_some(Input::Unusual),
    });
    match (written, said) {
        (Some(Input::Invalid), _) | (_, Some(Input::Invalid)) => Some(Input::Invalid),
        (written, said) => written.or(said),
    }
}

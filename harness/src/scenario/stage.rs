//! Everything a verb can use while a scenario runs.

use super::ids;
use super::plan::Planned;
use super::play::SharedParty;
use super::runner::{Options, Stimuli};
use super::speech::Expected;
use super::starter::Slot;
use super::view::{Command, View};
use crate::iut::stimulus::Object;
use crate::iut::stimulus::operator::Reply;
use crate::iut::{IutFile, Per, Sink, Stimulus};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use touchstone_fixtures::edge::faults::{Action, Match};
use touchstone_fixtures::edge::{Edge, FaultHandle};
use touchstone_fixtures::peer::Peer;
use touchstone_fixtures::recording::{Event, Recorder, Tester};

/// How long the edge may take to acknowledge a message of a peer. A peer is held back only by an IUT that does
/// not read.
const ACCEPTED: Duration = Duration::from_secs(10);
/// What a peer subscribes to behind a message at QoS 0: nobody publishes there.
const BEHIND: &str = "touchstone/behind";
/// Longest wait for the quiet window; a flood never leaves one.
const QUIET_AT_MOST: Duration = Duration::from_secs(2);
/// So many new entries at once are a flood: then looking at them is paced.
const FLOOD: u64 = 500;

/// How long an attached IUT is waited for before the first scenario, in nanoseconds: somebody has to start it.
pub(super) const FIRST_CONTACT: u64 = 300_000_000_000;
/// How long it may take to come back after the scenario before, in nanoseconds: many clients wait longer with each
/// attempt, up to a minute or two.
pub(super) const NEXT_CONTACT: u64 = 150_000_000_000;

/// How a step ended.
#[derive(Clone, Debug)]
pub(super) enum Ended {
    /// It did what it says; a note for people.
    Done(String),
    /// Its deadline passed; what it waited for.
    TimedOut(String),
    /// It could not be carried out; why.
    Failed(String),
}

/// The requests of one name.
#[derive(Debug)]
struct Asked {
    name: String,
    ids: Vec<String>,
    at: Instant,
}

/// A scenario that is being run.
pub(super) struct Stage<'r> {
    pub planned: &'r Planned,
    pub iut: &'r IutFile,
    pub options: &'r Options,
    pub recorder: Recorder,
    pub edge: Edge,
    /// The other party: a Producer for a Consumer, a Consumer for a Producer.
    pub peer: Peer,
    /// Who answers by himself what the IUT asks for, if anybody does.
    pub party: Option<SharedParty>,
    pub view: View,
    pub sink: Sink,
    pub slot: &'r mut Slot,
    /// Number of the step, from 1.
    pub number: u32,
    /// Where waits begin to look: the beginning of the previous step, or before it where that had found what it waited
    /// for already.
    pub mark: u64,
    /// Where the step that is being carried out has found the packet that it waited for.
    pub found: Option<u64>,
    /// Quiet window, in nanoseconds.
    pub quiet: u64,
    /// How long `start` waits for an attached IUT to connect, in nanoseconds; 0 when the harness starts it.
    pub contact: u64,
    /// Whether the process has said that it is ready, where it does.
    pub ready: Option<watch::Receiver<bool>>,
    /// What was pushed under a name, with DUP 1.
    pub pushed: BTreeMap<String, Vec<u8>>,
    /// What became of asking a Producer to send, so far.
    pub stimuli: Stimuli,
    asked: Vec<Asked>,
    commands: Vec<(String, Command)>,
    faults: Vec<FaultHandle>,
    begun: u64,
}

/// What a stage is made of.
pub(super) struct Parts<'r> {
    pub planned: &'r Planned,
    pub iut: &'r IutFile,
    pub options: &'r Options,
    pub recorder: Recorder,
    pub edge: Edge,
    /// The other party: a Producer for a Consumer, a Consumer for a Producer.
    pub peer: Peer,
    pub party: Option<SharedParty>,
    pub sink: Sink,
    pub slot: &'r mut Slot,
    pub quiet: u64,
    pub contact: u64,
}

impl<'r> Stage<'r> {
    pub fn new(parts: Parts<'r>) -> Stage<'r> {
        let Parts { planned, iut, options, recorder, edge, peer, party, sink, slot, quiet, contact } = parts;
        let view = View::new(&recorder, iut.binding.family);
        Stage {
            planned,
            iut,
            options,
            recorder,
            edge,
            peer,
            party,
            view,
            sink,
            slot,
            number: 0,
            mark: 0,
            found: None,
            quiet,
            contact,
            ready: None,
            pushed: BTreeMap::new(),
            stimuli: Stimuli::default(),
            asked: Vec::new(),
            commands: Vec::new(),
            faults: Vec::new(),
            begun: 0,
        }
    }

    /// A step begins: waits look from where the previous one began, or from what that has found.
    pub fn next_step(&mut self) -> u32 {
        self.view.catch_up();
        // What one `await` waits for may be there before it begins, and with it what the next one waits for.
        self.mark = self.found.take().map_or(self.begun, |found| self.begun.min(found + 1));
        self.begun = self.recorder.log().len();
        self.view.forget_before(self.mark);
        self.number += 1;
        self.number
    }

    /// The parts that outlive the steps.
    pub fn into_parts(self) -> (Edge, Peer, &'r mut Slot) {
        (self.edge, self.peer, self.slot)
    }

    /// Host and port of the server, as the IUT is told.
    pub fn authority(&self) -> String {
        let address = self.edge.iut_addr();
        let host = self.iut.network.host(address);
        match host.contains(':') {
            true => format!("[{host}]:{}", address.port()),
            false => format!("{host}:{}", address.port()),
        }
    }

    /// Nanoseconds, scaled.
    pub fn scaled(&self, nanos: u64) -> u64 {
        u64::try_from(self.options.scaled(nanos).as_nanos()).unwrap_or(u64::MAX)
    }

    /// That long from now; not scaled.
    pub fn after(&self, nanos: u64) -> Instant {
        Instant::now() + Duration::from_nanos(nanos)
    }

    /// That long from now, scaled.
    pub fn deadline(&self, nanos: u64) -> Instant {
        Instant::now() + self.options.scaled(nanos)
    }

    /// The request_id of the n-th message of a step.
    pub fn request_id(&self, step: u32, n: u32) -> String {
        ids::request_id(self.options.seed, &self.planned.id, step, n)
    }

    /// Milliseconds since 1970, by the recording's clock.
    pub fn unix_millis(&self) -> u64 {
        (self.recorder.anchor_unix_nanos() + self.recorder.now().0) / 1_000_000
    }

    /// Remembers that requests are about to be sent.
    pub fn asked(&mut self, name: Option<&str>, ids: &[String]) {
        for id in ids {
            self.view.ask(id);
        }
        let name = name.map_or_else(|| format!("step {}", self.number), str::to_owned);
        self.asked.push(Asked { name, ids: ids.to_vec(), at: Instant::now() });
    }

    /// The request_ids of a captured name.
    pub fn ids(&self, name: &str) -> Vec<String> {
        self.asked.iter().filter(|asked| asked.name == name).flat_map(|asked| asked.ids.clone()).collect()
    }

    /// What an answer to the requests of a captured name says under one of the names that its language knows.
    pub fn learned(&self, name: &str, key: &str) -> Option<String> {
        let ids = self.ids(name);
        let mut learned = ids.iter().flat_map(|id| self.view.answers(id)).flat_map(|answer| &answer.learned);
        learned.find(|(known, _)| *known == key).map(|(_, value)| value.clone())
    }

    /// When the newest requests were sent, if one of them is still unanswered.
    pub fn unanswered_since(&self) -> Option<Instant> {
        let last = self.asked.iter().rev().find(|asked| !asked.ids.is_empty())?;
        last.ids.iter().any(|id| self.view.answers(id).is_empty()).then_some(last.at)
    }

    /// Remembers commands that the IUT was made to send, under the name of the step that did so.
    pub fn commanded(&mut self, name: &str, commands: Vec<Command>) {
        self.commands.extend(commands.into_iter().map(|command| (name.to_owned(), command)));
    }

    /// The commands that a named step made the IUT send, in their order.
    pub fn commands(&self, name: &str) -> Vec<Command> {
        self.commands.iter().filter(|(known, _)| known == name).map(|(_, command)| command.clone()).collect()
    }

    /// Topics that the IUT is due to be subscribed to.
    pub fn due(&self) -> Vec<String> {
        match &self.party {
            Some(party) => party.lock().due(),
            None => self.iut.part().play.0.due(self.iut.binding, &self.iut.pics),
        }
    }

    /// Whether the IUT has sent something that was asked for.
    pub fn obeyed(&self) -> bool {
        !self.commands.is_empty()
    }

    /// From now on such requests are left to the scenario.
    pub fn hold(&self, expected: &Expected) {
        if let Some(party) = &self.party {
            party.lock().hold(Expected::clone(expected));
        }
    }

    /// Only these are; what else was, is answered now.
    pub async fn release(&mut self, kept: &[Command]) {
        let Some(party) = &self.party else { return };
        let late = party.lock().release(kept, self.unix_millis());
        for sent in late {
            // That it could not be published is recorded.
            let _ = self.publish("party", &sent.topic, &sent.payload, 1, false).await;
        }
    }

    /// Everything that the IUT was made to send, or was waited for, in any step.
    pub fn taken(&self) -> Vec<Command> {
        self.commands.iter().map(|(_, command)| command.clone()).collect()
    }

    /// Where the step that is being carried out began.
    pub fn begun(&self) -> u64 {
        self.begun
    }

    async fn ask_operator(&mut self, object: &Object) -> Result<(), String> {
        let Some(operator) = &self.options.operator else {
            return Err("nobody can be asked: there is no terminal, or --non-interactive is given".to_owned());
        };
        let prompt = object.prompt.clone();
        let reply = operator.ask(&prompt, self.options.scaled(self.iut.stimulus_within)).await;
        let (answer, outcome) = match reply {
            Reply::Done(said) => (Some(said), Ok(())),
            Reply::Declined(said) => {
                let why = format!("the operator answered {said:?}");
                (Some(said), Err(why))
            }
            Reply::Nobody => (None, Err("nobody answered in time".to_owned())),
        };
        self.recorder.record(Event::Operator { prompt, answer });
        outcome
    }

    /// Waits until `probe` finds something in what has been recorded.
    ///
    /// `alive`: give up as soon as the IUT's process has ended unasked.
    pub async fn wait<T>(
        &mut self,
        deadline: Instant,
        alive: bool,
        mut probe: impl FnMut(&View) -> Option<T>,
    ) -> Result<T, Ended> {
        let mut watch = self.recorder.watch();
        let mut length = *watch.borrow_and_update();
        loop {
            self.view.catch_up();
            if let Some(found) = probe(&self.view) {
                return Ok(found);
            }
            if alive && let Some(died) = self.view.died() {
                return Err(Ended::Failed(format!("the implementation ended {}", died.how)));
            }
            if Instant::now() >= deadline {
                return Err(Ended::TimedOut(String::new()));
            }
            tokio::select! {
                _ = watch.changed() => {}
                () = sleep_until(deadline) => {}
            }
            let grown = *watch.borrow_and_update();
            if grown - length > FLOOD {
                sleep(Duration::from_millis(5)).await;
            }
            length = *watch.borrow_and_update();
        }
    }

    /// The end of a step that waited; `what` says what for.
    pub fn ended(&self, found: Result<(), Ended>, what: impl FnOnce() -> String) -> Ended {
        match found {
            Ok(()) => Ended::Done(String::new()),
            Err(Ended::TimedOut(_)) => Ended::TimedOut(what()),
            Err(ended) => ended,
        }
    }

    /// Starts the IUT, unless it is attached or serves the whole run and is there already.
    pub async fn launch(&mut self, fresh: bool) -> Result<(), String> {
        let Some(launch) = &self.iut.launch else { return Ok(()) };
        if let Some(process) = &self.slot.process {
            if !process.exited() {
                if launch.per == Per::Run {
                    return Ok(());
                }
                return Err("the implementation is running already".to_owned());
            }
            self.end_process().await;
        }
        self.ready = launch.ready.as_ref().map(|text| self.sink.expect(text));
        let address = self.edge.iut_addr();
        self.slot.start(self.iut, self.options, address, self.sink.clone(), fresh).await
    }

    /// Asks a Producer to send something; records how that went. `Err`: the stimulus was refused; why.
    pub async fn stimulate(&mut self, object: &Object) -> Result<(), String> {
        let via = self.iut.stimulus.via();
        let address = self.edge.iut_addr();
        let sent = match self.iut.stimulus {
            Stimulus::Operator => self.ask_operator(object).await,
            _ => self.slot.stimulate(self.iut, self.options, address, object).await,
        };
        let detail = match &sent {
            Ok(()) => {
                self.stimuli.accepted += 1;
                object.line()
            }
            Err(why) => {
                self.stimuli.refused += 1;
                why.clone()
            }
        };
        self.recorder.record(Event::Stimulus {
            id: object.id.clone(),
            via: via.to_owned(),
            accepted: sent.is_ok(),
            detail,
        });
        sent
    }

    /// Ends the IUT, if it was started.
    pub async fn end_process(&mut self) {
        let address = self.edge.iut_addr();
        self.slot.stop(self.iut, self.options, address).await;
    }

    /// Publishes through the party the harness plays, and waits for the edge to take it.
    pub async fn publish(&mut self, id: &str, topic: &str, payload: &[u8], qos: u8, retain: bool) -> Ended {
        let patience = ACCEPTED.max(self.options.scaled(self.iut.timing.response));
        let detail = format!("{} bytes to {topic}, QoS {qos}", payload.len());
        let published = timeout(patience, self.peer.publish(topic, payload, qos, retain)).await;
        let accepted = matches!(published, Ok(Ok(())));
        let via = "mqtt".to_owned();
        self.recorder.record(Event::Stimulus { id: id.to_owned(), via, accepted, detail });
        match published {
            Ok(Ok(())) if qos == 0 => {
                // Nothing acknowledges it: what is asked for behind it has been answered when it is on its way to the IUT, and
                // only then a quiet window means something. One that fails is told by the canary.
                let _ = timeout(patience, self.peer.subscribe(BEHIND, 0)).await;
                self.edge.canary().await;
                Ended::Done(String::new())
            }
            Ok(Ok(())) => Ended::Done(String::new()),
            Ok(Err(error)) => {
                let message = format!("a message could not be published: {error}");
                self.recorder.record(Event::Tester(Tester::InternalError { message: message.clone() }));
                Ended::Failed(message)
            }
            Err(_) => Ended::Failed("the message was held back: the implementation does not read".to_owned()),
        }
    }

    /// Publishes several messages, one right after the other.
    pub async fn publish_all(&mut self, id: &str, messages: &[(String, Vec<u8>)], qos: u8) -> Ended {
        for (n, (topic, payload)) in messages.iter().enumerate() {
            match self.publish(&format!("{id}.{}", n + 1), topic, payload, qos, false).await {
                Ended::Done(_) => {}
                ended => return ended,
            }
        }
        Ended::Done(String::new())
    }

    /// Arms a fault that a conforming server or network may cause; it is taken back when the scenario ends.
    pub fn arm(&mut self, name: &str, what: Match, action: Action, times: u32) {
        let fault = self.edge.faults().arm(name, what, action, times, true);
        self.faults.push(fault);
    }

    /// Arms a fault that no conforming server causes, once.
    pub fn arm_unlawful(&mut self, name: &str, what: Match, action: Action) {
        let fault = self.edge.faults().arm(name, what, action, 1, false);
        self.faults.push(fault);
    }

    /// Remembers to take a fault back when the scenario ends.
    pub fn take_back_later(&mut self, fault: FaultHandle) {
        self.faults.push(fault);
    }

    /// Takes every armed fault back.
    pub fn disarm(&mut self) {
        for fault in self.faults.drain(..) {
            self.edge.faults().disarm(&fault);
        }
    }

    /// Waits until what was sent to the IUT counts as delivered, or it has no connection.
    pub async fn quiet(&mut self) {
        let limit = Instant::now() + QUIET_AT_MOST.max(Duration::from_nanos(self.quiet.saturating_mul(3)));
        loop {
            self.view.catch_up();
            let Some(last) = self.view.last_to_iut().filter(|_| self.view.connected()) else { return };
            // A little longer, so that the recording shows that the connection lived on.
            let window = self.quiet + 5_000_000;
            let passed = self.recorder.now().since(last);
            if passed >= window || Instant::now() >= limit {
                return;
            }
            sleep_until(limit.min(self.after(window - passed))).await;
        }
    }
}

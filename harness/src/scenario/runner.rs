//! Runs one scenario: a fresh edge, a fresh recording, the steps, and an orderly end whatever happened.

use super::context::context;
use super::lag::Sampler;
use super::listener::Listener;
use super::plan::Planned;
use super::play::SharedParty;
use super::secure::{PATIENCE, Secured};
use super::stage::{Ended, FIRST_CONTACT, NEXT_CONTACT, Parts, Stage};
use super::starter::Slot;
use super::verbs::CommandKind;
use crate::iut::stimulus::operator::Operator;
use crate::iut::{IutFile, Per, Sink};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout};
use touchstone_fixtures::edge::websocket::Framing;
use touchstone_fixtures::edge::{self, Config, Edge};
use touchstone_fixtures::peer::Peer;
use touchstone_fixtures::recording::{Event, Limits, Party, Recorder, StepPhase, Tester, TlsChange};

/// Client id of the peer that takes what the IUT publishes.
const LISTENER: &str = "touchstone-listener";
/// Packets that an implementation may send in one scenario: many times what any of them asks for, and few enough that
/// one that floods is done with in seconds.
const PACKETS: u64 = 50_000;
/// What the harness adds to the times of a scenario before it takes itself to hang.
const MARGIN: Duration = Duration::from_secs(60);

/// How scenarios are run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Factor on every deadline.
    pub scale: f64,
    /// Seed of everything random.
    pub seed: u64,
    /// Where to listen, in place of what the IUT file says.
    pub listen: Option<SocketAddr>,
    /// Folder of the run; evidence goes below it, see [`evidence_folder`].
    pub out: PathBuf,
    /// What `{self}` stands for.
    pub program: PathBuf,
    /// Largest capture of a scenario, in bytes.
    pub capture: u64,
    /// Who is asked to make a Producer send, where the IUT file says so; nobody if `None`.
    pub operator: Option<Arc<dyn Operator>>,
}

impl Options {
    /// Options for a run into `out`; `{self}` is the running program.
    pub fn new(out: impl Into<PathBuf>) -> Options {
        Options {
            scale: 1.0,
            seed: 0,
            listen: None,
            out: out.into(),
            program: std::env::current_exe().unwrap_or_else(|_| PathBuf::from("touchstone")),
            capture: Limits::default().capture,
            operator: None,
        }
    }

    /// A time of the IUT file or a scenario, scaled.
    pub(super) fn scaled(&self, nanos: u64) -> Duration {
        Duration::from_nanos(nanos).mul_f64(self.scale.clamp(0.001, 10_000.0))
    }
}

/// How a scenario went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// To its last step.
    Completed,
    /// It ended early.
    Aborted,
    /// The test system failed.
    Error,
}

/// A scenario that was run.
#[derive(Clone, Debug)]
pub struct ScenarioResult {
    /// Its id.
    pub id: String,
    /// How it went.
    pub status: Status,
    /// Why, unless it completed.
    pub reason: String,
    /// Whether the IUT ever connected; over TLS, whether a handshake succeeded.
    pub connected: bool,
    /// What became of asking a Producer to send.
    pub stimuli: Stimuli,
    /// How long it took.
    pub duration: Duration,
}

/// What became of asking a Producer to send.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stimuli {
    /// Stimuli that were accepted, and windows in which one that is told nothing was watched.
    pub accepted: u32,
    /// Stimuli that were refused.
    pub refused: u32,
    /// Whether it sent a command.
    pub sent: bool,
    /// What kind of command it was asked for first.
    pub kind: Option<CommandKind>,
}

/// Folder of a scenario's evidence, relative to that of the run.
pub fn evidence_folder(id: &str) -> PathBuf {
    Path::new("evidence").join(id)
}

/// What one scenario hands to the next when they run one after another.
#[derive(Debug)]
pub(super) struct Shared {
    /// Where to listen; the port is chosen once.
    pub listen: SocketAddr,
    /// The socket that goes on listening between scenarios, when they run one after another.
    pub listener: Option<Arc<std::net::TcpListener>>,
    /// Client identifiers whose sessions ended with the edge of the scenario before.
    pub sessions: Vec<String>,
    /// The IUT's process.
    pub slot: Slot,
    /// Whether a scenario was run before.
    pub used: bool,
    /// What became of asking a Producer to send in the scenario that was run last.
    pub stimuli: Stimuli,
    /// Who answers the IUT by himself; he remembers what it does.
    pub party: Option<SharedParty>,
}

impl Shared {
    pub fn new(iut: &IutFile, options: &Options) -> Shared {
        let listen = options.listen.unwrap_or(iut.network.listen);
        Shared {
            listen,
            listener: None,
            sessions: Vec::new(),
            slot: Slot::default(),
            used: false,
            stimuli: Stimuli::default(),
            party: iut.part().play.0.party(&iut.pics).map(SharedParty::new),
        }
    }
}

/// Runs one scenario alone, with a process of its own.
pub async fn run_scenario(planned: &Planned, iut: &IutFile, options: &Options) -> ScenarioResult {
    let mut shared = Shared::new(iut, options);
    let result = run_shared(planned, iut, options, &mut shared).await;
    let address = shared.listen;
    shared.slot.stop(iut, options, address).await;
    result
}

/// Runs one scenario; the IUT's process goes on when it serves the whole run.
pub(super) async fn run_shared(
    planned: &Planned,
    iut: &IutFile,
    options: &Options,
    shared: &mut Shared,
) -> ScenarioResult {
    let began = Instant::now();
    let folder = options.out.join(evidence_folder(&planned.id));
    let mut connected = false;
    shared.stimuli = Stimuli::default();
    let outcome = match prepare(&folder, options) {
        Ok(recorder) => {
            let outcome = recorded(planned, iut, options, shared, &folder, &recorder).await;
            let log = recorder.log();
            let entries = log.since(0);
            connected = entries.iter().any(|e| match e.event {
                Event::ConnOpen { party: Party::Iut, .. } => !iut.pics.tls,
                Event::Tls { change: TlsChange::Established { .. }, .. } => true,
                _ => false,
            });
            outcome
        }
        Err(error) => Err(format!("{}: {error}", folder.display())),
    };
    shared.used = true;
    let (status, reason) = match outcome {
        Ok(None) => (Status::Completed, String::new()),
        Ok(Some(why)) => (Status::Aborted, why),
        Err(why) => (Status::Error, why),
    };
    let stimuli = Stimuli { kind: planned.asks(), ..shared.stimuli };
    ScenarioResult { id: planned.id.clone(), status, reason, connected, stimuli, duration: began.elapsed() }
}

/// Records that a scenario is not run, and why.
pub(super) fn give_up(planned: &Planned, iut: &IutFile, options: &Options, why: &str) -> ScenarioResult {
    let folder = options.out.join(evidence_folder(&planned.id));
    let recorded = prepare(&folder, options).and_then(|recorder| {
        let context = context(planned, iut, options, &Shared::new(iut, options), &recorder);
        recorder.record(Event::Context(Box::new(context)));
        recorder.record(Event::End { complete: false, reason: why.to_owned() });
        recorder.failure().map_or(Ok(()), |failure| Err(std::io::Error::other(failure)))
    });
    let (status, reason) = match recorded {
        Ok(()) => (Status::Aborted, why.to_owned()),
        Err(error) => (Status::Error, format!("{}: {error}", folder.display())),
    };
    ScenarioResult {
        id: planned.id.clone(),
        status,
        reason,
        connected: false,
        stimuli: Stimuli::default(),
        duration: Duration::ZERO,
    }
}

fn prepare(folder: &Path, options: &Options) -> std::io::Result<Recorder> {
    std::fs::create_dir_all(folder)?;
    Recorder::create(&folder.join("capture.pcapng"), Limits { capture: options.capture })
}

/// Everything between the first and the last event. `Ok(Some)`: why it ended early; `Err`: the test system failed.
async fn recorded(
    planned: &Planned,
    iut: &IutFile,
    options: &Options,
    shared: &mut Shared,
    folder: &Path,
    recorder: &Recorder,
) -> Result<Option<String>, String> {
    let context = context(planned, iut, options, shared, recorder);
    let quiet = context.tolerances.quiet;
    recorder.record(Event::Context(Box::new(context)));
    let lag = Sampler::start(recorder.clone());
    let outcome = match stand(iut, options, shared, folder, recorder).await {
        Ok((edge, peer, listener, sink)) => {
            // Somebody has to start an attached IUT first; later it comes back by itself.
            let contact = match (&iut.launch, shared.used) {
                (Some(_), _) => 0,
                (None, false) => FIRST_CONTACT,
                (None, true) => NEXT_CONTACT,
            };
            let slot = &mut shared.slot;
            slot.begin();
            let recorder = recorder.clone();
            if shared.used && slot.process.is_none() && iut.launch.is_some() {
                // It starts anew, and so does who it will meet.
                shared.party = Shared::new(iut, options).party;
            }
            let party = shared.party.clone();
            let parts = Parts { planned, iut, options, recorder, edge, peer, party, sink, slot, quiet, contact };
            let played = play(Stage::new(parts), listener).await;
            (shared.sessions, shared.stimuli) = (played.sessions, played.stimuli);
            Ok(played.reason)
        }
        Err(message) => {
            recorder.record(Event::Tester(Tester::InternalError { message: message.clone() }));
            Err(message)
        }
    };
    drop(lag);
    let reason = match &outcome {
        Ok(None) => String::new(),
        Ok(Some(why)) | Err(why) => why.clone(),
    };
    recorder.record(Event::End { complete: reason.is_empty(), reason });
    match recorder.failure() {
        Some(failure) => Err(format!("the recording could not be written: {failure}")),
        None => match internal_error(recorder) {
            Some(message) => Err(message),
            None => outcome,
        },
    }
}

fn internal_error(recorder: &Recorder) -> Option<String> {
    recorder.log().since(0).iter().find_map(|entry| match &entry.event {
        Event::Tester(Tester::InternalError { message }) => Some(message.clone()),
        Event::Tester(Tester::Canary { ok: false }) => {
            Some("messages no longer travel between sessions: the routing canary was lost".to_owned())
        }
        _ => None,
    })
}

/// The edge and the peers.
async fn stand(
    iut: &IutFile,
    options: &Options,
    shared: &mut Shared,
    folder: &Path,
    recorder: &Recorder,
) -> Result<(Edge, Peer, Listener, Sink), String> {
    let sink = Sink::open(recorder.clone(), folder).map_err(|error| format!("iut.out: {error}"))?;
    if let Some(process) = &shared.slot.process {
        let own = Sink::open(recorder.clone(), folder).map_err(|error| format!("iut.out: {error}"))?;
        process.sink().follow(own);
    }
    let credentials = iut.network.credentials.as_ref().map(|c| (c.username.clone(), c.password.clone().into_bytes()));
    let limits = edge::Limits { packets: PACKETS, ..edge::Limits::default() };
    let listener = shared.listener.clone();
    // One that runs already must not be faster than the first step.
    let gated = listener.is_some();
    if iut.pics.tls && shared.slot.secured.is_none() {
        shared.slot.secured = Some(Secured::new(iut, shared.listen, &options.out)?);
    }
    let patience = options.scaled(u64::try_from(PATIENCE.as_nanos()).unwrap_or(u64::MAX));
    let tls = shared.slot.secured.as_ref().map(|secured| secured.config(patience));
    let websocket = iut.pics.elects("websocket").then(Framing::default);
    let config =
        Config { listen: shared.listen, listener, gated, credentials, tls, websocket, limits, ..Config::default() };
    let edge = Edge::start(config, recorder.clone())
        .await
        .map_err(|error| format!("the edge could not be started on {}: {error}", shared.listen))?;
    let peers = async {
        let plays = iut.part().play.0.plays(&iut.pics);
        let peer = Peer::connect(edge.peer_addr(), &plays.client_id).await?;
        let listener = Peer::connect(edge.peer_addr(), LISTENER).await?;
        listener.subscribe(&plays.filter, plays.qos).await?;
        Ok::<_, touchstone_fixtures::peer::PeerError>((peer, listener))
    };
    match peers.await {
        Ok((peer, listener)) => Ok((edge, peer, Listener::start(listener, shared.party.clone(), recorder), sink)),
        Err(error) => {
            edge.shutdown().await;
            Err(error.to_string())
        }
    }
}

/// What is left of a scenario that was played.
struct Played {
    /// Why it ended early, if it did.
    reason: Option<String>,
    /// Client identifiers whose sessions ended with its edge.
    sessions: Vec<String>,
    /// What became of asking a Producer to send.
    stimuli: Stimuli,
}

/// The steps, then an orderly end.
async fn play(mut stage: Stage<'_>, listener: Listener) -> Played {
    // No factor shortens what lasts as long as the implementation's own keep alive.
    let waits = longest(stage.planned, stage.iut).saturating_add(stage.contact);
    let guard = stage.options.scaled(waits).max(Duration::from_nanos(waits)) + MARGIN;
    let mut reason = match timeout(guard, steps(&mut stage)).await {
        Ok(reason) => reason,
        Err(_) => Some(format!("the scenario was not over after {} s", guard.as_secs())),
    };
    stage.disarm();
    let part = stage.iut.part();
    part.play.0.closing(&mut stage).await;
    acknowledgements(&mut stage).await;
    stage.quiet().await;
    if reason.is_none()
        && let Some(died) = stage.view.died()
    {
        reason = Some(format!("the implementation ended {}", died.how));
    }
    if timeout(Duration::from_secs(10), stage.edge.canary()).await.is_err() {
        let message = "the routing canary was not heard of again".to_owned();
        stage.recorder.record(Event::Tester(Tester::InternalError { message }));
    }
    listener.stop().await;
    let serves_all = stage.iut.launch.as_ref().is_some_and(|launch| launch.per == Per::Run);
    let (iut, options, address) = (stage.iut, stage.options, stage.edge.iut_addr());
    let recorder = stage.recorder.clone();
    // What it asks its party for of its own accord is nothing that it was told to send.
    let sent = match stage.party {
        Some(_) => stage.obeyed(),
        None => stage.view.commands_since(0).next().is_some(),
    };
    let stimuli = Stimuli { sent, ..stage.stimuli };
    let (edge, peer, slot) = stage.into_parts();
    let sessions = edge.sessions();
    if timeout(Duration::from_secs(5), peer.disconnect()).await.is_err() {
        tracing::warn!("the peer's connection did not end in time");
    }
    if !serves_all {
        slot.stop(iut, options, address).await;
    }
    if timeout(Duration::from_secs(20), edge.shutdown()).await.is_err() {
        let message = "the edge did not end in time".to_owned();
        recorder.record(Event::Tester(Tester::InternalError { message }));
    }
    Played { reason, sessions, stimuli }
}

/// Gives what was sent last the time to be acknowledged: a scenario that ends before leaves it undecided.
async fn acknowledgements(stage: &mut Stage<'_>) {
    stage.view.catch_up();
    if stage.view.died().is_some() || !stage.view.owes_acknowledgement() {
        return;
    }
    let response = stage.scaled(stage.iut.timing.response);
    let deadline = Instant::now() + Duration::from_nanos(response + response / 10 + 20_000_000);
    // One that never comes is for the judge.
    let _ = stage.wait(deadline, true, |view| (!view.owes_acknowledgement()).then_some(())).await;
}

/// More than all waits of the scenario together, in nanoseconds.
fn longest(planned: &Planned, iut: &IutFile) -> u64 {
    let timing = iut.timing;
    // A step takes at most a few of the times of the IUT file, or the time its file gives it.
    let once =
        timing.startup.saturating_add(timing.warm_up).saturating_add(timing.response).saturating_add(timing.stop);
    let usual = once.saturating_mul(2);
    let steps = planned.scenario.steps.iter();
    let stimuli: u64 = steps.clone().map(|step| u64::from(step.verb.stimuli())).sum();
    steps
        .map(|step| step.verb.time(&iut.pics).unwrap_or(0))
        .fold(usual, |sum, time| sum.saturating_add(usual).saturating_add(time.saturating_mul(2)))
        .saturating_add(stimuli.saturating_mul(iut.stimulus_within))
}

async fn steps(stage: &mut Stage<'_>) -> Option<String> {
    let scenario = Arc::clone(&stage.planned.scenario);
    let mut failed = None;
    for step in &scenario.steps {
        let number = stage.next_step();
        let event =
            |phase, captured, note| Event::Step { number, verb: step.verb.name().to_owned(), phase, captured, note };
        if failed.is_some() {
            stage.recorder.record(event(StepPhase::Skipped, BTreeMap::new(), String::new()));
            continue;
        }
        let mut captured = step.verb.captured(stage, number);
        stage.recorder.record(event(StepPhase::Begin, captured.clone(), String::new()));
        let (phase, note) = match step.verb.run(stage).await {
            Ended::Done(note) => (StepPhase::Done, note),
            Ended::TimedOut(note) => (StepPhase::TimedOut, note),
            Ended::Failed(note) => (StepPhase::Failed, note),
        };
        captured.extend(step.verb.caught(stage));
        stage.recorder.record(event(phase, captured, note.clone()));
        if phase != StepPhase::Done {
            let how = if phase == StepPhase::TimedOut { "in vain: " } else { "" };
            failed = Some(format!("step {number} ({}, line {}): {how}{note}", step.verb.name(), step.line));
        }
    }
    failed
}

#[cfg(test)]
#[path = "runner_tests.rs"]
mod tests;

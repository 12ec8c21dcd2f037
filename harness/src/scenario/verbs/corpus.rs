//! `corpus`: hostile inputs from a seed, in batches, with a good request after each.

use super::await_ready::AwaitReady;
use super::keys::captured_name;
use super::{Act, Running};
use crate::diagnostic::toml::Fields;
use crate::evidence::payload::{Kind, Quality};
use crate::iut::Pics;
use crate::scenario::corpus::{Hostile, Input};
use crate::scenario::model::Key;
use crate::scenario::speech::Speech;
use crate::scenario::stage::{Ended, Stage};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};
use touchstone_fixtures::recording::Party;

/// What becomes of the name when it is not given.
const NAME: &str = "alive";

/// Inputs to send.
#[derive(Clone, Debug)]
pub struct Corpus {
    what: Arc<dyn Hostile>,
    count: u32,
    batch: u32,
    name: Option<String>,
}

impl Corpus {
    pub(super) fn read(fields: &Fields<'_>, speech: &Speech) -> Option<Corpus> {
        let what = (speech.hostile)(fields);
        let number = |key, usual| match fields.integer(key, 1, 10_000) {
            Some(n) => u32::try_from(n.value).unwrap_or(usual),
            None => usual,
        };
        let (count, batch) = (number("count", 100), number("batch", 20));
        let name = captured_name(fields);
        Some(Corpus { what: what?, count, batch, name })
    }

    fn batches(&self) -> u32 {
        self.count.div_ceil(self.batch)
    }

    /// The captured name of the good request after a batch, counted from 0.
    fn good(&self, batch: u32) -> String {
        format!("{}.{}", self.name.as_deref().unwrap_or(NAME), batch + 1)
    }

    async fn carry_out(&self, stage: &mut Stage<'_>) -> Ended {
        let mut inputs = match self.what.inputs(stage) {
            Ok(inputs) => inputs,
            Err(why) => return Ended::Failed(why),
        };
        let mut sent = 0;
        let mut sound = Sound::default();
        for batch in 0..self.batches() {
            let first = sent + 1;
            while sent < self.count.min((batch + 1) * self.batch) {
                sent += 1;
                let ended = match inputs() {
                    Input::Payload { topic, payload } => {
                        sound.sent(stage, &topic, &payload);
                        stage.publish(&format!("corpus.{sent}"), &topic, &payload, 1, false).await
                    }
                    Input::Packet { bytes, lawful } => inject(stage, &bytes, lawful).await,
                };
                if !matches!(ended, Ended::Done(_)) {
                    return ended;
                }
            }
            if let Err(ended) = self.alive(stage, batch).await {
                let seed = stage.options.seed;
                return match ended {
                    Ended::TimedOut(_) => Ended::TimedOut(format!(
                        "waited for an answer to a good request after inputs {first} to {sent} of seed {seed}"
                    )),
                    other => other,
                };
            }
        }
        // Silence is worth something only once a request that came after the time to answer is answered.
        if sound.unanswered(stage) {
            let response = stage.scaled(stage.iut.timing.response);
            sleep_until(sound.last + Duration::from_nanos(response + response / 10 + 20_000_000)).await;
            if let Err(ended) = self.alive(stage, self.batches()).await {
                return ended;
            }
        }
        Ended::Done(format!("{sent} inputs of seed {}", stage.options.seed))
    }

    /// One good request, and its answer.
    async fn alive(&self, stage: &mut Stage<'_>, batch: u32) -> Result<(), Ended> {
        let id = stage.request_id(stage.number, batch);
        let Some((topic, payload)) = self.what.good(stage, &id) else {
            let deadline = stage.deadline(stage.iut.timing.response);
            return stage.wait(deadline, true, |view| (!view.owes_acknowledgement()).then_some(())).await;
        };
        let name = self.good(batch);
        stage.asked(Some(&name), std::slice::from_ref(&id));
        match stage.publish(&name, &topic, &payload, 1, false).await {
            Ended::Done(_) => {}
            ended => return Err(ended),
        }
        // What came before may have to be answered first.
        let response = stage.iut.timing.response;
        let deadline = stage.deadline(response.saturating_mul(2).saturating_add(response / 10));
        stage.wait(deadline, true, |view| (!view.answers(&id).is_empty()).then_some(())).await
    }
}

/// The inputs that are requests like any other: chance makes some of them sound.
struct Sound {
    ids: Vec<String>,
    /// When the last one was sent.
    last: Instant,
}

impl Default for Sound {
    fn default() -> Sound {
        Sound { ids: Vec::new(), last: Instant::now() }
    }
}

impl Sound {
    fn sent(&mut self, stage: &mut Stage<'_>, topic: &str, payload: &[u8]) {
        let read = (stage.iut.binding.family.read)(topic, payload);
        let Some(facts) = read.as_ref().map(|payload| payload.facts()) else { return };
        if facts.kind() != Some(Kind::Request) || facts.quality() != Quality::Everyday {
            return;
        }
        if let Some(id) = facts.correlation().filter(|id| !id.is_empty()) {
            stage.view.ask(id);
            self.ids.push(id.to_owned());
            self.last = Instant::now();
        }
    }

    /// Whether one of them is, as far as is known.
    fn unanswered(&self, stage: &mut Stage<'_>) -> bool {
        stage.view.catch_up();
        self.ids.iter().any(|id| stage.view.answers(id).is_empty())
    }
}

/// Writes a packet past the server. One that no server may send ends the connection, as a rule: then the next one
/// is waited for.
async fn inject(stage: &mut Stage<'_>, bytes: &[u8], lawful: bool) -> Ended {
    let mark = stage.recorder.log().len();
    if !stage.edge.faults().inject("corpus", Party::Iut, bytes, lawful).await {
        return Ended::Failed("the implementation has no open connection".to_owned());
    }
    if lawful {
        return Ended::Done(String::new());
    }
    let closed = stage.wait(stage.after(stage.quiet), true, |view| (view.closes_since(mark) > 0).then_some(())).await;
    match closed {
        Ok(()) => AwaitReady::usual().carry_out(stage).await,
        // It goes on: whether it may is for the judge.
        Err(Ended::TimedOut(_)) => Ended::Done(String::new()),
        Err(ended) => ended,
    }
}

impl Act for Corpus {
    fn needs(&self) -> Vec<Key> {
        self.what.needs()
    }

    fn captures(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn captured(&self, stage: &Stage<'_>, number: u32) -> BTreeMap<String, String> {
        let ids = (0..self.batches()).map(|batch| (self.good(batch), stage.request_id(number, batch)));
        ids.filter(|(_, id)| self.what.good(stage, id).is_some()).collect()
    }

    fn time(&self, _: &Pics) -> Option<u64> {
        // Each batch may take a few seconds; the IUT's own times bound it.
        Some(u64::from(self.batches()).saturating_mul(5_000_000_000))
    }

    fn run<'s>(&'s self, stage: &'s mut Stage<'_>) -> Running<'s> {
        Box::pin(self.carry_out(stage))
    }
}

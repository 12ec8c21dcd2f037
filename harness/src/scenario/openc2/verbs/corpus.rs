//! `corpus`: hostile inputs from a seed, in batches, with a good command after each.

use crate::diagnostic::toml::Fields;
use crate::iut::{Pics, Role, Serialization};
use crate::scenario::model::Key;
use crate::scenario::openc2::Side;
use crate::scenario::openc2::address::{Address, RESPONSES};
use crate::scenario::openc2::corpus::{Base, Corpus as Inputs, Input, Kind};
use crate::scenario::openc2::message::{self, PRODUCER};
use crate::scenario::speech::Destination;
use crate::scenario::stage::{Ended, Stage};
use crate::scenario::verbs::await_ready::AwaitReady;
use crate::scenario::verbs::keys::captured_name;
use crate::scenario::verbs::{Act, Running};
use std::collections::BTreeMap;
use touchstone_fixtures::recording::Party;

/// Largest payload, when none is declared: more is another matter than what is in it.
const LARGEST: usize = 64 * 1024;
/// What becomes of the name when it is not given.
const NAME: &str = "alive";

/// Inputs to send.
#[derive(Clone, Debug)]
pub struct Corpus {
    kind: Kind,
    count: u32,
    batch: u32,
    to: Address,
    name: Option<String>,
}

impl Corpus {
    pub(super) fn read(fields: &Fields<'_>) -> Option<Corpus> {
        if !fields.has("kind") {
            fields.missing("kind", "\"mutations\"");
        }
        let kind = fields.choice("kind", &Kind::NAMED);
        let number = |key, usual| match fields.integer(key, 1, 10_000) {
            Some(n) => u32::try_from(n.value).unwrap_or(usual),
            None => usual,
        };
        let (count, batch) = (number("count", 100), number("batch", 20));
        let to = Address::read(fields, "to");
        let name = captured_name(fields);
        Some(Corpus { kind: kind?.value, count, batch, to: to?, name })
    }

    fn batches(&self) -> u32 {
        self.count.div_ceil(self.batch)
    }

    /// The captured name of the good command after a batch, counted from 0.
    fn good(&self, batch: u32) -> String {
        format!("{}.{}", self.name.as_deref().unwrap_or(NAME), batch + 1)
    }

    fn inputs(&self, stage: &Stage<'_>) -> Option<Inputs> {
        let pics = &stage.iut.pics;
        let topic = match Side::of(stage.iut.role) {
            Side::Consumer => self.to.topic(stage.iut.binding, pics)?,
            Side::Producer => RESPONSES.to_owned(),
        };
        let largest = pics.max_message_size.and_then(|size| usize::try_from(size).ok()).unwrap_or(LARGEST).min(LARGEST);
        let mut serializations = vec![Serialization::Json];
        serializations.extend(pics.speaks(Serialization::Cbor).then_some(Serialization::Cbor));
        let base = Base { side: Side::of(stage.iut.role), serializations, topic, largest };
        Some(Inputs::new(self.kind, base, stage.options.seed, &stage.planned.id, stage.number))
    }

    async fn carry_out(&self, stage: &mut Stage<'_>) -> Ended {
        let Some(mut inputs) = self.inputs(stage) else {
            return Ended::Failed("the topic needs something that is not declared".to_owned());
        };
        let topic = match Side::of(stage.iut.role) {
            Side::Consumer => self.to.topic(stage.iut.binding, &stage.iut.pics).unwrap_or_default(),
            Side::Producer => RESPONSES.to_owned(),
        };
        let mut sent = 0;
        for batch in 0..self.batches() {
            let first = sent + 1;
            while sent < self.count.min((batch + 1) * self.batch) {
                sent += 1;
                let ended = match inputs.make() {
                    Input::Payload(payload) => {
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
                        "waited for an answer to a good command after inputs {first} to {sent} of seed {seed}"
                    )),
                    other => other,
                };
            }
        }
        Ended::Done(format!("{sent} inputs of seed {}", stage.options.seed))
    }

    /// One good command, and its answer.
    async fn alive(&self, stage: &mut Stage<'_>, batch: u32) -> Result<(), Ended> {
        if stage.iut.role == Role::Producer {
            // What a Producer owes is the acknowledgement of what it is sent.
            let deadline = stage.deadline(stage.iut.timing.response);
            return stage.wait(deadline, true, |view| (!view.owes_acknowledgement()).then_some(())).await;
        }
        let id = stage.request_id(stage.number, batch);
        let request = message::Request {
            command: message::query_features(),
            serialization: Serialization::Json,
            request_id: Some(id.clone()),
            from: Some(PRODUCER.to_owned()),
            to: None,
            created: stage.unix_millis(),
            header: None,
        };
        let name = self.good(batch);
        stage.asked(Some(&name), std::slice::from_ref(&id));
        let topic = self.to.topic(stage.iut.binding, &stage.iut.pics).unwrap_or_default();
        match stage.publish(&name, &topic, &request.payload(), 1, false).await {
            Ended::Done(_) => {}
            ended => return Err(ended),
        }
        // What came before may have to be answered first.
        let response = stage.iut.timing.response;
        let deadline = stage.deadline(response.saturating_mul(2).saturating_add(response / 10));
        stage.wait(deadline, true, |view| (!view.answers(&id).is_empty()).then_some(())).await
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
        self.to.needs().into_iter().collect()
    }

    fn captures(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn captured(&self, stage: &Stage<'_>, number: u32) -> BTreeMap<String, String> {
        match Side::of(stage.iut.role) {
            Side::Consumer => {
                (0..self.batches()).map(|batch| (self.good(batch), stage.request_id(number, batch))).collect()
            }
            Side::Producer => BTreeMap::new(),
        }
    }

    fn time(&self, _: &Pics) -> Option<u64> {
        // Each batch may take a few seconds; the IUT's own times bound it.
        Some(u64::from(self.batches()).saturating_mul(5_000_000_000))
    }

    fn run<'s>(&'s self, stage: &'s mut Stage<'_>) -> Running<'s> {
        Box::pin(self.carry_out(stage))
    }
}

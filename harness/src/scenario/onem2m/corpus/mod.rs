//! Hostile inputs to those who speak oneM2M. None of them creates, changes or deletes anything: to a CSE they are made from
//! RETRIEVE of its CSEBase, to an AE from a notification and a response, and [`harmless`] looks at each.

mod identifiers;
mod payloads;
mod xml;

use super::address::{level, originator, suffix, topic};
use super::fill::registrar;
use super::notify::Notify;
use super::play::retrieve;
use crate::diagnostic::toml::Fields;
use crate::evidence::onem2m::{self, Operation};
use crate::iut::{Pics, Role, Serialization};
use crate::scenario::corpus::{ATTEMPTS, Hostile, Input, Inputs, largest, packets, random};
use crate::scenario::model::Key;
use crate::scenario::stage::Stage;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// What is done to a sound primitive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// It ends early.
    Truncations,
    /// Bits are flipped, runs of bytes left out, repeated or exchanged.
    Mutations,
    /// Values are nested deeply.
    Nesting,
    /// Numbers are huge, tiny, or none.
    Numbers,
    /// Texts hold NUL, surrogates, invalid UTF-8, invisible characters, very much.
    Text,
    /// Parameters are missing, of other types, of strange names, a great many.
    Members,
    /// Identifiers hold wildcards, NUL, slashes, or are none.
    Identifiers,
    /// XML that is not well-formed, or that nobody writes.
    Xml,
    /// Entities that expand to very much, or stand somewhere else.
    Entities,
    /// It is sent on topics that resemble those of the implementation.
    Topics,
    /// Packets that no conforming server sends.
    Packets,
}

const KINDS: [(&str, Kind); 11] = [
    ("truncations", Kind::Truncations),
    ("mutations", Kind::Mutations),
    ("nesting", Kind::Nesting),
    ("numbers", Kind::Numbers),
    ("text", Kind::Text),
    ("members", Kind::Members),
    ("identifiers", Kind::Identifiers),
    ("xml", Kind::Xml),
    ("entities", Kind::Entities),
    ("topics", Kind::Topics),
    ("packets", Kind::Packets),
];

/// Inputs to send.
#[derive(Clone, Debug)]
pub(super) struct Corpus {
    kind: Kind,
}

impl Corpus {
    pub(super) fn read(fields: &Fields<'_>) -> Option<Corpus> {
        if !fields.has("kind") {
            fields.missing("kind", "\"mutations\"");
        }
        Some(Corpus { kind: fields.choice("kind", &KINDS)?.value })
    }
}

/// What inputs are made from.
#[derive(Clone, Debug)]
struct Base {
    /// Levels of the two parties in topics.
    own: String,
    other: String,
    /// What sound requests to it say.
    to: String,
    from: String,
    release: String,
    role: Role,
    serializations: Vec<Serialization>,
    /// Largest payload, in bytes.
    largest: usize,
}

impl Base {
    /// `Err`: what is missing for it. `granted`: filters that the implementation holds.
    fn new<'g>(
        role: Role,
        pics: &Pics,
        granted: impl Iterator<Item = &'g String>,
        largest: usize,
    ) -> Result<Base, String> {
        let declared = &pics.onem2m;
        let serializations =
            [Serialization::Json, Serialization::Xml].into_iter().filter(|s| pics.speaks(*s)).collect();
        let release = declared.release().to_owned();
        if role == Role::Cse {
            let cse = declared.cse_id.as_deref().ok_or("`cse_id` is not declared")?;
            let from = originator(pics).to_owned();
            let to = declared.cse_name.clone().unwrap_or_else(|| cse.to_owned());
            let (own, other) = (level(cse), level(&from));
            return Ok(Base { own, other, to, from, release, role, serializations, largest });
        }
        // What an AE is called may be decided as late as at its registration: its subscriptions tell.
        let own = granted.filter_map(|filter| filter.strip_prefix("/oneM2M/req/+/")?.split('/').next()).next();
        let own = own.ok_or("the implementation takes no requests")?.to_owned();
        let cse = registrar(pics);
        let to = own.rsplit(':').next().unwrap_or_default().to_owned();
        Ok(Base { own, other: level(cse), to, from: cse.to_owned(), release, role, serializations, largest })
    }

    /// The topic of requests to the implementation, or of responses.
    fn topic(&self, response: bool, serialization: Serialization) -> String {
        match response {
            false => topic("req", &self.other, &self.own, suffix(serialization)),
            true => topic("resp", &self.own, &self.other, suffix(serialization)),
        }
    }
}

/// Inputs of one kind.
struct Made {
    kind: Kind,
    base: Base,
    random: ChaCha8Rng,
    made: u32,
}

impl Made {
    fn new(kind: Kind, base: Base, seed: u64, scenario: &str, step: u32) -> Made {
        Made { kind, base, random: random(seed, scenario, step), made: 0 }
    }

    /// The next input.
    fn make(&mut self) -> Input {
        self.made += 1;
        let (random, base) = (&mut self.random, &self.base);
        match self.kind {
            Kind::Packets => packets::illegal(random),
            Kind::Topics => {
                packets::look_alike(random, &base.topic(false, payloads::json_or_xml(base)), self.made, |random| {
                    payloads::written(&payloads::sound(random, base, false), payloads::json_or_xml(base))
                })
            }
            kind => {
                for _ in 0..ATTEMPTS {
                    // An AE takes responses, too.
                    let response = base.role != Role::Cse && random.gen_bool(0.3);
                    let (topic, mut payload) = payloads::make(kind, random, base, response);
                    payload.truncate(base.largest);
                    if harmless(&topic, &payload) {
                        return Input::Payload { topic, payload };
                    }
                }
                Input::Payload { topic: base.topic(false, payloads::json_or_xml(base)), payload: Vec::new() }
            }
        }
    }
}

/// Whether nobody could take it for a request that does something.
fn harmless(topic: &str, payload: &[u8]) -> bool {
    let Some(primitive) = onem2m::read(topic, payload) else { return true };
    matches!(primitive.operation(), None | Some(Operation::Retrieve | Operation::Notify))
}

impl Hostile for Corpus {
    fn needs(&self) -> Vec<Key> {
        let xml = matches!(self.kind, Kind::Xml | Kind::Entities);
        let json = matches!(self.kind, Kind::Nesting | Kind::Numbers | Kind::Text);
        [(xml, Key::Own("xml")), (json, Key::Own("json"))]
            .into_iter()
            .filter(|(is, _)| *is)
            .map(|(_, key)| key)
            .collect()
    }

    fn inputs(&self, stage: &Stage<'_>) -> Result<Inputs, String> {
        let granted = stage.view.readiness().granted.iter();
        let base = Base::new(stage.iut.role, &stage.iut.pics, granted, largest(stage))?;
        let mut made = Made::new(self.kind, base, stage.options.seed, &stage.planned.id, stage.number);
        Ok(Box::new(move || made.make()))
    }

    fn good(&self, stage: &Stage<'_>, id: &str) -> Option<(String, Vec<u8>)> {
        match stage.iut.role {
            Role::Cse => Some(retrieve(stage, id)),
            _ => Notify::usual().made(stage, Some(id), 0).ok(),
        }
    }
}

#[cfg(test)]
mod tests;

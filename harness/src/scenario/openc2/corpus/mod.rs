//! Hostile inputs to those who speak OpenC2. None of them is a command that could be carried out: they are made from `query
//! features`, and [`harmless`] looks at each.

mod hostile;
mod payloads;

pub(super) use hostile::Corpus as Hostile;

use crate::evidence::openc2::{self, ContentKind};
use crate::iut::{ACTIONS, Serialization};
use crate::scenario::corpus::{ATTEMPTS, Input, packets, random};
use crate::scenario::openc2::Side;
use rand_chacha::ChaCha8Rng;

/// What is done to a sound message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It ends early.
    Truncations,
    /// Bits are flipped, runs of bytes left out, repeated or exchanged.
    Mutations,
    /// Values are nested deeply.
    Nesting,
    /// Numbers are huge, tiny, or none.
    Numbers,
    /// Strings hold NUL, surrogates, invalid UTF-8, invisible characters, very much.
    Text,
    /// Members are missing, repeated, of other types, of strange names.
    Members,
    /// The two bytes in front say something else, or nothing.
    Headers,
    /// It is sent on topics that resemble those of the implementation.
    Topics,
    /// Packets that no conforming server sends.
    Packets,
}

impl Kind {
    /// Every kind, by name.
    pub const NAMED: [(&'static str, Kind); 9] = [
        ("truncations", Kind::Truncations),
        ("mutations", Kind::Mutations),
        ("nesting", Kind::Nesting),
        ("numbers", Kind::Numbers),
        ("text", Kind::Text),
        ("members", Kind::Members),
        ("headers", Kind::Headers),
        ("topics", Kind::Topics),
        ("packets", Kind::Packets),
    ];
}

/// What inputs are made from.
#[derive(Clone, Debug)]
pub struct Base {
    /// Whose input it is.
    pub side: Side,
    /// Serializations it declares.
    pub serializations: Vec<Serialization>,
    /// The topic payloads are published to; look-alikes are made from it.
    pub topic: String,
    /// Whether the two-byte header stands in front of its messages.
    pub headed: bool,
    /// Largest payload, in bytes.
    pub largest: usize,
}

impl Base {
    /// A payload that was made with a header, as it stands where there is none.
    fn fitted(&self, mut payload: Vec<u8>) -> Vec<u8> {
        if !self.headed {
            payload.drain(..payload.len().min(2));
        }
        payload
    }
}

/// Inputs of one kind.
#[derive(Debug)]
pub struct Corpus {
    kind: Kind,
    base: Base,
    random: ChaCha8Rng,
    made: u32,
}

impl Corpus {
    /// The corpus of a step.
    pub fn new(kind: Kind, base: Base, seed: u64, scenario: &str, step: u32) -> Corpus {
        Corpus { kind, base, random: random(seed, scenario, step), made: 0 }
    }

    /// The next input.
    pub fn make(&mut self) -> Input {
        self.made += 1;
        match self.kind {
            Kind::Packets => packets::illegal(&mut self.random),
            Kind::Topics => {
                let base = &self.base;
                packets::look_alike(&mut self.random, &base.topic, self.made, |random| {
                    base.fitted(payloads::in_json(base.side, &payloads::sound(base.side, random, self.made)))
                })
            }
            _ => self.payload(),
        }
    }

    fn payload(&mut self) -> Input {
        for _ in 0..ATTEMPTS {
            let made = payloads::make(self.kind, &mut self.random, &self.base, self.made);
            let mut payload = self.base.fitted(made);
            payload.truncate(self.base.largest);
            if harmless(&self.base.topic, &payload) {
                return Input::Payload { topic: self.base.topic.clone(), payload };
            }
        }
        // Header without body, or nothing at all: nobody can carry it out.
        Input::Payload { topic: self.base.topic.clone(), payload: self.base.fitted(vec![0x90, 0x01]) }
    }
}

/// Whether nobody could take it for a command that does something.
pub fn harmless(topic: &str, payload: &[u8]) -> bool {
    let acts = |action: &str| action != "query" && ACTIONS.contains(&action);
    let commands =
        |message: openc2::Message| message.kind == Some(ContentKind::Request) && message.action().is_some_and(acts);
    ![openc2::read(topic, payload), openc2::read_open(topic, payload)].into_iter().flatten().any(commands)
}

#[cfg(test)]
mod tests;

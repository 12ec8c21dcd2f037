//! The robustness corpus: hostile inputs, made from a seed. The same seed, scenario and step give the same inputs.
//!
//! Every input can be delivered: payloads travel in well-formed packets on a topic of the implementation, packets are
//! whole (their Remaining Length fits), so that what comes after them can be read. None of them is a command that
//! could be carried out: they are made from `query features`, and [`harmless`] looks at each.

mod packets;
mod payloads;

use crate::evidence::openc2::{self, ContentKind};
use crate::iut::{ACTIONS, Serialization};
use crate::scenario::openc2::Side;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use sha2::{Digest, Sha256};

/// Attempts to make a harmless input of one kind.
const ATTEMPTS: usize = 100;

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

/// One input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A payload to publish to the implementation.
    Payload(Vec<u8>),
    /// A whole packet to write to its connection.
    Packet {
        /// Its bytes.
        bytes: Vec<u8>,
        /// Whether a conforming server may send it.
        lawful: bool,
    },
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
    /// Largest payload, in bytes.
    pub largest: usize,
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
        let mut hash = Sha256::new();
        hash.update(b"corpus");
        hash.update(seed.to_be_bytes());
        hash.update(step.to_be_bytes());
        hash.update(scenario.as_bytes());
        Corpus { kind, base, random: ChaCha8Rng::from_seed(hash.finalize().into()), made: 0 }
    }

    /// The next input.
    pub fn make(&mut self) -> Input {
        self.made += 1;
        match self.kind {
            Kind::Packets => packets::illegal(&mut self.random),
            Kind::Topics => packets::look_alike(&mut self.random, &self.base, self.made),
            _ => self.payload(),
        }
    }

    fn payload(&mut self) -> Input {
        for _ in 0..ATTEMPTS {
            let mut payload = payloads::make(self.kind, &mut self.random, &self.base, self.made);
            payload.truncate(self.base.largest);
            if harmless(&self.base.topic, &payload) {
                return Input::Payload(payload);
            }
        }
        // Header without body: nobody can carry it out.
        Input::Payload(vec![0x90, 0x01])
    }
}

/// Whether nobody could take it for a command that does something.
pub fn harmless(topic: &str, payload: &[u8]) -> bool {
    let Some(message) = openc2::read(topic, payload) else { return true };
    let acts = |action: &str| action != "query" && ACTIONS.contains(&action);
    message.kind != Some(ContentKind::Request) || !message.action().is_some_and(acts)
}

#[cfg(test)]
mod tests;

//! The robustness corpus, as far as it speaks no language: hostile inputs, made from a seed. The same seed, scenario and step
//! give the same inputs.
//!
//! Every input can be delivered: payloads travel in well-formed packets on a topic of the implementation, packets are
//! whole (their Remaining Length fits), so that what comes after them can be read. None of them asks for anything that could
//! be carried out: for that the languages answer, which know what their messages do.

pub(super) mod bytes;
pub(super) mod json;
pub(super) mod packets;

use super::model::Key;
use super::stage::Stage;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use sha2::{Digest, Sha256};
use std::fmt::Debug;

/// Largest payload, when none is declared: more is another matter than what is in it.
pub(super) const LARGEST: usize = 64 * 1024;
/// Longest string, in bytes: a payload of everyday length still holds it.
pub(super) const LONGEST: usize = 32 * 1024;
/// Deepest nesting.
pub(super) const DEEPEST: usize = 20_000;
/// Attempts to make a harmless input of one kind.
pub(super) const ATTEMPTS: usize = 100;

/// One input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// A payload to publish to the implementation.
    Payload {
        /// Where to.
        topic: String,
        /// Its bytes.
        payload: Vec<u8>,
    },
    /// A whole packet to write to its connection.
    Packet {
        /// Its bytes.
        bytes: Vec<u8>,
        /// Whether a conforming server may send it.
        lawful: bool,
    },
}

/// Inputs, one after the other, without end.
pub(super) type Inputs = Box<dyn FnMut() -> Input + Send>;

/// Hostile inputs of one kind, in one language.
pub(super) trait Hostile: Debug + Send + Sync {
    /// What must be declared for them.
    fn needs(&self) -> Vec<Key>;

    /// The inputs of the step that is being carried out. `Err`: why there can be none.
    fn inputs(&self, stage: &Stage<'_>) -> Result<Inputs, String>;

    /// The topic and the payload of a good request under that identifier, whose answer shows that no harm was done. Nothing
    /// where the implementation answers no requests: then it has to acknowledge what it was sent.
    fn good(&self, stage: &Stage<'_>, id: &str) -> Option<(String, Vec<u8>)>;
}

/// The largest payload that an implementation takes.
pub(super) fn largest(stage: &Stage<'_>) -> usize {
    let declared = stage.iut.pics.max_message_size.and_then(|size| usize::try_from(size).ok());
    declared.unwrap_or(LARGEST).min(LARGEST)
}

/// What everything random in a step comes from.
pub(super) fn random(seed: u64, scenario: &str, step: u32) -> ChaCha8Rng {
    let mut hash = Sha256::new();
    hash.update(b"corpus");
    hash.update(seed.to_be_bytes());
    hash.update(step.to_be_bytes());
    hash.update(scenario.as_bytes());
    ChaCha8Rng::from_seed(hash.finalize().into())
}

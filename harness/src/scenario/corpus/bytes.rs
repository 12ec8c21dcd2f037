//! Damage that knows nothing of what it damages.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// It ends early.
pub fn truncated(random: &mut ChaCha8Rng, mut payload: Vec<u8>) -> Vec<u8> {
    payload.truncate(random.gen_range(0..payload.len().max(1)));
    payload
}

/// Bits flipped, or a run of bytes left out, repeated, exchanged, or replaced by random ones.
pub fn mutated(random: &mut ChaCha8Rng, mut payload: Vec<u8>) -> Vec<u8> {
    for _ in 0..random.gen_range(1..=4) {
        if payload.is_empty() {
            break;
        }
        let from = random.gen_range(0..payload.len());
        let to = (from + random.gen_range(1..=16)).min(payload.len());
        let run = payload[from..to].to_vec();
        match random.gen_range(0..6) {
            0 | 1 => payload[from] ^= 1 << random.gen_range(0..8),
            2 => payload.drain(from..to).for_each(drop),
            3 => payload.splice(from..from, run.iter().copied().cycle().take(run.len() * 20)).for_each(drop),
            4 => payload.splice(from..to, run.iter().rev().copied()).for_each(drop),
            _ => payload.splice(from..to, (0..run.len()).map(|_| random.r#gen::<u8>())).for_each(drop),
        }
    }
    payload
}

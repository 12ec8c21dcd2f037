//! Names that the harness gives to what it sends and starts.

use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Stands for a request_id in messages that scenarios write out.
pub const REQUEST_ID: &str = "$REQUEST_ID";

/// A version 4 UUID that is the same for the same seed, scenario and position, and for no other.
pub fn request_id(seed: u64, scenario: &str, step: u32, n: u32) -> String {
    let mut hash = Sha256::new();
    hash.update(seed.to_be_bytes());
    hash.update(step.to_be_bytes());
    hash.update(n.to_be_bytes());
    hash.update(scenario.as_bytes());
    let digest: [u8; 32] = hash.finalize().into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// A token that names one start of a process; random, because it must not repeat in other runs.
pub fn token() -> String {
    Uuid::new_v4().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_ids_are_version_4_reproducible_and_distinct() {
        let id = request_id(1, "s", 2, 0);
        assert_eq!(id, request_id(1, "s", 2, 0));
        assert_eq!(Uuid::parse_str(&id).expect("a UUID").get_version_num(), 4);
        let others =
            [request_id(2, "s", 2, 0), request_id(1, "t", 2, 0), request_id(1, "s", 3, 0), request_id(1, "s", 2, 1)];
        assert!(others.iter().all(|other| *other != id));
    }
}

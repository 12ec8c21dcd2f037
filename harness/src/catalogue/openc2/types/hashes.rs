//! Hashes (LS 3.4.2.5).

use super::about;
use crate::catalogue::Level;
use crate::evidence::openc2::schema::types as row;
use serde_json::json;

of_type! {
    /// Hashes have the members md5, sha1 and sha256, each a text of base16.
    ///
    /// # Interpretation
    /// Two digits for each octet, letters in either case: see `openc2/type-hashes-upper-case`.
    TYPE_HASHES {
        id: "openc2/type-hashes",
        rows: &["LS-3.4.2.5"],
        clause: "3.4.2.5",
        row: row::HASHES,
        said: "Command has Hashes with ",
        conforming: [about("file", json!({"hashes": {"sha256": "0123456789ABCDEF".repeat(4)}}))],
        violating: [
            about("file", json!({"hashes": {"sha512": "0".repeat(128)}})),
            about("file", json!({"hashes": {"sha1": "2jmj7l5rSw0yVb/vlWAYkK/YBwk="}})),
            about("file", json!({"hashes": "0".repeat(32)})),
        ],
        silent: [about("file", json!({"name": "a"}))],
    }
}

of_type! {
    /// Hashes have the length of what they are called: 32 digits for MD5, 40 for SHA-1, 64 for SHA-256.
    ///
    /// # Interpretation
    /// Only the Description column of LS 3.4.2.5 names the algorithms, and descriptions do not bind (LS 3.1.1).
    TYPE_HASHES_LENGTH {
        id: "openc2/type-hashes-length",
        rows: &["LS-3.4.2.5-length"],
        clause: "3.4.2.5",
        row: row::HASH_LENGTH,
        said: "Command has a hash of ",
        level: Level::Guidance,
        conforming: [about("file", json!({"hashes": {"md5": "0".repeat(32), "sha1": "0".repeat(40)}}))],
        violating: [about("file", json!({"hashes": {"sha256": "0".repeat(40)}}))],
    }
}

of_type! {
    /// Letters of hashes are upper case.
    TYPE_HASHES_UPPER_CASE {
        id: "openc2/type-hashes-upper-case",
        rows: &["LS-3.4.2.5-case"],
        clause: "3.1.5",
        row: row::HASH_CASE,
        said: "Command has a hash in lower case: ",
        contradiction: Some("base16 has no lower-case letters (3.1.5), but examples of OpenC2 over HTTPS 1.5.2, and nearly all others, have nothing else"),
        conforming: [about("file", json!({"hashes": {"md5": "ABCDEF0123456789".repeat(2)}}))],
        violating: [about("file", json!({"hashes": {"md5": "abcdef0123456789".repeat(2)}}))],
        silent: [about("file", json!({"hashes": {"md5": "0123456789".repeat(4)[..32]}}))],
    }
}

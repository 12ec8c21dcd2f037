//! JSON as OpenC2 has it: I-JSON (LS 3.1.5).

pub use crate::evidence::json::*;

/// Row of everything RFC 7493 forbids.
pub(crate) const IJSON: &str = "L-084";
/// Row of what RFC 7493 2.2 merely advises against.
pub(crate) const NUMBERS: &str = "L-084-numbers";

/// Reads `bytes`, which start `base` bytes into the payload.
pub fn parse(bytes: &[u8], base: u32) -> Parsed {
    crate::evidence::json::parse(bytes, base, Rows { text: IJSON, interchange: IJSON, numbers: NUMBERS })
}

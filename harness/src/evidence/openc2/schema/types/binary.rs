//! Bytes as text: base64url, and base16 for hashes (LS 3.1.5).

use super::{Fit, HASH_CASE, HASH_LENGTH, HASHES, PAYLOAD, binary_text};
use crate::evidence::openc2::Node;
use crate::evidence::openc2::schema::Defects;

/// Bytes of a Payload.
pub(super) fn bin(value: &Node, defects: &mut Defects) {
    binary_text(value, PAYLOAD, "bin as base64url", defects, base64url);
}

/// RFC 4648, section 5. Padding is addressed nowhere, so it may be there or not.
fn base64url(text: &str) -> Fit {
    let digits = text.trim_end_matches('=');
    let padding = text.len() - digits.len();
    let alphabet = digits.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    let whole = digits.len() % 4 != 1;
    let padded = padding == 0 || (padding <= 2 && text.len().is_multiple_of(4));
    Fit::of(alphabet && whole && padded)
}

pub(super) fn md5(value: &Node, defects: &mut Defects) {
    digest(value, "an MD5 digest", 32, defects);
}

pub(super) fn sha1(value: &Node, defects: &mut Defects) {
    digest(value, "a SHA-1 digest", 40, defects);
}

pub(super) fn sha256(value: &Node, defects: &mut Defects) {
    digest(value, "a SHA-256 digest", 64, defects);
}

fn digest(value: &Node, what: &str, digits: usize, defects: &mut Defects) {
    binary_text(value, HASHES, &format!("{what} as base16"), defects, base16);
    let Some(text) = value.as_text().filter(|text| base16(text) == Fit::Yes) else { return };
    if text.len() == digits {
        defects.see(HASH_LENGTH);
    } else {
        let (expected, actual) = (format!("{what} of {digits} digits"), format!("{} digits", text.len()));
        defects.add(HASH_LENGTH, value.span, expected, actual);
    }
    if text.contains(|c: char| c.is_ascii_lowercase()) {
        defects.add(HASH_CASE, value.span, "base16 in upper case", value.describe());
    } else if text.contains(|c: char| c.is_ascii_uppercase()) {
        defects.see(HASH_CASE);
    }
}

/// RFC 4648, section 8, whatever the case of the letters.
fn base16(text: &str) -> Fit {
    Fit::of(!text.is_empty() && text.len().is_multiple_of(2) && text.bytes().all(|b| b.is_ascii_hexdigit()))
}

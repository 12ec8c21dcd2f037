//! URIs (RFC 3986) and IRIs (RFC 3987): the syntax that all schemes share.

use super::addresses::ipv6;
use super::{Fit, IRI, URI, text};
use crate::evidence::openc2::Node;
use crate::evidence::openc2::schema::Defects;

/// URI (LS 3.4.1.17).
pub(super) fn uri(value: &Node, defects: &mut Defects) {
    text(value, URI, "a URI, with its scheme", defects, |text| Fit::of(is_identifier(text, false)));
}

/// IRI (LS 3.4.1.13).
pub(super) fn iri(value: &Node, defects: &mut Defects) {
    text(value, IRI, "an IRI, with its scheme", defects, |text| Fit::of(is_identifier(text, true)));
}

/// `scheme:hier-part?query#fragment`. A relative reference is none.
fn is_identifier(text: &str, international: bool) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (hierarchy, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = match hierarchy.strip_prefix("//") {
        Some(after) => after.split_at(after.find('/').unwrap_or(after.len())),
        None => ("", hierarchy),
    };
    scheme
        && is_authority(authority, international)
        && characters(path, ":@/", international, false)
        && characters(query, ":@/?", international, international)
        && characters(fragment, ":@/?", international, false)
}

/// `userinfo@host:port`
fn is_authority(text: &str, international: bool) -> bool {
    let (user, rest) = text.split_once('@').unwrap_or(("", text));
    let (host, port) = match rest.strip_prefix('[').and_then(|after| after.split_once(']')) {
        Some((literal, port)) => {
            let future = || {
                let (version, address) = literal.strip_prefix(['v', 'V'])?.split_once('.')?;
                let hex = !version.is_empty() && version.bytes().all(|b| b.is_ascii_hexdigit());
                let address = !address.is_empty() && !address.contains('%') && characters(address, ":", false, false);
                Some(hex && address)
            };
            // RFC 6874 adds zones to the addresses of RFC 3986.
            let address = match literal.split_once("%25") {
                Some((address, zone)) if !zone.is_empty() && characters(zone, "", false, false) => address,
                _ => literal,
            };
            (ipv6(address).is_some() || future().unwrap_or(false), port)
        }
        None => {
            let (name, port) = rest.find(':').map_or((rest, ""), |at| rest.split_at(at));
            (characters(name, "", international, false), port)
        }
    };
    let port = port.is_empty() || port.strip_prefix(':').is_some_and(|p| p.bytes().all(|b| b.is_ascii_digit()));
    host && port && characters(user, ":", international, false)
}

/// Unreserved characters, sub-delimiters, escapes, and `more`.
fn characters(text: &str, more: &str, international: bool, private: bool) -> bool {
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let fits = match c {
            '%' => {
                let hex = |c: Option<char>| c.is_some_and(|c| c.is_ascii_hexdigit());
                hex(rest.next()) && hex(rest.next())
            }
            _ if c.is_ascii_alphanumeric() => true,
            _ if c.is_ascii() => "-._~!$&'()*+,;=".contains(c) || more.contains(c),
            _ => (international && ucschar(c)) || (private && iprivate(c)),
        };
        if !fits {
            return false;
        }
    }
    true
}

/// RFC 3987, section 2.2.
fn ucschar(c: char) -> bool {
    match u32::from(c) {
        0xA0..=0xD7FF | 0xF900..=0xFDCF | 0xFDF0..=0xFFEF => true,
        0xE0000..=0xE0FFF => false,
        n => (0x1_0000..=0xE_FFFD).contains(&n) && n & 0xFFFF <= 0xFFFD,
    }
}

fn iprivate(c: char) -> bool {
    matches!(u32::from(c), 0xE000..=0xF8FF | 0xF_0000..=0xF_FFFD | 0x10_0000..=0x10_FFFD)
}

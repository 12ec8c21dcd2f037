//! Email addresses: the addr-spec of RFC 5322, section 3.4.1, and its extension by RFC 6531.

use super::{EMAIL_ADDR, Fit, IDN_EMAIL_ADDR, text};
use crate::evidence::openc2::Node;
use crate::evidence::openc2::schema::Defects;

/// Email-Addr (LS 3.4.1.4).
pub(super) fn email_addr(value: &Node, defects: &mut Defects) {
    text(value, EMAIL_ADDR, "an email address, local-part@domain", defects, |text| address(text, false));
}

/// IDN-Email-Addr (LS 3.4.1.8).
pub(super) fn idn_email_addr(value: &Node, defects: &mut Defects) {
    let expected = "an internationalized email address, local-part@domain";
    text(value, IDN_EMAIL_ADDR, expected, defects, |text| address(text, true));
}

/// Comments, folded lines and the obsolete forms of RFC 5322 are left open: hardly an address to act on, but one.
fn address(text: &str, unicode: bool) -> Fit {
    if text.starts_with('"') {
        return quoted_address(text, unicode);
    }
    if text.contains(['(', '\r', '\n', '"']) {
        return Fit::Open;
    }
    let Some((local, domain)) = text.rsplit_once('@') else { return Fit::No };
    let blank = |c: char| c == ' ' || c == '\t';
    let (bare_local, bare_domain) = (local.trim_matches(blank), domain.trim_matches(blank));
    if !dot_atom(bare_local, unicode) || !is_domain(bare_domain, unicode) {
        return Fit::No;
    }
    if bare_local.len() < local.len() || bare_domain.len() < domain.len() { Fit::Open } else { Fit::Yes }
}

/// An address whose local part begins as a quoted string.
fn quoted_address(text: &str, unicode: bool) -> Fit {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => {
                return match text[at + 1..].strip_prefix('@') {
                    Some(domain) => Fit::of(is_domain(domain, unicode)),
                    // `"a".b@c` and comments.
                    None => Fit::Open,
                };
            }
            '\r' | '\n' => return Fit::Open,
            _ if c == ' ' || c == '\t' || c.is_ascii_graphic() || (unicode && !c.is_ascii()) => escaped = false,
            _ => return Fit::No,
        }
    }
    Fit::No
}

/// A dot-atom, or a literal in brackets.
fn is_domain(text: &str, unicode: bool) -> bool {
    match text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(literal) => literal.bytes().all(|b| matches!(b, 33..=90 | 94..=126)),
        None => dot_atom(text, unicode),
    }
}

fn dot_atom(text: &str, unicode: bool) -> bool {
    let atext = |c: char| {
        c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) || (unicode && !c.is_ascii() && !c.is_control())
    };
    text.split('.').all(|atom| !atom.is_empty() && atom.chars().all(atext))
}

//! Names of hosts and domains.
//!
//! LS 3.1.2 points to RFC 1034 section 3.1, the descriptions to section 3.5 and RFC 1123. They agree on lengths, and on
//! letters, digits and hyphens; on underscores they do not, so those are let pass.

use super::{DOMAIN_NAME, Fit, HOSTNAME, IDN_DOMAIN_NAME, IDN_HOSTNAME, text};
use crate::evidence::openc2::Node;
use crate::evidence::openc2::schema::Defects;

const EXPECTED: &str = "a host name, labels of 1 to 63 letters, digits and hyphens between dots";
const IDN_EXPECTED: &str = "an internationalized host name, labels of letters, digits and hyphens between dots";

/// Longest name without a dot at its end: 255 octets on the wire.
const LONGEST: usize = 253;
/// Longest label.
const LABEL: usize = 63;
/// Most characters of a label that is not ASCII: as an A-label it begins with `xn--`, and no character takes less
/// than an octet.
const U_LABEL: usize = LABEL - 4;

/// Domain-Name (LS 3.4.1.3).
pub(super) fn domain_name(value: &Node, defects: &mut Defects) {
    text(value, DOMAIN_NAME, EXPECTED, defects, hostname_text);
}

/// Hostname (LS 3.4.2.6).
pub(super) fn hostname(value: &Node, defects: &mut Defects) {
    text(value, HOSTNAME, EXPECTED, defects, hostname_text);
}

/// IDN-Domain-Name (LS 3.4.1.7).
pub(super) fn idn_domain_name(value: &Node, defects: &mut Defects) {
    text(value, IDN_DOMAIN_NAME, IDN_EXPECTED, defects, idn_text);
}

/// IDN-Hostname (LS 3.4.2.7).
pub(super) fn idn_hostname(value: &Node, defects: &mut Defects) {
    text(value, IDN_HOSTNAME, IDN_EXPECTED, defects, idn_text);
}

fn hostname_text(text: &str) -> Fit {
    // The root of all names, which no host has.
    if text == "." {
        return Fit::Open;
    }
    let name = text.strip_suffix('.').unwrap_or(text);
    Fit::of(name.len() <= LONGEST && name.split('.').all(|label| ascii_label(label) != Fit::No))
}

fn ascii_label(label: &str) -> Fit {
    let inside = label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    let ends = !label.starts_with('-') && !label.ends_with('-');
    Fit::of((1..=LABEL).contains(&label.len()) && inside && ends)
}

/// RFC 5890, section 2.3.2.3. Which characters a U-label may have is in tables that grow: letters and digits in lower
/// case are taken for granted, control characters and spaces refused, and everything else is left open.
fn idn_text(text: &str) -> Fit {
    if text == "." {
        return Fit::Open;
    }
    let name = text.strip_suffix('.').unwrap_or(text);
    let mut open = false;
    for label in name.split('.') {
        let fit = if label.is_ascii() { ascii_label(label) } else { u_label(label) };
        match fit {
            Fit::No => return Fit::No,
            Fit::Open => open = true,
            Fit::Yes => {}
        }
    }
    if name.chars().count() > LONGEST {
        Fit::No
    } else if open {
        Fit::Open
    } else {
        Fit::Yes
    }
}

fn u_label(label: &str) -> Fit {
    let refused = |c: char| match c {
        '-' => false,
        _ if c.is_ascii() => !c.is_ascii_alphanumeric(),
        // Full stops of other scripts, which some software takes for dots.
        '\u{3002}' | '\u{FF0E}' | '\u{FF61}' => false,
        _ => c.is_control() || c.is_whitespace(),
    };
    if label.contains(refused) || label.starts_with('-') || label.ends_with('-') {
        return Fit::No;
    }
    let dots = label.contains(['\u{3002}', '\u{FF0E}', '\u{FF61}']);
    if !dots && label.chars().count() > U_LABEL {
        return Fit::No;
    }
    let plain = |c: char| c == '-' || (c.is_alphanumeric() && !c.is_uppercase());
    if !dots && label.chars().all(plain) { Fit::Yes } else { Fit::Open }
}

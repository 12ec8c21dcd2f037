//! Findings as one plain sentence: what happened, which clause asks for what, and where to look.

use super::{Finding, Outcome, Witness};
use crate::catalogue::{Catalogue, Requirement};

/// `Response published with RETAIN=1; WD04 3.1.3 requires RETAIN 0. Connection 1, packet 14, byte 0, bit 0.`
pub(super) fn sentence(catalogue: &Catalogue, requirement: &Requirement, finding: &Finding) -> String {
    let mut text = capitalised(finding.said.trim_end_matches('.'));
    if finding.outcome == Outcome::Broken && !finding.expected.is_empty() {
        let verb = match requirement.level {
            crate::catalogue::Level::Must => "requires",
            crate::catalogue::Level::Should => "recommends",
            crate::catalogue::Level::May => "allows",
            crate::catalogue::Level::Guidance => "expects",
        };
        text.push_str(&format!("; {} {verb} {}", cite(catalogue, requirement), finding.expected.trim_end_matches('.')));
    } else {
        text.push_str(&format!(" ({})", cite(catalogue, requirement)));
    }
    text.push('.');
    let place = place(&finding.witness);
    if !place.is_empty() {
        text.push(' ');
        text.push_str(&place);
        text.push('.');
    }
    text
}

/// `WD04 3.1.3`
pub(super) fn cite(catalogue: &Catalogue, requirement: &Requirement) -> String {
    format!("{} {}", catalogue.cite, requirement.clause).trim_end().to_owned()
}

fn place(witness: &Witness) -> String {
    let mut parts = Vec::new();
    if let Some(connection) = witness.connection {
        parts.push(format!("Connection {connection}"));
    }
    if let Some(packet) = witness.packet {
        parts.push(format!("packet {packet}"));
    } else if let Some(frame) = witness.frame {
        parts.push(format!("{} {frame}", if parts.is_empty() { "Frame" } else { "frame" }));
    }
    if let Some(span) = witness.bytes {
        if span.len() <= 1 {
            parts.push(format!("byte {}", span.start));
        } else {
            parts.push(format!("bytes {} to {}", span.start, span.end - 1));
        }
        let bits = bits(witness.bits);
        match bits.as_slice() {
            [] => {}
            [bit] => parts.push(format!("bit {bit}")),
            [high, .., low] => parts.push(format!("bits {high} to {low}")),
        }
    }
    parts.join(", ")
}

/// The bits of a mask, highest first.
pub(super) fn bits(mask: u8) -> Vec<u8> {
    (0..8).rev().filter(|bit| mask & (1 << bit) != 0).collect()
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

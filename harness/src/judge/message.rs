//! Findings as one plain sentence: what happened, which clause asks for what, and where to look.

use super::{Finding, Outcome, Witness};
use crate::catalogue::{Catalogue, Requirement};

/// `Response published with RETAIN=1; WD04 3.1.3 requires RETAIN 0. Connection 1, packet 14, byte 0, bit 0.`
pub(super) fn sentence(catalogue: &Catalogue, requirement: &Requirement, finding: &Finding) -> String {
    let said = finding.said.trim_end_matches('.');
    let mut text = if said.is_empty() { "It was not kept".to_owned() } else { capitalised(said) };
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
            [high, .., low] if usize::from(high - low) + 1 == bits.len() => parts.push(format!("bits {high} to {low}")),
            scattered => {
                let scattered: Vec<String> = scattered.iter().map(u8::to_string).collect();
                parts.push(format!("bits {}", scattered.join(" and ")));
            }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Level;
    use touchstone_fixtures::recording::ConnectionId;
    use touchstone_fixtures::wire::Span;

    static CATALOGUE: Catalogue =
        Catalogue { id: "x", title: "", cite: "WD04", edition: "", version: 1, requirements: &[], rows: "" };

    fn told(level: Level, outcome: Outcome, said: &str, expected: &str, witness: Witness) -> String {
        let requirement = Requirement { id: "x/y", clause: "3.1.3", level, ..Requirement::TEMPLATE };
        let (said, expected) = (said.to_owned(), expected.to_owned());
        sentence(&CATALOGUE, &requirement, &Finding { outcome, witness, said, expected, actual: String::new() })
    }

    fn at(bytes: Option<Span>, bits: u8) -> Witness {
        Witness { connection: Some(ConnectionId(1)), packet: Some(14), frame: Some(90), bytes, bits }
    }

    #[test]
    fn findings_read_as_sentences() {
        use Level::{Guidance, May, Must, Should};
        use Outcome::{Broken, Error, Undecided};
        let nowhere = Witness { connection: None, packet: None, frame: None, bytes: None, bits: 0 };
        let said = "response published with RETAIN=1";
        let all = [
            told(Must, Broken, said, "RETAIN 0", at(Some(Span::byte(0)), 1)),
            told(Should, Broken, "will QoS 3.", "a QoS below 3.", at(Some(Span::new(9, 10)), 0b0001_1000)),
            told(Must, Broken, "flags 9", "flags 0", at(Some(Span::byte(0)), 0b1001)),
            told(May, Broken, "\u{e9}t\u{e9}", "winter", at(Some(Span::new(2, 7)), 0)),
            told(Guidance, Broken, said, "", at(None, 0)),
            told(Guidance, Broken, "the process ended", "that it goes on", Witness::frame(7)),
            told(Must, Broken, "", "something", Witness { packet: None, ..at(None, 0) }),
            told(Must, Undecided, "the capture is full", "ignored", at(None, 0)),
            told(Must, Error, "the check of x/y failed on this observation", "", nowhere),
            told(Must, Broken, said, "RETAIN 0", at(Some(Span::new(4, 4)), 0)),
        ];
        insta::assert_snapshot!(all.join("\n"));
    }
}

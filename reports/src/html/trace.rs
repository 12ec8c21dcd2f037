//! What happened in a scenario, as a table of packets and events.

use super::index::{Index, packet_anchor};
use super::octets;
use super::parts::{Mark, Vis, shown_within};
use crate::model::{Scenario, TracePacket, TraceRow, TraceWhat};
use crate::text::count;
use maud::{Markup, html};

/// Packets of so many bytes show them in their row, where there is no room for more.
const TINY: usize = 8;

/// `share` is how much markup the annotations of packets without a finding may take.
pub(super) fn table(index: &Index<'_>, n: usize, scenario: &Scenario, share: usize) -> Markup {
    let rows = index.rows(n, scenario);
    let opened = openings(index, n, &rows, share);
    let befores = std::iter::once(None).chain(rows.iter().map(|row| Some(row.at)));
    let left_out = index.left_out(n, scenario);
    html! {
        @if scenario.trace.is_empty() {
            p.quiet { "No packet or event was recorded." }
        } @else {
            (shown_within(rows.len(), rows.len() as u64 + left_out, "rows"))
            div.scroll {
                table.trace {
                    thead {
                        tr {
                            th scope="col" { "Frame" } th scope="col" { "Time (s)" } th scope="col" { "Delta (s)" }
                            th scope="col" { abbr title="Connection" { "Conn." } } th scope="col" { "Direction" }
                            th scope="col" { "Packet or event" }
                        }
                    }
                    tbody {
                        @for ((row, opened), before) in rows.iter().zip(opened).zip(befores) {
                            (one(index, n, row, before, opened))
                        }
                    }
                }
            }
        }
        @if left_out > 0 {
            p.note { (count(left_out, "more row is", "more rows are")) " in the capture; there was no room for them here." }
        }
    }
}

/// What each row opens to, as far as there is room: packets with a finding always, then payloads that the
/// implementation sent or was sent, then the others, each in order.
fn openings(index: &Index<'_>, n: usize, rows: &[&TraceRow], share: usize) -> Vec<Option<Markup>> {
    let mut left = share;
    let mut opened: Vec<Option<Markup>> = rows.iter().map(|_| None).collect();
    for turn in [Turn::Found, Turn::Payload, Turn::Other, Turn::Tiny] {
        for (row, slot) in rows.iter().zip(&mut opened) {
            let TraceWhat::Packet(packet) = &row.what else { continue };
            let found = index.at_packet(n, packet.connection, packet.packet);
            let own = if index.told_at(n, packet) {
                Turn::Found
            } else if packet.text.is_some() && packet.direction.ends_with("-iut") {
                Turn::Payload
            } else if tiny(packet) {
                Turn::Tiny
            } else {
                Turn::Other
            };
            if own != turn || (left == 0 && turn != Turn::Found) {
                continue;
            }
            let markup = octets::annotated(index, packet, found);
            if turn == Turn::Found {
                *slot = Some(markup);
            } else if let Some(rest) = left.checked_sub(markup.0.len()) {
                left = rest;
                *slot = Some(markup);
            } else {
                // Whatever is smaller would only leave gaps that look arbitrary.
                left = 0;
            }
        }
    }
    opened
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    Found,
    Payload,
    Other,
    Tiny,
}

fn tiny(packet: &TracePacket) -> bool {
    packet.length as usize <= TINY && packet.bytes.len() == packet.length as usize
}

fn one(index: &Index<'_>, n: usize, row: &TraceRow, before: Option<u64>, opened: Option<Markup>) -> Markup {
    let delta = before.map(|before| row.at.saturating_sub(before));
    let times = html! {
        th scope="row" { (row.frame) }
        td { (micros(row.at)) }
        td { @if let Some(delta) = delta { (micros(delta)) } }
    };
    match &row.what {
        TraceWhat::Note { kind, text } => html! {
            tr.note { (times) td colspan="2" { (Vis(kind)) } td { (Vis(text)) } }
        },
        TraceWhat::Packet(packet) => {
            let (class, direction) = direction(&packet.direction);
            let line = line(index, n, packet);
            html! {
                tr id=(packet_anchor(n, packet.connection, packet.packet)) class=[class] {
                    (times)
                    td { (packet.connection) }
                    td { (direction) }
                    td {
                        @match opened {
                            Some(opened) => details { summary { (line) } (opened) },
                            None => { (line) @if tiny(packet) { " " code { (octets::hex(&packet.bytes)) } } },
                        }
                    }
                }
            }
        }
    }
}

/// Name, number and summary of a packet, with the verdicts that point at it.
fn line(index: &Index<'_>, n: usize, packet: &TracePacket) -> Markup {
    let mut marks: Vec<Mark> = Vec::new();
    for mark in index.at_packet(n, packet.connection, packet.packet).iter().map(|f| Mark::of_finding(*f)) {
        if !marks.contains(&mark) {
            marks.push(mark);
        }
    }
    html! {
        b { (Vis(&packet.name)) } " " small { (packet.packet) } " " (Vis(&packet.summary))
        @for mark in &marks { " " (mark) }
    }
}

/// Who sent it to whom, in words; peers are told apart by a class.
fn direction(direction: &str) -> (Option<&'static str>, Markup) {
    let words = |from: &str, to: &str| html! { (from) " \u{2192} " (to) };
    match direction {
        "from-iut" => (None, words("IUT", "broker")),
        "to-iut" => (None, words("broker", "IUT")),
        "from-peer" => (Some("peer"), words("peer", "broker")),
        "to-peer" => (Some("peer"), words("broker", "peer")),
        other => (None, html! { (Vis(other)) }),
    }
}

/// Nanoseconds as seconds with six decimals, cut, not rounded: a row never seems later than it was.
fn micros(nanos: u64) -> String {
    format!("{}.{:06}", nanos / 1_000_000_000, nanos % 1_000_000_000 / 1000)
}

#[cfg(test)]
mod tests {
    use super::micros;

    #[test]
    fn times_have_six_decimals() {
        assert_eq!(micros(0), "0.000000");
        assert_eq!(micros(1_204_517_999), "1.204517");
        assert_eq!(micros(u64::MAX), "18446744073.709551");
    }
}

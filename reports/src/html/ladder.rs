//! What happened in a scenario, as a ladder: who sent what to whom, top to bottom. Handshakes are bracketed, a request and its
//! response joined, and what was due and never came is drawn dashed. The table below it says the same.

use super::index::{Index, packet_anchor};
use super::pairs::{Pair, exchanges, field, from_client, handshakes, lanes, of_iut};
use super::parts::{Mark, narrow};
use crate::model::{Scenario, TracePacket, TraceRow, TraceWhat};
use maud::{Markup, html};
use std::collections::BTreeMap;

/// Height of a row, and of what stands above the first.
const ROW: usize = 24;
const TOP: usize = 40;
/// Where times end, where the lifelines are, and how wide it all is.
const TIMES: usize = 108;
const IUT: usize = 245;
const BROKER: usize = 545;
const PEER: usize = 845;
const WIDTH: usize = 885;
/// Arrows between the lifelines, by name.
const ARROWS: [(&str, usize, usize); 4] =
    [("ib", IUT, BROKER), ("bi", BROKER, IUT), ("pb", PEER, BROKER), ("bp", BROKER, PEER)];
/// Brackets stand so far from their lifeline, and from each other.
const BRACKET: usize = 6;
/// How far to the left the joints of requests and responses are drawn, one beside the other, and where their labels end.
const BEND: usize = 166;
const BESIDE: usize = 11;
const LABELS: usize = 157;
/// Columns that the parts of labels may take.
const NAME: usize = 12;
const ID: usize = 6;
const TOPIC: usize = 30;
const EVENT: usize = 84;
const JOINT: usize = 5;

/// Waits of so many nanoseconds are what a scenario is about, and stand out.
const LONG: u64 = 1_000_000_000;

/// The kinds of events that are shown between the packets.
const EVENTS: [&str; 4] = ["connection", "tls", "fault", "process"];

/// The arrows, once for all diagrams.
pub(super) fn arrows() -> Markup {
    html! {
        svg width="0" height="0" aria-hidden="true" style="position:absolute" {
            defs {
                @for (name, from, to) in ARROWS {
                    @let back = if to > from { to - 7 } else { to + 7 };
                    path id=(name) fill="none" stroke="currentColor" d={ "M" (from) " 0H" (to) "M" (back) "-4L" (to) " 0L" (back) " 4" } {}
                }
            }
        }
    }
}

pub(super) fn diagram(index: &Index<'_>, n: usize, scenario: &Scenario) -> Markup {
    let ladder = Ladder::new(index, n, scenario);
    html! { @if !ladder.lines.is_empty() { div.scroll { (ladder.svg()) } } }
}

/// Whether a row is in the diagram.
pub(super) fn drawn(row: &TraceRow) -> bool {
    match &row.what {
        TraceWhat::Packet(_) => true,
        TraceWhat::Note { kind, .. } => EVENTS.contains(&kind.as_str()),
    }
}

enum Line<'l> {
    Row(&'l TraceRow),
    /// What was due to a packet and never came.
    Ghost(&'l TracePacket, &'static str),
}

struct Ladder<'l> {
    index: &'l Index<'l>,
    n: usize,
    lines: Vec<Line<'l>>,
    handshakes: Vec<(Pair, bool)>,
    exchanges: Vec<(Pair, &'l str)>,
}

impl<'l> Ladder<'l> {
    fn new(index: &'l Index<'l>, n: usize, scenario: &'l Scenario) -> Ladder<'l> {
        let trace = &scenario.trace;
        // Of all that was recorded: what has no room here is not missing.
        let packets = || trace.iter().enumerate().filter_map(|(at, row)| Some((at, row_packet(row)?)));
        let (ended, open) = handshakes(packets());
        let (joined, unanswered) = exchanges(packets());
        // Only where a finding says that something is wrong with it, and nothing was left out.
        let blamed = |at: usize| {
            let row = trace.get(at).and_then(row_packet)?;
            let found = index.at_packet(n, row.connection, row.packet);
            let broken = found.iter().any(|found| found.finding.outcome == "broken");
            (broken && !from_client(row) && scenario.trace_omitted == 0).then_some(row)
        };
        let missing: Vec<(usize, &str)> =
            open.into_iter().chain(unanswered.into_iter().map(|at| (at, "no response"))).collect();

        let mut lines = Vec::new();
        let mut at_line: BTreeMap<usize, usize> = BTreeMap::new();
        for &at in index.places(n) {
            let Some(row) = trace.get(at).filter(|row| drawn(row)) else { continue };
            at_line.insert(at, lines.len());
            lines.push(Line::Row(row));
            for (_, what) in missing.iter().filter(|(of, _)| *of == at) {
                lines.extend(blamed(at).map(|packet| Line::Ghost(packet, what)));
            }
        }
        let both =
            |pair: Pair| Some(Pair { from: *at_line.get(&pair.from)?, to: *at_line.get(&pair.to)?, lane: pair.lane });
        let of_iut_at = |at: usize| trace.get(at).and_then(row_packet).is_some_and(of_iut);
        let mut handshakes: Vec<(Pair, bool)> =
            ended.into_iter().filter_map(|pair| Some((both(pair)?, of_iut_at(pair.from)))).collect();
        for side in [true, false] {
            lanes(handshakes.iter_mut().filter(|(_, iut)| *iut == side).map(|(pair, _)| pair));
        }
        let mut exchanges: Vec<(Pair, &str)> =
            joined.into_iter().filter_map(|(pair, name)| Some((both(pair)?, name))).collect();
        lanes(exchanges.iter_mut().map(|(pair, _)| pair));
        Ladder { index, n, lines, handshakes, exchanges }
    }

    fn svg(&self) -> Markup {
        let height = TOP + ROW * self.lines.len() + ROW / 2;
        let label = format!("Ladder diagram of {} lines; the table below says the same", self.lines.len());
        html! {
            svg.ladder role="group" aria-label=(label) viewBox={ "0 0 " (WIDTH) " " (height) } width=(WIDTH) height=(height)
                font-family="monospace" font-size="11" {
                g.lifelines fill="none" stroke="currentColor" {
                    @for (x, name) in [(IUT, "IUT"), (BROKER, "broker"), (PEER, "peer")] {
                        text x=(x) y="16" text-anchor="middle" fill="currentColor" stroke="none" { (name) }
                        path d={ "M" (x) " 24V" (height) } {}
                    }
                }
                (self.times())
                g.pairs fill="none" stroke="currentColor" {
                    @for (pair, of_iut) in &self.handshakes { (bracket(*pair, *of_iut)) }
                    @for (pair, _) in &self.exchanges { (joint(*pair)) }
                }
                g.joints text-anchor="end" {
                    @for (pair, name) in &self.exchanges { text x=(LABELS) y=(y(pair.from) + 4) { (narrow(name, JOINT)) } }
                }
                g text-anchor="middle" {
                    @for (at, line) in self.lines.iter().enumerate() {
                        @match line {
                            Line::Row(row) => (self.row(at, row)),
                            Line::Ghost(packet, what) => (ghost(y(at), packet, what)),
                        }
                    }
                }
            }
        }
    }

    /// When each row was, and how much later than the one above it; in one group, because much is alike in it.
    fn times(&self) -> Markup {
        let mut before: Option<u64> = None;
        html! {
            g.when text-anchor="end" transform={ "translate(" (TIMES) ")" } {
                @for (at, line) in self.lines.iter().enumerate() {
                    @if let Line::Row(row) = line {
                        @let delta = before.replace(row.at).map(|before| row.at.saturating_sub(before));
                        text class=[delta.filter(|delta| *delta >= LONG).map(|_| "long")] y=(y(at) + 4) {
                            (millis(row.at)) (format!("{:>9}", delta.map(span).unwrap_or_default()))
                        }
                    }
                }
            }
        }
    }

    fn row(&self, at: usize, row: &TraceRow) -> Markup {
        let y = y(at);
        match &row.what {
            TraceWhat::Packet(packet) => self.arrow(y, packet, self.other_connection(at, packet)),
            TraceWhat::Note { text, .. } => {
                html! { text.event text-anchor="start" x=(IUT + 8) y=(y + 4) { (narrow(text, EVENT)) } }
            }
        }
    }

    /// Whether the implementation says this on another connection than what is above it.
    fn other_connection(&self, at: usize, packet: &TracePacket) -> bool {
        let mut above = self.lines.iter().take(at).rev().filter_map(|line| match line {
            Line::Row(row) => row_packet(row).filter(|p| of_iut(p)),
            Line::Ghost(..) => None,
        });
        of_iut(packet) && above.next().is_some_and(|before| before.connection != packet.connection)
    }

    fn arrow(&self, y: usize, packet: &TracePacket, other: bool) -> Markup {
        let (name, middle) = way(packet, from_client(packet));
        let found = self.index.at_packet(self.n, packet.connection, packet.packet);
        let marks: Vec<Mark> = found.iter().map(|found| Mark::of_finding(*found)).collect();
        let mark = Mark::STRONGEST.into_iter().find(|mark| *mark != Mark::NOTE && marks.contains(mark));
        html! {
            a class=[mark.map(|mark| mark.key)] href={ "#" (packet_anchor(self.n, packet.connection, packet.packet)) } {
                use href={ "#" (name) } y=(y) {}
                text x=(middle) y=(y - 5) {
                    (label(packet)) (topic(packet))
                    @if other { " (conn. " (packet.connection) ")" }
                    @if let Some(mark) = mark { " \u{2013} " (mark.word) }
                }
            }
        }
    }
}

/// What is due to a packet from the server core, and did not come.
fn ghost(y: usize, packet: &TracePacket, what: &str) -> Markup {
    // It should have come from where the packet went.
    let (name, middle) = way(packet, !from_client(packet));
    html! {
        g.ghost stroke-dasharray="5 4" {
            use href={ "#" (name) } y=(y) {}
            text x=(middle) y=(y - 5) { (what) " to " (label(packet)) }
        }
    }
}

fn y(at: usize) -> usize {
    TOP + ROW * at + ROW / 2
}

/// The arrow of a packet on a connection, and the middle of it.
fn way(packet: &TracePacket, to_broker: bool) -> (&'static str, usize) {
    let (name, from, to) = ARROWS[if of_iut(packet) { 0 } else { 2 } + usize::from(!to_broker)];
    (name, (from + to) / 2)
}

/// `PUBLISH 7`
fn label(packet: &TracePacket) -> Markup {
    html! { (narrow(&packet.name, NAME)) @if let Some(id) = field(packet, "Packet Identifier") { " " (narrow(id, ID)) } }
}

/// The topic of a PUBLISH, without the quotes around it.
fn topic(packet: &TracePacket) -> Markup {
    html! { @if let Some(topic) = field(packet, "Topic Name") { " " (narrow(topic.trim_matches('"'), TOPIC)) } }
}

fn bracket(pair: Pair, of_iut: bool) -> Markup {
    let (y1, y2) = (y(pair.from), y(pair.to));
    let far = BRACKET * (pair.lane + 1);
    let d = if of_iut {
        format!("M{} {y1}H{}V{y2}H{}", IUT - 3, IUT - 3 - far, IUT - 3)
    } else {
        format!("M{} {y1}H{}V{y2}H{}", PEER + 3, PEER + 3 + far, PEER + 3)
    };
    html! { path.bracket d=(d) {} }
}

/// From a request to its response. The label stands where it begins: other joints may cross its middle.
fn joint(pair: Pair) -> Markup {
    let (y1, y2) = (y(pair.from), y(pair.to));
    let bend = BEND - BESIDE * pair.lane;
    html! { path.joint d={ "M" (IUT - 3) " " (y1) "C" (bend) " " (y1) " " (bend) " " (y2) " " (IUT - 3) " " (y2) } {} }
}

fn row_packet(row: &TraceRow) -> Option<&TracePacket> {
    match &row.what {
        TraceWhat::Packet(packet) => Some(packet),
        TraceWhat::Note { .. } => None,
    }
}

/// How much later: `+142 \u{b5}s`, `+36 ms`, `+3.612 s`.
fn span(nanos: u64) -> String {
    match nanos {
        0..1_000_000 => format!("+{} \u{b5}s", nanos / 1_000),
        1_000_000..1_000_000_000 => format!("+{} ms", nanos / 1_000_000),
        _ => format!("+{} s", millis(nanos)),
    }
}

/// Nanoseconds as seconds with three decimals, cut.
fn millis(nanos: u64) -> String {
    format!("{}.{:03}", nanos / 1_000_000_000, nanos % 1_000_000_000 / 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short() {
        assert_eq!(millis(12_034_999_999), "12.034");
        let spans = [0, 999_999, 1_000_000, 999_999_999, 3_612_000_000].map(span);
        assert_eq!(spans, ["+0 \u{b5}s", "+999 \u{b5}s", "+1 ms", "+999 ms", "+3.612 s"]);
    }

    /// The way of a packet is the arrow that its direction says, and back.
    #[test]
    fn arrows_go_where_packets_went() {
        let arrow = |direction: &str, there: bool| {
            let packet = TracePacket {
                connection: 1,
                packet: 1,
                direction: direction.into(),
                name: String::new(),
                summary: String::new(),
                bytes: Vec::new(),
                length: 0,
                fields: Vec::new(),
                text: None,
                exchange: None,
            };
            way(&packet, from_client(&packet) == there).0
        };
        assert_eq!(["from-iut", "to-iut", "from-peer", "to-peer"].map(|d| arrow(d, true)), ["ib", "bi", "pb", "bp"]);
        assert_eq!(["from-iut", "to-iut", "from-peer", "to-peer"].map(|d| arrow(d, false)), ["bi", "ib", "bp", "pb"]);
    }
}

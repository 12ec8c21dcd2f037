//! What happened in a scenario, as a ladder: who sent what to whom, top to bottom. Handshakes are bracketed, a request and its
//! response joined, and what was due and never came is drawn dashed. The table below it says the same.

use super::index::{Index, packet_anchor};
use super::parts::{Mark, Vis};
use crate::model::{Scenario, TracePacket, TraceRow, TraceWhat};
use crate::text::{count, cut};
use maud::{Markup, html};
use std::collections::BTreeMap;

/// Height of a row, and of what stands above the first.
const ROW: usize = 24;
const TOP: usize = 40;
/// Where the lifelines are, and how wide it all is.
const IUT: usize = 200;
const BROKER: usize = 500;
const PEER: usize = 800;
const WIDTH: usize = 840;
/// Brackets stand so far from their lifeline, and from each other; so many stand beside each other.
const BRACKET: usize = 6;
const LANES: usize = 4;
/// Where the joints of requests and responses bend, and where their label ends.
const BEND: usize = 128;
/// Markup of a row, about: what a share is divided by.
const EACH: usize = 230;
/// Rows that are worth a diagram at least.
const FEWEST: usize = 6;

/// Of several findings at one packet the strongest is shown.
const STRONGEST: [Mark; 5] = [Mark::ERROR, Mark::FAIL, Mark::WARN, Mark::UNDECIDED, Mark::WAIVED];

/// The kinds of events that are shown between the packets.
const EVENTS: [&str; 3] = ["connection", "fault", "process"];

/// `share` is how much markup it may take.
pub(super) fn diagram(index: &Index<'_>, n: usize, scenario: &Scenario, share: usize) -> Markup {
    let most = (share / EACH).max(FEWEST);
    let rows: Vec<&TraceRow> = index.rows(n, scenario).into_iter().filter(|row| drawn(row)).collect();
    let complete = rows.len() <= most && index.left_out(n, scenario) == 0;
    let ladder = Ladder::new(index, n, rows.get(..most).unwrap_or(&rows), complete);
    let left_out = rows.len().saturating_sub(most) as u64;
    html! {
        @if !ladder.rows.is_empty() {
            div.scroll { (ladder.svg()) }
            @if left_out > 0 {
                p.note { "The diagram ends here; " (count(left_out, "more row is", "more rows are")) " in the table or the capture." }
            }
        }
    }
}

fn drawn(row: &TraceRow) -> bool {
    match &row.what {
        TraceWhat::Packet(_) => true,
        TraceWhat::Note { kind, .. } => EVENTS.contains(&kind.as_str()),
    }
}

/// Two rows that belong together.
#[derive(Clone, Copy)]
struct Pair {
    from: usize,
    to: usize,
    lane: usize,
}

/// What was due on a row and never came.
struct Ghost {
    /// The row.
    of: usize,
    what: &'static str,
}

struct Ladder<'l> {
    index: &'l Index<'l>,
    n: usize,
    rows: &'l [&'l TraceRow],
    /// Whether connections of the implementation have to be told apart.
    several: bool,
    handshakes: Vec<Pair>,
    exchanges: Vec<(Pair, &'l str)>,
    ghosts: Vec<Ghost>,
}

impl<'l> Ladder<'l> {
    fn new(index: &'l Index<'l>, n: usize, rows: &'l [&'l TraceRow], complete: bool) -> Ladder<'l> {
        let packets = || rows.iter().enumerate().filter_map(|(at, row)| Some((at, packet(row)?)));
        let mut own: Vec<u32> = packets().filter(|(_, p)| of_iut(p)).map(|(_, p)| p.connection).collect();
        own.dedup();
        let (handshakes, open) = handshakes(packets());
        let (exchanges, unanswered) = exchanges(packets());
        // Only where everything is here it can be said that something is not.
        let blamed = |at: usize| {
            packet(rows[at]).is_some_and(|p| {
                let found = index.at_packet(n, p.connection, p.packet);
                found.iter().any(|found| found.finding.outcome == "broken")
            })
        };
        let acks = open.into_iter().filter(|(at, _)| packet(rows[*at]).is_some_and(|p| !from_client(p)));
        let answers = unanswered.into_iter().map(|at| (at, "no response"));
        let ghosts = acks
            .chain(answers)
            .filter(|(at, _)| complete && blamed(*at))
            .map(|(of, what)| Ghost { of, what })
            .collect();
        Ladder { index, n, rows, several: own.len() > 1, handshakes, exchanges, ghosts }
    }

    fn svg(&self) -> Markup {
        let height = TOP + ROW * (self.rows.len() + self.ghosts.len()) + ROW / 2;
        let label = format!("Ladder diagram of {} rows; the table below says the same", self.rows.len());
        html! {
            svg.ladder role="img" aria-label=(label) viewBox={ "0 0 " (WIDTH) " " (height) } width=(WIDTH) height=(height)
                fill="none" stroke="currentColor" {
                g.lifelines {
                    @for (x, name) in [(IUT, "IUT"), (BROKER, "broker"), (PEER, "peer")] {
                        text x=(x) y="16" { (name) }
                        path d={ "M" (x) " 24V" (height) } {}
                    }
                }
                @for pair in &self.handshakes { (self.bracket(*pair)) }
                @for (pair, name) in &self.exchanges { (joint(*pair, name)) }
                @for (at, row) in self.rows.iter().enumerate() { (self.row(at, row)) }
                @for (line, ghost) in self.ghosts.iter().enumerate() { (self.ghost(self.rows.len() + line, ghost)) }
            }
        }
    }

    fn row(&self, at: usize, row: &TraceRow) -> Markup {
        let before = at.checked_sub(1).map(|before| self.rows[before].at);
        let delta = before.map(|before| format!("+{}", millis(row.at.saturating_sub(before))));
        let y = y(at);
        html! {
            text.when x="46" y=(y + 4) { (millis(row.at)) }
            @if let Some(delta) = delta { text.when x="92" y=(y + 4) { (delta) } }
            @match &row.what {
                TraceWhat::Packet(packet) => (self.arrow(y, packet)),
                TraceWhat::Note { text, .. } => {
                    text.event x=(IUT + 12) y=(y + 4) { (Vis(cut(text, 90).0)) }
                }
            }
        }
    }

    fn arrow(&self, y: usize, packet: &TracePacket) -> Markup {
        let (from, to) = ends(packet);
        let found = self.index.at_packet(self.n, packet.connection, packet.packet);
        let marks: Vec<Mark> = found.iter().map(|found| Mark::of_finding(*found)).collect();
        let mark = STRONGEST.into_iter().find(|mark| marks.contains(mark));
        let id = field(packet, "Packet Identifier").map(|id| format!(" {id}")).unwrap_or_default();
        let conn =
            if self.several && of_iut(packet) { format!(" (conn. {})", packet.connection) } else { String::new() };
        html! {
            a class=[mark.map(|mark| mark.key)] href={ "#" (packet_anchor(self.n, packet.connection, packet.packet)) } {
                (line(from, to, y))
                text x=((from + to) / 2) y=(y - 5) {
                    (Vis(&packet.name)) (Vis(&id)) (conn)
                    @if let Some(mark) = mark { " \u{2013} " (mark.word) }
                }
            }
        }
    }

    fn bracket(&self, pair: Pair) -> Markup {
        let Some(packet) = packet(self.rows[pair.from]) else { return html! {} };
        let (y1, y2) = (y(pair.from), y(pair.to));
        let far = BRACKET * (pair.lane + 1);
        let d = if of_iut(packet) {
            format!("M{} {y1}H{}V{y2}H{}", IUT - 3, IUT - 3 - far, IUT - 3)
        } else {
            format!("M{} {y1}H{}V{y2}H{}", PEER + 3, PEER + 3 + far, PEER + 3)
        };
        html! { path.bracket d=(d) {} }
    }

    fn ghost(&self, at: usize, ghost: &Ghost) -> Markup {
        let y = y(at);
        // It should have come from where the packet went.
        let (to, from) = packet(self.rows[ghost.of]).map_or((BROKER, IUT), ends);
        html! {
            g.ghost {
                (line(from, to, y))
                text x=((from + to) / 2) y=(y - 5) {
                    (ghost.what) " to " @if let Some(packet) = packet(self.rows[ghost.of]) {
                        (Vis(&packet.name)) " in row " (self.rows[ghost.of].frame)
                    }
                }
            }
        }
    }
}

fn y(at: usize) -> usize {
    TOP + ROW * at + ROW / 2
}

/// A line with a tip.
fn line(from: usize, to: usize, y: usize) -> Markup {
    let back = if to > from { to - 7 } else { to + 7 };
    html! { path d={ "M" (from) " " (y) "H" (to) "M" (back) " " (y - 4) "L" (to) " " (y) "L" (back) " " (y + 4) } {} }
}

/// From a request to its response.
fn joint(pair: Pair, name: &str) -> Markup {
    let (y1, y2) = (y(pair.from), y(pair.to));
    let middle = (y1 + y2) / 2;
    let (shown, more) = cut(name, 5);
    html! {
        g.joint {
            path d={ "M" (IUT - 3) " " (y1) "C" (BEND) " " (y1) " " (BEND) " " (y2) " " (IUT - 3) " " (y2) } {}
            text x=(BEND + 12) y=(middle + 4) { (Vis(shown)) @if more { "\u{2026}" } }
        }
    }
}

fn packet(row: &TraceRow) -> Option<&TracePacket> {
    match &row.what {
        TraceWhat::Packet(packet) => Some(packet),
        TraceWhat::Note { .. } => None,
    }
}

fn of_iut(packet: &TracePacket) -> bool {
    packet.direction.ends_with("-iut")
}

fn from_client(packet: &TracePacket) -> bool {
    packet.direction.starts_with("from-")
}

/// Where a packet comes from and goes to.
fn ends(packet: &TracePacket) -> (usize, usize) {
    let client = if of_iut(packet) { IUT } else { PEER };
    if from_client(packet) { (client, BROKER) } else { (BROKER, client) }
}

fn field<'p>(packet: &'p TracePacket, name: &str) -> Option<&'p str> {
    packet.fields.iter().find(|field| field.name == name).map(|field| field.value.as_str())
}

/// What begins a handshake, and what its end is called.
fn closes(packet: &TracePacket) -> Option<(&'static str, &'static str)> {
    let id = || field(packet, "Packet Identifier").is_some();
    match packet.name.as_str() {
        "CONNECT" => Some(("CONNACK", "no CONNACK")),
        "PUBLISH" if id() => Some(("PUBACK PUBCOMP", "no acknowledgement")),
        "SUBSCRIBE" => Some(("SUBACK", "no SUBACK")),
        "UNSUBSCRIBE" => Some(("UNSUBACK", "no UNSUBACK")),
        "PINGREQ" => Some(("PINGRESP", "no PINGRESP")),
        _ => None,
    }
}

/// Handshakes that ended, and the rows of those that did not.
fn handshakes<'p>(packets: impl Iterator<Item = (usize, &'p TracePacket)>) -> (Vec<Pair>, Vec<(usize, &'static str)>) {
    let mut open: Vec<(usize, &TracePacket)> = Vec::new();
    let mut ended: Vec<Pair> = Vec::new();
    for (at, packet) in packets {
        let id = field(packet, "Packet Identifier");
        let end = open.iter().rposition(|(_, begun)| {
            begun.connection == packet.connection
                && begun.direction != packet.direction
                && field(begun, "Packet Identifier") == id
                && closes(begun).is_some_and(|(names, _)| names.split(' ').any(|name| name == packet.name))
        });
        if let Some(end) = end {
            ended.push(Pair { from: open.remove(end).0, to: at, lane: 0 });
        }
        if closes(packet).is_some() {
            open.push((at, packet));
        }
    }
    ended.sort_by_key(|pair| (pair.from, pair.to));
    // Beside those that are still open where one begins.
    let mut lanes = [0; LANES];
    for pair in &mut ended {
        pair.lane = lanes.iter().position(|busy| *busy <= pair.from).unwrap_or(LANES - 1);
        lanes[pair.lane] = pair.to;
    }
    let open = open.into_iter().filter_map(|(at, packet)| Some((at, closes(packet)?.1))).collect();
    (ended, open)
}

/// Requests to the implementation, or of it, joined with what answers them first; and the requests that nothing answers.
fn exchanges<'p>(packets: impl Iterator<Item = (usize, &'p TracePacket)>) -> (Vec<(Pair, &'p str)>, Vec<usize>) {
    let mut open: BTreeMap<&str, (usize, bool)> = BTreeMap::new();
    let mut joined = Vec::new();
    for (at, packet) in packets.filter(|(_, p)| of_iut(p)) {
        let Some(name) = packet.exchange.as_deref() else { continue };
        match open.get(name) {
            Some((from, asked)) if *asked != from_client(packet) => {
                joined.push((Pair { from: *from, to: at, lane: 0 }, name));
                open.remove(name);
            }
            Some(_) => {}
            None => {
                open.insert(name, (at, from_client(packet)));
            }
        }
    }
    let unanswered = open.values().filter(|(_, from_client)| !from_client).map(|(at, _)| *at).collect();
    (joined, unanswered)
}

/// Nanoseconds as seconds with three decimals, cut.
fn millis(nanos: u64) -> String {
    format!("{}.{:03}", nanos / 1_000_000_000, nanos % 1_000_000_000 / 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TraceField;

    fn packet(direction: &str, name: &str, id: Option<u16>, exchange: Option<&str>) -> TracePacket {
        let id =
            id.map(|id| TraceField { name: "Packet Identifier".into(), bytes: [2, 4], bits: 0, value: id.to_string() });
        TracePacket {
            connection: 3,
            packet: 1,
            direction: direction.into(),
            name: name.into(),
            summary: String::new(),
            bytes: Vec::new(),
            length: 0,
            fields: id.into_iter().collect(),
            text: None,
            exchange: exchange.map(str::to_owned),
        }
    }

    fn pairs(pairs: &[Pair]) -> Vec<(usize, usize, usize)> {
        pairs.iter().map(|pair| (pair.from, pair.to, pair.lane)).collect()
    }

    /// QoS 1 both ways under one identifier, QoS 2 around them, and a SUBSCRIBE that nothing answers.
    #[test]
    fn handshakes_are_told_apart_by_direction_and_identifier() {
        let packets = [
            packet("from-iut", "PUBLISH", Some(9), None),
            packet("to-iut", "PUBLISH", Some(1), None),
            packet("from-iut", "PUBLISH", Some(1), None),
            packet("to-iut", "PUBREC", Some(9), None),
            packet("to-iut", "PUBACK", Some(1), None),
            packet("from-iut", "PUBREL", Some(9), None),
            packet("from-iut", "PUBACK", Some(1), None),
            packet("to-iut", "PUBCOMP", Some(9), None),
            packet("from-iut", "SUBSCRIBE", Some(2), None),
            packet("from-iut", "PUBLISH", None, None),
        ];
        let (ended, open) = handshakes(packets.iter().enumerate());
        assert_eq!(pairs(&ended), [(0, 7, 0), (1, 6, 1), (2, 4, 2)]);
        assert_eq!(open, [(8, "no SUBACK")]);
    }

    #[test]
    fn requests_are_joined_with_their_first_response() {
        let packets = [
            packet("to-iut", "PUBLISH", None, Some("a")),
            packet("to-iut", "PUBLISH", None, Some("b")),
            packet("from-peer", "PUBLISH", None, Some("b")),
            packet("from-iut", "PUBLISH", None, Some("a")),
            packet("from-iut", "PUBLISH", None, Some("a")),
        ];
        let (joined, unanswered) = exchanges(packets.iter().enumerate());
        let names: Vec<_> = joined.iter().map(|(pair, name)| (pair.from, pair.to, *name)).collect();
        assert_eq!(names, [(0, 3, "a")]);
        assert_eq!(unanswered, [1]);
    }
}

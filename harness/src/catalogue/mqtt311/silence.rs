//! How long a client stays silent: the times without a packet, measured against its keep alive. MQTT counts from the last
//! packet the client sent, WD04 from the last one in either direction; all else is the same for both.
//!
//! A machine that stands still makes packets late, so that no single time decides. Every time is taken with the
//! lag that the test system recorded about it, and of the times of one kind the shortest decides: it has to be too long
//! itself, and there have to be [`ENOUGH`] of them.

use crate::evidence::{Observation, PacketSeen, Setting};
use crate::judge::{Check, Deviation, Ledger, Limit, Ruling, Witness};
use std::collections::{BTreeMap, VecDeque};
use touchstone_fixtures::recording::{ConnectionId, FaultState, Nanos, ProcessChange, Tester};
use touchstone_fixtures::wire::mqtt311::{Body, PacketType};

/// So many times, each of them too long, are a break.
const ENOUGH: usize = 3;
/// Most times that are kept; no scenario comes near.
const SPANS: usize = 65_536;
/// Most lags that are kept one by one.
const LAGS: usize = 65_536;
/// Lags are sampled every 10 ms: one that ended shortly before a packet may have touched it.
const NEAR: u64 = 50_000_000;
const SECOND: u64 = 1_000_000_000;

/// How a rule counts.
#[derive(Clone, Copy, Debug)]
pub(in crate::catalogue) struct Rule {
    /// Whether the packets of the server start the clock again, too.
    pub either_way: bool,
    /// The part of the keep alive that may pass, in percent.
    pub percent: u64,
}

impl Rule {
    /// How long may pass, in nanoseconds.
    fn limit(self, keep_alive: u64) -> u64 {
        keep_alive / 100 * self.percent
    }
}

/// What happened during a time without a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing.
    Idle,
    /// The server sent messages, and the client nothing.
    Receiving,
}

/// What a time without a packet can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// From one PINGREQ to the next, and nothing else in between: it was due, and it came.
    Ping,
    /// Longer than allowed, however it began and ended.
    Silence,
    /// The longest of all the times in two keep alives in which the server sent nothing but answers: a client that talks
    /// all the time needs no PINGREQ.
    Stretch,
}

/// A time without a packet.
#[derive(Debug)]
struct Span {
    phase: Phase,
    kind: Kind,
    from: Nanos,
    to: Nanos,
    length: u64,
    keep_alive: u64,
    /// Whether a packet of the client ended it, or it went on until the connection or the recording ended.
    ended: bool,
    witness: Witness,
}

/// A time in which the test system stood still.
#[derive(Debug)]
struct Lag {
    from: Nanos,
    to: Nanos,
    nanos: u64,
}

/// One connection.
#[derive(Debug, Default)]
struct Line {
    /// In nanoseconds; 0: switched off.
    keep_alive: u64,
    /// CONNACK has accepted it, and nothing has ended it.
    up: bool,
    /// When the clock was last started, and by which packet.
    last: Nanos,
    witness: Option<Witness>,
    /// Whether it was started by a PINGREQ (or by its PINGRESP, where that counts).
    pinged: bool,
    /// A PINGREQ waits for its PINGRESP: what the client may do meanwhile is another rule's business.
    waiting: bool,
    /// A fault fired since: whatever is missing may be its doing.
    spoiled: bool,
    /// Messages that came since, and when the last one did.
    messages: u32,
    message: Nanos,
    /// Since when the server has sent nothing but answers, and the longest time without a packet since.
    quiet: Nanos,
    longest: u64,
}

/// Measures the silence of a client.
#[derive(Debug)]
pub(in crate::catalogue) struct Silence {
    rule: Rule,
    lines: BTreeMap<ConnectionId, Line>,
    spans: Vec<Span>,
    lags: VecDeque<Lag>,
    overflown: bool,
}

impl Silence {
    pub(in crate::catalogue) fn new(rule: Rule) -> Silence {
        Silence { rule, lines: BTreeMap::new(), spans: Vec::new(), lags: VecDeque::new(), overflown: false }
    }

    fn sent(&mut self, p: &PacketSeen) {
        let line = self.lines.entry(p.conn).or_default();
        if let Body::Connect(connect) = &p.packet.body {
            line.keep_alive = connect.keep_alive.as_ref().map_or(0, |k| u64::from(k.value)) * SECOND;
            return;
        }
        if !line.up {
            return;
        }
        let ping = p.packet.packet_type == PacketType::Pingreq;
        self.measure(p.conn, p.at, Some(Witness::packet(p)), ping);
        self.stretch(p);
        let Some(line) = self.lines.get_mut(&p.conn) else { return };
        line.start(p, ping);
        line.waiting |= ping;
        line.up &= p.packet.packet_type != PacketType::Disconnect;
    }

    fn received(&mut self, p: &PacketSeen) {
        let Some(line) = self.lines.get_mut(&p.conn) else { return };
        if let Body::Connack(connack) = &p.packet.body {
            line.up = line.keep_alive > 0 && connack.return_code.as_ref().is_some_and(|code| code.value == 0);
            line.start(p, false);
            line.quiet = p.end_at;
            return;
        }
        if !line.up {
            return;
        }
        let answers_ping = p.packet.packet_type == PacketType::Pingresp;
        if self.rule.either_way {
            // How long a PINGRESP takes is the server's business.
            if !answers_ping {
                self.measure(p.conn, p.at, None, false);
            }
            let Some(line) = self.lines.get_mut(&p.conn) else { return };
            let pinged = line.pinged && line.waiting && answers_ping;
            line.start(p, pinged);
        }
        let Some(line) = self.lines.get_mut(&p.conn) else { return };
        line.waiting &= !answers_ping;
        if p.packet.packet_type == PacketType::Publish && !self.rule.either_way {
            line.messages += 1;
            line.message = p.end_at;
        }
        if p.packet.packet_type == PacketType::Publish || p.injected {
            line.quiet = p.end_at;
            line.longest = 0;
        }
    }

    /// The clock of a connection has run until `to`. `sent`: the packet of the client that stopped it, if one did.
    fn measure(&mut self, conn: ConnectionId, to: Nanos, sent: Option<Witness>, ping: bool) {
        let rule = self.rule;
        let Some(line) = self.lines.get_mut(&conn) else { return };
        if !line.up {
            return;
        }
        if line.waiting || line.spoiled {
            line.quiet = to;
            line.longest = 0;
            return;
        }
        let length = to.since(line.last);
        line.longest = line.longest.max(length);
        let phase = if line.messages == 0 { Phase::Idle } else { Phase::Receiving };
        // One that starts its clock anew with each message would have waited for longer.
        let all_along = line.messages >= 2 && line.message.since(line.last) >= length / 2;
        let kind = if ping && line.pinged && (phase == Phase::Idle || all_along) {
            Kind::Ping
        } else if length > rule.limit(line.keep_alive) {
            Kind::Silence
        } else {
            return;
        };
        let ended = sent.is_some();
        let Some(witness) = sent.or_else(|| line.witness.clone()) else { return };
        let (from, keep_alive) = (line.last, line.keep_alive);
        self.keep(Span { phase, kind, from, to, length, keep_alive, ended, witness });
    }

    fn stretch(&mut self, p: &PacketSeen) {
        let Some(line) = self.lines.get_mut(&p.conn) else { return };
        let (from, keep_alive, length) = (line.quiet, line.keep_alive, line.longest);
        if p.at.since(from) < keep_alive.saturating_mul(2) {
            return;
        }
        line.quiet = p.end_at;
        line.longest = 0;
        let (to, witness) = (p.at, Witness::packet(p));
        let span = Span { phase: Phase::Idle, kind: Kind::Stretch, from, to, length, keep_alive, ended: true, witness };
        if length <= self.rule.limit(keep_alive) {
            self.keep(span);
        }
    }

    fn keep(&mut self, span: Span) {
        if self.spans.len() < SPANS {
            self.spans.push(span);
        } else {
            self.overflown = true;
        }
    }

    fn lagged(&mut self, at: Nanos, nanos: u64) {
        let from = Nanos(at.0.saturating_sub(nanos));
        let full = self.lags.len() >= LAGS;
        match self.lags.back_mut() {
            Some(last) if full => {
                last.to = at;
                last.nanos = last.nanos.max(nanos);
            }
            _ => self.lags.push_back(Lag { from, to: at, nanos }),
        }
    }

    /// The largest lag in that time, or close to it.
    fn lag(&self, from: Nanos, to: Nanos) -> u64 {
        let first = self.lags.partition_point(|lag| lag.to.plus(NEAR) < from);
        let touching = self.lags.iter().skip(first).take_while(|lag| lag.from <= to.plus(NEAR));
        touching.map(|lag| lag.nanos).max().unwrap_or(0)
    }

    /// How much shorter a time may have been than it was measured: the machine that was late to see its end, or at any
    /// moment, may have kept the client waiting, too.
    fn late(&self, span: &Span) -> u64 {
        self.lag(span.from, span.to)
    }

    /// How much longer it may have been: its beginning was seen late.
    fn early(&self, span: &Span) -> u64 {
        self.lag(span.from, if span.kind == Kind::Stretch { span.to } else { span.from })
    }

    fn conclude(&mut self, setting: &Setting, ledger: &mut Ledger) {
        if self.overflown {
            if let Some(last) = self.spans.last() {
                ledger.enter(last.witness.clone(), Ruling::Undecided("there were too many PINGREQs to follow".into()));
            }
            return;
        }
        for phase in [Phase::Idle, Phase::Receiving] {
            let mut kept = Vec::new();
            let mut late: Vec<(&Span, u64)> = Vec::new();
            let mut blurred = 0;
            for span in self.spans.iter().filter(|span| span.phase == phase) {
                let lag = self.late(span);
                let tolerance = span.keep_alive / 1_000 * setting.tolerances.keep_alive_per_mille;
                let limit = self.rule.limit(span.keep_alive);
                let allowed = limit.saturating_add(tolerance);
                if span.kind != Kind::Stretch {
                    ledger.measure(span.witness.clone(), span.length, Limit { limit, tolerance, lag });
                }
                if span.length.saturating_sub(lag) > allowed && span.kind != Kind::Stretch {
                    late.push((span, lag));
                } else if span.length.saturating_add(self.early(span)) <= allowed && span.kind != Kind::Silence {
                    kept.push(span);
                } else {
                    blurred += usize::from(span.kind != Kind::Stretch);
                }
            }
            let shortest = late.iter().min_by_key(|(span, _)| span.length).map(|(span, lag)| (*span, *lag));
            match shortest {
                _ if !kept.is_empty() => {
                    kept.into_iter().for_each(|span| ledger.enter(span.witness.clone(), Ruling::Met));
                }
                Some((span, lag)) if late.len() >= ENOUGH => {
                    ledger.enter(span.witness.clone(), self.broken(span, lag, late.len(), setting));
                }
                _ if late.is_empty() && blurred == 0 => {}
                _ => {
                    let Some(span) = self.spans.iter().find(|span| span.phase == phase) else { continue };
                    let why = format!(
                        "{} could be measured that {} too long, and {blurred} that the lag of the test system blurs; {ENOUGH} are needed",
                        late.len(),
                        if late.len() == 1 { "was" } else { "were" }
                    );
                    ledger.enter(span.witness.clone(), Ruling::CutShort(why));
                }
            }
        }
    }

    fn broken(&self, span: &Span, lag: u64, times: usize, setting: &Setting) -> Ruling {
        let seconds = |nanos: u64| format!("{}.{:03} s", nanos / SECOND, nanos % SECOND / 1_000_000);
        let keep_alive = span.keep_alive / SECOND;
        let tolerance = seconds(span.keep_alive / 1_000 * setting.tolerances.keep_alive_per_mille);
        let limit = seconds(self.rule.limit(span.keep_alive));
        let while_what = match (self.rule.either_way, span.phase) {
            (true, _) => "in either direction",
            (false, Phase::Idle) => "was sent",
            (false, Phase::Receiving) => "was sent while messages came in",
        };
        let length = seconds(span.length);
        let said = match span.ended {
            true => format!("no packet {while_what} for {length}, the shortest of {times} such times"),
            false => format!("no packet {while_what} for at least {length}, the shortest of {times} such times"),
        };
        let expected = match self.rule.either_way {
            true => format!(
                "a PINGREQ at most {limit} ({} % of the keep alive of {keep_alive} s) after the last packet",
                self.rule.percent
            ),
            false => format!("at most the keep alive of {limit} between two packets of the client"),
        };
        let actual = format!("{length}; tolerance {tolerance}, lag of the test system {}", seconds(lag));
        Ruling::Broken(Deviation { witness: None, said, expected, actual })
    }
}

impl Line {
    /// The clock starts with a packet.
    fn start(&mut self, p: &PacketSeen, pinged: bool) {
        self.last = p.end_at;
        self.witness = Some(Witness::packet(p));
        self.pinged = pinged;
        self.spoiled = false;
        self.messages = 0;
    }
}

impl Check for Silence {
    fn observe(&mut self, observation: &Observation, setting: &Setting, ledger: &mut Ledger) {
        match observation {
            Observation::Packet(p) if p.from_iut() => self.sent(p),
            Observation::Packet(p) => self.received(p),
            Observation::Tester { about: Tester::Lag { nanos }, at } => self.lagged(*at, *nanos),
            Observation::Fault { state: FaultState::Fired, conn, at, .. } => {
                for (_, line) in self.lines.iter_mut().filter(|(id, _)| conn.is_none_or(|conn| conn == **id)) {
                    line.spoiled = true;
                    line.quiet = *at;
                    line.longest = 0;
                }
            }
            // Whoever was asked to stop may be busy with that.
            Observation::Process { change: ProcessChange::StopRequested { .. }, at, .. } => {
                let open: Vec<ConnectionId> = self.lines.keys().copied().collect();
                for conn in open {
                    self.measure(conn, *at, None, false);
                    self.lines.remove(&conn);
                }
            }
            Observation::Closed { conn, at, .. } => {
                self.measure(*conn, *at, None, false);
                self.lines.remove(conn);
            }
            Observation::End { at, .. } => {
                let open: Vec<ConnectionId> = self.lines.keys().copied().collect();
                for conn in open {
                    self.measure(conn, *at, None, false);
                }
                self.conclude(setting, ledger);
            }
            _ => {}
        }
    }
}

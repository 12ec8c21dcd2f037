//! Pairing: a request delivered to the IUT with the responses that repeat what tells it from others, called its
//! request_id here whatever a language calls it.
//!
//! Every step costs at most the logarithm of what came before, so that a flood is judged in bounded time.

use super::payload::Fit;
use super::{Delivery, Exchange, PacketSeen, ResponseSeen, Silence};
use bytes::Bytes;
use signs::Signs;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use touchstone_fixtures::recording::{Closer, ConnectionId, Nanos};
use touchstone_fixtures::wire::mqtt311::PacketType;

mod signs;

/// A packet of the IUT, and its place in the order of all that pairing was told.
type Sign = (u64, Arc<PacketSeen>);

/// An exchange while the recording goes on.
#[derive(Debug)]
struct Open {
    request: Arc<PacketSeen>,
    session: u32,
    order: u64,
    copies: u32,
    /// The newest copy: its place, its connection, and when it had been handed to the kernel.
    newest: u64,
    conn: ConnectionId,
    sent: Nanos,
    delivered: bool,
    responses: Vec<ResponseSeen>,
    /// Place of the first response.
    answered: Option<u64>,
    /// A response that may belong to this or to another request: silence is then no silence.
    unclear: bool,
    /// First acknowledgement by the IUT, and first response.
    ack: Option<Sign>,
    answer: Option<Sign>,
}

/// The exchanges under one request_id.
#[derive(Debug, Default)]
struct Keyed {
    /// Those whose content is a request, or cannot be read, and that have no final response yet.
    waiting: BTreeSet<usize>,
    /// The newest of them, answered or not.
    newest: Option<usize>,
    /// The newest message to the IUT that is no request: a response that came back, a notification.
    other: Option<usize>,
    /// Whether the IUT has answered any of them.
    answered: bool,
    /// Responses of which nobody can tell to which of those that wait they belong.
    unclear: usize,
}

/// Where the newest response under a packet identifier went.
#[derive(Clone, Copy, Debug)]
struct Published {
    exchange: usize,
    response: usize,
}

/// Pairs requests and responses in the order of the recording.
#[derive(Debug, Default)]
pub(super) struct Pairing {
    order: u64,
    exchanges: Vec<Open>,
    /// Exchanges by request_id (`None`: the request carries none that can be read).
    by_id: BTreeMap<Option<String>, Keyed>,
    /// Exchanges by the session and the packet identifier of their newest copy.
    by_packet: BTreeMap<(u32, u16), usize>,
    /// Exchanges by the connection and the packet identifier of a copy that can still be acknowledged there.
    by_ack: BTreeMap<(ConnectionId, u16), usize>,
    /// Exchanges by each of their copies.
    by_copy: BTreeMap<(ConnectionId, u32), usize>,
    published: BTreeMap<(u32, u16), Published>,
    /// The newest response under each packet identifier of each connection, while its acknowledgement has not arrived.
    unacknowledged: BTreeMap<(ConnectionId, u16), Published>,
    /// The newest of them with each content.
    unsettled: BTreeMap<u64, Published>,
    sessions: BTreeMap<ConnectionId, u32>,
    clients: BTreeMap<Bytes, u32>,
    next_session: u32,
    /// Ends of the IUT's process, and whether they were asked for.
    exits: Vec<(u64, Nanos, bool)>,
    /// Connections that somebody else than the IUT ended.
    taken: BTreeMap<ConnectionId, Nanos>,
    /// When responses came that may be meant for another request than the one they were joined with: those without a
    /// request_id, and those with one that nobody sent.
    strays: Vec<Nanos>,
}

impl Pairing {
    fn step(&mut self) -> u64 {
        self.order += 1;
        self.order
    }

    /// A CONNECT of the IUT: packet identifiers belong to the session of its client identifier.
    pub fn connected(&mut self, packet: &PacketSeen) {
        let Some(connect) = packet.packet.connect() else { return };
        let Some(client) = connect.client_id.as_ref().filter(|id| !id.bytes.is_empty()) else { return };
        let number = match self.clients.get(&client.bytes) {
            Some(number) => *number,
            None => {
                let number = self.fresh();
                self.clients.insert(client.bytes.clone(), number);
                number
            }
        };
        self.sessions.entry(packet.conn).or_insert(number);
    }

    fn fresh(&mut self) -> u32 {
        self.next_session = self.next_session.saturating_add(1);
        self.next_session
    }

    fn session(&mut self, conn: ConnectionId) -> u32 {
        match self.sessions.get(&conn) {
            Some(session) => *session,
            None => {
                let number = self.fresh();
                self.sessions.insert(conn, number);
                number
            }
        }
    }

    /// A PUBLISH with a message of the binding's language went to the IUT.
    pub fn request(&mut self, packet: &Arc<PacketSeen>) {
        let Some(publish) = packet.packet.publish() else { return };
        let order = self.step();
        let session = self.session(packet.conn);
        let id = publish.packet_id.as_ref().map(|s| s.value);
        let earlier = id.and_then(|id| self.by_packet.get(&(session, id))).copied().filter(|_| publish.dup);
        let copy_of =
            earlier.filter(|&index| self.exchanges.get(index).is_some_and(|open| same_content(&open.request, packet)));
        let index = copy_of.unwrap_or(self.exchanges.len());
        self.by_copy.insert((packet.conn, packet.ordinal), index);
        if let Some(id) = id {
            self.by_packet.insert((session, id), index);
            self.by_ack.insert((packet.conn, id), index);
        }
        if let Some(open) = copy_of.and_then(|index| self.exchanges.get_mut(index)) {
            open.copies = open.copies.saturating_add(1);
            open.newest = order;
            open.conn = packet.conn;
            open.sent = open.sent.max(packet.end_at);
            return;
        }
        let keyed = self.by_id.entry(packet.correlation().map(str::to_owned)).or_default();
        if packet.payload.as_ref().is_some_and(|payload| payload.facts().asks()) {
            keyed.waiting.insert(index);
            keyed.newest = Some(index);
        } else {
            keyed.other = Some(index);
        }
        self.exchanges.push(Open {
            request: Arc::clone(packet),
            session,
            order,
            copies: 1,
            newest: order,
            conn: packet.conn,
            sent: packet.end_at,
            delivered: false,
            responses: Vec::new(),
            answered: None,
            unclear: false,
            ack: None,
            answer: None,
        });
    }

    /// A packet to the IUT counts as delivered. `written`: when the kernel had taken it, if that is known.
    pub fn delivered(&mut self, packet: &PacketSeen, written: Option<Nanos>) {
        let index = self.by_copy.get(&(packet.conn, packet.ordinal)).copied();
        if let Some(open) = index.and_then(|i| self.exchanges.get_mut(i)) {
            open.delivered = true;
            if let Some(written) = written.filter(|_| open.conn == packet.conn) {
                open.sent = open.sent.max(written);
            }
        }
    }

    /// PUBACK or PUBREC reached the IUT: what it acknowledges need not come again.
    pub fn settled(&mut self, packet: &PacketSeen) {
        let published = packet.packet.packet_id().and_then(|id| self.unacknowledged.remove(&(packet.conn, id)));
        if let Some(print) = published.and_then(|published| self.of(published)).map(|seen| content(&seen.packet)) {
            self.unsettled.remove(&print);
        }
    }

    fn of(&self, published: Published) -> Option<&ResponseSeen> {
        self.exchanges.get(published.exchange)?.responses.get(published.response)
    }

    /// The response that this one is again, on a later connection: the same content, no acknowledgement of which had
    /// arrived. A client may send it under another identifier and with DUP 0, where the session is another one.
    fn again(&self, packet: &PacketSeen) -> Option<Published> {
        let published = self.unsettled.get(&content(packet)).copied()?;
        let earlier = &self.of(published)?.packet;
        (earlier.conn != packet.conn && same_content(earlier, packet)).then_some(published)
    }

    /// The IUT acknowledged a PUBLISH (PUBACK or PUBREC) on the connection it came on.
    pub fn acknowledged(&mut self, packet: &Arc<PacketSeen>) {
        if !matches!(packet.packet.packet_type, PacketType::Puback | PacketType::Pubrec) {
            return;
        }
        let order = self.step();
        let index = packet.packet.packet_id().and_then(|id| self.by_ack.get(&(packet.conn, id))).copied();
        if let Some(open) = index.and_then(|i| self.exchanges.get_mut(i)) {
            open.ack.get_or_insert_with(|| (order, Arc::clone(packet)));
        }
    }

    /// A response of the IUT. `tolerance`: the time to answer. False when it belongs to no request.
    pub fn response(&mut self, packet: &Arc<PacketSeen>, tolerance: u64) -> bool {
        let order = self.step();
        let session = self.session(packet.conn);
        let key = packet.correlation().map(str::to_owned);
        let Some(publish) = packet.packet.publish() else { return false };
        let id = publish.packet_id.as_ref().map(|s| s.value);
        let repeated =
            id.filter(|_| publish.dup).and_then(|id| self.published.get(&(session, id))).copied().filter(|published| {
                self.exchanges
                    .get(published.exchange)
                    .and_then(|open| open.responses.get(published.response))
                    .is_some_and(|earlier| same_content(&earlier.packet, packet))
            });
        let resent = repeated.or_else(|| self.again(packet));
        let index = match (resent, &key) {
            (Some(published), _) => published.exchange,
            (None, None) => {
                self.strays.push(packet.end_at);
                match self.nameless(packet.end_at, tolerance) {
                    Nameless::One(index) => index,
                    Nameless::Several => return true,
                    Nameless::No => return false,
                }
            }
            (None, Some(_)) => {
                let Some(keyed) = self.by_id.get(&key) else {
                    self.strays.push(packet.end_at);
                    return false;
                };
                match self.next(keyed, packet) {
                    Next::One(index) => index,
                    Next::Several(candidates) => {
                        self.unclear(&key, &candidates);
                        return true;
                    }
                    Next::No => return false,
                }
            }
        };
        let Some(open) = self.exchanges.get_mut(index) else { return false };
        let place = Published { exchange: index, response: open.responses.len() };
        if let Some(id) = id {
            self.published.insert((session, id), place);
            self.unacknowledged.insert((packet.conn, id), place);
            self.unsettled.insert(content(packet), place);
        }
        // Nobody can answer by its request_id what has not arrived.
        open.delivered |= key.is_some();
        open.responses.push(ResponseSeen {
            packet: Arc::clone(packet),
            redelivery: repeated.is_some(),
            resent: resent.is_some(),
        });
        open.answered.get_or_insert(order);
        open.answer.get_or_insert_with(|| (order, Arc::clone(packet)));
        if let Some(keyed) = self.by_id.get_mut(&key) {
            keyed.answered = true;
            if packet.payload.as_ref().is_some_and(|payload| payload.facts().is_final()) {
                keyed.waiting.remove(&index);
            }
        }
        true
    }

    /// The request that a response with a request_id answers, among those that have it: one that waits, by what both say of
    /// themselves, or else the newest.
    fn next(&self, keyed: &Keyed, packet: &PacketSeen) -> Next {
        let fit = |index: &usize| {
            let request = self.exchanges.get(*index).and_then(|open| open.request.payload.as_ref());
            request.zip(packet.payload.as_ref()).map_or(Fit::InTurn, |(request, answer)| answer.facts().fits(request))
        };
        let waiting: Vec<(usize, Fit)> =
            keyed.waiting.iter().take(LOOKED_AT).map(|index| (*index, fit(index))).collect();
        let fitting: Vec<usize> = waiting.iter().filter(|(_, fit)| *fit != Fit::No).map(|(index, _)| *index).collect();
        let in_turn = waiting.iter().any(|(_, fit)| *fit == Fit::InTurn);
        match fitting.as_slice() {
            [_, _, ..] if !in_turn => Next::Several(fitting),
            [first, ..] => Next::One(*first),
            [] => match keyed.waiting.first().copied().or(keyed.newest).or(keyed.other) {
                Some(index) => Next::One(index),
                None => Next::No,
            },
        }
    }

    /// One of these was answered, and nobody can tell which; once there are as many such responses as requests, all of
    /// them were.
    fn unclear(&mut self, key: &Option<String>, candidates: &[usize]) {
        for index in candidates {
            if let Some(open) = self.exchanges.get_mut(*index) {
                open.unclear = true;
                open.delivered = true;
            }
        }
        if let Some(keyed) = self.by_id.get_mut(key) {
            keyed.answered = true;
            keyed.unclear += 1;
            if keyed.unclear >= candidates.len() {
                keyed.unclear = 0;
                for index in candidates {
                    keyed.waiting.remove(index);
                }
            }
        }
    }

    /// The request that a response without a request_id answers: the only one without a request_id that still has
    /// time to be answered, or else the only one that waits at all. Among several nobody can tell.
    fn nameless(&mut self, at: Nanos, tolerance: u64) -> Nameless {
        let Some(keyed) = self.by_id.get(&None) else { return Nameless::No };
        let open = |index: &usize| self.exchanges.get(*index);
        let timely = |index: &usize| open(index).is_some_and(|o| o.sent.plus(tolerance) >= at);
        let mut recent = keyed.waiting.iter().rev().copied().take_while(timely);
        let candidates = match (recent.next(), recent.next()) {
            (Some(one), None) => return Nameless::One(one),
            (Some(_), Some(_)) => {
                keyed.waiting.iter().rev().copied().take_while(timely).take(UNCLEAR).collect::<Vec<_>>()
            }
            (None, _) => match (keyed.waiting.len(), keyed.waiting.first(), keyed.newest.or(keyed.other)) {
                (1, Some(one), _) => return Nameless::One(*one),
                (0, _, Some(newest)) if timely(&newest) => return Nameless::One(newest),
                (0, ..) => return Nameless::No,
                _ => keyed.waiting.iter().rev().copied().take(UNCLEAR).collect(),
            },
        };
        for index in candidates {
            if let Some(open) = self.exchanges.get_mut(index) {
                open.unclear = true;
            }
        }
        Nameless::Several
    }

    /// The IUT's process ended.
    pub fn exited(&mut self, at: Nanos, expected: bool) {
        let order = self.step();
        self.exits.push((order, at, expected));
    }

    /// A connection of the IUT is over.
    pub fn closed(&mut self, conn: ConnectionId, by: Closer, at: Nanos) {
        if by != Closer::Client {
            self.taken.entry(conn).or_insert(at);
        }
    }

    /// Everything that will ever be known. `response`: the time to answer, in nanoseconds; `names`: request_ids
    /// and the names they were captured under.
    pub fn conclude(self, response: u64, names: &BTreeMap<String, String>) -> Vec<Exchange> {
        let signs = Signs::of(&self.exchanges);
        let silences: Vec<Silence> = self
            .exchanges
            .iter()
            .enumerate()
            .map(|(index, open)| self.silence(index, open, response, &signs))
            .collect();
        let deaths: Vec<u64> = self.exits.iter().filter(|exit| !exit.2).map(|exit| exit.0).collect();
        self.exchanges
            .into_iter()
            .zip(silences)
            .map(|(open, silence)| {
                let request_id = open.request.correlation().map(str::to_owned);
                let death = deaths.get(deaths.partition_point(|order| *order < open.order)).copied();
                Exchange {
                    name: request_id.as_deref().and_then(|id| names.get(id)).cloned(),
                    request_id,
                    copies: open.copies,
                    delivery: if open.delivered { Delivery::Delivered } else { Delivery::Unknown },
                    silence,
                    died: death.is_some_and(|death| open.answered.is_none_or(|answered| answered > death)),
                    responses: open.responses,
                    request: open.request,
                }
            })
            .collect()
    }

    /// What silence is worth: nothing unless the request arrived, the IUT was left in peace until the time to answer
    /// had passed, and a command sent to the same session after that was acknowledged.
    fn silence(&self, index: usize, open: &Open, response: u64, signs: &Signs) -> Silence {
        if !open.responses.is_empty() {
            return Silence::Answered;
        }
        let due = open.sent.plus(response);
        let request_id = open.request.correlation();
        // The same request_id in another delivery: one answer may be meant for both.
        let shared =
            request_id.is_some_and(|id| self.by_id.get(&Some(id.to_owned())).is_some_and(|keyed| keyed.answered));
        let exit = self.exits.get(self.exits.partition_point(|exit| exit.0 < open.newest));
        let stopped = exit.is_some_and(|exit| exit.1 < due);
        let taken = self.taken.get(&open.conn).is_some_and(|at| *at < due);
        // A response with an id that nobody sent, or with none, may be the answer, wrongly named: that is its own finding.
        let astray = self.strays.get(self.strays.partition_point(|at| *at < open.sent)).is_some_and(|at| *at <= due);
        if !open.delivered || open.unclear || shared || stopped || taken || astray {
            return Silence::Open;
        }
        match signs.after(open.session, index, due) {
            (_, Some(answer)) => Silence::Proven { sentinel: answer, answered: true },
            (Some(ack), None) => Silence::Proven { sentinel: ack, answered: false },
            (None, None) => Silence::Open,
        }
    }
}

/// Whom a response with a request_id answers.
enum Next {
    One(usize),
    Several(Vec<usize>),
    No,
}

/// Most requests of one request_id that are looked at for one response.
const LOOKED_AT: usize = 64;

/// Whom a response without a request_id answers.
enum Nameless {
    One(usize),
    Several,
    No,
}

/// Most requests that one response without a request_id makes unclear.
const UNCLEAR: usize = 1000;

/// Tells messages apart without keeping them: topic and payload.
fn content(packet: &PacketSeen) -> u64 {
    let mut hasher = DefaultHasher::new();
    if let Some(publish) = packet.packet.publish() {
        publish.topic.as_ref().map(|topic| &topic.bytes).hash(&mut hasher);
        publish.payload.value.hash(&mut hasher);
    }
    hasher.finish()
}

fn same_content(a: &PacketSeen, b: &PacketSeen) -> bool {
    match (a.packet.publish(), b.packet.publish()) {
        (Some(a), Some(b)) => {
            a.payload.value == b.payload.value
                && a.topic.as_ref().map(|t| &t.bytes) == b.topic.as_ref().map(|t| &t.bytes)
        }
        _ => false,
    }
}

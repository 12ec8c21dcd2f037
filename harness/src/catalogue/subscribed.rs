//! What a client is subscribed to, over its session: for the requirements of several catalogues.

use super::wd04::seconds;
use crate::evidence::{Observation, PacketSeen, Setting};
use crate::judge::{Check, Deviation, Ledger, Ruling, Witness};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use touchstone_fixtures::recording::{ConnectionId, Nanos};
use touchstone_fixtures::wire::mqtt311::{Body, PacketType};

/// An accepted connection.
struct Live {
    connack: Arc<PacketSeen>,
    /// The newest of its CONNACK and its SUBSCRIBEs.
    newest: Nanos,
    disconnected: bool,
    resumed: bool,
    /// Identifiers of messages that it sent, and that nothing has acknowledged on this connection.
    open: BTreeSet<u16>,
}

/// Something that has to be subscribed to.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// What it is called.
    name: String,
    /// Topics, each of which will do; a level that could be anything is no wildcard there, but some text that no filter names.
    topics: Vec<String>,
    /// Where nobody knows the topics: what a filter looks like that will do. Then nothing is blamed.
    shape: Option<fn(&str) -> bool>,
}

impl Wanted {
    /// Any of these topics; the first is the one that is spoken of.
    pub(super) fn any(topics: Vec<String>) -> Wanted {
        Wanted { name: topics.first().cloned().unwrap_or_default(), topics, shape: None }
    }

    /// What filters of that shape let through.
    pub(super) fn shaped(name: &str, shape: fn(&str) -> bool) -> Wanted {
        Wanted { name: name.to_owned(), topics: Vec::new(), shape: Some(shape) }
    }

    fn covered_by(&self, filter: &str, covers: fn(filter: &str, topic: &str) -> bool) -> bool {
        self.topics.iter().any(|topic| covers(filter, topic)) || self.shape.is_some_and(|shape| shape(filter))
    }
}

/// Where it is said what has to be subscribed to.
#[derive(Clone, Copy)]
enum Source {
    Topics(fn(&Setting) -> Vec<String>),
    AnyOf(fn(&Setting) -> Vec<Wanted>),
}

impl Source {
    fn at(self, setting: &Setting) -> Vec<Wanted> {
        match self {
            Source::Topics(topics) => topics(setting).into_iter().map(|topic| Wanted::any(vec![topic])).collect(),
            Source::AnyOf(wanted) => wanted(setting),
        }
    }
}

/// Follows what is subscribed to, for the topics that one requirement wants.
pub(super) struct Subscriptions {
    wanted: Source,
    /// Whether a filter covers a wanted topic.
    covers: fn(filter: &str, topic: &str) -> bool,
    live: BTreeMap<ConnectionId, Live>,
    /// `newest` of all of them.
    newest: BTreeSet<(Nanos, ConnectionId)>,
    /// Wanted topics that are covered; kept from connection to connection unless the session begins anew.
    covered: BTreeSet<String>,
    /// Those that were covered until an UNSUBSCRIBE, and when: who is about to leave may unsubscribe.
    left: BTreeMap<String, Nanos>,
    /// Whether a session was resumed that began before the recording.
    unknown: bool,
}

impl Subscriptions {
    /// The check of one requirement. `wanted`: the topics; a level that could be anything is no wildcard there, but some
    /// text that no filter names.
    pub(super) fn check(wanted: fn(&Setting) -> Vec<String>) -> Box<dyn Check> {
        Subscriptions::covered_by(wanted, matches)
    }

    /// The same, where a topic may be covered by other filters than those that match it.
    pub(super) fn covered_by(
        wanted: fn(&Setting) -> Vec<String>,
        covers: fn(filter: &str, topic: &str) -> bool,
    ) -> Box<dyn Check> {
        Subscriptions::made(Source::Topics(wanted), covers)
    }

    /// The same, where one of several topics will do.
    pub(super) fn any_of(wanted: fn(&Setting) -> Vec<Wanted>) -> Box<dyn Check> {
        Subscriptions::made(Source::AnyOf(wanted), matches)
    }

    fn made(wanted: Source, covers: fn(filter: &str, topic: &str) -> bool) -> Box<dyn Check> {
        Box::new(Subscriptions {
            wanted,
            covers,
            live: BTreeMap::new(),
            newest: BTreeSet::new(),
            covered: BTreeSet::new(),
            left: BTreeMap::new(),
            unknown: false,
        })
    }

    fn accepted(&mut self, p: &Arc<PacketSeen>, setting: &Setting, ledger: &mut Ledger) {
        let Body::Connack(connack) = &p.packet.body else { return };
        if p.injected || connack.return_code.as_ref().is_none_or(|code| code.value != 0) {
            return;
        }
        if connack.session_present() {
            self.unknown |= !setting.births_known;
            for _ in &self.covered {
                ledger.enter(Witness::packet(p), Ruling::Met);
            }
        } else if self.live.is_empty() {
            // With another connection open this is another session of the same IUT, and adds to it.
            self.covered.clear();
            self.unknown = false;
        }
        let resumed = connack.session_present();
        let live =
            Live { connack: Arc::clone(p), newest: p.end_at, disconnected: false, resumed, open: BTreeSet::new() };
        self.ended(p.conn);
        self.newest.insert((live.newest, p.conn));
        self.live.insert(p.conn, live);
    }

    fn ended(&mut self, conn: ConnectionId) {
        if let Some(live) = self.live.remove(&conn) {
            self.newest.remove(&(live.newest, conn));
        }
    }

    fn leaving(&mut self, p: &PacketSeen, setting: &Setting, ledger: &mut Ledger) {
        if p.packet.packet_type == PacketType::Disconnect {
            self.decide(p.conn, p.at, setting, ledger);
            if let Some(live) = self.live.get_mut(&p.conn) {
                live.disconnected = true;
            }
        }
        match &p.packet.body {
            Body::Publish(publish) if publish.qos > 0 => {
                if let (Some(live), Some(id)) = (self.live.get_mut(&p.conn), p.packet.packet_id()) {
                    live.open.insert(id);
                }
            }
            Body::Subscribe(subscribe) if !p.packet.truncated => {
                if let Some(live) = self.live.get_mut(&p.conn) {
                    self.newest.remove(&(live.newest, p.conn));
                    self.newest.insert((p.end_at, p.conn));
                    live.newest = p.end_at;
                }
                let filters: Vec<&str> =
                    subscribe.subscriptions.iter().filter_map(|s| s.filter.text.as_deref()).collect();
                for wanted in self.wanted.at(setting) {
                    if filters.iter().any(|filter| wanted.covered_by(filter, self.covers)) {
                        ledger.enter(Witness::packet(p), Ruling::Met);
                        self.covered.insert(wanted.name);
                    }
                }
            }
            Body::Unsubscribe(unsubscribe) if !p.packet.truncated => {
                let filters: Vec<&str> = unsubscribe.filters.iter().filter_map(|f| f.text.as_deref()).collect();
                let gone = self.covered.iter().filter(|topic| filters.contains(&topic.as_str()));
                self.left.extend(gone.map(|topic| (topic.clone(), p.end_at)));
                self.covered.retain(|topic| !filters.contains(&topic.as_str()));
            }
            _ => {}
        }
    }

    /// Nothing more will be subscribed to on this connection.
    fn decide(&mut self, conn: ConnectionId, at: Nanos, setting: &Setting, ledger: &mut Ledger) {
        let Some(live) = self.live.get(&conn).filter(|live| !live.disconnected && !self.unknown) else { return };
        let newest = self.newest.last().map_or(live.newest, |(newest, _)| *newest);
        let lived = at.since(newest);
        let leaving =
            |topic: &str| self.left.get(topic).is_some_and(|left| at.since(*left) <= setting.tolerances.response);
        for wanted in self.wanted.at(setting) {
            let topic = &wanted.name;
            if self.covered.contains(topic) || leaving(topic) || wanted.shape.is_some() {
                continue;
            }
            let ruling = if !live.open.is_empty() {
                Ruling::CutShort(format!("The client waited for an acknowledgement before it subscribed to `{topic}`"))
            } else if lived > setting.tolerances.response {
                let resumed = match live.resumed {
                    true => ", and the session that was resumed (Session Present 1) holds none either",
                    false => "",
                };
                Ruling::Broken(Deviation {
                    witness: None,
                    said: format!("No SUBSCRIBE covers `{topic}`{resumed}"),
                    expected: format!("a subscription to `{topic}`"),
                    actual: format!(
                        "none in the {} after the connection was accepted or last subscribed",
                        seconds(lived)
                    ),
                })
            } else {
                Ruling::CutShort(format!("The connection ended before `{topic}` had to be subscribed to"))
            };
            ledger.enter(Witness::packet(&live.connack), ruling);
        }
    }
}

impl Check for Subscriptions {
    fn observe(&mut self, observation: &Observation, setting: &Setting, ledger: &mut Ledger) {
        match observation {
            Observation::Packet(p) if p.from_iut() => self.leaving(p, setting, ledger),
            Observation::Packet(p) => {
                if matches!(p.packet.packet_type, PacketType::Puback | PacketType::Pubrec)
                    && let (Some(live), Some(id)) = (self.live.get_mut(&p.conn), p.packet.packet_id())
                {
                    live.open.remove(&id);
                }
                self.accepted(p, setting, ledger);
            }
            Observation::Closed { conn, at, .. } => {
                self.decide(*conn, *at, setting, ledger);
                self.ended(*conn);
            }
            Observation::End { at, .. } => {
                let open: Vec<ConnectionId> = self.live.keys().copied().collect();
                for conn in open {
                    self.decide(conn, *at, setting, ledger);
                }
            }
            _ => {}
        }
    }
}

/// Whether `filter` matches `topic` by MQTT 3.1.1, 4.7.
pub(super) fn matches(filter: &str, topic: &str) -> bool {
    let mut levels = topic.split('/');
    let mut filters = filter.split('/').peekable();
    while let Some(filter) = filters.next() {
        if filter == "#" {
            return filters.peek().is_none();
        }
        match levels.next() {
            Some(level) if filter == "+" || filter == level => {}
            Some(_) | None => return false,
        }
    }
    levels.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_match_by_levels() {
        assert!(matches("oc2/cmd/all", "oc2/cmd/all"));
        assert!(matches("oc2/cmd/ap/#", "oc2/cmd/ap/alpha"));
        assert!(matches("oc2/+/ap/+", "oc2/cmd/ap/alpha"));
        assert!(matches("#", "oc2/cmd/all"));
        assert!(!matches("oc2/cmd/ap/#", "oc2/cmd/all"));
        assert!(!matches("oc2/cmd", "oc2/cmd/all"));
        assert!(!matches("oc2/cmd/all/+", "oc2/cmd/all"));
        assert!(!matches("oc2/#/all", "oc2/cmd/all"));
    }
}

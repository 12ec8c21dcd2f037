//! What a client is subscribed to, over its session (3.1.8).

use super::support::{judgeable, matches, seconds};
use crate::catalogue::{Examples, Judged};
use crate::evidence::sketch::{FILTERS, Sketch};
use crate::evidence::{Observation, PacketSeen, Setting};
use crate::iut::Role;
use crate::judge::{Check, Deviation, Ledger, Ruling, Witness};
use crate::requirement;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use touchstone_fixtures::recording::{ConnectionId, Nanos};
use touchstone_fixtures::wire::mqtt311::{Body, PacketType, build};

fn ready(s: &mut Sketch) {
    s.ready();
}

fn ready_producer(s: &mut Sketch) {
    s.ready_producer();
}

fn connected_only(s: &mut Sketch) {
    s.connect();
}

fn resumed_from_before(s: &mut Sketch) {
    s.births_known = false;
    s.reconnect();
    s.wait(2_500);
}

/// Subscribes to all filters but `left_out`, and lives on.
fn without(s: &mut Sketch, left_out: &str) {
    s.connect();
    let filters: Vec<_> = FILTERS.iter().filter(|f| **f != left_out).map(|f| (*f, 1)).collect();
    s.subscribe(&filters);
    s.wait(2_500);
}

fn resubscribed(s: &mut Sketch) {
    s.ready();
    s.cut();
    s.reconnect();
    s.wait(2_500);
}

requirement! {
    /// A Consumer subscribes to `oc2/cmd/all`.
    ///
    /// # Interpretation
    /// What counts is the session: where the server still has one, earlier subscriptions are part of it. A wildcard
    /// that covers the topic subscribes to it, too; whether that wildcard is in order is judged elsewhere.
    ///
    /// # Judged
    /// Over all connections of the IUT that were accepted. Met by a SUBSCRIBE that covers the topic, or by session
    /// present 1 after one. Broken when a connection ends, or the recording does, without it, provided that nothing
    /// was subscribed to for the time granted to answer, nor the topic unsubscribed from: a client that leaves may do
    /// that. Nothing is decided where the session is older than the recording, or while a message of the client waits
    /// for its acknowledgement: it may send again what is open before it subscribes.
    ALL {
        id: "wd04/subscribe-all",
        rows: &["W4-024", "W4-050", "W4-052"],
        clause: "3.1.8",
        roles: &[Role::Consumer],
        judged: Judged::Machine(|| Subscriptions::check(|_| vec!["oc2/cmd/all".to_owned()])),
        examples: Examples {
            conforming: &[ready, resubscribed, |s| {
                s.connect();
                s.subscribe(&[("oc2/cmd/#", 1)]);
            }],
            violating: &[|s| without(s, "oc2/cmd/all"), |s| {
                s.connect();
                s.wait(2_500);
            }, |s| {
                // A second session without subscriptions, after a clean start.
                without(s, "oc2/cmd/all");
                s.closed_by_iut();
                s.connect();
                s.wait(2_500);
            }, |s| {
                // The session that the server resumes began without a subscription.
                s.connect();
                s.cut();
                s.reconnect();
                s.wait(2_500);
            }],
            silent: &[connected_only, resumed_from_before, |s| {
                // It waits for its PUBACK first.
                s.connect();
                s.iut(build::publish("oc2/rsp", 1, 9, b"one"));
                s.wait(2_500);
            }],
        },
    }
}

requirement! {
    /// A Consumer subscribes to the topic of its device, `oc2/cmd/device/<id>`.
    ///
    /// # Judged
    /// As wd04/subscribe-all, for the declared device id.
    DEVICE {
        id: "wd04/subscribe-device",
        rows: &["W4-025", "W4-052"],
        clause: "3.1.8",
        roles: &[Role::Consumer],
        when: Some(("it declares a device id (`device_id`)", |pics| pics.device_id.is_some())),
        judged: Judged::Machine(|| {
            Subscriptions::check(|setting| {
                setting.pics.device_id.iter().map(|id| format!("oc2/cmd/device/{id}")).collect()
            })
        }),
        examples: Examples {
            conforming: &[ready, resubscribed],
            violating: &[|s| without(s, "oc2/cmd/device/zulu")],
            silent: &[connected_only, resumed_from_before],
        },
    }
}

requirement! {
    /// A Consumer subscribes to the topic of every actuator profile it implements, `oc2/cmd/ap/<profile>`.
    ///
    /// # Interpretation
    /// `oc2/cmd/ap/#` subscribes to all of them.
    ///
    /// # Judged
    /// As wd04/subscribe-all, for each declared profile.
    PROFILES {
        id: "wd04/subscribe-profiles",
        rows: &["W4-023", "W4-052"],
        clause: "3.1.8",
        roles: &[Role::Consumer],
        when: Some(("it declares profiles (`actuator_profiles`)", |pics| !pics.actuator_profiles.is_empty())),
        judged: Judged::Machine(|| {
            Subscriptions::check(|setting| {
                setting.pics.actuator_profiles.iter().map(|profile| format!("oc2/cmd/ap/{profile}")).collect()
            })
        }),
        examples: Examples {
            conforming: &[ready, resubscribed, |s| {
                s.connect();
                s.subscribe(&[("oc2/cmd/ap/#", 1)]);
            }],
            violating: &[|s| without(s, "oc2/cmd/ap/alpha"), |s| without(s, "oc2/cmd/ap/iota")],
            silent: &[connected_only, resumed_from_before],
        },
    }
}

requirement! {
    /// A Producer subscribes to `oc2/rsp`.
    ///
    /// # Judged
    /// As wd04/subscribe-all, for a Producer and `oc2/rsp`.
    RESPONSES {
        id: "wd04/subscribe-responses",
        rows: &["W4-026", "W4-050", "W4-053"],
        clause: "3.1.8",
        roles: &[Role::Producer],
        judged: Judged::Machine(|| Subscriptions::check(|_| vec!["oc2/rsp".to_owned()])),
        examples: Examples {
            conforming: &[ready_producer, |s| {
                s.ready_producer();
                s.cut();
                s.reconnect();
                s.wait(2_500);
            }],
            violating: &[
                |s| {
                    s.producer();
                    s.connect();
                    s.wait(2_500);
                },
                |s| {
                    s.producer();
                    s.connect();
                    s.subscribe(&[("oc2/cmd/all", 1)]);
                    s.wait(2_500);
                },
            ],
            silent: &[
                |s| {
                    s.producer();
                    s.connect();
                },
                |s| {
                    s.producer();
                    resumed_from_before(s);
                },
            ],
        },
    }
}

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

/// Follows what is subscribed to, for the topics that one requirement wants.
struct Subscriptions {
    wanted: fn(&Setting) -> Vec<String>,
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
    fn check(wanted: fn(&Setting) -> Vec<String>) -> Box<dyn Check> {
        Box::new(Subscriptions {
            wanted,
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
            Body::Subscribe(subscribe) if judgeable(p) => {
                if let Some(live) = self.live.get_mut(&p.conn) {
                    self.newest.remove(&(live.newest, p.conn));
                    self.newest.insert((p.end_at, p.conn));
                    live.newest = p.end_at;
                }
                let filters: Vec<&str> =
                    subscribe.subscriptions.iter().filter_map(|s| s.filter.text.as_deref()).collect();
                for topic in (self.wanted)(setting) {
                    if filters.iter().any(|filter| matches(filter, &topic)) {
                        ledger.enter(Witness::packet(p), Ruling::Met);
                        self.covered.insert(topic);
                    }
                }
            }
            Body::Unsubscribe(unsubscribe) if judgeable(p) => {
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
        for topic in (self.wanted)(setting).iter().filter(|topic| !self.covered.contains(*topic) && !leaving(topic)) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::observe;
    use crate::judge::{Outcome, judge};

    fn outcome(example: fn(&mut Sketch), promised: bool) -> Outcome {
        let evidence = observe(&Sketch::of(example)).unwrap();
        judge(&evidence, [&ALL])[ALL.id].outcome(promised)
    }

    #[test]
    fn an_early_end_leaves_a_promise_open() {
        assert_eq!(outcome(connected_only, true), Outcome::Undecided);
        assert_eq!(outcome(connected_only, false), Outcome::None);
    }

    #[test]
    fn what_was_unsubscribed_from_is_not_covered() {
        fn example(s: &mut Sketch) {
            s.ready();
            s.iut(build::unsubscribe(7, ["oc2/cmd/all"]));
            s.wait(2_500);
        }
        assert_eq!(outcome(example, false), Outcome::Broken);
    }

    #[test]
    fn who_leaves_may_unsubscribe() {
        fn example(s: &mut Sketch) {
            s.ready();
            s.wait(2_500);
            s.iut(build::unsubscribe(7, ["oc2/cmd/all"]));
            s.edge(build::ack(PacketType::Unsuback, 7));
            s.iut(build::disconnect());
            s.closed_by_iut();
        }
        assert_eq!(outcome(example, true), Outcome::Met);
    }

    #[test]
    fn a_second_connection_need_not_subscribe() {
        fn example(s: &mut Sketch) {
            s.ready();
            s.connect();
            s.wait(2_500);
        }
        assert_eq!(outcome(example, false), Outcome::Met);
    }
}

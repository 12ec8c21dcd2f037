//! What a client is subscribed to, over its session (3.1.8).

use crate::catalogue::subscribed::Subscriptions;
use crate::catalogue::{Examples, Judged};
use crate::evidence::sketch::{FILTERS, Sketch};
use crate::iut::Role;
use crate::requirement;
use touchstone_fixtures::wire::mqtt311::build;

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
            s.edge(build::ack(touchstone_fixtures::wire::mqtt311::PacketType::Unsuback, 7));
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

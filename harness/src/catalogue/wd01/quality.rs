//! Quality of service, and what is left open of messages (2.3, 2.4).

use super::support::{answered, asked, commanded_on, no_message, query, ready, ready_producer, response};
use crate::catalogue::wd04::publish::qos as publish_qos;
use crate::catalogue::wd04::subscribe::qos as subscribe_qos;
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::requirement;
use touchstone_fixtures::wire::mqtt311::build;

requirement! {
    /// Messages are published with QoS 1, the proposed default.
    ///
    /// # Interpretation
    /// A proposal for most applications: QoS 2 is mostly not worth its cost, which leaves it to those who choose it. It
    /// is chosen unless QoS 1 is declared and the option `qos2` is not. Nothing speaks against QoS 0 in so many words,
    /// but it is not the default.
    ///
    /// # Judged
    /// On every PUBLISH with an OpenC2 message.
    PUBLISH_QOS {
        id: "wd01/publish-qos",
        rows: &["W1-018"],
        clause: "2.4",
        level: Level::Guidance,
        trigger: Trigger::Tester,
        judged: Judged::Packet(publish_qos),
        examples: Examples {
            conforming: &[answered, |s| commanded_on(s, "oc2/cmd/ap/slpf"), |s| {
                s.pics.qos = Some(2);
                asked(s);
                s.iut(build::publish("oc2/rsp", 2, 9, response()));
            }],
            violating: &[
                |s| {
                    asked(s);
                    s.iut(build::publish("oc2/rsp", 0, 0, response()));
                },
                |s| {
                    s.ready_wd01_producer();
                    s.iut(build::publish("oc2/cmd/ap/slpf", 2, 9, query()));
                },
            ],
            silent: &[no_message],
        },
    }
}

requirement! {
    /// Subscriptions ask for QoS 1 at least, so that messages come with the proposed default.
    ///
    /// # Interpretation
    /// A server delivers with the lower of the QoS of the message and of the subscription.
    ///
    /// # Judged
    /// On every SUBSCRIBE with a filter below `oc2/`: the requested QoS of those filters.
    SUBSCRIBE_QOS {
        id: "wd01/subscribe-qos",
        rows: &["W1-018"],
        clause: "2.4",
        level: Level::Guidance,
        judged: Judged::Packet(subscribe_qos),
        examples: Examples {
            conforming: &[ready, ready_producer],
            violating: &[|s| {
                s.wd01();
                s.connect();
                s.subscribe(&[("oc2/cmd/ap/alpha", 1), ("oc2/cmd/ap/iota", 0)]);
            }],
            silent: &[|s| {
                s.wd01();
                s.connect();
                s.subscribe(&[("weather/#", 0)]);
            }],
        },
    }
}

requirement! {
    /// The format of messages is that of a proposal of the language's maintainers, or similar.
    MESSAGE_FORMAT {
        id: "wd01/message-format",
        rows: &["W1-017"],
        clause: "2.3",
        level: Level::Guidance,
        judged: Judged::Untestable("the clause points to a proposal \"or similar\" and settles no format that a payload could be held against"),
    }
}

//! Clients that do what MQTT 3.1.1 allows and few do: no rule may hold it against them. And what looks alike and is not allowed.

use super::CATALOGUE;
use crate::evidence::observe;
use crate::evidence::sketch::Sketch;
use crate::judge::{Outcome, judge};
use touchstone_fixtures::wire::mqtt311::build;

/// A conversation, and what it is called or breaks.
type Told = (&'static str, fn(&mut Sketch));

/// What breaks, or stays undecided, in a conversation.
fn found(example: fn(&mut Sketch)) -> Vec<(&'static str, Outcome)> {
    let evidence = observe(&Sketch::of(example)).expect("sketches have a context");
    let ledgers = judge(&evidence, CATALOGUE.requirements.iter().copied());
    let outcomes = ledgers.iter().map(|(id, ledger)| (*id, ledger.outcome(false)));
    outcomes.filter(|(_, outcome)| *outcome > Outcome::Met).collect()
}

/// QoS 2 both ways at once, under the same packet identifier: each end counts its own.
fn qos_2_both_ways(s: &mut Sketch) {
    s.ready();
    s.edge(build::publish("oc2/cmd/all", 2, 5, b"in"));
    s.iut(build::publish("oc2/rsp", 2, 5, b"out"));
    s.edge(build::pubrec(5));
    s.iut(build::pubrec(5));
    s.iut(build::pubrel(5));
    s.edge(build::pubrel(5));
    s.iut(build::pubcomp(5));
    s.edge(build::pubcomp(5));
    s.wait(3_000);
}

/// Several messages at QoS 2 in flight, each at another point of its exchange when the connection is cut.
fn qos_2_interleaved_and_cut(s: &mut Sketch) {
    s.ready();
    s.iut(build::publish("oc2/rsp", 2, 1, b"one"));
    s.iut(build::publish("oc2/rsp", 2, 2, b"two"));
    s.iut(build::publish("oc2/rsp", 1, 3, b"three"));
    s.edge(build::pubrec(1));
    s.wait(300);
    s.iut(build::pubrel(1));
    s.edge(build::pubrec(2));
    s.cut();
    s.reconnect();
    // The PUBREC of 2 may have been lost, or not: here it was.
    s.iut(build::publish_flags(true, 2, false, "oc2/rsp", 2, b"two"));
    s.iut(build::publish_flags(true, 1, false, "oc2/rsp", 3, b"three"));
    s.iut(build::pubrel(1));
    s.edge(build::pubcomp(1));
    s.edge(build::puback(3));
    s.edge(build::pubrec(2));
    s.iut(build::pubrel(2));
    s.edge(build::pubcomp(2));
    s.wait(3_000);
}

/// The PUBREC had come: the PUBREL goes out on the next connection for the first time.
fn pubrel_on_the_next_connection(s: &mut Sketch) {
    s.ready();
    s.iut(build::publish("oc2/rsp", 2, 1, b"one"));
    s.edge(build::pubrec(1));
    s.cut();
    s.reconnect();
    s.iut(build::pubrel(1));
    s.edge(build::pubcomp(1));
    s.wait(3_000);
}

/// Identifiers come again as soon as their exchanges are over, among other packets, too.
fn identifiers_at_once_again(s: &mut Sketch) {
    s.connect();
    s.iut(build::subscribe(1, [("oc2/cmd/all", 1)]));
    s.edge(build::suback(1, [1]));
    for _ in 0..3 {
        s.iut(build::publish("oc2/rsp", 1, 1, b"same"));
        s.edge(build::puback(1));
        s.iut(build::publish("oc2/rsp", 2, 1, b"same"));
        s.edge(build::pubrec(1));
        s.iut(build::pubrel(1));
        s.edge(build::pubcomp(1));
    }
    s.iut(build::unsubscribe(1, ["oc2/cmd/all"]));
    s.edge(build::unsuback(1));
    s.iut(build::subscribe(1, [("oc2/cmd/all", 1)]));
    s.edge(build::suback(1, [1]));
    s.wait(3_000);
}

/// Acknowledgements come in another order than what they acknowledge was sent, as MQTT lets servers do.
fn acknowledged_out_of_order(s: &mut Sketch) {
    s.ready();
    for id in 1..=3 {
        s.iut(build::publish("oc2/rsp", 1, id, [u8::try_from(id).unwrap_or_default()]));
    }
    for id in [3, 1, 2] {
        s.edge(build::puback(id));
    }
    s.wait(3_000);
}

/// QoS 1 and QoS 2 are answered each in its own order.
fn answers_of_two_levels(s: &mut Sketch) {
    s.ready();
    s.edge(build::publish("oc2/cmd/all", 2, 1, b"a"));
    s.edge(build::publish("oc2/cmd/all", 1, 2, b"b"));
    s.edge(build::publish("oc2/cmd/all", 0, 0, b"c"));
    s.edge(build::publish("oc2/cmd/all", 2, 3, b"d"));
    s.iut(build::puback(2));
    s.iut(build::pubrec(1));
    s.edge(build::pubrel(1));
    s.iut(build::pubrec(3));
    s.iut(build::pubcomp(1));
    s.edge(build::pubrel(3));
    s.iut(build::pubcomp(3));
    s.wait(3_000);
}

/// The same SUBSCRIBE once more while its SUBACK is on its way: sent again it keeps its identifier.
fn subscribes_again_by_a_timer(s: &mut Sketch) {
    s.connect();
    s.iut(build::subscribe(7, [("oc2/cmd/all", 1)]));
    s.wait(1_000);
    s.iut(build::subscribe(7, [("oc2/cmd/all", 1)]));
    s.edge(build::suback(7, [1]));
    s.edge(build::suback(7, [1]));
    s.wait(3_000);
}

/// One connection takes over from another under its client identifier, and goes on with what that one held.
fn takes_over(s: &mut Sketch) {
    s.ready();
    s.iut(build::publish("oc2/rsp", 1, 9, b"one"));
    let old = s.conn;
    s.reconnect();
    let new = std::mem::replace(&mut s.conn, old);
    s.closed_by_server("another connection took over");
    s.conn = new;
    s.iut(build::publish_flags(true, 1, false, "oc2/rsp", 9, b"one"));
    s.edge(build::puback(9));
    s.wait(3_000);
}

/// An empty client identifier with Clean Session 1: every connection is a session of its own.
fn nameless(s: &mut Sketch) {
    for _ in 0..2 {
        s.connect_with(build::connect("").keep_alive(60).clean_session(true).build());
        s.iut(build::publish("oc2/rsp", 1, 1, b"one"));
        s.edge(build::puback(1));
        s.iut(build::publish("oc2/rsp", 1, 2, b"two"));
        s.cut();
    }
}

/// A will of no bytes that is retained, a retained message of no bytes, and a keep alive of 0.
fn empty_and_retained(s: &mut Sketch) {
    let will = build::connect("k3vq9x2m").keep_alive(0).clean_session(false).will("status", "", 2, true);
    s.connect_with(will.build());
    s.iut(build::publish_flags(false, 1, true, "status", 1, b""));
    s.edge(build::puback(1));
    s.iut(build::publish_flags(false, 0, true, "status", 0, b""));
    s.wait(100_000);
}

/// The session is gone: what was not acknowledged goes out once more, as a new message or under its old identifier.
fn goes_on_without_its_session(s: &mut Sketch) {
    s.ready();
    s.iut(build::publish("oc2/rsp", 1, 1, b"one"));
    s.iut(build::publish("oc2/rsp", 1, 2, b"two"));
    s.cut();
    s.connect();
    s.iut(build::publish("oc2/rsp", 1, 1, b"two"));
    s.edge(build::puback(1));
    s.iut(build::publish_flags(true, 1, false, "oc2/rsp", 2, b"two"));
    s.edge(build::puback(2));
    s.wait(3_000);
}

/// A publication of QoS 2 that is delivered again after its PUBREC was lost is received once more, and completed.
fn receives_what_it_has(s: &mut Sketch) {
    s.ready();
    s.edge(build::publish("oc2/cmd/all", 2, 4, b"in"));
    s.iut(build::pubrec(4));
    s.cut();
    s.reconnect();
    s.edge(build::publish_flags(true, 2, false, "oc2/cmd/all", 4, b"in"));
    s.iut(build::pubrec(4));
    s.edge(build::pubrel(4));
    s.iut(build::pubcomp(4));
    // The PUBCOMP was lost as well.
    s.cut();
    s.reconnect();
    s.edge(build::pubrel(4));
    s.iut(build::pubcomp(4));
    s.wait(3_000);
}

/// Packets go out before the CONNACK has come, as 3.1.4 allows.
fn does_not_wait_for_connack(s: &mut Sketch) {
    s.open();
    s.iut(build::connect("k3vq9x2m").keep_alive(60).clean_session(false).build());
    s.iut(build::subscribe(1, [("oc2/cmd/all", 1)]));
    s.iut(build::publish("oc2/rsp", 1, 2, b"one"));
    s.edge(build::connack(false, 0));
    s.edge(build::suback(1, [1]));
    s.edge(build::puback(2));
    s.wait(3_000);
}

#[test]
fn what_is_legal_and_unusual_breaks_nothing() {
    let examples: [Told; 13] = [
        ("qos_2_both_ways", qos_2_both_ways),
        ("qos_2_interleaved_and_cut", qos_2_interleaved_and_cut),
        ("pubrel_on_the_next_connection", pubrel_on_the_next_connection),
        ("identifiers_at_once_again", identifiers_at_once_again),
        ("acknowledged_out_of_order", acknowledged_out_of_order),
        ("answers_of_two_levels", answers_of_two_levels),
        ("subscribes_again_by_a_timer", subscribes_again_by_a_timer),
        ("takes_over", takes_over),
        ("nameless", nameless),
        ("empty_and_retained", empty_and_retained),
        ("goes_on_without_its_session", goes_on_without_its_session),
        ("receives_what_it_has", receives_what_it_has),
        ("does_not_wait_for_connack", does_not_wait_for_connack),
    ];
    let wrong: Vec<_> =
        examples.into_iter().map(|(name, example)| (name, found(example))).filter(|(_, f)| !f.is_empty()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_looks_alike_and_is_not_allowed_breaks_what_forbids_it() {
    let examples: [Told; 6] = [
        // A new message under the identifier of one whose PUBREC has come, on the next connection of the session.
        ("mqtt311/packet-id-unused", |s| {
            s.ready();
            s.iut(build::publish("oc2/rsp", 2, 1, b"one"));
            s.edge(build::pubrec(1));
            s.wait(300);
            s.iut(build::pubrel(1));
            s.cut();
            s.reconnect();
            s.wait(300);
            s.iut(build::publish("oc2/rsp", 2, 1, b"two"));
        }),
        // The PUBLISH again although its PUBREL went out.
        ("mqtt311/qos2-no-publish-after-pubrel", |s| {
            s.ready();
            s.iut(build::publish("oc2/rsp", 2, 1, b"one"));
            s.edge(build::pubrec(1));
            s.wait(300);
            s.iut(build::pubrel(1));
            s.cut();
            s.reconnect();
            s.iut(build::publish_flags(true, 2, false, "oc2/rsp", 1, b"one"));
        }),
        // Another SUBSCRIBE under the identifier of one that waits.
        ("mqtt311/packet-id-unused", |s| {
            s.connect();
            s.iut(build::subscribe(7, [("oc2/cmd/all", 1)]));
            s.iut(build::subscribe(7, [("oc2/cmd/ap/alpha", 1)]));
        }),
        // Two of one level, answered the wrong way round beside one of the other.
        ("mqtt311/puback-order", |s| {
            s.ready();
            s.edge(build::publish("oc2/cmd/all", 1, 1, b"a"));
            s.edge(build::publish("oc2/cmd/all", 2, 2, b"b"));
            s.edge(build::publish("oc2/cmd/all", 1, 3, b"c"));
            s.iut(build::puback(3));
            s.iut(build::pubrec(2));
            s.iut(build::puback(1));
            s.wait(3_000);
        }),
        // What comes again comes in another order.
        ("mqtt311/resend-order", |s| {
            s.ready();
            s.iut(build::publish("oc2/rsp", 1, 1, b"one"));
            s.iut(build::publish("oc2/rsp", 2, 2, b"two"));
            s.cut();
            s.reconnect();
            s.iut(build::publish_flags(true, 2, false, "oc2/rsp", 2, b"two"));
            s.iut(build::publish_flags(true, 1, false, "oc2/rsp", 1, b"one"));
            s.wait(3_000);
        }),
        // Received, acknowledged at the other level.
        ("mqtt311/response-by-qos", |s| {
            s.ready();
            s.edge(build::publish("oc2/cmd/all", 2, 2, b"b"));
            s.iut(build::puback(2));
            s.wait(3_000);
        }),
    ];
    for (id, example) in examples {
        let found = found(example);
        assert!(found.contains(&(id, Outcome::Broken)), "{id}: {found:?}");
    }
}

//! The keep alive, as a client has to keep it (3.1.2.10).

use super::silence::{Rule, Silence};
use super::support::{only_connected, ready};
use crate::catalogue::{Condition, Examples, Judged, Trigger};
use crate::evidence::sketch::Sketch;
use crate::requirement;
use touchstone_fixtures::recording::{Event, Tester};
use touchstone_fixtures::wire::mqtt311::build;

/// From one packet sent to the next, whatever comes in.
const RULE: Rule = Rule { either_way: false, percent: 100 };

/// Without it no PINGREQ is ever due.
pub(super) const SWITCHED_ON: Option<Condition> =
    Some(("keep alive is not declared as 0, which switches it off", |pics| pics.keep_alive != Some(0)));

requirement! {
    /// From the end of one packet to the start of the next a client lets pass at most the keep alive time; with
    /// nothing else to send it sends a PINGREQ.
    ///
    /// # Interpretation
    /// Any packet of the client counts, an acknowledgement too, and none of the server's: steady messages that ask for
    /// no answer do not put a PINGREQ off. Keep alive 0 switches it off. One and a half times the keep alive is the server's
    /// patience, not the client's budget. What a client does while its PINGREQ is unanswered is judged elsewhere.
    ///
    /// # Judged
    /// On the times between the packets the IUT sends, from CONNACK on, by the Keep Alive of its CONNECT: those in which
    /// nothing came in, and by themselves those in which messages came in. Each is taken with the lag that the test system recorded about
    /// it, and a tolerance of 2.5 % of the keep alive. Broken when there were at least three that were too long, the
    /// shortest of them included, and none from PINGREQ to PINGREQ that was in time; a time that only the end of the
    /// connection cut off counts as far as it went. Met by every time from one PINGREQ to the next that was in time, and
    /// by two keep alives without too long a time in which the server sent nothing but answers.
    KEEP_ALIVE {
        id: "mqtt311/keep-alive",
        rows: &["MQTT-3.1.2-23"],
        clause: "3.1.2.10",
        trigger: Trigger::Tester,
        when: SWITCHED_ON,
        judged: Judged::Machine(|| Box::new(Silence::new(RULE))),
        examples: Examples {
            conforming: &[
                |s| pings(s, &[54_000, 54_000]),
                |s| pings(s, &[60_000, 60_000, 60_000]),
                |s| pings(s, &[5_000, 5_000]),
                // The shortest decides.
                |s| pings(s, &[62_000, 62_000, 59_000, 62_000]),
                // Steady messages, and a PINGREQ in time nonetheless.
                |s| {
                    s.ready();
                    for _ in 0..2 {
                        fed(s, 4, 13_000);
                        ping(s);
                    }
                },
                // It talks all the time.
                |s| {
                    s.ready();
                    for _ in 0..13 {
                        s.wait(10_000);
                        s.iut(build::publish("log", 0, 0, b"x"));
                    }
                },
            ],
            violating: &[
                |s| pings(s, &[62_000, 62_000, 62_000]),
                |s| pings(s, &[88_000, 62_500, 70_000]),
                silent_until_closed,
                // Whatever comes in puts its PINGREQ off.
                |s| {
                    s.ready();
                    for _ in 0..4 {
                        fed(s, 5, 13_000);
                        ping(s);
                    }
                },
                // It pings in time while nothing comes in.
                |s| {
                    pings(s, &[50_000, 50_000]);
                    for _ in 0..3 {
                        fed(s, 5, 13_000);
                        ping(s);
                    }
                },
            ],
            silent: &[
                ready,
                only_connected,
                |s| pings(s, &[54_000]),
                |s| pings(s, &[70_000, 70_000]),
                // The machine stood still.
                |s| {
                    s.ready();
                    for _ in 0..3 {
                        s.wait(63_000);
                        s.event(Event::Tester(Tester::Lag { nanos: 2_000_000_000 }));
                        ping(s);
                    }
                },
                // Keep alive is switched off.
                |s| {
                    s.connect_with(build::connect("k3vq9x2m").keep_alive(0).clean_session(false).build());
                    s.wait(400_000);
                },
                // Nobody answers its PINGREQs.
                |s| {
                    s.ready();
                    for _ in 0..4 {
                        s.iut(build::pingreq());
                        s.wait(80_000);
                    }
                },
                // It was never accepted.
                |s| {
                    s.open();
                    s.iut(build::connect("k3vq9x2m").keep_alive(60).clean_session(false).build());
                    s.wait(400_000);
                },
                // Asked to stop, it takes its time.
                |s| {
                    for _ in 0..3 {
                        s.ready();
                        s.stop_requested();
                        s.wait(90_000);
                        s.closed_by_iut();
                    }
                },
            ],
        },
    }
}

/// A PINGREQ, answered.
pub(in crate::catalogue) fn ping(s: &mut Sketch) {
    s.iut(build::pingreq());
    s.edge(build::pingresp());
}

/// Ready, a PINGREQ after each of these times in milliseconds, and nothing else.
pub(in crate::catalogue) fn pings(s: &mut Sketch, waits: &[u64]) {
    s.ready();
    for wait in waits {
        s.wait(*wait);
        ping(s);
    }
}

/// Messages at QoS 0, one each time that many milliseconds have passed.
pub(in crate::catalogue) fn fed(s: &mut Sketch, times: usize, wait: u64) {
    for _ in 0..times {
        s.wait(wait);
        s.push("oc2/cmd/all", 0, b"x");
    }
}

/// Nothing is sent until the server has enough, three times.
pub(in crate::catalogue) fn silent_until_closed(s: &mut Sketch) {
    for _ in 0..3 {
        s.ready();
        s.wait(90_000);
        s.closed_by_server("MQTT-3.1.2-24");
    }
}

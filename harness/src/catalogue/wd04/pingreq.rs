//! When a client sends PINGREQ (2.6, 3.1.12).

use crate::catalogue::mqtt311::keep_alive::{fed, ping, pings, silent_until_closed};
use crate::catalogue::mqtt311::silence::{Rule, Silence};
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::requirement;
use touchstone_fixtures::recording::{Event, Tester};
use touchstone_fixtures::wire::mqtt311::build;

/// From the last packet in either direction, 95 % of the keep alive.
const RULE: Rule = Rule { either_way: true, percent: 95 };

requirement! {
    /// A client sends PINGREQ when nothing was processed for 95 % of the keep-alive interval.
    ///
    /// # Interpretation
    /// The interval counts from the last packet, in either direction: a client that receives has processed
    /// something. Earlier is in order. MQTT itself counts otherwise, and allows the whole interval (`mqtt311/keep-alive`): a
    /// client that pings at the end of it keeps that rule and breaks this one. Keep alive 0 names no interval and leaves it
    /// undecided.
    ///
    /// # Judged
    /// On the times without a packet in either direction, from CONNACK on, by the Keep Alive of the CONNECT. Each is
    /// taken with the lag that the test system recorded about it, and a tolerance of 2.5 % of the keep alive, which
    /// tells 95 % from the whole. Broken when there were at least three that were too long, the shortest of them included, and
    /// none from PINGRESP to PINGREQ that was in time; a time that only the end of the connection cut off counts as
    /// far as it went. Met by every time from a PINGRESP to the next PINGREQ that was in time, and by two keep alives without
    /// too long a time in which the server sent nothing but answers.
    INTERVAL {
        id: "wd04/pingreq-interval",
        rows: &["W4-033", "W4-066"],
        clause: "3.1.12",
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Box::new(Silence::new(RULE))),
        examples: Examples {
            conforming: &[
                |s| pings(s, &[54_000, 54_000]),
                |s| pings(s, &[57_000, 57_000, 57_000]),
                |s| pings(s, &[1_000, 1_000]),
                // The shortest decides.
                |s| pings(s, &[60_000, 60_000, 56_000, 60_000]),
                // It talks all the time.
                |s| {
                    s.ready();
                    for _ in 0..13 {
                        s.wait(10_000);
                        s.iut(build::publish("log", 0, 0, b"x"));
                    }
                },
            ],
            violating: &[|s| pings(s, &[60_000, 60_000, 60_000]), |s| pings(s, &[75_000, 72_000, 72_000]), silent_until_closed],
            silent: &[
                |s| s.ready(),
                |s| s.connect(),
                |s| pings(s, &[54_000]),
                |s| pings(s, &[60_000, 60_000]),
                // As long as something comes in, no PINGREQ is due.
                |s| {
                    s.ready();
                    for _ in 0..5 {
                        fed(s, 5, 13_000);
                        ping(s);
                    }
                },
                // The machine stood still.
                |s| {
                    s.ready();
                    for _ in 0..3 {
                        s.wait(60_000);
                        s.event(Event::Tester(Tester::Lag { nanos: 2_000_000_000 }));
                        ping(s);
                    }
                },
                // No interval is named.
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
            ],
        },
    }
}

requirement! {
    /// Without a configured interval, PINGREQ is sent at 95 % of the 300 seconds of 2.6, after 285 seconds.
    ///
    /// # Interpretation
    /// Every CONNECT names an interval, and whether somebody configured it shows in no packet. The interval that it names
    /// is what a client is held to (`wd04/pingreq-interval`): 285 s where it names 300 s.
    DEFAULT_INTERVAL {
        id: "wd04/pingreq-default-interval",
        rows: &["W4-034"],
        clause: "3.1.12",
        level: Level::Guidance,
        trigger: Trigger::Tester,
        judged: Judged::Untestable(
            "every CONNECT names an interval; whether it was configured or left to the default shows in no packet",
        ),
    }
}

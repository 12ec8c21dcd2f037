//! Who publishes what (2.1).

use super::support::{answered, asked, commanded_on, no_message, nothing_commanded, query, response};
use crate::catalogue::wd04::part;
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::iut::Role;
use crate::requirement;
use touchstone_fixtures::wire::mqtt311::build;

requirement! {
    /// A Consumer subscribes to commands and publishes responses.
    ///
    /// # Interpretation
    /// A client that is subscribed to `oc2/rsp` is a Producer, too, and may publish commands.
    ///
    /// # Judged
    /// On every PUBLISH of a Consumer with an OpenC2 message whose content can be read: broken by a command of a client
    /// that has not subscribed to responses. Where sessions may be older than the recording, such a command decides
    /// nothing.
    ROLE_CONSUMER {
        id: "wd01/role-consumer",
        rows: &["W1-002"],
        clause: "2.1",
        level: Level::Guidance,
        roles: &[Role::Consumer],
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| part(Role::Consumer)),
        examples: Examples {
            conforming: &[answered],
            violating: &[|s| {
                asked(s);
                s.iut(build::publish("oc2/rsp", 1, 9, query()));
            }],
            silent: &[no_message, |s| {
                asked(s);
                s.subscribe(&[("oc2/rsp", 1)]);
                s.send_raw("oc2/cmd/device_id/yankee", query());
            }],
        },
    }
}

requirement! {
    /// A Producer publishes commands and subscribes to responses.
    ///
    /// # Interpretation
    /// A client that is subscribed to command topics is a Consumer, too, and may publish responses.
    ///
    /// # Judged
    /// On every PUBLISH of a Producer with an OpenC2 message whose content can be read: broken by a response of a client
    /// that has not subscribed to commands. Where sessions may be older than the recording, such a response decides
    /// nothing.
    ROLE_PRODUCER {
        id: "wd01/role-producer",
        rows: &["W1-001"],
        clause: "2.1",
        level: Level::Guidance,
        roles: &[Role::Producer],
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| part(Role::Producer)),
        examples: Examples {
            conforming: &[|s| commanded_on(s, "oc2/cmd/action/query")],
            violating: &[|s| {
                s.ready_wd01_producer();
                s.send_raw("oc2/cmd/device_id/zulu", response());
            }],
            silent: &[nothing_commanded, |s| {
                s.ready_wd01_producer();
                s.subscribe(&[("oc2/cmd/action/query", 1)]);
                s.send_raw("oc2/rsp", response());
            }],
        },
    }
}

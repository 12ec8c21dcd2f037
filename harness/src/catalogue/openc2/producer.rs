//! What binds a Producer. Claimed, and shown as not yet tested.

use crate::catalogue::{Judged, Level};
use crate::iut::Role;
use crate::requirement;

/// Why none of these is judged.
const LATER: &str = "the Producer role is not built yet";

requirement! {
    /// A Command that asks for a Response has a `request_id` in its message.
    REQUEST_ID_PRESENT {
        id: "openc2/request-id-present",
        rows: &["L-001"],
        clause: "3.2",
        level: Level::Must,
        roles: &[Role::Producer],
        judged: Judged::NotYet(LATER),
    }
}

requirement! {
    /// A `request_id` is a UUID of version 4.
    REQUEST_ID_UUID4 {
        id: "openc2/request-id-uuid4",
        rows: &["L-002"],
        clause: "3.2",
        level: Level::Should,
        roles: &[Role::Producer],
        judged: Judged::NotYet(LATER),
    }
}

requirement! {
    /// Args of a Command hold at least one element.
    ARGS_NOT_EMPTY {
        id: "openc2/args-not-empty",
        rows: &["L-011"],
        clause: "3.3.1",
        level: Level::Must,
        roles: &[Role::Producer],
        judged: Judged::NotYet(LATER),
    }
}

requirement! {
    /// A Command has exactly one action, from the table of actions.
    ONE_ACTION {
        id: "openc2/one-action",
        rows: &["L-012"],
        clause: "3.3.1.1",
        level: Level::Must,
        roles: &[Role::Producer],
        judged: Judged::NotYet(LATER),
    }
}

requirement! {
    /// The target of a Command holds exactly one type of target.
    ONE_TARGET {
        id: "openc2/one-target",
        rows: &["L-013"],
        clause: "3.3.1.2",
        level: Level::Must,
        roles: &[Role::Producer],
        judged: Judged::NotYet(LATER),
    }
}

requirement! {
    /// A Command is an action, a target, and at most one of actuator, args and command_id each.
    COMMAND_STRUCTURE {
        id: "openc2/command-structure",
        rows: &["L-014"],
        clause: "5.1",
        level: Level::Must,
        roles: &[Role::Producer],
        judged: Judged::NotYet(LATER),
    }
}

requirement! {
    /// A Command names two of start time, stop time and duration at most.
    TWO_TIMES {
        id: "openc2/two-times",
        rows: &["L-020"],
        clause: "3.3.1.4",
        level: Level::Guidance,
        roles: &[Role::Producer],
        judged: Judged::NotYet(LATER),
    }
}

requirement! {
    /// Arguments of a profile stand in a member of args that its NSID names.
    ARGS_EXTENSION {
        id: "openc2/args-extension",
        rows: &["L-034"],
        clause: "3.1.4",
        level: Level::Must,
        roles: &[Role::Producer],
        judged: Judged::NotYet(LATER),
    }
}

requirement! {
    /// Specifiers of an actuator stand in a member that the NSID of its profile names.
    ACTUATOR_EXTENSION {
        id: "openc2/actuator-extension",
        rows: &["L-035"],
        clause: "3.1.4",
        level: Level::Must,
        roles: &[Role::Producer],
        judged: Judged::NotYet(LATER),
    }
}

requirement! {
    /// Extensions go by an NSID: targets as `nsid:name`; actions are not extended.
    EXTENSION_NAMES {
        id: "openc2/extension-names",
        rows: &["L-030", "L-032", "L-033"],
        clause: "3.1.4",
        level: Level::Must,
        roles: &[Role::Producer],
        judged: Judged::NotYet(LATER),
    }
}

requirement! {
    /// A list of features names none twice.
    FEATURES_UNIQUE {
        id: "openc2/features-unique",
        rows: &["L-050"],
        clause: "3.4.1.5",
        level: Level::Must,
        roles: &[Role::Producer],
        judged: Judged::NotYet(LATER),
    }
}

requirement! {
    /// A list of features may be empty, as a sign of life.
    FEATURES_EMPTY_ALLOWED {
        id: "openc2/features-empty-allowed",
        rows: &["L-052"],
        clause: "3.4.1.5",
        level: Level::May,
        roles: &[Role::Producer],
        judged: Judged::NotYet(LATER),
    }
}

requirement! {
    /// Artifacts, devices, files, processes, connections and hashes have at least one member.
    TARGET_TYPES_NOT_EMPTY {
        id: "openc2/target-types-not-empty",
        rows: &["L-053"],
        clause: "3.4.1",
        level: Level::Must,
        roles: &[Role::Producer],
        judged: Judged::NotYet(LATER),
    }
}

requirement! {
    /// An IPv4 range in JSON is text with dots and slash.
    IPV4_NET_FORM {
        id: "openc2/ipv4-net-form",
        rows: &["L-054"],
        clause: "3.4.1.9",
        level: Level::Must,
        roles: &[Role::Producer],
        judged: Judged::NotYet(LATER),
    }
}

requirement! {
    /// Times and durations count milliseconds.
    TIMES_IN_MILLISECONDS {
        id: "openc2/times-in-milliseconds",
        rows: &["L-055"],
        clause: "3.4.2.2",
        level: Level::Guidance,
        roles: &[Role::Producer],
        judged: Judged::NotYet(LATER),
    }
}

requirement! {
    /// A Producer implements `query features`.
    QUERY_FEATURES_ISSUED {
        id: "openc2/query-features-issued",
        rows: &["L-060", "L-080"],
        clause: "4.1",
        level: Level::Must,
        roles: &[Role::Producer],
        judged: Judged::NotYet(LATER),
    }
}

requirement! {
    /// A `query features` may name one or more features.
    QUERY_FEATURES_NAMES {
        id: "openc2/query-features-names",
        rows: &["L-061"],
        clause: "4.1",
        level: Level::May,
        roles: &[Role::Producer],
        judged: Judged::NotYet(LATER),
    }
}

requirement! {
    /// A `query features` may ask for a Response on completion.
    QUERY_FEATURES_COMPLETE_ALLOWED {
        id: "openc2/query-features-complete-allowed",
        rows: &["L-062"],
        clause: "4.1",
        level: Level::May,
        roles: &[Role::Producer],
        judged: Judged::NotYet(LATER),
    }
}

requirement! {
    /// A `query features` has no other argument than `response_requested: complete`.
    QUERY_FEATURES_NO_OTHER_ARGS {
        id: "openc2/query-features-no-other-args",
        rows: &["L-063"],
        clause: "4.1",
        level: Level::Must,
        roles: &[Role::Producer],
        judged: Judged::NotYet(LATER),
    }
}

requirement! {
    /// Commands in JSON are I-JSON (RFC 7493).
    COMMAND_IJSON {
        id: "openc2/command-ijson",
        rows: &["L-081"],
        clause: "5.3-2",
        level: Level::Must,
        roles: &[Role::Producer],
        judged: Judged::NotYet(LATER),
    }
}

requirement! {
    /// Valid ways to write the same Response in JSON are understood alike.
    RESPONSE_JSON_HANDLING {
        id: "openc2/response-json-handling",
        rows: &["L-082"],
        clause: "5.3-3",
        level: Level::Must,
        roles: &[Role::Producer],
        judged: Judged::NotYet(LATER),
    }
}

requirement! {
    /// A Producer supports JSON.
    JSON_SUPPORTED_PRODUCER {
        id: "openc2/json-supported-producer",
        rows: &["L-086"],
        clause: "3.1.5",
        level: Level::Must,
        roles: &[Role::Producer],
        judged: Judged::NotYet(LATER),
    }
}

//! What binds a Consumer but is not judged.

use crate::catalogue::{Judged, Level, Trigger};
use crate::iut::Role;
use crate::requirement;

requirement! {
    /// Start, stop and duration that a Command leaves out follow from those it names: from now on, without an end.
    TIME_DEFAULTS {
        id: "openc2/time-defaults",
        rows: &["L-021"],
        clause: "3.3.1.4",
        level: Level::Guidance,
        roles: &[Role::Consumer],
        trigger: Trigger::Tester,
        judged: Judged::Untestable("when a command takes effect happens inside the product, and no message tells of it"),
    }
}

requirement! {
    /// The NSID of an extension that is not a standard begins with `x-`.
    NONSTANDARD_NSID {
        id: "openc2/nonstandard-nsid",
        rows: &["L-031"],
        clause: "3.1.4",
        level: Level::Must,
        judged: Judged::Untestable("which NSIDs are standard is a matter of registration that grows, and not in the bytes"),
    }
}

requirement! {
    /// Artifacts, devices, files, processes, connections and hashes have a member, IPv4 ranges are written with dots and slash.
    RECEIVED_TYPES {
        id: "openc2/received-types",
        rows: &["L-053", "L-054"],
        clause: "3.4.1",
        level: Level::Must,
        roles: &[Role::Consumer],
        judged: Judged::Untestable("no Response of this version has values of these types; those of profiles are theirs to judge"),
    }
}

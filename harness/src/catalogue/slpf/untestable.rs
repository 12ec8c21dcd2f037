//! Rows that no observer outside the implementation can decide.

use crate::catalogue::{Judged, Level};
use crate::iut::Role;
use crate::requirement;

requirement! {
    /// The number of a rule does not change while the rule exists.
    IMMUTABLE {
        id: "slpf/rule-number-immutable",
        rows: &["S-01"],
        clause: "2.1.3.2",
        roles: &[Role::Consumer],
        judged: Judged::Untestable("the number of a rule is told once, when it is assigned"),
    }
}

requirement! {
    /// A rule without a direction applies to both.
    DIRECTION_ABSENT {
        id: "slpf/direction-absent-both",
        rows: &["S-03"],
        clause: "2.1.3.2",
        roles: &[Role::Consumer],
        judged: Judged::Untestable("what traffic a rule applies to cannot be seen in messages"),
    }
}

requirement! {
    /// Without drop_process, the source of a dropped packet is told nothing.
    DROP_PROCESS_ABSENT {
        id: "slpf/drop-process-absent",
        rows: &["S-04"],
        clause: "2.1.3.2",
        roles: &[Role::Consumer],
        judged: Judged::Untestable("the firewall's own traffic is not part of this connection"),
    }
}

requirement! {
    /// An allow that is understood but cannot be implemented is not answered with status 200.
    CANNOT_IMPLEMENT {
        id: "slpf/allow-not-implemented",
        rows: &["S-08"],
        clause: "2.3.1",
        roles: &[Role::Consumer],
        judged: Judged::Untestable("that a rule cannot be implemented is known to the firewall alone"),
    }
}

requirement! {
    /// Missing properties of a connection mean any, a missing prefix means one address, a range means source or destination.
    TRAFFIC {
        id: "slpf/targets-applied",
        rows: &["S-11"],
        clause: "2.3.1.1",
        roles: &[Role::Consumer],
        judged: Judged::Untestable("what traffic a rule applies to cannot be seen in messages"),
    }
}

requirement! {
    /// An update that is completed is answered with status 200; status 102 may come when it is begun.
    UPDATE_DONE {
        id: "slpf/update-completed-200",
        rows: &["S-20"],
        clause: "2.3.5.1",
        level: Level::Should,
        roles: &[Role::Consumer],
        judged: Judged::Untestable("whether the firewall works with the new file cannot be seen in messages"),
    }
}

requirement! {
    /// A Producer implements allow and deny for at least one of the four targets.
    BASELINE_PRODUCER {
        id: "slpf/baseline-commands",
        rows: &["S-24"],
        clause: "3.1.1.8",
        roles: &[Role::Producer],
        judged: Judged::Untestable("what a Producer could send, and does not, cannot be seen"),
    }
}

requirement! {
    /// Messages are transferred authenticated, in order, without loss and uniquely identified.
    TRANSFER {
        id: "slpf/transfer",
        rows: &["S-25"],
        clause: "3.1.1.3",
        judged: Judged::Untestable("a property of the transfer specification that was chosen, not of a message"),
    }
}

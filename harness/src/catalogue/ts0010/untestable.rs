//! Rows that no observer can decide, with the reason for each.

use super::support::LATER;
use crate::catalogue::{Judged, Level};
use crate::iut::Role;
use crate::requirement;

requirement! {
    /// MQTT travels over TCP, over TLS, or over WebSocket with or without TLS.
    TRANSPORT {
        id: "ts0010/transport",
        rows: &["T-004"],
        clause: "6.2",
        judged: Judged::Untestable(
            "all listeners of this program are of these kinds: what goes another way never reaches it",
        ),
    }
}

requirement! {
    /// Two parties that want to talk connect to a common MQTT server.
    COMMON_SERVER {
        id: "ts0010/common-server",
        rows: &["T-005"],
        clause: "6.3",
        judged: Judged::Untestable("the IUT file says where to connect: that it is a common server is the set-up of the test"),
    }
}

requirement! {
    /// A client may set a keep alive, or none.
    KEEP_ALIVE {
        id: "ts0010/keep-alive",
        rows: &["T-013"],
        clause: "6.3",
        level: Level::May,
        judged: Judged::Untestable("a freedom: every value conforms, and MQTT says what follows from it"),
    }
}

requirement! {
    /// A client may stay connected, or connect when it has something to say, or by a schedule.
    CONNECTED_AT_WILL {
        id: "ts0010/connected-at-will",
        rows: &["T-016"],
        clause: "6.3",
        level: Level::May,
        judged: Judged::Untestable("a freedom that no behaviour can break"),
    }
}

requirement! {
    /// One connection is enough for all whom a client talks to.
    ONE_CONNECTION {
        id: "ts0010/one-connection",
        rows: &["T-017"],
        clause: "6.3",
        level: Level::Guidance,
        judged: Judged::Untestable("it says what is not needed: having more connections conforms, too"),
    }
}

requirement! {
    /// A CSE that no longer takes part disconnects, connects once more with Clean Session 1, and disconnects again.
    LEAVE {
        id: "ts0010/leave-for-good-cse",
        rows: &["T-018"],
        clause: "6.3",
        roles: &[Role::Cse],
        judged: Judged::Untestable(
            "nothing on the wire tells a CSE to leave for good, and being stopped is no leaving for good",
        ),
    }
}

requirement! {
    /// A CSE may take the address of its response from `fr` or from the topic of the request.
    RESPONSE_ADDRESS {
        id: "ts0010/response-address",
        rows: &["T-044"],
        clause: "6.4.5",
        level: Level::May,
        roles: &[Role::Cse],
        judged: Judged::Untestable(
            "either conforms; where the two name different originators, refusing the request does as well",
        ),
    }
}

requirement! {
    /// Where a request does not say what it accepts, the receiver answers in any serialization that it supports.
    ANY_SERIALIZATION {
        id: "ts0010/any-serialization",
        rows: &["T-052"],
        clause: "6.5.3",
        level: Level::May,
        bindings: LATER,
        judged: Judged::Untestable("a freedom that no behaviour can break"),
    }
}

requirement! {
    /// A point of access with `mqtts:` says that its server requires TLS.
    POINT_OF_ACCESS_TLS {
        id: "ts0010/poa-tls",
        rows: &["T-060"],
        clause: "6.6",
        judged: Judged::Untestable(
            "what the server that a point of access names requires, now and at other addresses, is not for its client to show",
        ),
    }
}

requirement! {
    /// Where a point of access names no port, 1883 is meant for `mqtt:` and 8883 for `mqtts:`.
    POINT_OF_ACCESS_PORT {
        id: "ts0010/poa-port",
        rows: &["T-061"],
        clause: "6.6",
        bindings: LATER,
        judged: Judged::Untestable(
            "who follows a point of access connects to a server at a well-known port, which may be anybody's: the harness does not listen there",
        ),
    }
}

requirement! {
    /// A remote security provisioning framework may provide a key that client and server share.
    PROVISIONING {
        id: "ts0010/provisioning",
        rows: &["T-070"],
        clause: "7.3",
        level: Level::May,
        judged: Judged::Untestable("how a key came to where it is cannot be seen"),
    }
}

requirement! {
    /// What the password of a CONNECT is used for is left open: TLS authenticates.
    PASSWORD {
        id: "ts0010/password",
        rows: &["T-072"],
        clause: "7.3",
        level: Level::Guidance,
        judged: Judged::Untestable("with and without a password, a client conforms"),
    }
}

requirement! {
    /// Implementers note what MQTT says about security.
    SECURITY_NOTED {
        id: "ts0010/security-noted",
        rows: &["T-080"],
        clause: "7.5",
        level: Level::Should,
        judged: Judged::Untestable("having noted something leaves nothing on the wire"),
    }
}

//! Rows without a check: some not yet, some never.

use crate::catalogue::{Judged, Level};
use crate::requirement;

requirement! {
    /// A client may end its connection with DISCONNECT.
    DISCONNECT {
        id: "wd04/disconnect",
        rows: &["W4-036"],
        clause: "3.1.14",
        level: Level::Guidance,
        judged: Judged::Untestable("the clause is a heading without text"),
    }
}

requirement! {
    /// Implementers weigh what leaks when commands reach devices that are not meant to process them.
    INFORMATION_LEAKAGE {
        id: "wd04/information-leakage",
        rows: &["W4-039"],
        clause: "4",
        level: Level::Guidance,
        judged: Judged::Untestable("a consideration of implementers leaves nothing on the wire"),
    }
}

requirement! {
    /// A client identifier need not have to do with the OpenC2 identity.
    CLIENT_ID_FREE {
        id: "wd04/client-id-free",
        rows: &["W4-064"],
        clause: "2.5",
        level: Level::Guidance,
        judged: Judged::Untestable("a freedom that no behaviour can break"),
    }
}

requirement! {
    /// Birth and death certificates, discovery and a state model are left open.
    BIRTH_CERTIFICATES {
        id: "wd04/birth-certificates",
        rows: &["W4-069"],
        clause: "2",
        level: Level::Guidance,
        judged: Judged::Untestable("open questions of the authors, with nothing to hold an implementation to"),
    }
}

requirement! {
    /// `from` and `to` hold authenticated identifiers.
    IDENTIFIERS_AUTHENTICATED {
        id: "wd04/identifiers-authenticated",
        rows: &["W4-074"],
        clause: "2.3.2",
        level: Level::Guidance,
        judged: Judged::Untestable("who vouches for an identifier cannot be seen from outside"),
    }
}

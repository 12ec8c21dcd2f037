//! Session state, and what a reconnect must bring (3.1.2.4, 4.1, 4.4, 4.6).

use crate::catalogue::{Judged, Trigger};
use crate::requirement;

const HELD: Judged = Judged::NotYet("needs withheld acknowledgements and a cut connection");

requirement! {
    /// With Clean Session 0 a client keeps the session state after the connection has ended.
    ///
    /// # Interpretation
    /// A client's part of it: what it sent above QoS 0 and is not acknowledged, and what it received at QoS 2 and
    /// has not finished.
    ///
    /// # Judged
    /// Not yet: it takes a QoS 2 delivery over a cut connection.
    SESSION_KEPT {
        id: "mqtt311/session-kept",
        rows: &["MQTT-3.1.2-4"],
        clause: "3.1.2.4",
        trigger: Trigger::Tester,
        judged: Judged::NotYet("needs redelivery at QoS 2 over a cut connection"),
    }
}

requirement! {
    /// With Clean Session 1 a client discards any earlier session and uses nothing of it.
    ///
    /// # Judged
    /// Not yet: it takes withheld acknowledgements and a cut connection.
    CLEAN_SESSION_DISCARDS {
        id: "mqtt311/clean-session-discards",
        rows: &["MQTT-3.1.2-6"],
        clause: "3.1.2.4",
        trigger: Trigger::Tester,
        judged: HELD,
    }
}

requirement! {
    /// The ClientId names the session state that client and server hold for each other.
    ///
    /// # Interpretation
    /// A connection that carries redeliveries has the ClientId of the connection that carried the first copies. A
    /// changed ClientId alone may be a new session on purpose.
    ///
    /// # Judged
    /// Not yet: it takes withheld acknowledgements and a cut connection.
    CLIENT_ID_KEYS_SESSION {
        id: "mqtt311/client-id-keys-session",
        rows: &["MQTT-3.1.3-2"],
        clause: "3.1.3.1",
        trigger: Trigger::Tester,
        judged: HELD,
    }
}

requirement! {
    /// A client keeps its session state for as long as the session lasts.
    ///
    /// # Judged
    /// Not yet: it takes a QoS 2 delivery that is drawn out and repeated.
    SESSION_STATE_KEPT {
        id: "mqtt311/session-state-kept",
        rows: &["MQTT-4.1.0-1"],
        clause: "4.1",
        trigger: Trigger::Tester,
        judged: Judged::NotYet("needs delayed PUBRELs and redelivery over a cut connection"),
    }
}

requirement! {
    /// A session lasts at least as long as its network connection.
    ///
    /// # Judged
    /// Not at all.
    SESSION_OUTLASTS_CONNECTION {
        id: "mqtt311/session-outlasts-connection",
        rows: &["MQTT-4.1.0-2"],
        clause: "4.1",
        judged: Judged::Untestable(
            "a client shows no end of a session while it is connected; only lost state shows, which is 4.1.0-1",
        ),
    }
}

requirement! {
    /// A PUBLISH that is delivered again has DUP=1.
    ///
    /// # Judged
    /// Not yet: it takes withheld acknowledgements and a cut connection.
    DUP_ON_REDELIVERY {
        id: "mqtt311/dup-on-redelivery",
        rows: &["MQTT-3.3.1-1"],
        clause: "3.3.1.1",
        trigger: Trigger::Tester,
        judged: HELD,
    }
}

requirement! {
    /// On a reconnect with Clean Session 0 a client sends every unacknowledged PUBLISH and PUBREL again, with the
    /// original packet identifiers.
    ///
    /// # Judged
    /// Not yet: it takes withheld acknowledgements and a cut connection.
    RESEND_ON_RECONNECT {
        id: "mqtt311/resend-on-reconnect",
        rows: &["MQTT-4.4.0-1"],
        clause: "4.4",
        trigger: Trigger::Tester,
        judged: HELD,
    }
}

requirement! {
    /// PUBLISHes that are sent again come in the order in which they were first sent.
    ///
    /// # Judged
    /// Not yet: it takes withheld acknowledgements and a cut connection.
    RESEND_ORDER {
        id: "mqtt311/resend-order",
        rows: &["MQTT-4.6.0-1"],
        clause: "4.6",
        trigger: Trigger::Tester,
        judged: HELD,
    }
}

//! Errors, WebSocket, and conformance itself (4.8, 6, 7).

use crate::catalogue::{Judged, Trigger};
use crate::requirement;

const WEBSOCKET: Trigger = Trigger::IutOption("websocket");

requirement! {
    /// On a protocol violation by its peer a client closes the network connection it came on.
    ///
    /// # Judged
    /// Not yet: it takes packets that no conforming server sends.
    CLOSE_ON_VIOLATION {
        id: "mqtt311/close-on-violation",
        rows: &["MQTT-4.8.0-1"],
        clause: "4.8",
        trigger: Trigger::Tester,
        judged: Judged::NotYet("needs scenarios that send the IUT illegal packets"),
    }
}

requirement! {
    /// On a transient error while it processes a packet a client closes the network connection it came on.
    ///
    /// # Judged
    /// Not at all.
    CLOSE_ON_TRANSIENT_ERROR {
        id: "mqtt311/close-on-transient-error",
        rows: &["MQTT-4.8.0-2"],
        clause: "4.8",
        trigger: Trigger::Tester,
        judged: Judged::Untestable("a transient error lies inside the client and cannot be told from outside"),
    }
}

requirement! {
    /// Over WebSocket, control packets travel in binary data frames.
    ///
    /// # Judged
    /// Not yet: it takes a WebSocket listener.
    WEBSOCKET_BINARY {
        id: "mqtt311/websocket-binary",
        rows: &["MQTT-6.0.0-1a"],
        clause: "6",
        trigger: WEBSOCKET,
        judged: Judged::NotYet("needs a WebSocket listener"),
    }
}

requirement! {
    /// A receiver of a data frame of another type closes the network connection.
    ///
    /// # Judged
    /// Not yet: it takes a WebSocket listener.
    WEBSOCKET_CLOSE_ON_TEXT {
        id: "mqtt311/websocket-close-on-text",
        rows: &["MQTT-6.0.0-1b"],
        clause: "6",
        trigger: WEBSOCKET,
        judged: Judged::NotYet("needs a WebSocket listener"),
    }
}

requirement! {
    /// A receiver does not assume that control packets align with WebSocket frames.
    ///
    /// # Judged
    /// Not yet: it takes a WebSocket listener.
    WEBSOCKET_ALIGNMENT {
        id: "mqtt311/websocket-alignment",
        rows: &["MQTT-6.0.0-2"],
        clause: "6",
        trigger: WEBSOCKET,
        judged: Judged::NotYet("needs a WebSocket listener"),
    }
}

requirement! {
    /// A WebSocket client offers the sub-protocol `mqtt`.
    ///
    /// # Judged
    /// Not yet: it takes a WebSocket listener.
    WEBSOCKET_SUBPROTOCOL {
        id: "mqtt311/websocket-subprotocol",
        rows: &["MQTT-6.0.0-3"],
        clause: "6",
        trigger: WEBSOCKET,
        judged: Judged::NotYet("needs a WebSocket listener"),
    }
}

requirement! {
    /// A server that opens connections to other servers conforms as a client on them too.
    ///
    /// # Judged
    /// Not yet: it takes a bridge under test.
    BRIDGE_CONFORMS {
        id: "mqtt311/bridge-conforms",
        rows: &["MQTT-7.0.0-1"],
        clause: "7",
        when: Some(("it is a bridge (option `bridge`)", |pics| pics.elects("bridge"))),
        trigger: Trigger::IutOption("bridge"),
        judged: Judged::NotYet("needs a bridge as the implementation under test"),
    }
}

requirement! {
    /// A client needs no extension from outside the standard to interoperate.
    ///
    /// # Judged
    /// Not yet: it takes a server that refuses what vendors have added.
    NO_EXTENSION_NEEDED {
        id: "mqtt311/no-extension-needed",
        rows: &["MQTT-7.0.0-2"],
        clause: "7",
        trigger: Trigger::Tester,
        judged: Judged::NotYet("needs refusals of vendors' extensions"),
    }
}

requirement! {
    /// A client supports a transport that gives an ordered, lossless stream of bytes both ways.
    ///
    /// # Interpretation
    /// The listener is a TCP one: every connection that arrives shows such a transport.
    ///
    /// # Judged
    /// Not at all.
    ORDERED_TRANSPORT {
        id: "mqtt311/ordered-transport",
        rows: &["MQTT-7.1.2-1"],
        clause: "7.1.2",
        judged: Judged::Untestable("a client without such a transport cannot be told from one that never connects"),
    }
}

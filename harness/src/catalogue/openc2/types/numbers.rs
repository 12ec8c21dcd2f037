//! Times, ports and protocols; and the one enumeration that no message of MQTT holds.

use super::{about, with};
use crate::catalogue::{Judged, Level};
use crate::evidence::openc2::schema::types as row;
use crate::requirement;
use serde_json::json;

of_type! {
    /// A Date-Time is an integer, not negative.
    TYPE_DATE_TIME {
        id: "openc2/type-date-time",
        rows: &["LS-3.4.2.2"],
        clause: "3.4.2.2",
        row: row::DATE_TIME,
        said: "Command has the time ",
        conforming: [with(json!({"start_time": 1_790_000_000_000_u64})), with(json!({"stop_time": 0}))],
        violating: [
            with(json!({"start_time": "2026-11-21T00:00:00Z"})),
            with(json!({"stop_time": -1})),
            with(json!({"stop_time": 1_790_000_000.5})),
        ],
        silent: [with(json!({"duration": 5000}))],
    }
}

of_type! {
    /// A Duration is an integer, not negative.
    TYPE_DURATION {
        id: "openc2/type-duration",
        rows: &["LS-3.4.2.3"],
        clause: "3.4.2.3",
        row: row::DURATION,
        said: "Command has the duration ",
        conforming: [with(json!({"duration": 5000})), with(json!({"duration": 0}))],
        violating: [with(json!({"duration": "PT5S"})), with(json!({"duration": -5})), with(json!({"duration": 0.5}))],
        silent: [with(json!({"start_time": 0}))],
    }
}

of_type! {
    /// Times count milliseconds.
    ///
    /// # Interpretation
    /// The size of a time tells its unit when it is taken to mean a year from 2001 to 2286: as seconds, microseconds or
    /// nanoseconds such times look odd as milliseconds. From 1973 to 5138 they are in order, and anything else
    /// decides nothing. Durations decide nothing: five milliseconds can be meant.
    TIMES_IN_MILLISECONDS {
        id: "openc2/times-in-milliseconds",
        rows: &["L-055"],
        clause: "3.4.2.2",
        row: row::MILLISECONDS,
        said: "Command names the time ",
        level: Level::Guidance,
        conforming: [with(json!({"start_time": 1_534_775_460_000_u64, "duration": 500}))],
        violating: [with(json!({"start_time": 1_790_000_000})), with(json!({"stop_time": 1_790_000_000_000_000_u64}))],
        silent: [with(json!({"start_time": 0})), with(json!({"duration": 1_790_000_000}))],
    }
}

of_type! {
    /// A Port is an integer from 0 to 65535.
    TYPE_PORT {
        id: "openc2/type-port",
        rows: &["LS-3.4.2.14"],
        clause: "3.4.2.14",
        row: row::PORT,
        said: "Command has the port ",
        conforming: [about("ipv4_connection", json!({"src_port": 0, "dst_port": 65535}))],
        violating: [
            about("ipv4_connection", json!({"dst_port": 65536})),
            about("ipv6_connection", json!({"dst_port": "443"})),
            about("ipv4_connection", json!({"src_port": -1})),
        ],
        silent: [about("ipv4_connection", json!({"protocol": "tcp"}))],
    }
}

of_type! {
    /// An L4-Protocol goes by a name.
    ///
    /// # Interpretation
    /// A string. Numbers of IANA's are let pass here, and told by `openc2/type-l4-protocol-name`.
    TYPE_L4_PROTOCOL {
        id: "openc2/type-l4-protocol",
        rows: &["LS-3.4.2.10"],
        clause: "3.4.2.10",
        row: row::L4_PROTOCOL,
        said: "Command has the protocol ",
        conforming: [about("ipv4_connection", json!({"protocol": "udp"}))],
        violating: [about("ipv4_connection", json!({"protocol": ["tcp", "udp"]})), about("ipv4_connection", json!({"protocol": true}))],
        silent: [about("ipv4_connection", json!({"protocol": 47}))],
    }
}

of_type! {
    /// The name of an L4-Protocol is icmp, tcp, udp or sctp.
    ///
    /// # Interpretation
    /// Any protocol of IANA's is meant, but only these have names.
    TYPE_L4_PROTOCOL_NAME {
        id: "openc2/type-l4-protocol-name",
        rows: &["LS-3.4.2.10-name"],
        clause: "3.4.2.10",
        row: row::L4_PROTOCOL_NAME,
        said: "Command has the protocol ",
        level: Level::Guidance,
        conforming: [about("ipv6_connection", json!({"protocol": "sctp"}))],
        violating: [about("ipv4_connection", json!({"protocol": "gre"})), about("ipv4_connection", json!({"protocol": 47}))],
        silent: [about("ipv4_connection", json!({"dst_port": 443}))],
    }
}

requirement! {
    /// The type of a message is command or response.
    MESSAGE_TYPE {
        id: "openc2/message-type",
        rows: &["LS-3.4.2.11"],
        clause: "3.4.2.11",
        level: Level::Must,
        judged: Judged::Untestable("OpenC2 over MQTT tells the type by numbers of its own, in the payload header: see wd04/payload-header-message-type"),
    }
}

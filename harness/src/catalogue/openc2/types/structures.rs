//! Types that are made of members (LS 3.4.1).

use super::about;
use crate::catalogue::{Judged, Level, Trigger};
use crate::evidence::openc2::schema::types as row;
use crate::iut::Role;
use crate::requirement;
use serde_json::json;

of_type! {
    /// Artifacts, devices, files, processes, connections and hashes have at least one member.
    TARGET_TYPES_NOT_EMPTY {
        id: "openc2/target-types-not-empty",
        rows: &["L-053"],
        clause: "3.4.1",
        row: row::NOT_EMPTY,
        said: "Command leaves out every member where one is due: ",
        conforming: [about("device", json!({"device_id": "7"})), about("file", json!({"hashes": {"md5": "0".repeat(32)}}))],
        violating: [
            about("device", json!({})),
            about("artifact", json!({"mime_type": "text/plain", "hashes": {}})),
            about("process", json!({"parent": {"executable": {}}})),
            about("ipv4_connection", json!({})),
        ],
        silent: [about("device", json!("7"))],
    }
}

of_type! {
    /// An Artifact has the members mime_type, payload and hashes, and no others.
    TYPE_ARTIFACT {
        id: "openc2/type-artifact",
        rows: &["LS-3.4.1.1"],
        clause: "3.4.1.1",
        row: row::ARTIFACT,
        said: "Command has an Artifact with ",
        conforming: [about("artifact", json!({"mime_type": "text/plain", "payload": {"bin": "AQIDBA"}}))],
        violating: [
            about("artifact", json!({"media_type": "text/plain"})),
            about("artifact", json!({"mime_type": 7})),
            about("artifact", json!("AQIDBA")),
        ],
        silent: [about("file", json!({"name": "a"}))],
    }
}

of_type! {
    /// A Payload is either bytes, as base64url, or a URL.
    ///
    /// # Interpretation
    /// Nothing is said of padding, so base64url may have it or not.
    TYPE_PAYLOAD {
        id: "openc2/type-payload",
        rows: &["LS-3.4.2.13"],
        clause: "3.4.2.13",
        row: row::PAYLOAD,
        said: "Command has a Payload with ",
        conforming: [
            about("artifact", json!({"payload": {"bin": "AQ=="}})),
            about("artifact", json!({"payload": {"url": "https://a.example/b"}})),
        ],
        violating: [
            about("artifact", json!({"payload": {"bin": "A+/="}})),
            about("artifact", json!({"payload": {"bin": "AQIDBA", "url": "https://a.example/b"}})),
            about("artifact", json!({"payload": "AQIDBA"})),
        ],
        silent: [about("artifact", json!({"mime_type": "text/plain"}))],
    }
}

requirement! {
    /// The URL of a Payload leads to its content as it is, not encoded.
    PAYLOAD_URL {
        id: "openc2/payload-url",
        rows: &["LS-3.4.2.13-url"],
        clause: "3.4.2.13",
        level: Level::Guidance,
        roles: &[Role::Producer],
        trigger: Trigger::Command(row::PAYLOAD),
        judged: Judged::Untestable("what a URL leads to is in no message; the text stands in a description, which does not bind"),
    }
}

of_type! {
    /// A Device has the members hostname, idn_hostname and device_id, and no others.
    TYPE_DEVICE {
        id: "openc2/type-device",
        rows: &["LS-3.4.1.2"],
        clause: "3.4.1.2",
        row: row::DEVICE,
        said: "Command has a Device with ",
        conforming: [about("device", json!({"hostname": "a.example", "device_id": "7"}))],
        violating: [
            about("device", json!({"id": "7"})),
            about("device", json!({"device_id": 7})),
            about("device", json!("7")),
        ],
    }
}

of_type! {
    /// A File has the members name, path and hashes, and no others.
    TYPE_FILE {
        id: "openc2/type-file",
        rows: &["LS-3.4.1.6"],
        clause: "3.4.1.6",
        row: row::FILE,
        said: "Command has a File with ",
        conforming: [about("file", json!({"name": "a", "path": "/tmp"}))],
        violating: [
            about("file", json!({"name": "a", "size": 7})),
            about("file", json!({"path": ["tmp", "a"]})),
            about("process", json!({"executable": "/bin/sh"})),
        ],
    }
}

of_type! {
    /// A Process has the members pid, name, cwd, executable, parent and command_line, and no others.
    ///
    /// # Interpretation
    /// The pid is an integer, not negative; executable is a File; the parent is a Process, and so on.
    TYPE_PROCESS {
        id: "openc2/type-process",
        rows: &["LS-3.4.1.15"],
        clause: "3.4.1.15",
        row: row::PROCESS,
        said: "Command has a Process with ",
        conforming: [about("process", json!({"pid": 7, "parent": {"pid": 1, "name": "init"}, "executable": {"path": "/bin/sh"}}))],
        violating: [
            about("process", json!({"pid": "7"})),
            about("process", json!({"pid": -7})),
            about("process", json!({"name": "a", "parent": {"name": "b", "user": "root"}})),
        ],
    }
}

of_type! {
    /// An IPv4-Connection has the members src_addr, src_port, dst_addr, dst_port and protocol, and no others.
    TYPE_IPV4_CONNECTION {
        id: "openc2/type-ipv4-connection",
        rows: &["LS-3.4.1.10"],
        clause: "3.4.1.10",
        row: row::IPV4_CONNECTION,
        said: "Command has an IPv4-Connection with ",
        conforming: [about("ipv4_connection", json!({"protocol": "tcp", "src_addr": "1.2.3.4", "dst_port": 443}))],
        violating: [
            about("ipv4_connection", json!({"src_ip": "1.2.3.4"})),
            about("ipv4_connection", json!("1.2.3.4:443")),
        ],
        silent: [about("ipv6_connection", json!({"protocol": "tcp"}))],
    }
}

of_type! {
    /// An IPv6-Connection has the members src_addr, src_port, dst_addr, dst_port and protocol, and no others.
    TYPE_IPV6_CONNECTION {
        id: "openc2/type-ipv6-connection",
        rows: &["LS-3.4.1.12"],
        clause: "3.4.1.12",
        row: row::IPV6_CONNECTION,
        said: "Command has an IPv6-Connection with ",
        conforming: [about("ipv6_connection", json!({"protocol": "tcp", "src_addr": "2001:db8::1", "dst_port": 443}))],
        violating: [
            about("ipv6_connection", json!({"protocol": "icmp", "icmp_type": 8})),
            about("ipv6_connection", json!([])),
        ],
        silent: [about("ipv4_connection", json!({"protocol": "tcp"}))],
    }
}

of_type! {
    /// Properties are an array of one or more different strings.
    TYPE_PROPERTIES {
        id: "openc2/type-properties",
        rows: &["LS-3.4.1.16"],
        clause: "3.4.1.16",
        row: row::PROPERTIES,
        said: "Command has Properties with ",
        conforming: [json!({"action": "query", "target": {"properties": ["battery", "door"]}})],
        violating: [
            json!({"action": "query", "target": {"properties": []}}),
            json!({"action": "query", "target": {"properties": ["battery", "battery"]}}),
            json!({"action": "query", "target": {"properties": "battery"}}),
        ],
    }
}

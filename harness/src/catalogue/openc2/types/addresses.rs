//! Addresses of networks and machines (LS 3.4.1.9, 3.4.1.11, 3.4.1.14).

use super::about;
use crate::evidence::openc2::schema::types as row;
use serde_json::json;

of_type! {
    /// An IPv4 range in JSON is text with dots and slash.
    ///
    /// # Interpretation
    /// Four numbers up to 255, and a prefix length up to 32, which may be left out. Bits beyond the prefix may be
    /// set. Numbers that begin with zeros decide nothing, and neither do bytes in CBOR.
    IPV4_NET_FORM {
        id: "openc2/ipv4-net-form",
        rows: &["L-054", "LS-3.4.2.8"],
        clause: "3.4.1.9",
        row: row::IPV4_NET,
        said: "Command has the IPv4 range ",
        conforming: [
            about("ipv4_net", json!("192.0.2.0/24")),
            about("ipv4_connection", json!({"src_addr": "192.0.2.7", "dst_addr": "0.0.0.0/0"})),
        ],
        violating: [
            about("ipv4_net", json!("192.0.2.0/255.255.255.0")),
            about("ipv4_net", json!(["192.0.2.0", 24])),
            about("ipv4_connection", json!({"dst_addr": "192.0.2.256"})),
        ],
        silent: [about("ipv4_net", json!("192.000.002.000/24"))],
    }
}

of_type! {
    /// An IPv6 range in JSON is the text of an address, with a slash and a prefix length where it has one.
    ///
    /// # Interpretation
    /// Any text of RFC 4291 2.2: see `openc2/type-ipv6-text`. A zone is no part of it.
    TYPE_IPV6_NET {
        id: "openc2/type-ipv6-net",
        rows: &["LS-3.4.1.11", "LS-3.4.2.9"],
        clause: "3.4.1.11",
        row: row::IPV6_NET,
        said: "Command has the IPv6 range ",
        conforming: [about("ipv6_net", json!("2001:db8::/32")), about("ipv6_net", json!("::ffff:192.0.2.1"))],
        violating: [
            about("ipv6_net", json!("2001:db8::1::2")),
            about("ipv6_net", json!("2001:db8::/129")),
            about("ipv6_net", json!("fe80::1%eth0")),
            about("ipv6_connection", json!({"src_addr": "192.0.2.1"})),
        ],
    }
}

of_type! {
    /// The address of an IPv6 range is written as RFC 5952 recommends.
    ///
    /// # Interpretation
    /// Lower case, no zeros in front of a group, and `::` for the first longest run of two or more groups of zeros.
    /// Addresses that end as IPv4 decide nothing.
    TYPE_IPV6_TEXT {
        id: "openc2/type-ipv6-text",
        rows: &["LS-3.4.2.9-text"],
        clause: "3.1.5",
        row: row::IPV6_TEXT,
        said: "Command writes an IPv6 address as ",
        contradiction: Some("an IPv6 address is text of RFC 5952 section 4 (3.1.5), a range text of RFC 4291 2.3, which has more than one for an address"),
        conforming: [about("ipv6_net", json!("2001:db8::1:0:0:1/64"))],
        violating: [about("ipv6_net", json!("2001:DB8::1")), about("ipv6_net", json!("2001:db8:0:0:0:0:0:1/128"))],
        silent: [about("ipv6_net", json!("::ffff:192.0.2.1"))],
    }
}

of_type! {
    /// A MAC address is an EUI-48 or EUI-64, octets of hexadecimal between colons.
    TYPE_MAC_ADDR {
        id: "openc2/type-mac-addr",
        rows: &["LS-3.4.1.14"],
        clause: "3.4.1.14",
        row: row::MAC_ADDR,
        said: "Command has the MAC address ",
        conforming: [about("mac_addr", json!("02:00:5E:10:00:01")), about("mac_addr", json!("02:00:5e:ff:fe:10:00:01"))],
        violating: [about("mac_addr", json!("02-00-5E-10-00-01")), about("mac_addr", json!("02:00:5E:10:00"))],
    }
}

//! Values that are of a type, values that are not, and values that are left open.

use super::*;
use crate::evidence::openc2::schema::command;
use crate::evidence::openc2::{cbor, json as reader};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

/// Rows that a Command with that target breaks, and rows that it shows; the same in JSON and in CBOR.
pub(super) fn judged(target: &str, value: &Json) -> (Vec<&'static str>, BTreeSet<&'static str>) {
    let command = json!({"action": "deny", "target": {target: value}});
    let text = serde_json::to_vec(&command).expect("a Value serializes");
    let from_json = command::check(&reader::parse(&text, 0).root.expect("JSON has a root"), false);
    let mut bytes = Vec::new();
    ciborium::into_writer(&command, &mut bytes).expect("a Value serializes");
    let from_cbor = command::check(&cbor::parse(&bytes, 0).root.expect("CBOR has a root"), false);
    let rows = |checked: &crate::evidence::openc2::schema::Checked| -> Vec<&'static str> {
        checked.defects.iter().map(|d| d.clause).collect()
    };
    assert_eq!(rows(&from_json), rows(&from_cbor), "{target}: {value}");
    assert_eq!(from_json.shown, from_cbor.shown, "{target}: {value}");
    (rows(&from_json), from_json.shown)
}

#[track_caller]
fn kept(target: &str, row: &str, values: &[Json]) {
    for value in values {
        let (broken, shown) = judged(target, value);
        assert_eq!(broken, [""; 0], "{target}: {value}");
        assert!(shown.contains(row), "{target}: {value} does not show {row}");
    }
}

#[track_caller]
fn broken(target: &str, row: &str, values: &[Json]) {
    for value in values {
        let (broken, shown) = judged(target, value);
        assert_eq!(broken, [row], "{target}: {value}");
        assert!(shown.contains(row), "{target}: {value} does not show {row}");
    }
}

/// Nothing is said of that row.
#[track_caller]
fn open(target: &str, row: &str, values: &[Json]) {
    for value in values {
        let (broken, shown) = judged(target, value);
        assert!(!broken.contains(&row) && !shown.contains(row), "{target}: {value} decides {row}");
    }
}

#[test]
fn structures() {
    kept(
        "artifact",
        ARTIFACT,
        &[
            json!({"mime_type": "text/plain"}),
            json!({"payload": {"bin": "AQIDBA"}, "hashes": {"md5": "AABBCCDDEEFF00112233445566778899"}}),
        ],
    );
    broken("artifact", ARTIFACT, &[json!("AQIDBA"), json!({"mime_type": 1}), json!({"media_type": "text/plain"})]);
    kept("device", DEVICE, &[json!({"device_id": ""}), json!({"hostname": "a.example", "idn_hostname": "b"})]);
    broken("device", DEVICE, &[json!("a"), json!([]), json!({"device_id": 7}), json!({"id": "7"}), json!(null)]);
    kept("file", FILE, &[json!({"name": "a", "path": "/a"})]);
    broken("file", FILE, &[json!("a"), json!({"name": ["a"]}), json!({"size": 3, "name": "a"})]);
    kept(
        "process",
        PROCESS,
        &[json!({"pid": 0, "parent": {"name": "init", "parent": {"cwd": "/"}}}), json!({"pid": 1.0})],
    );
    broken(
        "process",
        PROCESS,
        &[
            json!({"pid": -1}),
            json!({"pid": "1"}),
            json!({"parent": 1}),
            json!({"user": "a", "name": "b"}),
            json!({"pid": 0.5}),
        ],
    );
    broken("process", FILE, &[json!({"executable": "sh"})]);
    kept("ipv4_connection", IPV4_CONNECTION, &[json!({"protocol": "udp", "src_port": 0, "dst_port": 65535})]);
    broken("ipv4_connection", IPV4_CONNECTION, &[json!("tcp"), json!({"src_ip": "1.2.3.4", "protocol": "tcp"})]);
    broken("ipv4_connection", IPV4_NET, &[json!({"src_addr": "::1"})]);
    kept("ipv6_connection", IPV6_CONNECTION, &[json!({"src_addr": "fe80::/10"})]);
    broken("ipv6_connection", IPV6_CONNECTION, &[json!({"icmp_type": 8, "protocol": "icmp"})]);
    broken("ipv6_connection", IPV6_NET, &[json!({"dst_addr": "1.2.3.4"})]);
}

#[test]
fn something_stands_in_them() {
    for target in ["artifact", "device", "file", "process", "ipv4_connection", "ipv6_connection"] {
        broken(target, NOT_EMPTY, &[json!({})]);
    }
    broken("artifact", NOT_EMPTY, &[json!({"hashes": {}})]);
    broken("process", NOT_EMPTY, &[json!({"executable": {}}), json!({"parent": {}})]);
    kept("device", NOT_EMPTY, &[json!({"device_id": "7"})]);
}

#[test]
fn lists() {
    kept("features", FEATURES, &[json!([]), json!(["versions", "profiles", "pairs", "rate_limit"])]);
    broken("features", FEATURES, &[json!({}), json!("versions"), json!(["version"]), json!([1])]);
    broken("features", FEATURES_UNIQUE, &[json!(["pairs", "pairs"])]);
    kept("properties", PROPERTIES, &[json!(["battery"]), json!(["a", "b", ""])]);
    broken("properties", PROPERTIES, &[json!([]), json!("a"), json!([1]), json!(["a", "a"]), json!({"a": 1})]);
}

#[test]
fn binary() {
    kept("artifact", PAYLOAD, &[json!({"payload": {"bin": ""}}), json!({"payload": {"bin": "AQ"}})]);
    kept("artifact", PAYLOAD, &[json!({"payload": {"bin": "AQ=="}}), json!({"payload": {"url": "http://a/b"}})]);
    broken(
        "artifact",
        PAYLOAD,
        &[
            json!({"payload": {"bin": "A"}}),
            json!({"payload": {"bin": "A+/="}}),
            json!({"payload": {"bin": "AQ="}}),
            json!({"payload": {"bin": 7}}),
            json!({"payload": {}}),
            json!({"payload": {"bin": "AQ", "url": "http://a/b"}}),
            json!({"payload": {"text": "AQ"}}),
            json!({"payload": "AQ"}),
        ],
    );
    broken("artifact", URI, &[json!({"payload": {"url": "b"}})]);
    let digests = json!({"hashes": {"md5": "0".repeat(32), "sha1": "A".repeat(40), "sha256": "F".repeat(64)}});
    for row in [HASHES, HASH_LENGTH, HASH_CASE] {
        kept("file", row, std::slice::from_ref(&digests));
    }
    broken("file", HASHES, &[json!({"hashes": {"md5": "xyz"}}), json!({"hashes": {"sha1": ""}})]);
    broken(
        "file",
        HASHES,
        &[json!({"hashes": {"sha512": "AA"}}), json!({"hashes": "AA"}), json!({"hashes": {"md5": 7}})],
    );
    broken("file", HASH_LENGTH, &[json!({"hashes": {"md5": "A".repeat(40)}}), json!({"hashes": {"sha256": "AB"}})]);
    broken("file", HASH_CASE, &[json!({"hashes": {"md5": "a".repeat(32)}})]);
    open("file", HASH_CASE, &[json!({"hashes": {"md5": "7".repeat(32)}})]);
}

#[test]
fn addresses() {
    kept(
        "ipv4_net",
        IPV4_NET,
        &[json!("1.2.3.4"), json!("0.0.0.0/0"), json!("255.255.255.255/32"), json!("10.1.2.3/8")],
    );
    broken(
        "ipv4_net",
        IPV4_NET,
        &[
            json!("1.2.3"),
            json!("1.2.3.256"),
            json!("1.2.3.4/33"),
            json!("1.2.3.4/"),
            json!("1.2.3.4/255.0.0.0"),
            json!(" 1.2.3.4"),
            json!("1.2.3.4/-1"),
            json!("1..3.4"),
            json!("::1"),
            json!(["1.2.3.0", 24]),
            json!(16_909_060),
            json!({"addr": "1.2.3.4"}),
            json!(""),
        ],
    );
    open("ipv4_net", IPV4_NET, &[json!("010.0.0.1"), json!("10.0.0.0/08")]);
    kept(
        "ipv6_net",
        IPV6_NET,
        &[
            json!("::"),
            json!("::1/128"),
            json!("fe80::/10"),
            json!("2001:db8::1"),
            json!("::ffff:1.2.3.4/96"),
            json!("1:2:3:4:5:6:7:8"),
        ],
    );
    broken(
        "ipv6_net",
        IPV6_NET,
        &[
            json!("1.2.3.4"),
            json!(":::"),
            json!("1::2::3"),
            json!("1:2:3:4:5:6:7"),
            json!("1:2:3:4:5:6:7:8:9"),
            json!("1:2:3:4::5:6:7:8"),
            json!("12345::"),
            json!("::g"),
            json!("::/129"),
            json!("fe80::1%eth0"),
            json!("1:2"),
            json!(":1:2:3:4:5:6:7"),
            json!("::1.2.3.256"),
            json!("1.2.3.4::"),
            json!(""),
            json!([]),
        ],
    );
    open("ipv6_net", IPV6_NET, &[json!("::ffff:01.2.3.4"), json!("::/064")]);
    broken(
        "ipv6_net",
        IPV6_TEXT,
        &[json!("2001:DB8::1"), json!("2001:0db8::1"), json!("1:2:3:4:5:6:7::"), json!("0:0:0:0:0:0:0:1/128")],
    );
    broken("ipv6_net", IPV6_TEXT, &[json!("1::2:0:0:0:3"), json!("1::2:3:4:5:6:7")]);
    kept("ipv6_net", IPV6_TEXT, &[json!("1::2:0:0:3"), json!("1:0:0:2::3"), json!("::")]);
    open("ipv6_net", IPV6_TEXT, &[json!("::ffff:1.2.3.4")]);
    kept("mac_addr", MAC_ADDR, &[json!("00:1a:2B:3c:4d:5e"), json!("00:11:22:33:44:55:66:77")]);
    broken(
        "mac_addr",
        MAC_ADDR,
        &[
            json!("00-1a-2b-3c-4d-5e"),
            json!("001a.2b3c.4d5e"),
            json!("00:1a:2b:3c:4d"),
            json!("0:1:2:3:4:5"),
            json!(7),
            json!(""),
        ],
    );
}

#[test]
fn the_text_of_ipv6_addresses_is_that_of_the_standard_library() {
    for groups in
        [[0; 8], [0, 0, 0, 0, 0, 0, 0, 1], [1, 0, 0, 2, 0, 0, 0, 3], [1, 0, 2, 3, 4, 5, 6, 7], [1, 0, 0, 2, 3, 0, 0, 4]]
    {
        assert_eq!(addresses::recommended(groups), std::net::Ipv6Addr::from(groups).to_string());
    }
}

#[test]
fn hosts() {
    for (target, row) in [("domain_name", DOMAIN_NAME), ("idn_domain_name", IDN_DOMAIN_NAME)] {
        kept(
            target,
            row,
            &[
                json!("example.com"),
                json!("a"),
                json!("3com.example."),
                json!("_dmarc.example"),
                json!("xn--mnchen-3ya.de"),
            ],
        );
        let long = format!("{}.example", "a".repeat(64));
        broken(
            target,
            row,
            &[
                json!(""),
                json!("a..b"),
                json!("-a.b"),
                json!("a-.b"),
                json!("a b"),
                json!("a/b"),
                json!(long),
                json!(7),
                json!(["a"]),
            ],
        );
        broken(target, row, &[json!(["abcdefg"; 32].join("."))]);
        open(target, row, &[json!(".")]);
    }
    broken("domain_name", DOMAIN_NAME, &[json!("münchen.de")]);
    kept("idn_domain_name", IDN_DOMAIN_NAME, &[json!("münchen.de"), json!("例え.テスト")]);
    broken(
        "idn_domain_name",
        IDN_DOMAIN_NAME,
        &[json!("mün chen.de"), json!("-ü.de"), json!("ü".repeat(60)), json!("ü\u{7}.de")],
    );
    open("idn_domain_name", IDN_DOMAIN_NAME, &[json!("☃.net"), json!("München.Ü"), json!("例え。テスト")]);
    broken("device", HOSTNAME, &[json!({"hostname": "a_b.c d"})]);
    kept("device", HOSTNAME, &[json!({"hostname": "a.b"})]);
    broken("device", IDN_HOSTNAME, &[json!({"idn_hostname": "ü..a"})]);
    kept("device", IDN_HOSTNAME, &[json!({"idn_hostname": "ü.a"})]);
}

#[test]
fn emails() {
    for (target, row) in [("email_addr", EMAIL_ADDR), ("idn_email_addr", IDN_EMAIL_ADDR)] {
        kept(
            target,
            row,
            &[
                json!("a@b"),
                json!("a.b+c@d.example"),
                json!("\"a b\\\"@\"@c"),
                json!("a@[192.0.2.1]"),
                json!("a@[IPv6:::1]"),
            ],
        );
        broken(
            target,
            row,
            &[
                json!("a"),
                json!("@b"),
                json!("a@"),
                json!("a..b@c"),
                json!(".a@b"),
                json!("a@b@c"),
                json!("a b@c"),
                json!("a@b..c"),
                json!("<a@b>"),
                json!("\"a@b"),
                json!("a@[1]2]"),
                json!(1),
                json!(""),
            ],
        );
        open(target, row, &[json!("a (me)@b"), json!("a @ b"), json!("\"a\".b@c")]);
    }
    broken("email_addr", EMAIL_ADDR, &[json!("ü@b")]);
    kept("idn_email_addr", IDN_EMAIL_ADDR, &[json!("ü@bücher.example")]);
}

#[test]
fn identifiers() {
    for (target, row) in [("uri", URI), ("iri", IRI)] {
        kept(
            target,
            row,
            &[
                json!("http://example.com/a?b=c#d"),
                json!("mailto:a@b.example"),
                json!("urn:uuid:x"),
                json!("file:///etc/passwd"),
                json!("http://[2001:db8::1]:80/"),
                json!("http://u:p@h:8080"),
                json!("http://[fe80::1%25eth0]/"),
                json!("http://[v1.x]/"),
                json!("a:"),
                json!("http://a/%C3%BC?/?"),
            ],
        );
        broken(
            target,
            row,
            &[
                json!("example.com"),
                json!("//example.com/a"),
                json!("/a"),
                json!("http://a b/"),
                json!("http://a/%zz"),
                json!("http://a/%C"),
                json!("http://a/<b>"),
                json!("1http://a"),
                json!("http://[::1"),
                json!("http://[1]/"),
                json!("http://a:b/"),
                json!("http://a/#b#c"),
                json!("http://a/[b]"),
                json!(":a"),
                json!(""),
                json!(7),
            ],
        );
    }
    broken("uri", URI, &[json!("http://bücher.example/")]);
    kept("iri", IRI, &[json!("http://bücher.example/ü?ü#ü"), json!("http://a/?\u{E000}")]);
    broken("iri", IRI, &[json!("http://a/\u{E000}"), json!("http://a/\u{85}")]);
}

#[test]
fn numbers() {
    kept("ipv4_connection", PORT, &[json!({"src_port": 0}), json!({"dst_port": 65535})]);
    broken(
        "ipv4_connection",
        PORT,
        &[json!({"src_port": -1}), json!({"dst_port": 65536}), json!({"dst_port": "80"}), json!({"dst_port": 1.5})],
    );
    kept("ipv6_connection", L4_PROTOCOL_NAME, &[json!({"protocol": "sctp"})]);
    kept("ipv6_connection", L4_PROTOCOL, &[json!({"protocol": "icmp"})]);
    broken(
        "ipv6_connection",
        L4_PROTOCOL_NAME,
        &[json!({"protocol": "gre"}), json!({"protocol": "TCP"}), json!({"protocol": 47})],
    );
    broken(
        "ipv6_connection",
        L4_PROTOCOL,
        &[json!({"protocol": 256}), json!({"protocol": ["tcp"]}), json!({"protocol": null})],
    );
}

#[test]
fn command_ids() {
    kept("command", COMMAND_ID, &[json!(""), json!("a".repeat(36)), json!("ü-7")]);
    broken(
        "command",
        COMMAND_ID,
        &[json!("a".repeat(37)), json!("a b"), json!("a\u{A0}b"), json!("a\n"), json!(7), json!({})],
    );
    open("command", COMMAND_ID, &[json!("a\u{FEFF}b")]);
}

/// What args and the Command itself show, by one text of JSON.
fn of_command(text: &str) -> (Vec<&'static str>, BTreeSet<&'static str>) {
    let checked = command::check(&reader::parse(text.as_bytes(), 0).root.expect("JSON has a root"), false);
    (checked.defects.iter().map(|d| d.clause).collect(), checked.shown)
}

#[test]
fn times() {
    let at = |args: &str| of_command(&format!(r#"{{"action":"stop","target":{{"command":"c"}},"args":{{{args}}}}}"#));
    for (args, broken) in [
        (r#""start_time":0"#, &[][..]),
        (r#""start_time":1534775460000"#, &[]),
        (r#""start_time":1534775460"#, &[MILLISECONDS]),
        (r#""stop_time":1534775460000000"#, &[MILLISECONDS]),
        (r#""stop_time":1534775460000000000"#, &[MILLISECONDS]),
        (r#""stop_time":253402300799000"#, &[]),
        (r#""stop_time":-1"#, &[DATE_TIME]),
        (r#""stop_time":"2026-01-01T00:00:00Z""#, &[DATE_TIME]),
        (r#""stop_time":1.5"#, &[DATE_TIME]),
        (r#""duration":500"#, &[]),
        (r#""duration":"PT5S""#, &[DURATION]),
        (r#""response_requested":"ack""#, &[]),
        (r#""response_requested":1"#, &[RESPONSE_TYPE]),
        (r#""response_requested":"later""#, &[RESPONSE_TYPE]),
        (r#""start_time":0,"stop_time":1,"duration":1"#, &[command::TIMES]),
        (r#""slpf":{"direction":"both"}"#, &[command::ARGS_STANDARD]),
        (r#""slpf":{},"duration":1"#, &[]),
    ] {
        assert_eq!(at(args).0, broken, "{args}");
    }
    assert!(at(r#""start_time":0"#).1.contains(DATE_TIME));
    assert!(!at(r#""start_time":0"#).1.contains(MILLISECONDS));
}

/// JADN's integers: what no name is known for is left alone, whatever it is.
#[test]
fn integers_for_names_are_left_open() {
    // deny ipv4_net [h'01020300', 24], and a device whose fields are numbered.
    for target in [vec![0xA1_u8, 0x0D, 0x82, 0x44, 1, 2, 3, 0, 0x18, 0x18], vec![0xA1, 0x03, 0xA1, 0x03, 0x61, b'7']] {
        let payload = [&[0x90, 2, 0x81, 0xA1, 1, 0x82, 6][..], &target].concat();
        let message = crate::evidence::openc2::read("oc2/cmd/all", &payload).expect("the topic is OpenC2's");
        assert_eq!(message.form, crate::evidence::openc2::Form::JadnCbor);
        assert_eq!(message.action(), Some("deny"));
        assert!(message.content_defects.is_empty(), "{:?}", message.content_defects);
        assert!(!message.content_shown.contains(IPV4_NET) && !message.content_shown.contains(DEVICE));
    }
}

/// Bytes of text-keyed CBOR in place of a text say nothing of the text.
#[test]
fn byte_strings_are_left_open() {
    let bytes = |n: usize| ciborium::Value::Bytes(vec![1; n]);
    let text = |t: &str| ciborium::Value::Text(t.to_owned());
    let net = ciborium::Value::Array(vec![bytes(4), ciborium::Value::Integer(24.into())]);
    for (target, value) in [("ipv4_net", net), ("ipv6_net", bytes(16)), ("mac_addr", bytes(6))] {
        let command = ciborium::Value::Map(vec![
            (text("action"), text("deny")),
            (text("target"), ciborium::Value::Map(vec![(text(target), value)])),
        ]);
        let mut written = Vec::new();
        ciborium::into_writer(&command, &mut written).expect("a Value serializes");
        let checked = command::check(&cbor::parse(&written, 0).root.expect("CBOR has a root"), false);
        assert!(checked.defects.is_empty(), "{:?}", checked.defects);
        for row in [IPV4_NET, IPV6_NET, MAC_ADDR] {
            assert!(!checked.shown.contains(row));
        }
    }
}

//! The types against generated values: total, the same in JSON and CBOR, true to values that are right, and to values
//! that were made wrong.

use super::tests::judged;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

const TARGETS: [&str; 18] = [
    "artifact",
    "command",
    "device",
    "domain_name",
    "email_addr",
    "features",
    "file",
    "idn_domain_name",
    "idn_email_addr",
    "ipv4_net",
    "ipv6_net",
    "ipv4_connection",
    "ipv6_connection",
    "mac_addr",
    "process",
    "uri",
    "iri",
    "properties",
];

fn hashes() -> impl Strategy<Value = Json> {
    prop_oneof![
        "[0-9A-F]{32}".prop_map(|h| json!({"md5": h})),
        "[0-9A-F]{40}".prop_map(|h| json!({"sha1": h})),
        ("[0-9A-F]{32}", "[0-9A-F]{64}").prop_map(|(a, b)| json!({"md5": a, "sha256": b})),
    ]
}

fn file() -> impl Strategy<Value = Json> {
    prop_oneof![
        ".{0,12}".prop_map(|name| json!({"name": name})),
        (".{0,12}", hashes()).prop_map(|(path, hashes)| json!({"path": path, "hashes": hashes})),
    ]
}

fn process() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        any::<u32>().prop_map(|pid| json!({"pid": pid})),
        file().prop_map(|file| json!({"executable": file, "cwd": "/"})),
    ];
    leaf.prop_recursive(12, 12, 1, |parent| parent.prop_map(|parent| json!({"command_line": "x", "parent": parent})))
}

fn ipv4() -> impl Strategy<Value = String> {
    (any::<std::net::Ipv4Addr>(), prop::option::of(0..=32_u8)).prop_map(|(a, n)| with_prefix(&a.to_string(), n))
}

fn ipv6() -> impl Strategy<Value = String> {
    // Some groups are zero, so that runs of them are shortened.
    let group = prop_oneof![Just(0_u16), any::<u16>()];
    (prop::array::uniform8(group), prop::option::of(0..=128_u8))
        .prop_map(|(groups, n)| with_prefix(&std::net::Ipv6Addr::from(groups).to_string(), n))
}

fn with_prefix(address: &str, prefix: Option<u8>) -> String {
    prefix.map_or_else(|| address.to_owned(), |n| format!("{address}/{n}"))
}

fn connection(net: impl Strategy<Value = String>) -> impl Strategy<Value = Json> {
    let protocol = prop::sample::select(vec!["icmp", "tcp", "udp", "sctp"]);
    (net, any::<u16>(), protocol)
        .prop_map(|(net, port, protocol)| json!({"src_addr": net, "dst_port": port, "protocol": protocol}))
}

const HOST: &str = "[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?(\\.[a-z]{1,10}){0,4}";
const ATOM: &str = "[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,10}(\\.[a-z0-9]{1,8}){0,3}";
const PATH: &str = "(/([A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-F]{2}){0,8}){0,4}";

fn uri() -> impl Strategy<Value = String> {
    let authority = (HOST, prop::option::of(any::<u16>()))
        .prop_map(|(host, port)| port.map_or_else(|| format!("//{host}"), |port| format!("//{host}:{port}")));
    let tail = prop::option::of("[A-Za-z0-9/?]{0,8}");
    ("[a-z][a-z0-9+.-]{0,8}", prop_oneof![authority, Just(String::new())], PATH, tail.clone(), tail).prop_map(
        |(scheme, authority, path, query, fragment)| {
            // Without an authority a path cannot begin with two slashes: that would be one.
            let path = if authority.is_empty() { path.trim_start_matches('/').to_owned() } else { path };
            let query = query.map_or_else(String::new, |q| format!("?{q}"));
            let fragment = fragment.map_or_else(String::new, |f| format!("#{f}"));
            format!("{scheme}:{authority}{path}{query}{fragment}")
        },
    )
}

/// Values of every type, all of them right.
fn right() -> impl Strategy<Value = (&'static str, Json)> {
    let texts = prop_oneof![
        HOST.prop_map(|t| ("domain_name", t)),
        HOST.prop_map(|t| ("idn_domain_name", t)),
        "[a-zà-öα-ω]{1,12}(\\.[a-z]{2,4}){1,3}".prop_map(|t| ("idn_domain_name", t)),
        (ATOM, HOST).prop_map(|(local, host)| ("email_addr", format!("{local}@{host}"))),
        (ATOM, "[à-ö]{1,5}\\.[a-z]{2}").prop_map(|(local, host)| ("idn_email_addr", format!("ü{local}@{host}"))),
        ipv4().prop_map(|t| ("ipv4_net", t)),
        ipv6().prop_map(|t| ("ipv6_net", t)),
        "([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}".prop_map(|t| ("mac_addr", t)),
        "([0-9A-F]{2}:){7}[0-9A-F]{2}".prop_map(|t| ("mac_addr", t)),
        uri().prop_map(|t| ("uri", t)),
        uri().prop_map(|t| ("iri", t)),
        "http://[a-zà-ö]{1,8}/[à-öα-ω%]{0}[à-öα-ω]{0,8}".prop_map(|t| ("iri", t)),
        "[!-~à-ö]{0,36}".prop_map(|t| ("command", t)),
    ];
    let structures = prop_oneof![
        ("[A-Za-z0-9_-]{4}{0,6}", hashes())
            .prop_map(|(bin, hashes)| ("artifact", json!({"payload": {"bin": bin}, "hashes": hashes}))),
        uri().prop_map(|url| ("artifact", json!({"mime_type": "a/b", "payload": {"url": url}}))),
        (HOST, ".{0,9}").prop_map(|(host, id)| ("device", json!({"hostname": host, "device_id": id}))),
        file().prop_map(|value| ("file", value)),
        process().prop_map(|value| ("process", value)),
        connection(ipv4()).prop_map(|value| ("ipv4_connection", value)),
        connection(ipv6()).prop_map(|value| ("ipv6_connection", value)),
        prop::sample::subsequence(vec!["versions", "profiles", "pairs", "rate_limit"], 0..=4)
            .prop_map(|list| ("features", json!(list))),
        prop::collection::btree_set(".{0,6}", 1..6).prop_map(|set| ("properties", json!(set))),
    ];
    prop_oneof![texts.prop_map(|(target, text)| (target, json!(text))), structures]
}

/// Anything at all.
fn anything() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        (-1e9..1e9_f64).prop_map(Into::into),
        any::<String>().prop_map(Into::into),
        "[0-9a-fA-F:./@%?#\\[\\]\" -]{0,40}".prop_map(Into::into),
    ];
    let names = prop::sample::select(vec![
        "hashes",
        "md5",
        "sha1",
        "payload",
        "bin",
        "url",
        "hostname",
        "parent",
        "executable",
        "pid",
        "src_addr",
        "dst_port",
        "protocol",
        "name",
        "idn_hostname",
        "",
    ]);
    leaf.prop_recursive(6, 30, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Json::Array),
            prop::collection::vec((names.clone(), inner), 0..5)
                .prop_map(|members| Json::Object(members.into_iter().map(|(n, v)| (n.to_owned(), v)).collect())),
        ]
    })
}

/// Something that breaks a text of any of the types, wherever it stands.
fn spoil(text: &str, at: usize) -> String {
    let at = (0..=at.min(text.len())).rev().find(|n| text.is_char_boundary(*n)).unwrap_or(0);
    format!("{} \u{1}{}", &text[..at], &text[at..])
}

/// Texts of a value, one of them spoiled. `false`: there is none whose type is more than a string.
fn spoiled(value: &mut Json, at: usize) -> bool {
    match value {
        Json::String(text) => {
            *text = spoil(text, at);
            true
        }
        Json::Object(members) => members
            .iter_mut()
            .filter(|(name, _)| {
                !matches!(
                    name.as_str(),
                    "name" | "path" | "cwd" | "command_line" | "device_id" | "mime_type" | "protocol"
                )
            })
            .any(|(_, inner)| spoiled(inner, at)),
        _ => false,
    }
}

proptest! {
    #[test]
    fn what_is_right_is_kept((target, value) in right()) {
        let (broken, _) = judged(target, &value);
        prop_assert!(broken.is_empty(), "{}: {} breaks {:?}", target, value, broken);
    }

    #[test]
    fn what_is_spoiled_is_broken((target, value) in right(), at in 0..40_usize) {
        let mut value = value;
        if spoiled(&mut value, at) {
            let (broken, _) = judged(target, &value);
            prop_assert!(!broken.is_empty(), "{}: {}", target, value);
        }
    }

    /// Total, and what breaks a row is an instance of it.
    #[test]
    fn anything_is_judged_alike(value in anything()) {
        for target in TARGETS {
            let (broken, shown) = judged(target, &value);
            prop_assert!(broken.iter().all(|row| shown.contains(row)), "{}: {:?}", target, broken);
        }
    }

    #[test]
    fn any_text_is_judged_alike(text in prop_oneof![any::<String>(), "[0-9a-fA-F:./@%?#\\[\\]\"() -]{0,60}"]) {
        for target in TARGETS {
            judged(target, &json!(text));
        }
    }

    #[test]
    fn addresses_are_those_of_the_standard_library(text in "[0-9a-f]{0,4}(:{1,2}[0-9a-f]{1,5}){0,9}(:{1,2})?") {
        let theirs = text.parse::<std::net::Ipv6Addr>();
        prop_assert_eq!(super::addresses::ipv6(&text).map(std::net::Ipv6Addr::from), theirs.ok(), "{}", text);
    }
}

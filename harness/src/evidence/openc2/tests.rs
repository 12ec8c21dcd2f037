//! Messages by example: what is recognised, and what is said of those that are not as they should be.

use super::{ContentKind, Form, Message, Value, json, read, read_open, schema};
use crate::iut::Serialization;
use std::fmt::Write as _;

/// Sound messages: header, then text.
pub(super) const GOOD: [(&[u8], &str); 4] = [
    (
        &[0x91, 1],
        r#"{"content":{"response":{"status":200,"status_text":"ok","results":{"versions":["1.0"],"profiles":["slpf","x-lock"],"pairs":{"query":["features"],"delete":["slpf:rule_number"]},"rate_limit":30,"slpf":{"rule_number":7}}}},"request_id":"r1","created":1606000000500,"from":"zulu","to":["p1"]}"#,
    ),
    (
        &[0x90, 1],
        r#"{"content":{"request":{"action":"query","target":{"features":["versions"]},"args":{"response_requested":"complete"},"actuator":{"x-acme":{}},"command_id":"c1"}},"request_id":"r1","from":"p1"}"#,
    ),
    (&[0x91, 1], " {\t\"request_id\" : \"\\u0072\\ud83d\\ude001\", \"content\":{\"response\":{\"status\":102}}}\r\n"),
    (&[0x92, 1], r#"{"content":{"notification":{}}}"#),
];

pub(super) fn good(which: usize) -> Vec<u8> {
    let (header, text) = GOOD[which];
    [header, text.as_bytes()].concat()
}

fn of(payload: &[u8]) -> Message {
    read("oc2/rsp", payload).expect("the topic is OpenC2's")
}

fn text(header: &[u8], text: &str) -> Message {
    of(&[header, text.as_bytes()].concat())
}

fn response(response: &str) -> Message {
    text(&[0x91, 1], &format!(r#"{{"content":{{"response":{response}}}}}"#))
}

fn cbor_of(value: &serde_json::Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).expect("a Value serializes");
    bytes
}

#[test]
fn sound_messages_have_no_defects() {
    for which in 0..GOOD.len() {
        let message = of(&good(which));
        assert!(message.defects.is_empty(), "{:?}", message.defects);
        assert!(message.content_defects.is_empty(), "{:?}", message.content_defects);
        assert_eq!(message.form, Form::Record);
        assert_eq!(message.serialization, Some(Serialization::Json));
    }
    let message = of(&good(0));
    assert_eq!(message.kind, Some(ContentKind::Response));
    assert_eq!(message.status(), Some(200));
    assert_eq!(message.request_id.as_deref(), Some("r1"));
    assert_eq!(message.to.as_deref(), Some(&["p1".to_owned()][..]));
    let message = of(&good(1));
    assert_eq!(message.action(), Some("query"));
    assert_eq!(message.target().map(|t| t.0), Some("features"));
    let message = of(&good(2));
    assert_eq!(message.request_id.as_deref(), Some("r😀1"));
    assert!(message.style.escapes && message.style.white_space && !message.style.non_ascii);
}

#[test]
fn text_keyed_cbor_is_the_record() {
    let value = serde_json::json!({"content": {"response": {"status": 200}}, "request_id": "r1"});
    let message = of(&[vec![0x91, 2], cbor_of(&value)].concat());
    assert!(message.defects.is_empty(), "{:?}", message.defects);
    assert_eq!((message.form, message.serialization), (Form::Record, Some(Serialization::Cbor)));
    assert_eq!((message.status(), message.request_id.as_deref()), (Some(200), Some("r1")));
}

#[test]
fn integer_keyed_cbor_is_named() {
    // [{1: [3, {9: [1, 4]}, {4: 3}]}, "a", 1]
    let request = [0x90, 2, 0x83, 0xA1, 1, 0x83, 3, 0xA1, 9, 0x82, 1, 4, 0xA1, 4, 3, 0x61, b'a', 1];
    let message = of(&request);
    assert_eq!(message.form, Form::JadnCbor);
    assert!(message.defects.is_empty() && message.content_defects.is_empty(), "{message:?}");
    assert_eq!(message.action(), Some("query"));
    assert_eq!(message.request_id.as_deref(), Some("a"));
    let (target, features) = message.target().expect("a target");
    assert_eq!(target, "features");
    let names: Vec<_> = features.as_array().unwrap_or_default().iter().filter_map(|n| n.as_text()).collect();
    assert_eq!(names, ["versions", "rate_limit"]);

    // {1: {2: {1: 200, 3: {1: ["1.0"], 3: {3: [9]}}}}, 2: "a"}
    let response = [
        0x91, 2, 0xA2, 1, 0xA1, 2, 0xA2, 1, 0x18, 200, 3, 0xA2, 1, 0x81, 0x63, b'1', b'.', b'0', 3, 0xA1, 3, 0x81, 9,
        2, 0x61, b'a',
    ];
    let message = of(&response);
    assert_eq!(message.form, Form::JadnCbor);
    assert!(message.defects.is_empty() && message.content_defects.is_empty(), "{message:?}");
    assert_eq!(message.status(), Some(200));
    let pairs = message.results().and_then(|r| r.get("pairs")).and_then(|p| p.get("query"));
    assert_eq!(pairs.and_then(|p| p.as_array()?.first()?.as_text()), Some("features"));

    // The nested form: [{1: "a", 2: 1, 3: "p1"}, {1: {1: [3, {9: []}]}}]
    let nested =
        [0x90, 2, 0x82, 0xA3, 1, 0x61, b'a', 2, 1, 3, 0x62, b'p', b'1', 0xA1, 1, 0xA1, 1, 0x82, 3, 0xA1, 9, 0x80];
    let message = of(&nested);
    assert_eq!(message.form, Form::JadnCbor);
    assert_eq!(message.defects_of("W4-057").count(), 1);
    assert_eq!((message.action(), message.request_id.as_deref()), (Some("query"), Some("a")));

    // Bare: [6, {13: [h'01020300', 24]}] and {1: 200}
    let command = of(&[0x90, 2, 0x82, 6, 0xA1, 13, 0x82, 0x44, 1, 2, 3, 0, 0x18, 24]);
    assert_eq!(command.action(), Some("deny"));
    assert_eq!(command.target().map(|t| t.0), Some("ipv4_net"));
    assert_eq!(of(&[0x91, 2, 0xA1, 1, 0x18, 200]).status(), Some(200));
}

#[test]
fn base64_of_cbor_is_named() {
    use base64::Engine as _;
    let value = serde_json::json!({"content": {"response": {"status": 200}}, "request_id": "r1"});
    let encoded = base64::engine::general_purpose::STANDARD.encode(cbor_of(&value));
    let message = text(&[0x91, 2], &encoded);
    assert_eq!(message.form, Form::Base64Cbor);
    assert_eq!(message.status(), Some(200));
    assert_eq!(message.defects.len(), 1, "{:?}", message.defects);
}

#[test]
fn foreign_topics_need_a_recognisable_message() {
    let sound = good(0);
    assert!(read("elsewhere", &sound).is_some());
    assert!(read("elsewhere", &sound[2..]).is_none(), "no header");
    assert!(read("elsewhere", b"\x91\x01{\"temperature\":3}").is_none());
    assert!(read("elsewhere", b"").is_none());
    assert!(read("oc2x/rsp", b"").is_none());
    assert!(read("oc2/rsp", b"").is_some());
    let nested = br#"{"headers":{},"body":{"openc2":{"response":{"status":200}}}}"#;
    assert!(read("oc2/rsp/x", &[b"\x91\x01", &nested[..]].concat()).is_some());
    assert!(read("elsewhere", &[b"\x91\x01", &nested[..]].concat()).is_some());
}

#[test]
fn limits_end_the_reading_without_blame() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let parsed = json::parse(deep.as_bytes(), 0);
    assert!(parsed.defects.is_empty() && parsed.unread.is_some());
    let long = format!("[{}0]", "0,".repeat(100_000));
    let parsed = json::parse(long.as_bytes(), 0);
    assert!(parsed.defects.is_empty() && parsed.unread.is_some());
    let parsed = super::cbor::parse(&[0x81; 100_000], 0);
    assert!(parsed.defects.is_empty() && parsed.unread.is_some());
    // A length that no bytes follow allocates nothing.
    let parsed = super::cbor::parse(&[0x9B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0], 0);
    assert!(parsed.broken_off && parsed.unread.is_none());
    let parsed = super::cbor::parse(&[0x5B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0], 0);
    assert!(parsed.broken_off && parsed.unread.is_none());
}

#[test]
fn numbers_are_held_to_double_precision() {
    let fine = ["0", "-0", "1.5", "0.1", "9007199254740992", "1e300", "12345678901234567", "100000000000000000000"];
    for text in fine.iter().filter(|t| **t != "12345678901234567") {
        assert!(json::parse(text.as_bytes(), 0).defects.is_empty(), "{text}");
    }
    for text in
        ["9007199254740993", "12345678901234567", "1e400", "-1E400", "3.141592653589793238462643383279", "1e-400"]
    {
        let parsed = json::parse(text.as_bytes(), 0);
        assert_eq!(parsed.defects.len(), 1, "{text}");
        assert_eq!(parsed.defects[0].clause, json::NUMBERS);
    }
    assert_eq!(json::parse(b"200.0", 0).root.and_then(|n| n.as_whole()), Some(200));
    assert_eq!(json::parse(b"2e2", 0).root.map(|n| n.value), Some(Value::Float(200.0)));
}

#[test]
fn cbor_floats_and_chunks() {
    let value = |bytes: &[u8]| super::cbor::parse(bytes, 0).root.map(|n| n.value);
    assert_eq!(value(&[0xF9, 0x3C, 0x00]), Some(Value::Float(1.0)));
    assert_eq!(value(&[0xF9, 0x00, 0x01]), Some(Value::Float(5.960_464_477_539_063e-8)));
    assert_eq!(value(&[0xF9, 0xFC, 0x00]), Some(Value::Float(f64::NEG_INFINITY)));
    assert_eq!(value(&[0xFA, 0x47, 0xC3, 0x50, 0x00]), Some(Value::Float(100_000.0)));
    assert_eq!(value(&[0x7F, 0x61, b'a', 0x61, b'b', 0xFF]), Some(Value::Text("ab".into())));
    assert_eq!(value(&[0x5F, 0x41, 1, 0x41, 2, 0xFF]), Some(Value::Bytes(vec![1, 2])));
    assert_eq!(value(&[0xD9, 0xD9, 0xF7, 0x01]), Some(Value::Int(1)));
    assert_eq!(
        value(&[0x3B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]),
        Some(Value::Int(-18_446_744_073_709_551_616))
    );
    for bad in [&[0x1C][..], &[0xFF], &[0xF8, 0x10], &[0x7F, 0x41, 1, 0xFF], &[0x62, b'a'], &[0xA1, 1], &[]] {
        assert!(super::cbor::parse(bad, 0).broken_off, "{bad:02X?}");
    }
}

#[test]
fn sameness_ignores_order_and_spelling() {
    let root = |text: &str| json::parse(text.as_bytes(), 0).root.expect("valid JSON");
    assert!(schema::same(&root(r#"{"a":[1,2],"b":"x"}"#), &root(r#"{ "b":"\u0078","a":[1.0,2] }"#)));
    assert!(!schema::same(&root(r#"{"a":[1,2]}"#), &root(r#"{"a":[2,1]}"#)));
    assert!(!schema::same(&root(r#"{"a":1}"#), &root(r#"{"a":1,"b":1}"#)));
}

/// Every defect of a message, one a line.
fn told(message: &Message) -> String {
    let mut out = format!("{:?} {:?}\n", message.form, message.kind);
    for defect in message.defects.iter().chain(&message.content_defects) {
        let (start, end) = (defect.span.start, defect.span.end);
        let bits = if defect.bits == 0 { String::new() } else { format!(" bits {:08b}", defect.bits) };
        let _ = writeln!(
            out,
            "  {} bytes {start}..{end}{bits}: expected {}; actual {}",
            defect.clause, defect.expected, defect.actual
        );
    }
    out
}

#[test]
fn what_is_said_of_bad_headers_and_layouts() {
    let record = r#"{"content":{"response":{"status":200}},"request_id":"r1"}"#;
    let cbor = cbor_of(&serde_json::from_str(record).expect("valid JSON"));
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("empty", vec![]),
        ("one byte", vec![0x91]),
        ("two bytes", vec![0x91, 1]),
        ("fixed bits", [&[0x81, 1], record.as_bytes()].concat()),
        ("reserved type", [&[0x93, 1], record.as_bytes()].concat()),
        ("type of a request", [&[0x90, 1], record.as_bytes()].concat()),
        ("serialization 0", [&[0x91, 0], record.as_bytes()].concat()),
        ("serialization 255", [&[0x91, 255], record.as_bytes()].concat()),
        ("XML said, JSON sent", [&[0x91, 3], record.as_bytes()].concat()),
        ("XML", b"\x91\x03<openc2/>".to_vec()),
        ("JSON said, CBOR sent", [&[0x91, 1][..], &cbor].concat()),
        ("CBOR said, JSON sent", [&[0x91, 2], record.as_bytes()].concat()),
        ("no header", record.as_bytes().to_vec()),
        ("no header, CBOR", cbor.clone()),
        ("one byte of header", [&[0x91], record.as_bytes()].concat()),
        ("three bytes of header", [&[0x91, 1, 0], record.as_bytes()].concat()),
        ("not JSON", b"\x91\x01hello".to_vec()),
        ("not CBOR", vec![0x91, 2, 0xA1, 0x61]),
        ("CBOR, repeated key", vec![0x91, 2, 0xA2, 0x61, b'a', 1, 0x61, b'a', 2]),
        ("CBOR, more bytes", [&[0x91, 2][..], &cbor, &[0]].concat()),
        ("an array", b"\x91\x01[]".to_vec()),
        ("another object", b"\x91\x01{\"a\":1,\"b\":2}".to_vec()),
        ("nested", br#".{"headers":{"request_id":"r"},"body":{"openc2":{"response":{"status":200}}}}"#.to_vec()),
        ("bare", br#".{"status":200}"#.to_vec()),
        ("no content", br#".{"request_id":"r"}"#.to_vec()),
        ("empty content", br#".{"content":{}}"#.to_vec()),
        ("two contents", br#".{"content":{"response":{"status":200},"request":{}}}"#.to_vec()),
        ("odd content", br#".{"content":{"Response":{"status":200}}}"#.to_vec()),
        ("content a string", br#".{"content":"response"}"#.to_vec()),
        ("unknown member", br#".{"content":{"response":{"status":200}},"msg_type":"response"}"#.to_vec()),
        (
            "types",
            br#".{"content":{"response":{"status":200}},"request_id":7,"from":null,"to":"p","created":"now"}"#.to_vec(),
        ),
        ("to", br#".{"content":{"response":{"status":200}},"to":["p",1],"created":-1}"#.to_vec()),
    ];
    let mut all = String::new();
    for (name, payload) in cases {
        let payload = match payload.split_first() {
            Some((b'.', rest)) => [&[0x91, 1], rest].concat(),
            _ => payload,
        };
        let _ = write!(all, "{name}: {}", told(&of(&payload)));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn what_is_said_of_bad_json() {
    let cases: [&[u8]; 20] = [
        b"\xEF\xBB\xBF{\"content\":{\"response\":{\"status\":200}}}",
        br#"{"content":{"response":{"status":200,"status":400}}}"#,
        br#"{"content":{"response":{"status":200}},"request_id":"\ud800"}"#,
        br#"{"content":{"response":{"status":200}},"request_id":"\udc00\ud83d\ude00"}"#,
        br#"{"content":{"response":{"status":200}},"request_id":"\ufdd0"}"#,
        b"{\"content\":{\"response\":{\"status\":200}},\"request_id\":\"\xEF\xBF\xBF\"}",
        b"{\"content\":{\"response\":{\"status\":200}},\"request_id\":\"\xE9\"}",
        b"{\"content\":{\"response\":{\"status\":200}},\"request_id\":\"\xED\xA0\x80\"}",
        b"{\"content\":{\"response\":{\"status\":200}},\"request_id\":\"a\nb\"}",
        br#"{"content":{"response":{"status":200,}}}"#,
        br#"{"content":{"response":{"status":200}}}}"#,
        br#"{"content":{"response":{"status":200}}"#,
        br#"{'content':{"response":{"status":200}}}"#,
        br#"{"content":{"response":{"status":0200}}}"#,
        br#"{"content":{"response":{"status":+200}}}"#,
        br#"{"content":{"response":{"status":200,"results":{"rate_limit":1e999}}}}"#,
        br#"{"content":{"response":{"status":NaN}}}"#,
        br#"{"content":{"response":{"status":200}},"request_id":"\x41\q"}"#,
        br#"{"content":{"response":{"status":200}},"request_id":"\u12"}"#,
        br#"{"content" {"response":{"status":200}}}"#,
    ];
    let mut all = String::new();
    for json in cases {
        let _ = write!(
            all,
            "{}\n  {}",
            String::from_utf8_lossy(json).escape_debug(),
            told(&of(&[&[0x91, 1], json].concat()))
        );
    }
    insta::assert_snapshot!(all);
}

#[test]
fn what_is_said_of_bad_responses() {
    let cases = [
        r"{}",
        r"7",
        r#"{"status":"200"}"#,
        r#"{"status":201}"#,
        r#"{"status":200.0}"#,
        r#"{"status":200.5}"#,
        r#"{"status":200,"status_text":7,"command_id":"x"}"#,
        r#"{"status":200,"results":{}}"#,
        r#"{"status":200,"results":[]}"#,
        r#"{"status":200,"results":{"iot-front-door-lock":{},"":{},"x-acme":7}}"#,
        r#"{"status":200,"results":{"versions":"1.0"}}"#,
        r#"{"status":200,"results":{"versions":[]}}"#,
        r#"{"status":200,"results":{"versions":["1.0","1.0",1.0,"v1"]}}"#,
        r#"{"status":200,"results":{"profiles":"slpf"}}"#,
        r#"{"status":200,"results":{"profiles":[]}}"#,
        r#"{"status":200,"results":{"profiles":["",7,"iot-front-door-lock"]}}"#,
        r#"{"status":200,"results":{"pairs":{}}}"#,
        r#"{"status":200,"results":{"pairs":[["query","features"]]}}"#,
        r#"{"status":200,"results":{"pairs":{"query":[],"start":"device","open":["door","slpf/rule","slpf:","x:y"],"stop":["file","file",1]}}}"#,
        r#"{"status":200,"results":{"rate_limit":"30"}}"#,
        r#"{"status":200,"results":{"rate_limit":-1}}"#,
    ];
    let mut all = String::new();
    for case in cases {
        let _ = write!(all, "{case}\n  {}", told(&response(case)));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn what_is_said_of_bad_commands() {
    let cases = [
        r"{}",
        r#""query""#,
        r#"{"action":"frobnicate","target":{"features":[]}}"#,
        r#"{"action":7,"target":"features","profile":"x"}"#,
        r#"{"action":"query","target":{}}"#,
        r#"{"action":"query","target":{"features":[],"file":{}}}"#,
        r#"{"action":"query","target":{"feature":[]}}"#,
        r#"{"action":"query","target":{"x-touchstone:nothing":1}}"#,
        r#"{"action":"query","target":{"features":{}}}"#,
        r#"{"action":"query","target":{"features":["versions","versions","speed",7]}}"#,
        r#"{"action":"query","target":{"features":[]},"args":{}}"#,
        r#"{"action":"query","target":{"features":[]},"args":[]}"#,
        r#"{"action":"query","target":{"features":[]},"args":{"response_requested":"later","start_time":-1,"stop_time":"x","duration":1.5,"x-acme":7,"":{}}}"#,
        r#"{"action":"query","target":{"features":[]},"actuator":"slpf"}"#,
        r#"{"action":"query","target":{"features":[]},"actuator":{"a":{},"b":{}}}"#,
        r#"{"action":"query","target":{"command":"a b"},"command_id":"0123456789012345678901234567890123456"}"#,
    ];
    let mut all = String::new();
    for case in cases {
        let message = text(&[0x90, 1], &format!(r#"{{"content":{{"request":{case}}}}}"#));
        let _ = write!(all, "{case}\n  {}", told(&message));
    }
    insta::assert_snapshot!(all);
}

/// A message as it is read where nothing is said of payloads.
fn open(payload: &[u8]) -> Message {
    read_open("oc2/cmd/action/query", payload).expect("the topic is OpenC2's")
}

#[test]
fn without_a_rule_for_payloads_a_message_begins_at_its_first_byte() {
    for which in 0..GOOD.len() {
        let whole = good(which);
        let (alone, headed) = (open(&whole[2..]), open(&whole));
        assert_eq!((alone.header, headed.header.is_some()), (None, true));
        for message in [&alone, &headed] {
            assert!(message.defects.is_empty(), "{:?}", message.defects);
            assert_eq!(message.form, Form::Record);
        }
        assert_eq!((alone.kind, &alone.request_id), (headed.kind, &headed.request_id));
    }
    let value = serde_json::from_str(GOOD[1].1).expect("JSON");
    let message = open(&cbor_of(&value));
    assert_eq!((message.serialization, message.action()), (Some(Serialization::Cbor), Some("query")));
    assert!(message.defects.is_empty() && message.header.is_none(), "{:?}", message.defects);
}

#[test]
fn without_a_rule_for_payloads_what_breaks_off_is_no_header() {
    let message = open(br#"{"content":{"request":"#);
    assert!(message.broken_off && message.header.is_none());
    assert!(message.defects.iter().all(|defect| !defect.clause.starts_with("W4-05")), "{:?}", message.defects);
    let message = open(br#"{"action":"query","target":{"features":[]}}"#);
    assert_eq!((message.form, message.kind), (Form::Bare, Some(ContentKind::Request)));
    for nothing in [&b""[..], b"rain", b"\xA1", b"\x80\x01{}", b"[1]"] {
        assert_eq!(open(nothing).form, Form::Unrecognised, "{}", nothing.escape_ascii());
    }
}

#[test]
fn without_a_rule_for_payloads_foreign_topics_need_a_message_around_a_command() {
    let whole = good(1);
    assert!(read_open("commands", &whole[2..]).is_some_and(|m| m.action() == Some("query")));
    assert!(read_open("commands", &whole).is_some());
    for other in [
        r#"{"content":"weather"}"#,
        r#"{"content":{"request":{"temperature":"now"}}}"#,
        r#"{"action":"query","target":{"features":[]}}"#,
        r#"{"status":200}"#,
        "{",
        "",
    ] {
        assert!(read_open("weather", other.as_bytes()).is_none(), "{other}");
    }
}

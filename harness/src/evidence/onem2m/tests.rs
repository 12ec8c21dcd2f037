use super::{Operation, Primitive, read};
use crate::evidence::payload::{Facts, Kind, Quality};
use crate::iut::Serialization;
use std::fmt::Write as _;

const REQ: &str = "/oneM2M/req/Cae1/in-cse/json";
const RESP: &str = "/oneM2M/resp/Cae1/in-cse/json";

fn json(text: &str) -> Primitive {
    read(REQ, text.as_bytes()).expect("a topic of oneM2M")
}

fn xml(inner: &str) -> Primitive {
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><m2m:rqp xmlns:m2m=\"http://www.onem2m.org/xml/protocols\">{inner}</m2m:rqp>"
    );
    read("/oneM2M/req/Cae1/in-cse/xml", text.as_bytes()).expect("a topic of oneM2M")
}

#[test]
fn both_serializations_give_the_same_parameters() {
    let from_json = json(
        r#"{"op": 1, "to": "cse-in", "fr": "Cae1", "rqi": "r1", "ty": 3, "rvi": "3", "pc": {"m2m:cnt": {"rn": "c", "mni": 4}}}"#,
    );
    let from_xml = xml("<op>1</op><to>cse-in</to><fr>Cae1</fr><rqi>r1</rqi><ty>3</ty><rvi>3</rvi>\
                        <pc><m2m:cnt rn=\"c\"><mni>4</mni></m2m:cnt></pc>");
    for (primitive, serialization) in [(&from_json, Serialization::Json), (&from_xml, Serialization::Xml)] {
        assert_eq!(primitive.serialization, Some(serialization));
        assert!(primitive.defects.is_empty() && primitive.whole_text(), "{:?}", primitive.defects);
        assert_eq!((primitive.kind, primitive.operation()), (Some(Kind::Request), Some(Operation::Create)));
        assert_eq!((primitive.whole("ty"), primitive.correlation()), (Some(3), Some("r1")));
        let (name, content) = primitive.content().expect("content");
        assert_eq!((name, content.get("rn").and_then(|rn| rn.as_text())), ("m2m:cnt", Some("c")));
        assert_eq!(content.get("mni").and_then(|mni| primitive.whole_of(mni)), Some(4));
        assert_eq!(primitive.quality(), Quality::Everyday);
        assert_eq!(primitive.words(), ["CREATE", "cse-in"]);
    }
}

#[test]
fn responses_have_no_operation() {
    let response = read(RESP, br#"{"rsc": 2001, "rqi": "r1", "rvi": "3", "pc": {"m2m:ae": {}}}"#).expect("a response");
    assert!(response.answers() && response.is_final() && !response.asks());
    assert_eq!((response.status(), response.defects.len()), (Some(2001), 0));
    let text = "<rsp xmlns=\"http://www.onem2m.org/xml/protocols\"><rsc>2000</rsc><rqi>r1</rqi><rvi>2a</rvi></rsp>";
    let response = read("/oneM2M/resp/Cae1/in-cse/xml", text.as_bytes()).expect("a response");
    assert_eq!((response.kind, response.rsc(), response.defects.len()), (Some(Kind::Response), Some(2000), 0));
}

#[test]
fn what_departs_from_the_tables_is_said_under_its_row() {
    let sound = r#""to": "x", "fr": "C1", "rqi": "r", "rvi": "3""#;
    let mut told = String::new();
    for text in [
        format!("{{\"op\": 2, {sound}}}"),
        "{\"op\": 2}".to_owned(),
        format!("{{\"op\": 6, {sound}}}"),
        format!("{{\"op\": \"2\", {sound}}}"),
        format!("{{\"op\": 2, {sound}, \"ty\": 3}}"),
        format!("{{\"op\": 1, {sound}}}"),
        format!("{{\"op\": 1, {sound}, \"ty\": 3, \"pc\": {{}}, \"fc\": {{}}}}"),
        format!("{{\"op\": 4, {sound}, \"pc\": {{\"m2m:cnt\": {{}}}}}}"),
        format!("{{\"op\": 5, {sound}, \"rcn\": 1, \"pc\": {{\"sgn\": {{}}}}}}"),
        "{\"op\": 1, \"to\": \"x\", \"rqi\": \"r\", \"rvi\": \"3\", \"ty\": 2, \"pc\": {\"m2m:ae\": {}}}".to_owned(),
        format!("{{\"op\": 2, {sound}, \"OT\": 1, \"operation\": 2}}"),
        "{\"op\": 2, \"to\": \"x\", \"fr\": \"C1\", \"ri\": \"r\", \"rvi\": \"3\"}".to_owned(),
        format!("{{\"op\": 2, {sound}, \"ot\": 20150910, \"rqet\": \"soon\", \"rset\": \"3000\"}}"),
        format!("{{\"m2m:rqp\": {{\"op\": 2, {sound}}}}}"),
        format!("{{\"op\": 2, {sound}, \"op\": 2}}"),
        format!("{{\"op\": 2, {sound}, \"ot\": 20150910T062032}}"),
        "[1]".to_owned(),
        "op=2&to=x".to_owned(),
    ] {
        let primitive = json(&text);
        let _ = writeln!(told, "{text}");
        for defect in &primitive.defects {
            let place = format!("{}..{}", defect.span.start, defect.span.end);
            let _ =
                writeln!(told, "    {} {place}: expected {}; was {}", defect.clause, defect.expected, defect.actual);
        }
    }
    for inner in [
        "<op>2</op><to>x</to><fr>C1</fr><rqi>r</rqi><rvi>3</rvi><to>y</to>",
        "<op>two</op>",
        "<op>2</op",
        "<op>&x;</op>",
    ] {
        let primitive = xml(inner);
        let _ = writeln!(told, "{inner}");
        for defect in &primitive.defects {
            let _ = writeln!(told, "    {}: expected {}; was {}", defect.clause, defect.expected, defect.actual);
        }
    }
    insta::assert_snapshot!(told);
}

#[test]
fn other_root_elements_are_no_primitives() {
    for text in
        ["<rqp><op>2</op></rqp>", "<m2m:req xmlns:m2m=\"http://www.onem2m.org/xml/protocols\"><op>2</op></m2m:req>"]
    {
        let primitive = read("/oneM2M/req/a/b/xml", text.as_bytes()).expect("a topic of oneM2M");
        assert_eq!(primitive.defects_of("M-037").count(), 1, "{text}");
    }
}

#[test]
fn external_entities_blame_nobody_and_are_not_looked_up() {
    let text = "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/hostname\">]><x>&e;</x>";
    let primitive = read("/oneM2M/req/a/b/xml", text.as_bytes()).expect("a topic of oneM2M");
    assert!(primitive.unread.is_some() && primitive.defects.is_empty());
    assert_eq!(primitive.quality(), Quality::Unusual);
    let cbor = read("/oneM2M/req/a/b/cbor", &[0xa1, 0x62, 0x6f, 0x70, 0x02]).expect("a topic of oneM2M");
    assert!(cbor.unread.is_some() && cbor.defects.is_empty());
}

#[test]
fn what_few_readers_take_blames_nobody() {
    for text in ["\\ud800", "\\udfff x"] {
        let request = format!(r#"{{"op": 2, "to": "x", "fr": "C1", "rqi": "{text}", "rvi": "3"}}"#);
        let primitive = json(&request);
        assert!(primitive.defects.is_empty());
        assert_eq!(primitive.quality(), Quality::Unusual, "{text}");
    }
}

#[test]
fn foreign_topics_hold_primitives_only_where_they_are_whole() {
    let request = br#"{"op": 2, "to": "x", "fr": "C1", "rqi": "r", "rvi": "3"}"#;
    assert!(read("anything", request).is_some());
    for payload in [&br#"{"op": 2}"#[..], b"{", b"rain", b"", b"<a/>", b"{\"temperature\": 4}"] {
        assert!(read("anything", payload).is_none());
        assert!(read(REQ, payload).is_some());
    }
}

//! The reference CSE conforms, and what it writes is sound when the judge reads it: neither shares code with the other.

mod common;

use common::{call, report, root, scratch};
use serde_json::{Value, json};
use std::time::Duration;
use touchstone::evidence::onem2m;
use touchstone::evidence::payload::Kind;
use touchstone_fixtures::edge::{Config, Edge};
use touchstone_fixtures::peer::raw::{RawClient, Seen};
use touchstone_fixtures::recording::{Direction, Event, Limits, Recorder};
use touchstone_fixtures::reference::{ConnectionOptions, CseOptions, run_cse_until};
use touchstone_fixtures::wire::mqtt311::build;

const SOON: Duration = Duration::from_secs(30);
const NAMESPACE: &str = "http://www.onem2m.org/xml/protocols";

/// A request in JSON as the same in XML.
fn xml(name: &str, value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let rn = members.get("rn").and_then(Value::as_str).map(|rn| format!(" rn=\"{rn}\"")).unwrap_or_default();
            let inner: String = members.iter().filter(|(name, _)| *name != "rn").map(|(n, v)| xml(n, v)).collect();
            format!("<{name}{rn}>{inner}</{name}>")
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| item.to_string().replace('"', "")).collect();
            format!("<{name}>{}</{name}>", items.join(" "))
        }
        Value::String(text) => format!("<{name}>{text}</{name}>"),
        other => format!("<{name}>{other}</{name}>"),
    }
}

/// Requests of an AE, and the status codes they are answered with.
fn requests() -> Vec<(Value, i128)> {
    let create = |to: &str, ty: u64, pc: Value| json!({"op": 1, "to": to, "ty": ty, "pc": pc});
    vec![
        (
            create(
                "/in-cse",
                2,
                json!({"m2m:ae": {"rn": "ae", "api": "N1", "rr": true, "srv": ["2a", "3"], "lbl": ["x", "y"]}}),
            ),
            2001,
        ),
        (create("cse-in/ae", 3, json!({"m2m:cnt": {"rn": "data", "mni": 3}})), 2001),
        (create("cse-in/ae/data", 23, json!({"m2m:sub": {"nu": ["C1"], "enc": {"net": [1, 3]}}})), 2001),
        (create("cse-in/ae/data", 4, json!({"m2m:cin": {"con": "21.5", "cnf": "text/plain:0"}})), 2001),
        (json!({"op": 3, "to": "cse-in/ae/data", "pc": {"m2m:cnt": {"lbl": ["z"]}}}), 2004),
        (json!({"op": 2, "to": "cse-in/ae"}), 2000),
        (json!({"op": 2, "to": "cse-in/ae/data/la"}), 2000),
        (json!({"op": 2, "to": "cse-in/nowhere"}), 4004),
        (json!({"op": 2, "to": "cse-in"}), 4103),
        (json!({"op": 2, "to": "cse-in", "rqet": "20200101T000000"}), 4008),
        (json!({"op": 4, "to": "cse-in/ae"}), 2002),
    ]
}

/// Runs the requests in one serialization: everything the CSE publishes has to be sound.
async fn everything_is_sound(format: &str) {
    let recorder = Recorder::in_memory(Limits { capture: 64 * 1024 * 1024 });
    let edge = Edge::start(Config::default(), recorder.clone()).await.expect("an edge");
    let connection = ConnectionOptions { server: edge.iut_addr().to_string(), ..ConnectionOptions::default() };
    let options = CseOptions { connection, ..CseOptions::default() };
    let running = tokio::spawn(run_cse_until(options, std::future::pending()));
    let mut watch = recorder.watch();
    let granted = |event: &Event| matches!(event, Event::Bytes { direction: Direction::ToIut, data, .. } if data.first() == Some(&0x90));
    tokio::time::timeout(SOON, async {
        while !recorder.log().since(0).iter().any(|entry| granted(&entry.event)) {
            watch.changed().await.expect("a recorder");
        }
    })
    .await
    .expect("subscriptions");

    let (mut ae, _) =
        RawClient::connect(edge.peer_addr(), build::connect("ae").keep_alive(0)).await.expect("a connection");
    ae.write(&build::subscribe(1, [("/oneM2M/resp/+/in-cse/#", 0), ("/oneM2M/req/in-cse/#", 0)]))
        .await
        .expect("a connection");
    let Seen::Packet(packet) = ae.next(SOON).await else { panic!("no SUBACK") };
    assert_eq!(packet.first(), Some(&0x90));
    let requests = requests();
    for (number, (request, _)) in requests.iter().enumerate() {
        let mut request = request.clone();
        for (name, value) in [("fr", "C1"), ("rqi", &*number.to_string()), ("rvi", "3")] {
            request[name] = value.into();
        }
        let payload = match format {
            "json" => request.to_string(),
            _ => xml("m2m:rqp", &request).replacen("<m2m:rqp", &format!("<m2m:rqp xmlns:m2m=\"{NAMESPACE}\""), 1),
        };
        let topic = format!("/oneM2M/req/C1/in-cse/{format}");
        ae.write(&build::publish(topic, 0, 0, payload)).await.expect("a connection");
    }
    // One notification of the instance, one of the label.
    let (mut answered, mut told) = (0, 0);
    while answered < requests.len() || told < 2 {
        let Seen::Packet(packet) = ae.next(SOON).await else { panic!("{answered} responses, {told} notifications") };
        let start = 1 + packet[1..].iter().position(|byte| byte & 0x80 == 0).expect("an end") + 1;
        let length = usize::from(u16::from_be_bytes([packet[start], packet[start + 1]]));
        let (topic, payload) = packet[start + 2..].split_at(length);
        let topic = String::from_utf8(topic.to_vec()).expect("a topic");
        let shown = String::from_utf8_lossy(payload);
        let primitive = onem2m::read(&topic, payload).expect("a primitive");
        assert!(primitive.whole_text() && primitive.defects.is_empty(), "{topic} {shown}: {:?}", primitive.defects);
        assert!(topic.ends_with(&format!("/{format}")), "{topic}");
        if primitive.kind == Some(Kind::Response) {
            let number: usize = primitive.text("rqi").expect("an identifier").parse().expect("a number");
            assert_eq!(primitive.rsc(), Some(requests[number].1), "{shown}");
            answered += 1;
        } else {
            assert_eq!(topic, format!("/oneM2M/req/in-cse/C1/{format}"));
            told += 1;
        }
    }
    assert_eq!((answered, told), (requests.len(), 2));
    running.abort();
    edge.shutdown().await;
}

#[test]
fn what_the_cse_writes_is_sound() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    for format in ["json", "xml"] {
        runtime.block_on(everything_is_sound(format));
    }
}

/// Runs an IUT file to its end: it has to conform, with nothing left undecided.
fn conforms(file: &str) {
    let dir = scratch();
    let iut = root().join("fixtures/iuts").join(file);
    let out = dir.path().join("out");
    let ended = call(["run".as_ref(), "--iut".as_ref(), iut.as_os_str(), "--out".as_ref(), out.as_os_str()]);
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    let report = report(&out);
    assert_eq!(report["verdict"], "pass", "{}", report["sentence"]);
    assert_eq!(report["counts"]["scenarios"], report["counts"]["scenarios_completed"]);
    for requirement in report["requirements"].as_array().expect("a list") {
        if requirement["state"] == "applicable" {
            assert_eq!(requirement["outcome"], "met", "{}: {}", requirement["id"], requirement["findings"]);
            assert_ne!(requirement["witnesses"].as_array().map(Vec::len), Some(0), "{}", requirement["id"]);
        }
    }
}

#[test]
fn the_reference_cse_conforms() {
    conforms("reference-cse.toml");
}

#[test]
fn it_conforms_over_tls() {
    conforms("reference-tls-cse.toml");
}

#[test]
fn it_conforms_over_websocket() {
    conforms("reference-websocket-cse.toml");
}

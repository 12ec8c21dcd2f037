//! What findings say, and which requests oblige.

use super::support::{answerable, is};
use crate::catalogue::Example;
use crate::evidence::sketch::Sketch;
use crate::evidence::{Observation, observe};
use crate::iut::{Command, Serialization};
use serde_json::json;

/// Whether the first request of a sketch obliges the IUT.
fn obliges(example: fn(&mut Sketch)) -> bool {
    let evidence = observe(&Sketch::of(example as Example)).expect("a sketch has a context");
    evidence
        .observations
        .iter()
        .find_map(|o| match o {
            Observation::Exchange(exchange) => Some(answerable(exchange, &evidence.setting).is_some()),
            _ => None,
        })
        .expect("the sketch has a request")
}

const QUERY: &str = r#"{"content":{"request":{"action":"query","target":{"features":[]}}},"request_id":"q1""#;

/// The query with more members.
fn with(more: &str) -> Vec<u8> {
    [&[0x90, 0x01], QUERY.as_bytes(), more.as_bytes()].concat()
}

#[test]
fn requests_oblige_whom_they_address() {
    for topic in ["oc2/cmd/all", "oc2/cmd/ap/alpha", "oc2/cmd/ap/iota", "oc2/cmd/device/zulu"] {
        let evidence = {
            let mut s = Sketch::new();
            s.ready();
            s.deliver(topic, with("}"));
            observe(&s.finish()).expect("a sketch has a context")
        };
        let obliged = evidence
            .observations
            .iter()
            .any(|o| matches!(o, Observation::Exchange(e) if answerable(e, &evidence.setting).is_some()));
        assert!(obliged, "{topic}");
    }
    assert!(!obliges(|s| {
        s.ready();
        s.deliver("oc2/cmd/ap/gamma", with("}"));
    }));
    assert!(!obliges(|s| {
        s.ready();
        s.deliver("oc2/rsp", with("}"));
    }));
    assert!(obliges(|s| {
        s.ready();
        s.deliver("oc2/cmd/all", with(r#","to":["other","zulu"]}"#));
    }));
    assert!(!obliges(|s| {
        s.ready();
        s.deliver("oc2/cmd/all", with(r#","to":["other"]}"#));
    }));
    assert!(!obliges(|s| {
        s.pics.identity = None;
        s.ready();
        s.deliver("oc2/cmd/all", with(r#","to":["zulu"]}"#));
    }));
}

#[test]
fn requests_oblige_when_they_are_sound_and_arrive() {
    assert!(obliges(|s| {
        s.ready();
        s.push("oc2/cmd/all", 0, with("}"));
    }));
    assert!(!obliges(|s| {
        s.ready();
        s.push("oc2/cmd/all", 1, with("}"));
        s.cut();
    }));
    assert!(!obliges(|s| {
        s.pics.max_message_size = Some(20);
        s.ready();
        s.deliver("oc2/cmd/all", with("}"));
    }));
    assert!(!obliges(|s| {
        s.ready();
        s.deliver("oc2/cmd/all", with(r#","to":"zulu"}"#));
    }));
    assert!(!obliges(|s| {
        s.ready();
        s.deliver("oc2/cmd/all", [&[0x91, 0x01], QUERY.as_bytes(), b"}"].concat());
    }));
    assert!(!obliges(|s| {
        s.ready();
        s.deliver("oc2/cmd/all", b"\x90\x01{\"content\":{\"request\":{\"action\":\"query\"}}}");
    }));
    let cbor = |s: &mut Sketch| {
        let request = json!({"content": {"request": {"action": "query"}}, "request_id": "q1"});
        let mut payload = vec![0x90, 0x02];
        ciborium::into_writer(&request, &mut payload).expect("a Value serializes");
        s.ready();
        s.deliver("oc2/cmd/all", payload);
    };
    assert!(obliges(cbor));
    assert!(!obliges(|s| {
        s.pics.serializations = vec![Serialization::Json];
        let request = json!({"content": {"request": {"action": "query"}}, "request_id": "q1"});
        let mut payload = vec![0x90, 0x02];
        ciborium::into_writer(&request, &mut payload).expect("a Value serializes");
        s.ready();
        s.deliver("oc2/cmd/all", payload);
    }));
}

#[test]
fn declared_commands_are_recognised() {
    let command = Command {
        action: "deny".into(),
        target: json!({"ipv4_net": "1.2.3.0/24"}),
        args: Some(json!({"duration": 5, "slpf": {"direction": "ingress"}})),
        ..Command::default()
    };
    let message = |text: &str| {
        let payload = [b"\x90\x01{\"content\":{\"request\":", text.as_bytes(), b"},\"request_id\":\"c1\"}"].concat();
        crate::evidence::openc2::read("oc2/cmd/all", &payload).expect("the topic is OpenC2's")
    };
    let target = r#""action":"deny","target":{"ipv4_net":"1.2.3.0/24"}"#;
    let args = r#""duration":5.0,"slpf":{"direction":"ingress"}"#;
    assert!(is(&message(&format!(r#"{{{target},"args":{{{args}}}}}"#)), &command));
    assert!(is(&message(&format!(r#"{{{target},"args":{{{args},"response_requested":"ack"}}}}"#)), &command));
    assert!(!is(&message(&format!(r#"{{{target},"args":{{"duration":5}}}}"#)), &command));
    assert!(!is(&message(&format!("{{{target}}}")), &command));
    assert!(!is(&message(r#"{"action":"allow","target":{"ipv4_net":"1.2.3.0/24"}}"#), &command));
}

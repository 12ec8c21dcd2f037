//! The references over WebSocket: they conform, and tshark dissects what is recorded of the layer.

mod common;

use common::{call, report, root, scratch, tools};
use std::path::Path;
use std::process::Command;

/// Runs an IUT file of ours: it conforms, and what WebSocket asks for is shown.
fn conforms(role: &str, side: &str) {
    let dir = scratch();
    let iut = root().join(format!("fixtures/iuts/reference-websocket-{role}.toml"));
    let out = dir.path().join("out");
    let ended = call(["run".as_ref(), "--iut".as_ref(), iut.as_os_str(), "--out".as_ref(), out.as_os_str()]);
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    let report = report(&out);
    let requirements = report["requirements"].as_array().expect("a list");
    let of_websocket: Vec<_> =
        requirements.iter().filter(|r| r["id"].as_str().is_some_and(|id| id.contains("/websocket-"))).collect();
    assert_eq!(of_websocket.len(), 4);
    for requirement in requirements.iter().filter(|r| r["state"] == "applicable") {
        assert_eq!(requirement["outcome"], "met", "{}: {}", requirement["id"], requirement["findings"]);
    }
    for requirement in of_websocket {
        assert!(!requirement["witnesses"].as_array().expect("a list").is_empty(), "{}", requirement["id"]);
    }
    dissected(&out.join(format!("evidence/mqtt311/{side}/websocket-frames/capture.pcapng")));
}

fn dissected(capture: &Path) {
    let arguments = ["-Y", "websocket.opcode == 2", "-T", "fields", "-e", "frame.interface_name"];
    let Some(tshark) = tools::program("tshark") else { return };
    let output = Command::new(tshark).arg("-r").arg(capture).args(arguments).output().expect("tshark runs");
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(shown.lines().any(|line| line == "touchstone-websocket"), "{shown}");
}

#[test]
fn the_consumer_conforms() {
    conforms("consumer", "answering");
}

#[test]
fn the_producer_conforms() {
    conforms("producer", "asking");
}

//! Who publishes and subscribes with QoS 0 only, and declares it, comes to a complete verdict: nothing that binds senders and
//! receivers of QoS 1 and 2 is left undecided.

mod common;

use common::{call, report, root, scratch};
use serde_json::Value;

/// What the advice of TS-0010 to use QoS 1 says of it.
const ADVISED: &str = "ts0010/publish-qos";

fn conforms(role: &str) {
    let dir = scratch();
    let iut = root().join(format!("fixtures/iuts/reference-qos-0-{role}.toml"));
    let out = dir.path().join("out");
    let ended = call(["run".as_ref(), "--iut".as_ref(), iut.as_os_str(), "--out".as_ref(), out.as_os_str()]);
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    let report = report(&out);
    assert_eq!(report["verdict"], "pass", "{}", report["sentence"]);
    assert_eq!(report["counts"]["scenarios"], report["counts"]["scenarios_completed"]);
    let mut excused = 0;
    for requirement in report["requirements"].as_array().expect("a list") {
        let (id, findings) = (&requirement["id"], &requirement["findings"]);
        if requirement["state"] == "applicable" {
            let expected = if *id == ADVISED { "broken" } else { "met" };
            assert_eq!(requirement["outcome"], expected, "{id}: {findings}");
        }
        let reason = requirement["reason"].as_str().unwrap_or_default();
        if reason.contains("qos = 0") {
            assert_eq!(requirement["state"], "not-applicable", "{id}");
            assert_eq!(findings.as_array().map(Vec::len), Some(0), "{id}: {findings}");
            excused += 1;
        }
    }
    assert!(excused > 10, "{excused} requirements were not asked for");
    let manifest = std::fs::read_to_string(out.join("manifest.json")).expect("the run left a manifest");
    let manifest: Value = serde_json::from_str(&manifest).expect("the manifest is JSON");
    let left_out = manifest["left_out"].as_array().expect("a list");
    let by_qos = |scenario: &&Value| scenario["reason"].as_str().is_some_and(|reason| reason.contains("qos = 0"));
    assert!(left_out.iter().filter(by_qos).count() > 10, "{left_out:?}");
}

#[test]
fn the_cse_conforms() {
    conforms("cse");
}

#[test]
fn the_ae_conforms() {
    conforms("ae");
}

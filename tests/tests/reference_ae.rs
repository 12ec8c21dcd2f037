//! The bundled reference AE conforms, whichever way it registers and is reached.

mod common;

use common::{call, report, root, scratch};
use serde_json::Value;
use std::ffi::OsStr;
use std::sync::{Mutex, PoisonError};

/// Whole runs, one after the other: together they would only keep each other waiting.
static ALONE: Mutex<()> = Mutex::new(());

/// Runs an IUT file of ours through those scenarios, or all: nothing is wrong, and nothing that applies is left undecided.
fn conforms(iut: &str, scenarios: &[&str]) -> Value {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = scratch();
    let iut = root().join("fixtures/iuts").join(iut);
    let out = dir.path().join("out");
    let mut arguments: Vec<&OsStr> =
        vec!["run".as_ref(), "--iut".as_ref(), iut.as_os_str(), "--out".as_ref(), out.as_os_str()];
    for scenario in scenarios {
        arguments.push("--scenario".as_ref());
        arguments.push(scenario.as_ref());
    }
    let ended = call(arguments);
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    let report = report(&out);
    assert_eq!(report["role"], "ae");
    let verdict = if scenarios.is_empty() { "pass" } else { "partial" };
    assert_eq!(report["verdict"], verdict, "{}", report["sentence"]);
    assert_eq!(report["counts"]["scenarios"], report["counts"]["scenarios_completed"]);
    for requirement in report["requirements"].as_array().expect("a list") {
        if requirement["state"] == "applicable" {
            assert_eq!(requirement["outcome"], "met", "{}: {}", requirement["id"], requirement["findings"]);
            let witnesses = requirement["witnesses"].as_array().expect("a list");
            assert!(!witnesses.is_empty(), "{} was met without a witness", requirement["id"]);
        }
    }
    report
}

/// The state of a requirement in a report.
fn state<'r>(report: &'r Value, id: &str) -> &'r Value {
    let requirements = report["requirements"].as_array().expect("a list");
    &requirements.iter().find(|requirement| requirement["id"] == id).expect("a requirement")["state"]
}

#[test]
fn it_conforms_under_an_identifier_of_its_own() {
    let report = conforms("reference-ae.toml", &[]);
    assert_eq!(state(&report, "ts0010/leave-for-good"), "applicable");
    assert_eq!(state(&report, "ts0010/topic-credential"), "option-not-taken");
}

#[test]
fn it_conforms_under_an_identifier_that_it_is_given() {
    let report = conforms("reference-credential-ae.toml", &[]);
    assert_eq!(state(&report, "ts0010/topic-credential"), "applicable");
}

/// The layers below MQTT are proved for Consumers and Producers; here they are only used.
const SOME: [&str; 4] =
    ["ts0010/ae/connect-and-subscribe", "ts0010/ae/notified-*", "ts0010/ae/operations-*", "ts0010/ae/leave-for-good"];

#[test]
fn it_registers_and_is_notified_over_tls() {
    conforms("reference-tls-ae.toml", &SOME);
}

#[test]
fn it_registers_and_is_notified_over_websocket() {
    conforms("reference-websocket-ae.toml", &SOME);
}

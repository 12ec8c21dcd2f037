//! The bundled reference Producer conforms, however it is told what to send and whatever it elects.

mod common;

use common::{call, report, root, scratch};
use std::fs;

/// Runs an IUT file of ours: it conforms, and nothing that applies is left undecided.
fn conforms(iut: &str) -> tempfile::TempDir {
    let dir = scratch();
    let iut = root().join("fixtures/iuts").join(iut);
    let out = dir.path().join("out");
    let ended = call(["run".as_ref(), "--iut".as_ref(), iut.as_os_str(), "--out".as_ref(), out.as_os_str()]);
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    let report = report(&out);
    assert_eq!(report["role"], "producer");
    assert_eq!(report["verdict"], "pass", "{}", report["sentence"]);
    assert_eq!(report["counts"]["scenarios"], report["counts"]["scenarios_completed"]);
    for requirement in report["requirements"].as_array().expect("a list") {
        if requirement["state"] != "applicable" {
            continue;
        }
        assert_eq!(requirement["outcome"], "met", "{}: {}", requirement["id"], requirement["findings"]);
        let witnesses = requirement["witnesses"].as_array().expect("a list");
        assert!(!witnesses.is_empty(), "{} was met without a witness", requirement["id"]);
    }
    dir
}

#[test]
fn it_conforms_told_by_its_standard_input() {
    let dir = conforms("reference-producer.toml");
    let out = dir.path().join("out");
    let strict = dir.path().join("strict");
    let ended = call([
        "judge".as_ref(),
        out.as_os_str(),
        "--policy".as_ref(),
        "strict".as_ref(),
        "--out".as_ref(),
        strict.as_os_str(),
    ]);
    assert_eq!(ended.code, 0, "{}", ended.stdout);
}

#[test]
fn it_conforms_told_over_http() {
    conforms("reference-producer-http.toml");
}

/// With everything it can elect, it conforms as well, and its password stays out of every report.
#[test]
fn it_conforms_with_every_option_and_keeps_its_password() {
    let dir = conforms("electing-producer.toml");
    for name in ["report.json", "junit.xml", "report.html", "manifest.json"] {
        let text = fs::read_to_string(dir.path().join("out").join(name)).expect("a report");
        assert!(!text.contains("battery staple"), "{name} shows the password");
    }
}

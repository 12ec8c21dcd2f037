//! The main job: the bundled reference Consumer conforms, and the run leaves what it should.

mod common;

use common::{call, report, root, scratch, tools};
use std::fs;
use std::process::Command;

fn conforming_run() -> &'static std::path::Path {
    use std::sync::OnceLock;
    static RUN: OnceLock<tempfile::TempDir> = OnceLock::new();
    RUN.get_or_init(|| {
        let dir = scratch();
        let iut = root().join("fixtures/iuts/reference-consumer.toml");
        let ended = call([
            "run".as_ref(),
            "--iut".as_ref(),
            iut.as_os_str(),
            "--out".as_ref(),
            dir.path().join("out").as_os_str(),
        ]);
        assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
        dir
    })
    .path()
}

#[test]
fn conforms_under_the_default_policy() {
    let report = report(&conforming_run().join("out"));
    assert_eq!(report["verdict"], "pass", "{}", report["sentence"]);
    assert_eq!(report["counts"]["fail"], 0);
    assert_eq!(report["counts"]["error"], 0);
    assert_eq!(report["counts"]["scenarios"], report["counts"]["scenarios_completed"]);
}

#[test]
fn breaks_nothing_and_leaves_nothing_undecided() {
    let report = report(&conforming_run().join("out"));
    for requirement in report["requirements"].as_array().expect("a list") {
        if requirement["state"] != "applicable" {
            continue;
        }
        assert_eq!(requirement["outcome"], "met", "{}: {}", requirement["id"], requirement["findings"]);
        assert!(
            !requirement["witnesses"].as_array().expect("a list").is_empty(),
            "{} was met without a witness",
            requirement["id"]
        );
    }
}

#[test]
fn junit_is_read_by_an_ordinary_parser() {
    let text = fs::read_to_string(conforming_run().join("out/junit.xml")).expect("junit.xml");
    let document = roxmltree::Document::parse(&text).expect("well-formed XML");
    let cases = document.descendants().filter(|n| n.has_tag_name("testcase")).count();
    let failures = document.descendants().filter(|n| n.has_tag_name("failure")).count();
    assert!(cases > 100, "{cases} test cases");
    assert_eq!(failures, 0);
}

#[test]
fn html_is_one_file_without_network_access() {
    let text = fs::read_to_string(conforming_run().join("out/report.html")).expect("report.html");
    assert!(text.starts_with("<!DOCTYPE html>"));
    for forbidden in ["src=\"http", "href=\"http", "url(http", "@import"] {
        assert!(!text.contains(forbidden), "the report refers to the network: {forbidden}");
    }
}

/// tshark sees as many control packets as we do.
#[test]
fn captures_are_dissected_by_tshark() {
    let Some(tshark) = tools::program("tshark") else { return };
    let out = conforming_run().join("out");
    let report = report(&out);
    let mut checked = 0;
    for scenario in report["scenarios"].as_array().expect("a list").iter().take(6) {
        let capture = out.join(scenario["evidence"].as_str().expect("a path")).join("capture.pcapng");
        let output = Command::new(&tshark)
            .args(["-r"])
            .arg(&capture)
            .args(["-Y", "mqtt", "-T", "fields", "-E", "occurrence=a", "-e", "mqtt.msgtype"])
            .output()
            .expect("tshark runs");
        let seen = String::from_utf8_lossy(&output.stdout).split([',', '\n']).filter(|f| !f.is_empty()).count();
        let recording = touchstone_fixtures::recording::read(&capture).expect("a recording");
        let evidence = touchstone::evidence::observe(&recording).expect("evidence");
        let ours = evidence
            .timeline
            .iter()
            .filter(|item| matches!(item, touchstone::evidence::TimelineItem::Packet(p) if !p.packet.truncated))
            .count();
        assert_eq!(seen, ours, "{}", capture.display());
        checked += 1;
    }
    assert!(checked > 0);
}

/// The reports follow from manifest and captures alone: other directory, other time, no scenario folder, same bytes.
#[test]
fn judging_again_gives_the_same_bytes() {
    let elsewhere = scratch();
    let copy = elsewhere.path().join("copied");
    let status = Command::new("cp").arg("-r").arg(conforming_run().join("out")).arg(&copy).status().expect("cp runs");
    assert!(status.success());
    let names = ["report.json", "junit.xml", "report.html"];
    let before: Vec<Vec<u8>> = names.iter().map(|n| fs::read(copy.join(n)).expect("a report")).collect();
    for name in names {
        fs::remove_file(copy.join(name)).expect("the report can be removed");
    }
    let ended = common::call_in(elsewhere.path(), ["judge", "copied"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    for (name, before) in names.iter().zip(before) {
        assert!(fs::read(copy.join(name)).expect("a report") == before, "{name} differs");
    }
}

#[test]
fn another_policy_needs_another_directory() {
    let out = conforming_run().join("out");
    let ended = call(["judge".as_ref(), out.as_os_str(), "--policy".as_ref(), "strict".as_ref()]);
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("--out"), "{}", ended.stderr);
    let dir = scratch();
    let strict = dir.path().join("strict");
    let ended = call([
        "judge".as_ref(),
        out.as_os_str(),
        "--policy".as_ref(),
        "strict".as_ref(),
        "--out".as_ref(),
        strict.as_os_str(),
        "--diff".as_ref(),
    ]);
    assert_eq!(ended.code, 0, "{}", ended.stdout);
    assert!(ended.stdout.contains("the verdict stays pass; 0 of"), "{}", ended.stdout);
    assert_eq!(report(&strict)["policy"], "strict");
    // Judging the copy gives it again, by the policy it was made with.
    let before = fs::read(strict.join("report.json")).expect("a report");
    assert_eq!(call(["judge".as_ref(), strict.as_os_str()]).code, 0);
    assert!(fs::read(strict.join("report.json")).expect("a report") == before);
}

/// The reference with everything it can elect conforms as well, and its password stays out of every report.
#[test]
fn conforms_with_every_option_and_keeps_its_password() {
    let dir = scratch();
    let iut = root().join("fixtures/iuts/electing-consumer.toml");
    let out = dir.path().join("out");
    let ended = call(["run".as_ref(), "--iut".as_ref(), iut.as_os_str(), "--out".as_ref(), out.as_os_str()]);
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    let report = report(&out);
    for requirement in report["requirements"].as_array().expect("a list") {
        if requirement["state"] == "applicable" {
            assert_eq!(requirement["outcome"], "met", "{}: {}", requirement["id"], requirement["findings"]);
        }
    }
    for name in ["report.json", "junit.xml", "report.html", "manifest.json"] {
        let text = fs::read_to_string(out.join(name)).expect("a report");
        assert!(!text.contains("battery staple"), "{name} shows the password");
    }
    assert!(!ended.stdout.contains("battery staple") && !ended.stderr.contains("battery staple"));
}

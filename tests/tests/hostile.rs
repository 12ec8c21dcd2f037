//! Implementations that misbehave: the run ends, says so, keeps the evidence, and no process survives it.

mod common;

use common::{Ended, IutFile, alive, call, eventually, report, row, scratch};
use serde_json::Value;
use std::fs;
use std::path::Path;

const SCENARIO: &str = "mqtt311/answering/connect-and-subscribe";

fn run(file: &IutFile, dir: &Path) -> (Ended, Value) {
    let iut = file.write(dir);
    let out = dir.join("out");
    let ended = call([
        "run".as_ref(),
        "--iut".as_ref(),
        iut.as_os_str(),
        "--out".as_ref(),
        out.as_os_str(),
        "--scenario".as_ref(),
        SCENARIO.as_ref(),
    ]);
    assert!(matches!(ended.code, 0 | 1 | 3), "exit {}: {}", ended.code, ended.stderr);
    let report = report(&out);
    let evidence = report["scenarios"][0]["evidence"].as_str().expect("a path").to_owned();
    assert!(out.join(evidence).join("capture.pcapng").exists());
    (ended, report)
}

/// The numbers in a file of process ids that a script wrote.
fn pids(path: &Path) -> Vec<i32> {
    fs::read_to_string(path).unwrap_or_default().split_whitespace().filter_map(|p| p.parse().ok()).collect()
}

fn assert_gone(path: &Path) {
    let pids = pids(path);
    assert!(!pids.is_empty(), "the script noted its process ids");
    for pid in pids {
        assert!(eventually(|| !alive(pid)), "process {pid} survived the run");
    }
}

#[test]
fn one_that_never_connects_leaves_everything_undecided() {
    let dir = scratch();
    let noted = dir.path().join("pids");
    let (ended, report) = run(&IutFile::shell(&format!("echo $$ > {}; exec sleep 600", noted.display())), dir.path());
    assert_eq!(ended.code, 3, "{}", ended.stdout);
    assert_eq!(report["verdict"], "incomplete");
    assert_eq!(row(&report, "wd04/connect-clean-session")["verdict"], "undecided");
    assert_eq!(report["scenarios"][0]["status"], "aborted");
    assert_gone(&noted);
}

#[test]
fn one_that_dies_breaks_the_rule_that_it_survives() {
    let dir = scratch();
    let (ended, report) = run(&IutFile::shell("exit 7"), dir.path());
    assert_eq!(ended.code, 1, "{}", ended.stdout);
    assert_eq!(row(&report, "harness/survives")["outcome"], "broken");
    let message = row(&report, "harness/survives")["findings"][0]["message"].as_str().expect("a sentence").to_owned();
    assert!(message.contains('7'), "{message}");
}

#[test]
fn one_that_ignores_sigterm_is_ended_all_the_same() {
    let dir = scratch();
    let noted = dir.path().join("pids");
    let script = format!("trap '' TERM; echo $$ > {}; while :; do sleep 1; done", noted.display());
    let (ended, report) = run(&IutFile::shell(&script), dir.path());
    assert_eq!(ended.code, 3);
    assert_eq!(row(&report, "harness/stops-when-asked")["outcome"], "broken");
    assert_gone(&noted);
}

#[test]
fn children_that_left_the_process_group_are_ended() {
    let dir = scratch();
    let noted = dir.path().join("pids");
    let script = format!(
        "setsid sh -c 'echo $$ >> {0}; trap \"\" TERM HUP; exec sleep 600' & (setsid sleep 600 & echo $! >> {0}) ; sleep 600",
        noted.display()
    );
    run(&IutFile::shell(&script), dir.path());
    assert_gone(&noted);
}

#[test]
fn megabytes_of_output_are_bounded() {
    let dir = scratch();
    let (ended, report) = run(&IutFile::shell("yes 'a line of output that says nothing' ; sleep 600"), dir.path());
    assert_eq!(ended.code, 3);
    let out = dir.path().join("out").join(report["scenarios"][0]["evidence"].as_str().expect("a path")).join("iut.out");
    let size = fs::metadata(out).expect("the output is kept").len();
    assert!(size > 0 && size < 20 * 1024 * 1024, "{size} bytes");
    assert_eq!(row(&report, "harness/output-bounded")["outcome"], "broken");
}

#[test]
fn garbage_on_the_wire_is_evidence() {
    let dir = scratch();
    let mut file = IutFile::shell("");
    file.command = "[\"bash\", \"-c\", \"exec 3<>/dev/tcp/$1/$2; head -c 100000 /dev/zero >&3; exec sleep 600\", \"bash\", \"{host}\", \"{port}\", \"{state_dir}\"]".to_owned();
    let (ended, report) = run(&file, dir.path());
    assert_eq!(ended.code, 1, "{}", ended.stdout);
    assert_eq!(row(&report, "mqtt311/connect-first")["outcome"], "broken");
}

#[test]
fn half_a_packet_decides_nothing_about_the_rest() {
    let dir = scratch();
    let mut file = IutFile::shell("");
    file.command = "[\"bash\", \"-c\", \"exec 3<>/dev/tcp/$1/$2; printf '\\\\x10\\\\x20\\\\x00\\\\x04MQ' >&3; exec sleep 600\", \"bash\", \"{host}\", \"{port}\", \"{state_dir}\"]".to_owned();
    let (ended, report) = run(&file, dir.path());
    assert_eq!(ended.code, 3, "{}", ended.stdout);
    assert_eq!(row(&report, "mqtt311/protocol-name")["verdict"], "undecided");
}

/// Connects twice with one client id: the server ends the first connection, and both are judged.
#[test]
fn one_that_connects_twice_is_judged_on_both_connections() {
    let dir = scratch();
    let mut file = IutFile::shell("");
    // CONNECT, clean session 0, keep alive 60, client id "a", on each of two connections.
    file.command = "[\"bash\", \"-c\", \"c='\\\\x10\\\\x0d\\\\x00\\\\x04MQTT\\\\x04\\\\x00\\\\x00\\\\x3c\\\\x00\\\\x01a'; exec 3<>/dev/tcp/$1/$2; printf $c >&3; head -c 4 <&3 >/dev/null; exec 4<>/dev/tcp/$1/$2; printf $c >&4; exec sleep 600\", \"bash\", \"{host}\", \"{port}\", \"{state_dir}\"]".to_owned();
    let (_, report) = run(&file, dir.path());
    let connect = row(&report, "wd04/connect-clean-session");
    assert_eq!(connect["outcome"], "met");
    assert_eq!(connect["met"], 2, "{}", connect["witnesses"]);
}

/// Floods the broker with packets: the capture stays bounded and the run ends.
#[test]
fn a_flood_is_bounded() {
    let dir = scratch();
    let mut file = IutFile::shell("");
    file.command = "[\"bash\", \"-c\", \"exec 3<>/dev/tcp/$1/$2; printf '\\\\x10\\\\x0d\\\\x00\\\\x04MQTT\\\\x04\\\\x00\\\\x00\\\\x3c\\\\x00\\\\x01a' >&3; cat <&3 >/dev/null & yes $(printf '\\\\xc0') | tr '\\\\n' '\\\\000' >&3; exec sleep 600\", \"bash\", \"{host}\", \"{port}\", \"{state_dir}\"]".to_owned();
    let (ended, report) = run(&file, dir.path());
    assert!(matches!(ended.code, 1 | 3), "{}", ended.stdout);
    assert_eq!(report["scenarios"][0]["status"], "aborted");
    let capture = dir
        .path()
        .join("out")
        .join(report["scenarios"][0]["evidence"].as_str().expect("a path"))
        .join("capture.pcapng");
    let size = fs::metadata(capture).expect("the capture is kept").len();
    assert!(size < 300 * 1024 * 1024, "{size} bytes");
}

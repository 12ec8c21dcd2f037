//! A run that is killed leaves evidence that can be judged up to its last block.

mod common;

use common::{IutFile, call, eventually, program, report, root, scratch};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::process::{Command, Stdio};

const SCENARIO: &str = "mqtt311/answering/connect-and-subscribe";

#[test]
fn a_run_killed_at_any_moment_can_be_judged() {
    let dir = scratch();
    let noted = dir.path().join("pids");
    let mut file = IutFile::reference(None);
    // The shell notes its process id, which the reference then keeps; nobody else is left to end it.
    let words = file.command.trim_start_matches('[').trim_end_matches(']').to_owned();
    file.command = format!("[\"sh\", \"-c\", \"echo $$ >> {}; exec \\\"$@\\\"\", \"sh\", {words}]", noted.display());
    let iut = file.write(dir.path());
    let out = dir.path().join("out");
    let mut run = Command::new(program())
        .args(["run".as_ref(), "--iut".as_ref(), iut.as_os_str(), "--out".as_ref(), out.as_os_str()])
        .current_dir(root())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let capture = out.join("evidence").join(SCENARIO).join("capture.pcapng");
    let connected = || {
        touchstone_fixtures::recording::read(&capture).is_ok_and(|recording| {
            touchstone::evidence::observe(&recording).is_ok_and(|evidence| {
                evidence.observations.iter().any(|o| matches!(o, touchstone::evidence::Observation::Packet(_)))
            })
        })
    };
    let seen = eventually(connected);
    kill(Pid::from_raw(i32::try_from(run.id()).expect("process ids are small")), Signal::SIGKILL).expect("killed");
    run.wait().expect("the program can be waited for");
    for pid in fs::read_to_string(&noted).unwrap_or_default().split_whitespace() {
        let _ = kill(Pid::from_raw(pid.parse().expect("a process id")), Signal::SIGKILL);
    }
    assert!(seen, "the implementation connected");

    let ended = call(["judge".as_ref(), out.as_os_str()]);
    assert_eq!(ended.code, 3, "{}{}", ended.stdout, ended.stderr);
    let report = report(&out);
    assert_eq!(report["verdict"], "incomplete");
    let scenario = report["scenarios"].as_array().expect("a list").iter().find(|s| s["id"] == SCENARIO).expect("it");
    assert!(scenario["status"] == "aborted" || scenario["status"] == "completed", "{scenario}");
    // What its first packets show is judged, and that more is missing is not passed over.
    let name = common::row(&report, "mqtt311/protocol-name");
    assert!(name["met"].as_u64().is_some_and(|met| met > 0), "{name}");
    assert_eq!(name["outcome"], "undecided");
}

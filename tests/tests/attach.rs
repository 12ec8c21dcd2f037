//! Implementations that somebody else starts.

mod common;

use common::{call, eventually, program, report, root, row, scratch};
use std::fs;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use touchstone_fixtures::recording::{Event, read};

/// Ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port()
}

fn reference(port: u16, state: &std::path::Path) -> Running {
    let child = Command::new(program())
        .args(["reference", "consumer", "--profile", "alpha", "--profile", "iota", "--server"])
        .arg(format!("127.0.0.1:{port}"))
        .arg("--state-dir")
        .arg(state)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    Running(child.expect("the reference starts"))
}

/// It is told what to do, comes back after each scenario by itself, and its sessions are marked as discarded.
#[test]
fn an_attached_consumer_is_tested_scenario_after_scenario() {
    let dir = scratch();
    let port = free_port();
    // The declarations of the bundled file, without what needs the harness to start and stop it.
    let text = fs::read_to_string(root().join("fixtures/iuts/reference-consumer.toml")).expect("the bundled IUT file");
    let launch = text.find("[launch]").expect("a launch table");
    let timing = text.find("[timing]").expect("a timing table");
    let text = format!("{}{}", &text[..launch], &text[timing..]);
    let iut = dir.path().join("iut.toml");
    fs::write(&iut, text).expect("the IUT file can be written");
    let out = dir.path().join("out");
    let _consumer = reference(port, &dir.path().join("state"));
    let ended = call([
        "run",
        "--iut",
        &iut.display().to_string(),
        "--out",
        &out.display().to_string(),
        "--listen",
        &format!("127.0.0.1:{port}"),
        "--scenario",
        "*/query-features-topic-*",
    ]);
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    assert!(ended.stderr.contains(&format!("port         {port}")), "{}", ended.stderr);
    assert!(ended.stderr.contains("    met       wd04/publish-retain\n"), "{}", ended.stderr);
    let report = report(&out);
    let scenarios = report["scenarios"].as_array().expect("a list");
    assert!(scenarios.len() >= 4);
    for (number, scenario) in scenarios.iter().enumerate() {
        assert_eq!(scenario["status"], "completed", "{scenario}");
        let capture = out.join(scenario["evidence"].as_str().expect("a path")).join("capture.pcapng");
        let recording = read(&capture).expect("a recording");
        let context = recording.context().expect("a context");
        assert!(!context.births_known);
        assert_eq!(context.discarded.len(), usize::from(number > 0), "{:?}", context.discarded);
        let refused = recording.entries.iter().any(|e| {
            matches!(&e.event, Event::Session { change, .. }
            if *change == touchstone_fixtures::recording::SessionChange::Resumed)
        });
        assert!(!refused, "a session outlived its edge");
    }
}

/// Certificates are made for it, and lie where the terminal says.
#[test]
fn an_attached_consumer_finds_its_certificates() {
    let dir = scratch();
    let port = free_port();
    let text =
        fs::read_to_string(root().join("fixtures/iuts/reference-tls-consumer.toml")).expect("the bundled IUT file");
    let launch = text.find("[launch]").expect("a launch table");
    let timing = text.find("[timing]").expect("a timing table");
    let iut = dir.path().join("iut.toml");
    fs::write(&iut, format!("{}{}", &text[..launch], &text[timing..])).expect("the IUT file can be written");
    let out = dir.path().join("out");
    let authority = out.join("tls/ca.pem");
    let (listen, state) = (format!("127.0.0.1:{port}"), dir.path().join("state"));
    let run = {
        let arguments = ["run", "--iut", &iut.display().to_string(), "--out", &out.display().to_string()]
            .map(str::to_owned)
            .into_iter()
            .chain(["--listen".to_owned(), listen.clone()])
            .chain(
                ["--scenario", "mqtt311/answering/tls-1-3", "--scenario", "mqtt311/answering/tls-expired"]
                    .map(str::to_owned),
            )
            .collect::<Vec<_>>();
        std::thread::spawn(move || call(arguments))
    };
    // Whoever starts it waits until it is asked for.
    let _consumer = eventually(|| fs::read(&authority).is_ok_and(|pem| pem.ends_with(b"-----\n"))).then(|| {
        let child = Command::new(program())
            .args(["reference", "consumer", "--profile", "alpha", "--profile", "iota", "--server", &listen])
            .arg("--state-dir")
            .arg(&state)
            .args(["--tls", "--ca"])
            .arg(&authority)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Running(child.expect("the reference starts"))
    });
    let ended = run.join().expect("the run ends");
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    assert!(ended.stderr.contains(&format!("authority    {}", authority.display())), "{}", ended.stderr);
    let report = report(&out);
    for id in ["tls/accepts-tls13", "tls/refuses-expired"] {
        assert_eq!(row(&report, id)["outcome"], "met", "{id}");
    }
}

/// Nobody could know the port.
#[test]
fn an_attached_implementation_needs_a_port() {
    let dir = scratch();
    let iut = dir.path().join("iut.toml");
    let text = "[iut]\nname = \"x\"\nbinding = \"openc2-mqtt-wd04\"\nrole = \"consumer\"\n";
    fs::write(&iut, text).expect("the IUT file can be written");
    let out = dir.path().join("out");
    let ended = call(["run", "--iut", &iut.display().to_string(), "--out", &out.display().to_string()]);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(ended.stderr.contains("--listen"), "{}", ended.stderr);
    assert!(!out.exists());
}

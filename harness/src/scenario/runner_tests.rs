use super::*;
use crate::binding::OPENC2_MQTT_WD04;
use crate::diagnostic::Source;
use crate::scenario::{Progress, parse, plan, precheck, run_all};
use std::sync::Arc;
use touchstone_fixtures::recording::{ProcessChange, Recording, read};
use touchstone_fixtures::reference::{ConnectionOptions, ConsumerOptions, run_consumer};

const HEAD: &str = "[iut]\nname = \"x\"\nbinding = \"openc2-mqtt-wd04\"\nrole = \"consumer\"\n";

fn iut(rest: &str) -> Arc<IutFile> {
    let text = format!("{HEAD}{rest}");
    match crate::iut::parse(Path::new("/iut.toml"), Source::new("iut.toml", text)) {
        Ok(file) => Arc::new(file),
        Err(problems) => panic!("{problems}"),
    }
}

fn planned(iut: &IutFile, id: &str, rest: &str) -> Planned {
    let text = format!(
        "id = \"acme/{id}\"\ntitle = \"t\"\npurpose = \"p\"\nrole = \"consumer\"\nexercises = []\n[[step]]\nverb = \"start\"\n{rest}"
    );
    let scenario = match parse(Source::new("x.toml", text), &OPENC2_MQTT_WD04, false) {
        Ok(scenario) => Arc::new(scenario),
        Err(problems) => panic!("{problems}"),
    };
    let plan = plan(&[scenario], iut);
    assert!(plan.left_out.is_empty(), "{:?}", plan.left_out);
    plan.selected[0].clone()
}

fn recording(out: &Path, id: &str) -> Recording {
    read(&out.join(evidence_folder(id)).join("capture.pcapng")).expect("a recording")
}

fn events(recording: &Recording) -> Vec<&Event> {
    recording.entries.iter().map(|entry| &entry.event).collect()
}

const READY: &str = "[[step]]\nverb = \"await-ready\"\n";
const ASK: &str = "[[step]]\nverb = \"request\"\nname = \"a\"\n[[step]]\nverb = \"await-response\"\nname = \"a\"\n";

#[tokio::test(flavor = "multi_thread")]
async fn an_iut_that_dies_at_once_ends_the_scenario() {
    let out = tempfile::tempdir().expect("directory");
    let iut = iut("[launch]\ncommand = [\"sh\", \"-c\", \"echo no >&2; exit 7\", \"{state_dir}\"]\n");
    let result = run_scenario(&planned(&iut, "dies", READY), &iut, &Options::new(out.path())).await;
    assert_eq!(result.status, Status::Aborted);
    assert_eq!(result.reason, "step 2 (await-ready, line 8): the implementation ended with exit code 7");
    let recording = recording(out.path(), "acme/dies");
    let events = events(&recording);
    assert!(matches!(events[0], Event::Context(context) if context.births_known && context.scenario == "acme/dies"));
    assert!(matches!(events.last(), Some(Event::End { complete: false, .. })));
    assert!(events.iter().any(|e| matches!(
        e,
        Event::Process { change: ProcessChange::Exit { code: Some(7), expected: false, .. }, .. }
    )));
    let err = out.path().join("evidence/acme/dies/iut.err");
    assert_eq!(std::fs::read_to_string(err).expect("kept"), "no\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_iut_that_never_connects_is_given_up_and_ended() {
    let out = tempfile::tempdir().expect("directory");
    let iut = iut(
        "[launch]\ncommand = [\"sh\", \"-c\", \"trap '' TERM; while :; do echo noise; sleep 0.01; done\", \"{state_dir}\"]\n\
         [timing]\nstartup = \"100ms\"\nstop = \"100ms\"\n",
    );
    let result = run_scenario(&planned(&iut, "mute", READY), &iut, &Options::new(out.path())).await;
    assert_eq!(result.status, Status::Aborted);
    assert!(result.reason.contains("in vain: waited for the implementation to connect"), "{}", result.reason);
    let recording = recording(out.path(), "acme/mute");
    let last_signal = events(&recording).iter().rev().find_map(|e| match e {
        Event::Process { change: ProcessChange::Exit { signal, .. }, .. } => Some(*signal),
        _ => None,
    });
    assert_eq!(last_signal, Some(Some(9)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_vanished_is_no_error_of_ours() {
    let out = tempfile::tempdir().expect("directory");
    let iut = iut("[launch]\ncommand = [\"{state_dir}/nothing\"]\n");
    let result = run_scenario(&planned(&iut, "gone", READY), &iut, &Options::new(out.path())).await;
    assert_eq!(result.status, Status::Aborted);
    assert!(result.reason.starts_with("step 1 (start, line 6): the implementation could not be started"), "{result:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_that_cannot_be_written_is_an_error() {
    let out = tempfile::tempdir().expect("directory");
    std::fs::write(out.path().join("evidence"), "a file").expect("written");
    let iut = iut("[launch]\ncommand = [\"sh\", \"-c\", \"exit 0\", \"{state_dir}\"]\n");
    let result = run_scenario(&planned(&iut, "x", READY), &iut, &Options::new(out.path())).await;
    assert_eq!(result.status, Status::Error);
}

/// A free port, given back: somebody else could take it, but nobody does.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

fn attached(port: u16) -> Arc<IutFile> {
    iut(&format!(
        "[network]\nlisten = \"127.0.0.1:{port}\"\n[pics]\ndevice_id = \"zulu\"\nactuator_profiles = [\"alpha\", \"iota\"]\n"
    ))
}

fn reference(port: u16) -> ConsumerOptions {
    let connection = ConnectionOptions { server: format!("127.0.0.1:{port}"), ..ConnectionOptions::default() };
    ConsumerOptions { connection, ..ConsumerOptions::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attached_iut_is_served_on_one_port_scenario_after_scenario() {
    let out = tempfile::tempdir().expect("directory");
    let port = free_port();
    let iut = attached(port);
    let options = Arc::new(Options::new(out.path()));
    precheck(&iut, &options).expect("free");
    let consumer = tokio::spawn(run_consumer(reference(port)));
    let steps = format!("{READY}{ASK}");
    let selected = [planned(&iut, "one", &steps), planned(&iut, "two", &steps)];
    let mut seen = Vec::new();
    let results = run_all(&selected, &iut, &options, None, |progress| match progress {
        Progress::Waiting(address) => seen.push(format!("waiting {}", address.port() == port)),
        Progress::Started(planned) => seen.push(format!("started {}", planned.id)),
        Progress::Finished(result) => seen.push(format!("finished {} {:?}", result.id, result.status)),
    })
    .await;
    consumer.abort();
    assert_eq!(
        seen,
        [
            "waiting true",
            "started acme/one",
            "finished acme/one Completed",
            "started acme/two",
            "finished acme/two Completed"
        ],
        "{results:?}"
    );
    let recording = recording(out.path(), "acme/two");
    assert!(recording.context().is_some_and(|context| !context.births_known));
    let captured = events(&recording).iter().find_map(|e| match e {
        Event::Step { phase: StepPhase::Begin, captured, .. } if !captured.is_empty() => captured.get("a").cloned(),
        _ => None,
    });
    assert_eq!(captured, Some(crate::scenario::ids::request_id(0, "acme/two", 3, 0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_is_proven_by_a_closing_sentinel() {
    let out = tempfile::tempdir().expect("directory");
    let port = free_port();
    let mut file = (*attached(port)).clone();
    file.timing.response = 100_000_000;
    let iut = Arc::new(file);
    let consumer = tokio::spawn(run_consumer(reference(port)));
    // To somebody else: the reference stays silent, and the wait for its answer is in vain.
    let ask = ASK.replace("name = \"a\"\n[[step]]", "name = \"a\"\nrecipients = [\"nobody\"]\n[[step]]");
    let selected = [planned(&iut, "silent", &format!("{READY}{ask}"))];
    let results = run_all(&selected, &iut, &Arc::new(Options::new(out.path())), None, |_| {}).await;
    consumer.abort();
    assert_eq!(results[0].status, Status::Aborted, "{results:?}");
    let recording = recording(out.path(), "acme/silent");
    let notes: Vec<&str> = events(&recording)
        .iter()
        .filter_map(|e| match e {
            Event::Step { verb, phase: StepPhase::Done, note, .. } if verb == "sentinel" => Some(note.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(notes, ["answered"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_garbage_ends_in_time() {
    use tokio::io::AsyncWriteExt;
    let out = tempfile::tempdir().expect("directory");
    let port = free_port();
    let mut file = (*attached(port)).clone();
    file.timing.startup = 300_000_000;
    let iut = Arc::new(file);
    let flood = tokio::spawn(async move {
        loop {
            if let Ok(mut stream) = tokio::net::TcpStream::connect(("127.0.0.1", port)).await {
                while stream.write_all(&[0xff; 4096]).await.is_ok() {}
            }
            tokio::task::yield_now().await;
        }
    });
    let selected = [planned(&iut, "flood", READY)];
    let results = run_all(&selected, &iut, &Arc::new(Options::new(out.path())), None, |_| {}).await;
    flood.abort();
    assert_eq!(results[0].status, Status::Aborted, "{results:?}");
    assert!(matches!(events(&recording(out.path(), "acme/flood")).last(), Some(Event::End { complete: false, .. })));
}

#[test]
fn a_port_in_use_is_a_problem_before_anything_runs() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let problems = precheck(&attached(port), &Options::new("/nowhere")).expect_err("in use").to_string();
    assert!(problems.contains(&format!("cannot listen on 127.0.0.1:{port}")), "{problems}");
    assert!(problems.contains("choose another port"), "{problems}");
}

#[test]
fn an_attached_iut_needs_a_port_it_can_know() {
    let problems = precheck(&iut(""), &Options::new("/nowhere")).expect_err("port 0").to_string();
    assert!(problems.contains("has to know the port"), "{problems}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_messages_ends_in_time() {
    use tokio::io::AsyncWriteExt;
    let out = tempfile::tempdir().expect("directory");
    let port = free_port();
    let mut file = (*attached(port)).clone();
    file.timing.startup = 300_000_000;
    let iut = Arc::new(file);
    let flood = tokio::spawn(async move {
        // CONNECT as `f`, then PUBLISH to oc2/rsp at QoS 0, as fast as it goes.
        let connect = b"\x10\x0d\x00\x04MQTT\x04\x00\x00\x3c\x00\x01f";
        let publish = b"\x30\x0b\x00\x07oc2/rspxx".repeat(1000);
        loop {
            if let Ok(mut stream) = tokio::net::TcpStream::connect(("127.0.0.1", port)).await
                && stream.write_all(connect).await.is_ok()
            {
                while stream.write_all(&publish).await.is_ok() {}
            }
            tokio::task::yield_now().await;
        }
    });
    let mut options = Options::new(out.path());
    options.capture = 8 * 1024 * 1024;
    let selected = [planned(&iut, "flood", &format!("{READY}{ASK}"))];
    let results = run_all(&selected, &iut, &Arc::new(options), None, |_| {}).await;
    flood.abort();
    assert_ne!(results[0].status, Status::Completed, "{results:?}");
    let recording = recording(out.path(), "acme/flood");
    assert!(matches!(events(&recording).last(), Some(Event::End { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_iut_that_never_connects_does_not_hold_up_every_scenario() {
    let out = tempfile::tempdir().expect("directory");
    let iut = iut("[launch]\ncommand = [\"sh\", \"-c\", \"echo x >> starts; exit 1\"]\ncwd = \"OUT\"\n"
        .replace("OUT", &out.path().display().to_string())
        .as_str());
    let ids = ["a", "b", "c", "d", "e"];
    let selected: Vec<Planned> = ids.iter().map(|id| planned(&iut, id, READY)).collect();
    let results = run_all(&selected, &iut, &Arc::new(Options::new(out.path())), None, |_| {}).await;
    let starts = std::fs::read_to_string(out.path().join("starts")).expect("started");
    assert_eq!(starts, "x\nx\nx\n");
    assert_eq!(results.len(), 5);
    assert!(results[4].reason.starts_with("not run"), "{results:?}");
    let recording = recording(out.path(), "acme/e");
    let events = events(&recording);
    assert!(matches!(events[..], [Event::Context(_), Event::End { complete: false, .. }]));
}

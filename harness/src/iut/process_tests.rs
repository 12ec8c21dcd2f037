use super::*;
use std::path::Path;
use touchstone_fixtures::recording::{Limits, Recorder};

fn start(script: &str, folder: &Path) -> (Process, Recorder) {
    let recorder = Recorder::in_memory(Limits::default());
    let sink = Sink::open(recorder.clone(), folder).expect("opened");
    let command = vec!["sh".to_owned(), "-c".to_owned(), script.to_owned()];
    let start = Start {
        shown: command.clone(),
        command,
        cwd: folder.to_owned(),
        env: [("MARK".to_owned(), "m".to_owned())].into(),
        fresh: true,
        instance: 1,
        token: uuid::Uuid::new_v4().to_string(),
        stdin: false,
    };
    (Process::start(start, sink).expect("started"), recorder)
}

fn patient(millis: u64) -> Stop {
    Stop { command: None, patience: Duration::from_millis(millis) }
}

fn changes(recorder: &Recorder) -> Vec<ProcessChange> {
    let entries = recorder.log().since(0);
    entries
        .iter()
        .filter_map(|entry| match &entry.event {
            Event::Process { change, .. } => Some(change.clone()),
            _ => None,
        })
        .collect()
}

async fn until(path: &Path) -> String {
    loop {
        match std::fs::read_to_string(path) {
            Ok(text) if text.ends_with('\n') => return text,
            _ => tokio::time::sleep(Duration::from_millis(2)).await,
        }
    }
}

fn lives(pid: &str) -> bool {
    match std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())) {
        Ok(stat) => !stat.contains(") Z "),
        Err(_) => false,
    }
}

#[tokio::test]
async fn output_and_exit_are_recorded() {
    let folder = tempfile::tempdir().expect("directory");
    let (process, recorder) = start("echo out $MARK; echo err >&2; exit 3", folder.path());
    process.wait(Instant::now() + Duration::from_secs(60)).await;
    process.stop(&patient(1000)).await;
    assert_eq!(std::fs::read_to_string(folder.path().join("iut.out")).expect("read"), "out m\n");
    assert_eq!(std::fs::read_to_string(folder.path().join("iut.err")).expect("read"), "err\n");
    let changes = changes(&recorder);
    assert!(matches!(changes[0], ProcessChange::Spawn { fresh: true, .. }));
    assert_eq!(changes[1], ProcessChange::Exit { code: Some(3), signal: None, expected: false });
    assert_eq!(changes.len(), 2);
}

#[tokio::test]
async fn it_is_asked_before_it_is_forced() {
    let folder = tempfile::tempdir().expect("directory");
    let (process, recorder) =
        start("trap 'echo bye; exit 0' TERM; echo up > up; while :; do sleep 0.01; done", folder.path());
    until(&folder.path().join("up")).await;
    process.stop(&patient(60_000)).await;
    let changes = changes(&recorder);
    assert_eq!(changes[1], ProcessChange::StopRequested { with: "SIGTERM".to_owned() });
    assert_eq!(changes[2], ProcessChange::Exit { code: Some(0), signal: None, expected: true });
    assert_eq!(std::fs::read_to_string(folder.path().join("iut.out")).expect("read"), "bye\n");
}

#[tokio::test]
async fn one_that_ignores_sigterm_is_killed() {
    let folder = tempfile::tempdir().expect("directory");
    let (process, recorder) = start("trap '' TERM; echo up > up; while :; do sleep 0.01; done", folder.path());
    until(&folder.path().join("up")).await;
    process.stop(&patient(50)).await;
    let changes = changes(&recorder);
    assert_eq!(changes[2], ProcessChange::StopRequested { with: "SIGKILL".to_owned() });
    assert_eq!(changes[3], ProcessChange::Exit { code: None, signal: Some(9), expected: true });
}

#[tokio::test]
async fn a_stop_command_takes_the_place_of_sigterm() {
    let folder = tempfile::tempdir().expect("directory");
    let (process, recorder) =
        start("trap '' TERM; echo up > up; while [ ! -e enough ]; do sleep 0.01; done", folder.path());
    until(&folder.path().join("up")).await;
    let command = vec!["touch".to_owned(), "enough".to_owned()];
    process.stop(&Stop { command: Some((command.clone(), command)), patience: Duration::from_secs(60) }).await;
    let changes = changes(&recorder);
    assert_eq!(changes[1], ProcessChange::StopRequested { with: "touch enough".to_owned() });
    assert_eq!(changes[2], ProcessChange::Exit { code: Some(0), signal: None, expected: true });
}

#[tokio::test]
async fn children_in_other_groups_and_sessions_do_not_survive() {
    let folder = tempfile::tempdir().expect("directory");
    let (process, recorder) = start(
        "setsid sh -c 'trap \"\" TERM HUP; echo $$ > a; while :; do sleep 1; done' & \
         (setsid sh -c 'echo $$ > b; exec sleep 1000' &) ; (sleep 1000 & echo $! > c) ; exit 0",
        folder.path(),
    );
    let (a, b, c) = (
        until(&folder.path().join("a")).await,
        until(&folder.path().join("b")).await,
        until(&folder.path().join("c")).await,
    );
    process.wait(Instant::now() + Duration::from_secs(60)).await;
    assert!(lives(&a) && lives(&b) && lives(&c));
    process.stop(&patient(1000)).await;
    assert!(!lives(&a) && !lives(&b) && !lives(&c));
    assert!(changes(&recorder).iter().any(|c| matches!(c, ProcessChange::Orphans { count } if *count >= 3)));
}

#[tokio::test]
async fn megabytes_of_output_do_not_stop_it() {
    let folder = tempfile::tempdir().expect("directory");
    let recorder = Recorder::in_memory(Limits::default());
    let sink = Sink::with_cap(recorder.clone(), folder.path(), 1000).expect("opened");
    let command: Vec<String> = ["sh", "-c", "head -c 20000000 /dev/zero; echo done > done"].map(String::from).into();
    let start = Start {
        shown: command.clone(),
        command,
        cwd: folder.path().to_owned(),
        env: BTreeMap::new(),
        fresh: true,
        instance: 1,
        token: uuid::Uuid::new_v4().to_string(),
        stdin: false,
    };
    let process = Process::start(start, sink).expect("started");
    until(&folder.path().join("done")).await;
    process.wait(Instant::now() + Duration::from_secs(60)).await;
    process.stop(&patient(1000)).await;
    let kept = std::fs::read(folder.path().join("iut.out")).expect("read");
    assert!(kept.len() < 1100, "{}", kept.len());
    assert_eq!(changes(&recorder)[1], ProcessChange::Exit { code: Some(0), signal: None, expected: false });
}

#[tokio::test]
async fn dropping_it_ends_it() {
    let folder = tempfile::tempdir().expect("directory");
    let (process, _recorder) = start("echo $$ > pid; setsid sleep 1000", folder.path());
    let pid = until(&folder.path().join("pid")).await;
    assert!(lives(&pid));
    drop(process);
    while lives(&pid) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_program_that_is_not_there_is_an_error() {
    let folder = tempfile::tempdir().expect("directory");
    let sink = Sink::open(Recorder::in_memory(Limits::default()), folder.path()).expect("opened");
    let start = Start {
        command: vec!["./nothing".to_owned()],
        shown: Vec::new(),
        cwd: folder.path().to_owned(),
        env: BTreeMap::new(),
        fresh: true,
        instance: 1,
        token: "t".to_owned(),
        stdin: false,
    };
    let error = Process::start(start, sink).expect_err("missing").to_string();
    assert!(error.contains("does not exist"), "{error}");
}

#[tokio::test]
async fn a_helper_that_hangs_is_ended_at_its_deadline() {
    let command: Vec<String> = ["sleep", "1000"].map(String::from).into();
    let soon = Instant::now() + Duration::from_millis(20);
    let error = run(&command, Path::new("/"), &BTreeMap::new(), "t", soon).await.expect_err("hangs");
    assert_eq!(error, "it was not done in time");
}

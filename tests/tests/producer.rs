//! Producers end to end: every way of telling one what to send, and what becomes of a run when that does not work.

mod common;

use common::{Ended, call, program, report, root, row, scratch};
use serde_json::Value;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// The reference Producer as a word list of TOML, with more arguments.
fn reference(more: &str) -> String {
    format!(
        "[\"{{self}}\", \"reference\", \"producer\", \"--server\", \"{{host}}:{{port}}\", \"--state-dir\", \"{{state_dir}}\", \
         \"--keep-alive\", \"{{keep_alive}}\"{more}]"
    )
}

/// A shell script as IUT: `$0` is the program, `$1` where to connect, `$2` its state directory.
fn shell(script: &str) -> String {
    let script = Value::String(script.to_owned());
    format!("[\"sh\", \"-c\", {script}, \"{{self}}\", \"{{host}}:{{port}}\", \"{{state_dir}}\"]")
}

fn iut(dir: &Path, command: &str, stimulus: &str) -> PathBuf {
    let path = dir.join("iut.toml");
    let text = format!(
        "[iut]\nname = \"test subject\"\nbinding = \"openc2-mqtt-wd04\"\nrole = \"producer\"\n\n\
         [launch]\ncommand = {command}\n\n[timing]\nresponse = \"1s\"\nstop = \"2s\"\n\n[stimulus]\n{stimulus}\n\n\
         [pics]\nserializations = [\"json\", \"cbor\"]\nkeep_alive = 4\nidentity = \"producer\"\n"
    );
    fs::write(&path, text).expect("the IUT file can be written");
    path
}

fn run(dir: &Path, iut: &Path, more: &[&str]) -> Ended {
    let out = dir.join("out");
    let mut arguments = vec!["run", "--iut", iut.to_str().expect("text"), "--out", out.to_str().expect("text")];
    arguments.extend(more);
    call(arguments)
}

/// Two scenarios: one that tells the Producer something, one that tells it more after odd input.
const TWO: [&str; 4] =
    ["--scenario", "openc2/asking/query-features-all", "--scenario", "wd04/producer/response-bad-header"];

fn works(dir: &Path, iut: &Path) {
    let ended = run(dir, iut, &TWO);
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    let report = report(&dir.join("out"));
    assert_eq!(report["counts"]["scenarios_completed"], 2, "{}", ended.stderr);
    let publish = row(&report, "wd04/publish-packet");
    assert_eq!(publish["outcome"], "met", "{}", publish["findings"]);
}

/// The run is incomplete, nothing is held against the product, and the verdict says what went wrong.
fn undecided(dir: &Path, ended: &Ended, told: &str) {
    assert_eq!(ended.code, 3, "{}\n{}", ended.stdout, ended.stderr);
    let report = report(&dir.join("out"));
    assert_eq!(report["verdict"], "incomplete");
    let sentence = report["sentence"].as_str().expect("a sentence");
    assert!(sentence.contains("It never sent a command") && sentence.contains(told), "{sentence}");
    assert_eq!(row(&report, "wd04/publish-packet")["outcome"], "undecided");
    for requirement in report["requirements"].as_array().expect("a list") {
        assert_ne!(requirement["outcome"], "broken", "{}: {}", requirement["id"], requirement["findings"]);
    }
    // Judged again, it says the same.
    let again = dir.join("again");
    let judged = call(["judge".as_ref(), dir.join("out").as_os_str(), "--out".as_ref(), again.as_os_str()]);
    assert_eq!(judged.code, 3, "{}", judged.stdout);
    assert_eq!(
        fs::read(dir.join("out/report.json")).expect("a report"),
        fs::read(again.join("report.json")).expect("a report")
    );
}

#[test]
fn told_over_http() {
    let dir = scratch();
    let command = reference(", \"--http\", \"127.0.0.1:{stimulus_port}\"");
    works(dir.path(), &iut(dir.path(), &command, "via = \"http\"\nurl = \"http://127.0.0.1:{stimulus_port}/\""));
}

#[test]
fn told_by_a_command() {
    let dir = scratch();
    // Opened for reading and writing, the pipe never ends.
    let command = shell(
        "mkfifo \"$2/orders\" && exec \"$0\" reference producer --server \"$1\" --state-dir \"$2\" --keep-alive 4 <> \"$2/orders\"",
    );
    let stimulus = "via = \"command\"\ncommand = [\"sh\", \"-c\", \"cat > $0/orders\", \"{state_dir}\"]";
    works(dir.path(), &iut(dir.path(), &command, stimulus));
}

#[test]
fn watched_where_it_sends_by_itself() {
    let dir = scratch();
    let order = r#"{"id":"own","address":"all","command":{"action":"query","target":{"features":[]}}}"#;
    // Two braces of an argument stand for one.
    let order = order.replace('{', "{{").replace('}', "}}");
    let command = shell(&format!(
        "{{ while echo '{order}'; do sleep 0.2; done; }} | exec \"$0\" reference producer --server \"$1\" --state-dir \"$2\" --keep-alive 4"
    ));
    works(dir.path(), &iut(dir.path(), &command, "via = \"none\""));
}

#[test]
fn a_producer_that_never_sends_is_undecided() {
    let dir = scratch();
    // Its orders go to somebody who does nothing about them.
    let command = shell(
        "cat > /dev/null <&0 & sleep 1000 | exec \"$0\" reference producer --server \"$1\" --state-dir \"$2\" --keep-alive 4",
    );
    let ended = run(dir.path(), &iut(dir.path(), &command, "via = \"stdin\""), &[]);
    undecided(dir.path(), &ended, "stimuli were accepted via stdin");
    let report = report(&dir.path().join("out"));
    // What needs no command is decided.
    assert_eq!(row(&report, "wd04/connect-packet")["outcome"], "met");
    let sentence = report["sentence"].as_str().expect("a sentence").split_whitespace().collect::<Vec<_>>().join(" ");
    let printed = ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(printed.contains(&sentence), "{printed}");
    // When three scenarios have seen nothing of it, the others do not wait for it as well.
    assert!(ended.stderr.contains("not run: no command had come"), "{}", ended.stderr);
}

#[test]
fn an_endpoint_that_refuses_is_no_fault_of_the_product() {
    let dir = scratch();
    let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let stimulus = format!("via = \"http\"\nurl = \"http://{free}/\"\nwithin = \"300ms\"");
    let ended = run(dir.path(), &iut(dir.path(), &reference(""), &stimulus), &[]);
    undecided(dir.path(), &ended, "given via http and refused (no connection to");
    // After three scenarios nobody is bothered any more, and what needs no stimulus is run all the same.
    assert!(ended.stderr.contains("not run: no stimulus had been accepted"), "{}", ended.stderr);
    let report = report(&dir.path().join("out"));
    assert_eq!(row(&report, "wd04/connect-packet")["outcome"], "met");
}

#[test]
fn an_endpoint_that_hangs_is_given_up() {
    let dir = scratch();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let stimulus = format!("via = \"http\"\nurl = \"http://{address}/\"\nwithin = \"300ms\"");
    let ended = run(dir.path(), &iut(dir.path(), &reference(""), &stimulus), &TWO);
    undecided(dir.path(), &ended, "did not answer in time");
}

#[test]
fn a_command_that_fails_is_told() {
    let dir = scratch();
    let ended = run(
        dir.path(),
        &iut(dir.path(), &reference(""), "via = \"command\"\ncommand = [\"sh\", \"-c\", \"exit 9\"]"),
        &TWO,
    );
    undecided(dir.path(), &ended, "refused (exit status: 9)");
}

#[test]
fn without_a_terminal_no_operator_is_asked() {
    let dir = scratch();
    let ended = run(dir.path(), &iut(dir.path(), &reference(""), "via = \"operator\""), &TWO);
    undecided(dir.path(), &ended, "nobody can be asked");
}

/// The program at a terminal of its own.
struct Terminal {
    child: std::process::Child,
    keyboard: fs::File,
    screen: mpsc::Receiver<String>,
}

impl Terminal {
    fn run(dir: &Path, iut: &Path) -> Terminal {
        let pair = nix::pty::openpty(None, None).expect("a terminal");
        let tty = |fd: &std::os::fd::OwnedFd| Stdio::from(fd.try_clone().expect("another handle"));
        let mut arguments: Vec<std::ffi::OsString> = vec!["run".into(), "--iut".into(), iut.into()];
        arguments.extend([
            "--out".into(),
            dir.join("out").into(),
            "--scenario".into(),
            "openc2/asking/query-features-all".into(),
        ]);
        let child = Command::new(program())
            .args(arguments)
            .current_dir(root())
            .env("TERM", "xterm")
            .stdin(tty(&pair.slave))
            .stdout(Stdio::null())
            .stderr(tty(&pair.slave))
            .spawn()
            .expect("the program starts");
        drop(pair.slave);
        let keyboard = fs::File::from(pair.master.try_clone().expect("another handle"));
        let mut from = fs::File::from(pair.master);
        let (sender, screen) = mpsc::channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = from.read(&mut buffer) {
                if sender.send(String::from_utf8_lossy(&buffer[..read]).into_owned()).is_err() {
                    break;
                }
            }
        });
        Terminal { child, keyboard, screen }
    }

    /// Reads the screen until it shows `text`.
    fn shows(&self, text: &str) {
        let mut shown = String::new();
        while !shown.contains(text) {
            match self.screen.recv_timeout(Duration::from_secs(60)) {
                Ok(more) => shown.push_str(&more),
                Err(_) => panic!("{text:?} is not shown: {shown}"),
            }
        }
    }

    fn ends(mut self) -> Ended {
        // Somebody has to go on reading, or it could not write.
        let reader = std::thread::spawn(move || while self.screen.recv().is_ok() {});
        let code = self.child.wait().expect("the program ends").code().unwrap_or(-1);
        drop(self.keyboard);
        reader.join().expect("read");
        Ended { code, stdout: String::new(), stderr: String::new() }
    }
}

/// A Producer with a lever, which somebody else has to pull.
fn lever(dir: &Path, within: &str) -> (PathBuf, PathBuf) {
    let orders = dir.join("orders");
    let made = Command::new("mkfifo").arg(&orders).status().expect("mkfifo");
    assert!(made.success());
    let command = shell(&format!(
        "exec \"$0\" reference producer --server \"$1\" --state-dir \"$2\" --keep-alive 4 <> \"{}\"",
        orders.display()
    ));
    (iut(dir, &command, &format!("via = \"operator\"\nwithin = \"{within}\"")), orders)
}

#[test]
fn an_operator_makes_it_send() {
    let dir = scratch();
    let (iut, orders) = lever(dir.path(), "60s");
    let mut terminal = Terminal::run(dir.path(), &iut);
    terminal.shows("Press Enter when it is done");
    let order = r#"{"id":"lever","address":"all","command":{"action":"query","target":{"features":[]}}}"#;
    let mut lever = fs::OpenOptions::new().write(true).open(orders).expect("the lever");
    writeln!(lever, "{order}").expect("pulled");
    writeln!(terminal.keyboard).expect("pressed");
    assert_eq!(terminal.ends().code, 0);
    let report = report(&dir.path().join("out"));
    assert_eq!(row(&report, "wd04/publish-packet")["outcome"], "met");
}

#[test]
fn an_operator_who_never_answers_leaves_it_undecided() {
    let dir = scratch();
    let (iut, _) = lever(dir.path(), "1s");
    let terminal = Terminal::run(dir.path(), &iut);
    terminal.shows("Nobody answered in time");
    undecided(dir.path(), &terminal.ends(), "nobody answered in time");
}

#[test]
fn an_operator_may_decline() {
    let dir = scratch();
    let (iut, _) = lever(dir.path(), "60s");
    let mut terminal = Terminal::run(dir.path(), &iut);
    terminal.shows("Press Enter when it is done");
    writeln!(terminal.keyboard, "n").expect("typed");
    undecided(dir.path(), &terminal.ends(), "the operator answered");
}

/// One file for a product that plays both roles, and a run for each of them.
#[test]
fn a_product_with_both_roles_is_run_twice() {
    let dir = scratch();
    let file = iut(dir.path(), &reference(""), "via = \"stdin\"");
    let text = fs::read_to_string(&file)
        .expect("written")
        .replace("role = \"producer\"", "role = [\"consumer\", \"producer\"]");
    fs::write(&file, text).expect("written");
    let unsaid = run(dir.path(), &file, &TWO);
    assert_eq!(unsaid.code, 2);
    assert!(unsaid.stderr.contains("names several roles: consumer and producer"), "{}", unsaid.stderr);
    let producer = run(dir.path(), &file, &[&TWO[..], &["--role", "producer"]].concat());
    assert_eq!(producer.code, 0, "{}\n{}", producer.stdout, producer.stderr);
    let report_of_it = report(&dir.path().join("out"));
    assert_eq!(report_of_it["role"], "producer");
    let rerun = report_of_it["scenarios"][0]["rerun"].as_str().expect("a command");
    assert!(rerun.ends_with(" --role producer"), "{rerun}");
    let consumer =
        run(dir.path(), &file, &["--role", "consumer", "--scenario", "mqtt311/answering/connect-and-subscribe"]);
    // This one is no Consumer at all: the run says so, and is about that role.
    assert_eq!(consumer.code, 1, "{}\n{}", consumer.stdout, consumer.stderr);
    assert_eq!(report(&dir.path().join("out"))["role"], "consumer");
}

#[test]
fn a_role_that_is_not_declared_cannot_be_chosen() {
    let dir = scratch();
    let ended = run(dir.path(), &iut(dir.path(), &reference(""), "via = \"stdin\""), &["--role", "consumer"]);
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("declares no consumer: its role is producer"), "{}", ended.stderr);
}

//! The program at a terminal, in a pipe, and interrupted: what is drawn, what stays, and what is left behind.

mod common;

use common::{IutFile, alive, call, eventually, program, root, scratch};
use nix::pty::{Winsize, openpty};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// What is run where any scenarios do.
const SOME: &str = "*query-features*";

/// The program at a terminal of its own.
struct Session {
    child: Child,
    master: File,
    seen: Vec<u8>,
}

impl Session {
    fn start<S: AsRef<OsStr>>(columns: u16, variables: &[(&str, &str)], arguments: &[S]) -> Session {
        let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        let pty = openpty(Some(&size), None).expect("a pseudo terminal");
        let stream = |slave: &OwnedFd| Stdio::from(slave.try_clone().expect("a file descriptor"));
        let mut command = Command::new(program());
        command.args(arguments).current_dir(root());
        command.stdin(stream(&pty.slave)).stdout(stream(&pty.slave)).stderr(stream(&pty.slave));
        for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS"] {
            command.env_remove(name);
        }
        command.env("TERM", "xterm").envs(variables.iter().copied());
        let child = command.spawn().expect("the program starts");
        // The terminal hangs up when its last user ends: that must not be one of our copies.
        drop((command, pty.slave));
        Session { child, master: pty.master.into(), seen: Vec::new() }
    }

    /// Reads on; whether there may be more.
    fn read(&mut self) -> bool {
        let mut buffer = [0; 4096];
        match self.master.read(&mut buffer) {
            Ok(length) if length > 0 => {
                self.seen.extend(&buffer[..length]);
                true
            }
            // Nobody has the other end any more.
            _ => false,
        }
    }

    fn until(&mut self, text: &str) {
        while !String::from_utf8_lossy(&self.seen).contains(text) {
            assert!(self.read(), "{text:?} is missing in {:?}", String::from_utf8_lossy(&self.seen));
        }
    }

    /// Reads to the end; the exit code, and everything that was written.
    fn end(mut self) -> (i32, String) {
        while self.read() {}
        let status = self.child.wait().expect("the program can be waited for");
        (status.code().unwrap_or(-1), String::from_utf8(self.seen).expect("only whole characters are written"))
    }

    fn interrupt(&self) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).expect("process ids are small"));
        kill(pid, Signal::SIGINT).expect("the program is there");
    }
}

/// What a terminal shows in the end, line by line, and the widest that any line ever was.
struct Screen {
    lines: Vec<String>,
    widest: usize,
    /// Where the cursor stands.
    column: usize,
}

fn screen(written: &str) -> Screen {
    let mut lines: Vec<Vec<char>> = vec![Vec::new()];
    let (mut row, mut column, mut widest) = (0usize, 0usize, 0);
    let mut rest = written.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\r' => column = 0,
            '\n' => {
                row += 1;
                while lines.len() <= row {
                    lines.push(Vec::new());
                }
            }
            '\u{1b}' => {
                assert_eq!(rest.next(), Some('['), "only CSI sequences are written: {written:?}");
                let sequence: String =
                    std::iter::from_fn(|| rest.next_if(|c| c.is_ascii_digit() || *c == ';')).collect();
                let number = sequence.parse().unwrap_or(1);
                match rest.next() {
                    Some('m') => {}
                    Some('K') => lines[row].clear(),
                    Some('A') => row = row.saturating_sub(number),
                    Some('B') => row += number,
                    other => panic!("an unexpected sequence {sequence}{other:?} in {written:?}"),
                }
            }
            c => {
                assert!(!c.is_control(), "a control character in {written:?}");
                while lines[row].len() <= column {
                    lines[row].push(' ');
                }
                lines[row][column] = c;
                column += 1;
                widest = widest.max(column);
            }
        }
    }
    let lines = lines.into_iter().map(|line| line.into_iter().collect::<String>().trim_end().to_owned()).collect();
    Screen { lines, widest, column }
}

fn arguments(iut: &Path, out: &Path) -> Vec<String> {
    let [iut, out] = [iut, out].map(|path| path.display().to_string());
    ["run", "--iut", &iut, "--out", &out, "--scenario", SOME].map(str::to_owned).to_vec()
}

#[test]
fn progress_stays_within_the_terminal_and_leaves_nothing_behind() {
    for columns in [60, 80, 140] {
        let dir = scratch();
        let iut = IutFile::reference(None).write(dir.path());
        let session = Session::start(columns, &[], &arguments(&iut, &dir.path().join("o")));
        let (code, written) = session.end();
        assert_eq!(code, 0, "{written}");
        let screen = screen(&written);
        assert!(screen.widest <= usize::from(columns), "{} of {columns} columns: {written:?}", screen.widest);
        // It was drawn again and again, and taken away.
        assert!(written.contains("0/1") && written.contains("\u{1b}[2K"), "{written:?}");
        let verdict = screen.lines.iter().position(|line| line.starts_with("PARTIAL  ")).expect("a verdict");
        let before = &screen.lines[..verdict];
        assert!(before.iter().all(|line| !line.contains(" 0:0")), "{before:?}");
        assert!(written.contains("\u{1b}[1;36mPARTIAL\u{1b}[0m"), "{written:?}");
        assert_eq!(screen.column, 0, "{written:?}");
        let last: Vec<&String> = screen.lines.iter().filter(|line| !line.is_empty()).collect();
        assert_eq!(last.last().map(|l| l.as_str()), Some("Exit code     0: nothing is wrong in what was selected"));
    }
}

#[test]
fn no_escape_sequence_where_none_is_wanted() {
    for variable in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let dir = scratch();
        let iut = IutFile::reference(Some("publish-retained")).write(dir.path());
        let session = Session::start(80, &[variable], &arguments(&iut, &dir.path().join("o")));
        let (code, written) = session.end();
        assert_eq!(code, 1, "{written}");
        assert!(!written.contains('\u{1b}'), "{written:?}");
        // In place of the line that is drawn again there is one for each scenario.
        assert!(written.contains("[ 1/") && written.contains(": 1 broken"), "{written}");
        let first = written.lines().find(|line| line.starts_with("FAIL  ")).expect("a verdict");
        assert!(first.contains("1 MUST broken"), "{first}");
    }
}

#[test]
fn a_pipe_gets_text_and_nothing_else() {
    let dir = scratch();
    let iut = IutFile::reference(Some("publish-retained")).write(dir.path());
    let ended = call(arguments(&iut, &dir.path().join("o")));
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    assert!(!ended.stdout.contains('\u{1b}') && !ended.stderr.contains('\u{1b}'), "{ended:?}");
    // The report, verdict first, on the one; how it went on the other.
    assert!(ended.stdout.starts_with("FAIL  Does not conform: 1 MUST broken"), "{}", ended.stdout);
    for part in ["RETAIN=1", "WD04 3.1.3", "^^", "touchstone explain wd04/publish-retain", "Exit code     1: "] {
        assert!(ended.stdout.contains(part), "{part} is missing in {}", ended.stdout);
    }
    assert!(ended.stderr.starts_with("test subject: OpenC2 over MQTT"), "{}", ended.stderr);
    assert!(ended.stderr.contains("broken: wd04/publish-retain, first seen in "), "{}", ended.stderr);
}

#[test]
fn an_interrupted_run_ends_what_it_started_and_says_what_is_left() {
    let dir = scratch();
    let pid = dir.path().join("pid");
    let script = format!("echo $$ > '{0}.new'; mv '{0}.new' '{0}'; exec sleep 600", pid.display());
    let iut = IutFile { timing: "startup = \"10m\"\n".to_owned(), ..IutFile::shell(&script) }.write(dir.path());
    let out = dir.path().join("o");
    let mut session = Session::start(80, &[], &arguments(&iut, &out));
    session.until("0/");
    assert!(eventually(|| pid.exists()), "the implementation was started");
    session.interrupt();
    let (code, written) = session.end();
    assert_eq!(code, 3, "{written}");
    let shown = screen(&written);
    assert!(shown.widest <= 80, "{written:?}");
    // The line that was drawn is gone, the message begins at the left, and the cursor stands below it.
    let told = shown.lines.iter().find(|line| line.contains("interrupted")).expect("a message");
    assert!(told.starts_with("error: interrupted; what was recorded until then is in"), "{told:?}");
    assert!(shown.lines.iter().any(|line| line.contains("touchstone judge")), "{:?}", shown.lines);
    assert_eq!(shown.column, 0);
    let pid = std::fs::read_to_string(&pid).expect("its number").trim().parse().expect("a number");
    assert!(eventually(|| !alive(pid)), "nothing it started outlives it");
    // What there is can be judged.
    let judged = call(["judge".as_ref(), out.as_os_str()]);
    assert_eq!(judged.code, 3, "{}{}", judged.stdout, judged.stderr);
    assert!(judged.stdout.starts_with("INCOMPLETE  "), "{}", judged.stdout);
}

#[test]
fn problems_fit_the_terminal_and_are_coloured_there() {
    let dir = scratch();
    let iut = dir.path().join("iut.toml");
    let text =
        "[iut]\nname = \"漢字\"\nbinding = \"openc2-mqtt-wd04\"\nrole = \"consumer\"\n\n[pics]\noptions = [\"漢字\", ";
    std::fs::write(&iut, format!("{text}{}\"wildcart\"]\n", "\"will\", ".repeat(30))).expect("the file can be written");
    let (code, written) = Session::start(80, &[], &arguments(&iut, &dir.path().join("o"))).end();
    assert_eq!(code, 2, "{written}");
    let shown = screen(&written);
    let lines: Vec<&str> = shown.lines.iter().map(String::as_str).collect();
    assert!(written.contains("\u{1b}["), "{written:?}");
    let at = lines.iter().position(|line| line.contains("\"wildcart\"")).expect("the line that is wrong");
    assert_eq!(lines[at].find("\"wildcart\""), lines[at + 1].find("^^^^^^^^^^"), "{}", lines.join("\n"));
    let wide = lines.iter().filter(|line| !line.contains("-->")).map(|line| line.chars().count()).max();
    assert!(wide <= Some(80), "{}", lines.join("\n"));
}

#[test]
fn the_first_page_fits_a_small_terminal() {
    let (code, written) = Session::start(80, &[("NO_COLOR", "1")], &["-h"]).end();
    assert_eq!(code, 0);
    let lines: Vec<&str> = written.lines().collect();
    assert!(lines.len() < 24 && lines.iter().all(|line| line.chars().count() <= 80), "{written}");
    insta::assert_snapshot!(written.replace("\r\n", "\n").replace("touchstone-tests", "touchstone"));
}

/// `touchstone ... 2>&1 | head -1`: the reader goes away, the run goes on to its verdict.
#[test]
fn nobody_has_to_listen() {
    let dir = scratch();
    let iut = IutFile::reference(None).write(dir.path());
    let mut child = Command::new(program())
        .args(arguments(&iut, &dir.path().join("o")))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop((child.stdout.take(), child.stderr.take()));
    assert_eq!(child.wait().expect("the program can be waited for").code(), Some(0));
    assert!(dir.path().join("o/report.html").exists());
}

#[test]
fn a_list_that_does_not_arrive_is_an_error() {
    let Ok(full) = File::options().write(true).open("/dev/full") else {
        return eprintln!("skipped: there is no /dev/full here");
    };
    let ended = Command::new(program())
        .args(["list", "bindings"])
        .stdin(Stdio::null())
        .stdout(full)
        .stderr(Stdio::piped())
        .output()
        .expect("the program starts");
    assert_eq!(ended.status.code(), Some(4));
    let told = String::from_utf8_lossy(&ended.stderr);
    assert!(told.starts_with("error: cannot write to standard output: "), "{told}");
}

//! The process of an IUT: started in a group of its own, watched, ended.

use super::output::{Sink, Stream};
use super::reaper::{self, Direct};
use super::stimulus::stdin::Input;
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use std::collections::BTreeMap;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use touchstone_fixtures::recording::{Event, ProcessChange};

/// How long a process may take to go after SIGKILL.
const KILLED: Duration = Duration::from_secs(5);
/// How long its output may take to end after it has gone.
const DRAINED: Duration = Duration::from_secs(2);

/// What to start.
#[derive(Clone, Debug)]
pub struct Start {
    /// Program and arguments.
    pub command: Vec<String>,
    /// The same for the record: passwords replaced.
    pub shown: Vec<String>,
    /// Working directory.
    pub cwd: PathBuf,
    /// Variables added to our environment.
    pub env: BTreeMap<String, String>,
    /// Whether its state directory is empty.
    pub fresh: bool,
    /// Which start of the scenario, from 1.
    pub instance: u32,
    /// Marks it and its descendants; unique.
    pub token: String,
    /// Whether its standard input is a pipe, see [`Process::write`]; else there is nothing in it.
    pub stdin: bool,
}

/// How to ask it to end.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    /// A command in place of SIGTERM: program and arguments, and the same for the record.
    pub command: Option<(Vec<String>, Vec<String>)>,
    /// Time until SIGKILL.
    pub patience: Duration,
}

/// A running (or ended) IUT. Dropping it ends whatever is left of it.
#[derive(Debug)]
pub struct Process {
    group: i32,
    instance: u32,
    token: String,
    cwd: PathBuf,
    env: BTreeMap<String, String>,
    sink: Sink,
    asked: Arc<AtomicBool>,
    exited: watch::Receiver<bool>,
    pumps: Vec<JoinHandle<()>>,
    input: Option<Input<ChildStdin>>,
    finished: bool,
}

impl Process {
    /// Starts it. Its output goes to `sink`, and so do the events of its life.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub fn start(start: Start, sink: Sink) -> io::Result<Process> {
        reaper::install();
        let mut command = build(&start.command, &start.cwd, &start.env, &start.token)?;
        command.stdin(if start.stdin { Stdio::piped() } else { Stdio::null() });
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        // Before it runs: it may connect before this thread is scheduled again, and what it does follows its start.
        record(&sink, start.instance, ProcessChange::Spawn { command: start.shown.clone(), fresh: start.fresh });
        let (mut child, direct) = spawn(&mut command).inspect_err(|_| {
            // It never ran: that is nothing it did.
            record(&sink, start.instance, ProcessChange::Exit { code: None, signal: None, expected: true });
        })?;
        let group = direct.1;
        let asked = Arc::new(AtomicBool::new(false));
        let mut pumps = Vec::new();
        if let Some(out) = child.stdout.take() {
            pumps.push(tokio::spawn(pump(out, Stream::Out, sink.clone())));
        }
        if let Some(err) = child.stderr.take() {
            pumps.push(tokio::spawn(pump(err, Stream::Err, sink.clone())));
        }
        let input = child.stdin.take().map(Input::new);
        let (gone, exited) = watch::channel(false);
        let (instance, events, expected) = (start.instance, sink.clone(), Arc::clone(&asked));
        tokio::spawn(async move {
            let status = child.wait().await;
            drop(direct.0);
            let (code, signal) = match status {
                Ok(status) => (status.code(), status.signal()),
                Err(error) => {
                    tracing::warn!(%error, "the exit of the IUT could not be observed");
                    (None, None)
                }
            };
            let expected = expected.load(Ordering::SeqCst);
            record(&events, instance, ProcessChange::Exit { code, signal, expected });
            gone.send_replace(true);
        });
        Ok(Process {
            group,
            instance,
            token: start.token,
            cwd: start.cwd,
            env: start.env,
            sink,
            asked,
            exited,
            pumps,
            input,
            finished: false,
        })
    }

    /// Where its output and events go.
    pub fn sink(&self) -> &Sink {
        &self.sink
    }

    /// Writes a line to its standard input.
    ///
    /// # Errors
    /// When it was started without one, or does not read it in time; in words.
    pub async fn write(&mut self, line: &str, deadline: Instant) -> Result<(), String> {
        match &mut self.input {
            Some(input) => input.write(line, deadline).await,
            None => Err("its standard input is not connected".to_owned()),
        }
    }

    /// Whether its own process has ended (children may be left).
    pub fn exited(&self) -> bool {
        *self.exited.borrow()
    }

    /// Asks it to end, waits, and ends it by force when its time is up. Then nothing of it is left.
    pub async fn stop(mut self, stop: &Stop) {
        let deadline = Instant::now() + stop.patience;
        if !self.exited() {
            self.ask(stop, deadline).await;
            self.wait(deadline).await;
        }
        // The leader of a group may go before those that are still putting things in order.
        while self.asked.load(Ordering::SeqCst) && Instant::now() < deadline && self.group_lives().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        if !self.exited() {
            record(&self.sink, self.instance, ProcessChange::StopRequested { with: "SIGKILL".to_owned() });
            self.signal(Signal::SIGKILL);
            self.wait(Instant::now() + KILLED).await;
        }
        self.clear().await;
    }

    async fn ask(&self, stop: &Stop, deadline: Instant) {
        self.asked.store(true, Ordering::SeqCst);
        let Some((command, shown)) = &stop.command else {
            record(&self.sink, self.instance, ProcessChange::StopRequested { with: "SIGTERM".to_owned() });
            self.signal(Signal::SIGTERM);
            return;
        };
        record(&self.sink, self.instance, ProcessChange::StopRequested { with: shown.join(" ") });
        if let Err(error) = run(command, &self.cwd, &self.env, &self.token, deadline).await {
            self.sink.write(Stream::Err, format!("\n[touchstone: the stop command failed: {error}]\n").as_bytes());
        }
    }

    /// Waits for its exit; false when the deadline passed first.
    pub async fn wait(&self, deadline: Instant) -> bool {
        let mut exited = self.exited.clone();
        timeout_at(deadline, exited.wait_for(|gone| *gone)).await.is_ok()
    }

    /// To the whole group. The process has not been waited for yet, so the number is still its own.
    fn signal(&self, signal: Signal) {
        if self.exited() {
            return;
        }
        let group = Pid::from_raw(self.group);
        if let Err(Errno::ESRCH) = killpg(group, signal) {
            // Gone already, or not yet leader of its group.
            let _ = kill(group, signal);
        }
    }

    async fn group_lives(&self) -> bool {
        let group = self.group;
        tokio::task::spawn_blocking(move || reaper::group_lives(group)).await.unwrap_or(false)
    }

    /// Ends what it left behind, and takes what it still had to say.
    async fn clear(&mut self) {
        let (token, group) = (self.token.clone(), self.group);
        let count = tokio::task::spawn_blocking(move || reaper::sweep(&token, group)).await.unwrap_or(0);
        if count > 0 {
            record(&self.sink, self.instance, ProcessChange::Orphans { count });
        }
        let deadline = Instant::now() + DRAINED;
        for pump in &mut self.pumps {
            if timeout_at(deadline, &mut *pump).await.is_err() {
                pump.abort();
            }
        }
        self.finished = true;
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.finished {
            // The run is being torn down: there is no time to ask.
            self.asked.store(true, Ordering::SeqCst);
            self.signal(Signal::SIGKILL);
            reaper::sweep(&self.token, self.group);
            for pump in &self.pumps {
                pump.abort();
            }
        }
    }
}

fn record(sink: &Sink, instance: u32, change: ProcessChange) {
    let (recorder, out_offset, err_offset) = sink.state();
    recorder.record(Event::Process { instance, change, out_offset, err_offset });
}

/// Reads to the end, whatever is kept of it: a full pipe would stop the IUT.
async fn pump(mut from: impl AsyncRead + Unpin, stream: Stream, sink: Sink) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        sink.write(stream, &buffer[..length]);
    }
}

fn build(
    command: &[String],
    cwd: &std::path::Path,
    env: &BTreeMap<String, String>,
    token: &str,
) -> io::Result<Command> {
    let program = command.first().ok_or_else(|| io::Error::other("no program is named"))?;
    let path = super::load::find_program(program, cwd).map_err(|why| io::Error::new(io::ErrorKind::NotFound, why))?;
    let mut built = Command::new(path);
    built.args(&command[1..]).current_dir(cwd).envs(env).env(reaper::TOKEN, token);
    built.process_group(0).kill_on_drop(true);
    Ok(built)
}

type Spawned = (Child, (Direct, i32));

fn spawn(command: &mut Command) -> io::Result<Spawned> {
    let ((child, pid), direct) = Direct::register(|| {
        let child = command.spawn()?;
        let pid = child.id().and_then(|id| i32::try_from(id).ok()).ok_or_else(|| io::Error::other("no process id"))?;
        Ok(((child, pid), pid))
    })?;
    Ok((child, (direct, pid)))
}

/// Runs a helper command (`reset`, `stop`) to its end, or ends it at the deadline; its output is dropped.
///
/// # Errors
/// When it cannot be started, is not done in time, or fails; in words.
pub async fn run(
    command: &[String],
    cwd: &std::path::Path,
    env: &BTreeMap<String, String>,
    token: &str,
    deadline: Instant,
) -> Result<(), String> {
    run_with_input(command, cwd, env, token, None, deadline).await
}

/// As [`run`], with something on its standard input. Whether it reads that is its own business.
///
/// # Errors
/// As [`run`].
pub(super) async fn run_with_input(
    command: &[String],
    cwd: &std::path::Path,
    env: &BTreeMap<String, String>,
    token: &str,
    input: Option<&str>,
    deadline: Instant,
) -> Result<(), String> {
    reaper::install();
    let mut built = build(command, cwd, env, token).map_err(|error| error.to_string())?;
    built.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
    built.stdout(Stdio::null()).stderr(Stdio::null());
    let (mut child, (direct, pid)) = spawn(&mut built).map_err(|error| error.to_string())?;
    let pipe = child.stdin.take();
    // Only its exit ends the wait.
    let feed = async {
        // The pipe is closed afterwards: it may be waiting for the end of its input.
        if let (Some(mut pipe), Some(input)) = (pipe, input) {
            // One that ends without reading has closed it; that is its own business.
            let _ = pipe.write_all(input.as_bytes()).await;
            let _ = pipe.write_all(b"\n").await;
        }
        std::future::pending::<std::convert::Infallible>().await
    };
    let waited = timeout_at(deadline, async {
        tokio::select! {
            never = feed => match never {},
            status = child.wait() => status,
        }
    })
    .await;
    let outcome = match waited {
        Ok(Ok(status)) => described(status),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => {
            let _ = killpg(Pid::from_raw(pid), Signal::SIGKILL);
            let _ = child.wait().await;
            Err("it was not done in time".to_owned())
        }
    };
    drop(direct);
    outcome
}

fn described(status: ExitStatus) -> Result<(), String> {
    if status.success() { Ok(()) } else { Err(status.to_string()) }
}

#[cfg(test)]
#[path = "process_tests.rs"]
mod tests;

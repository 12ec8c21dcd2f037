//! Starts the IUT for a scenario: placeholders filled, state directory made, reset run.

use super::ids::token;
use super::ports;
use super::runner::Options;
use super::secure::Secured;
use crate::iut::process::{self, Process, Start, Stop};
use crate::iut::stimulus::{self, Object};
use crate::iut::{IutFile, Launch, Placeholder, Sink, Stimulus, Template, Values, mask};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use tempfile::TempDir;
use tokio::time::Instant;

/// The process of an IUT and its state directory; kept over scenarios when one process serves them all.
#[derive(Debug, Default)]
pub(super) struct Slot {
    pub process: Option<Process>,
    state: Option<TempDir>,
    instance: u32,
    /// Certificates, where it connects over TLS.
    pub secured: Option<Secured>,
    /// Where the running IUT may take stimuli.
    stimulus_port: u16,
}

impl Slot {
    /// A new scenario begins: starts are counted anew.
    pub fn begin(&mut self) {
        self.instance = 0;
    }

    /// Starts the IUT. `fresh`: with an empty state directory, and after `reset`.
    pub async fn start(
        &mut self,
        iut: &IutFile,
        options: &Options,
        address: SocketAddr,
        sink: Sink,
        fresh: bool,
    ) -> Result<(), String> {
        let Some(launch) = &iut.launch else { return Ok(()) };
        if fresh || self.state.is_none() {
            let made = tempfile::Builder::new().prefix("touchstone-state-").tempdir();
            self.state = Some(made.map_err(|error| format!("cannot make a state directory: {error}"))?);
        }
        let state = self.state.as_ref().map(TempDir::path).unwrap_or(Path::new(""));
        self.stimulus_port = ports::free();
        let values = self.values(iut, options, address, state);
        let mut shown = values.clone();
        if let Some(password) = shown.get_mut(&Placeholder::Password) {
            *password = mask(password);
        }
        let env = filled(&launch.env, &values);
        let token = token();
        if fresh && let Some(reset) = &launch.reset {
            let command = argv(reset, &values, iut);
            let deadline = Instant::now() + options.scaled(iut.timing.startup);
            process::run(&command, &launch.cwd, &env, &token, deadline)
                .await
                .map_err(|why| format!("the reset command failed: {why}"))?;
        }
        self.instance += 1;
        let start = Start {
            command: argv(&launch.command, &values, iut),
            shown: launch.command.iter().map(|template| template.fill(&shown)).collect(),
            cwd: launch.cwd.clone(),
            env,
            // Without a state directory and `reset` a second start finds what the first one left.
            fresh: fresh && (self.instance == 1 || launch.isolated() || launch.reset.is_some()),
            instance: self.instance,
            token,
            stdin: iut.part().stimulated && iut.stimulus == Stimulus::Stdin,
        };
        let started = Process::start(start, sink);
        self.process = Some(started.map_err(|error| format!("the implementation could not be started: {error}"))?);
        Ok(())
    }

    /// Asks a Producer to send something, without anybody's help. `Err`: it (or whatever stands between) did not take the stimulus; why.
    pub async fn stimulate(
        &mut self,
        iut: &IutFile,
        options: &Options,
        address: SocketAddr,
        object: &Object,
    ) -> Result<(), String> {
        let within = options.scaled(iut.stimulus_within);
        let deadline = Instant::now() + within;
        let state = self.state.as_ref().map(TempDir::path).unwrap_or(Path::new(""));
        let values = self.values(iut, options, address, state);
        match &iut.stimulus {
            Stimulus::Stdin => match &mut self.process {
                Some(process) => process.write(&object.line(), deadline).await,
                None => Err("the implementation has not been started".to_owned()),
            },
            Stimulus::Command(command) => {
                let (cwd, env) = match &iut.launch {
                    Some(launch) => (launch.cwd.clone(), filled(&launch.env, &values)),
                    None => (iut.dir.clone(), BTreeMap::new()),
                };
                let argv = argv(command, &values, iut);
                stimulus::command::send(&argv, &cwd, &env, &token(), &object.line(), deadline).await
            }
            Stimulus::Http(url) => stimulus::http::send(&url.fill(&values), &object.line(), deadline).await,
            Stimulus::Operator | Stimulus::None => Err("it cannot be sent to a program".to_owned()),
        }
    }

    fn values(&self, iut: &IutFile, options: &Options, address: SocketAddr, state: &Path) -> Values {
        let mut values = values(iut, options, address, state, self.stimulus_port);
        if let Some(secured) = &self.secured {
            secured.fill(&mut values);
        }
        values
    }

    /// Ends the IUT, if it was started.
    pub async fn stop(&mut self, iut: &IutFile, options: &Options, address: SocketAddr) {
        let (Some(process), Some(launch)) = (self.process.take(), &iut.launch) else { return };
        let state = self.state.as_ref().map(TempDir::path).unwrap_or(Path::new(""));
        let values = self.values(iut, options, address, state);
        process.stop(&how_to_stop(iut, launch, values, options)).await;
    }
}

fn filled(env: &BTreeMap<String, Template>, values: &Values) -> BTreeMap<String, String> {
    env.iter().map(|(name, template)| (name.clone(), template.fill(values))).collect()
}

fn how_to_stop(iut: &IutFile, launch: &Launch, values: Values, options: &Options) -> Stop {
    let command = launch.stop.as_ref().map(|stop| {
        let mut shown = values.clone();
        if let Some(password) = shown.get_mut(&Placeholder::Password) {
            *password = mask(password);
        }
        (argv(stop, &values, iut), stop.iter().map(|template| template.fill(&shown)).collect())
    });
    Stop { command, patience: options.scaled(iut.timing.stop) }
}

/// The command, its program made absolute: the working directory may be another than that of the IUT file.
fn argv(command: &[Template], values: &Values, iut: &IutFile) -> Vec<String> {
    let mut filled: Vec<String> = command.iter().map(|template| template.fill(values)).collect();
    if let Some(program) = filled.first_mut()
        && program.contains('/')
    {
        *program = iut.dir.join(&*program).display().to_string();
    }
    filled
}

/// The host an IUT is told.
pub(super) fn host(iut: &IutFile, address: SocketAddr) -> String {
    iut.network.host(address)
}

fn values(iut: &IutFile, options: &Options, address: SocketAddr, state: &Path, stimulus_port: u16) -> Values {
    let host = host(iut, address);
    let port = address.port();
    let scheme = match (iut.pics.tls, iut.pics.elects("websocket")) {
        (false, false) => "mqtt",
        (true, false) => "mqtts",
        (false, true) => "ws",
        (true, true) => "wss",
    };
    let mut values = Values::new();
    values.insert(
        Placeholder::Url,
        if host.contains(':') { format!("{scheme}://[{host}]:{port}") } else { format!("{scheme}://{host}:{port}") },
    );
    values.insert(Placeholder::Host, host);
    values.insert(Placeholder::Port, port.to_string());
    values.insert(Placeholder::StimulusPort, stimulus_port.to_string());
    values.insert(Placeholder::StateDir, state.display().to_string());
    values.insert(Placeholder::SelfProgram, options.program.display().to_string());
    if let Some(credentials) = &iut.network.credentials {
        values.insert(Placeholder::Username, credentials.username.clone());
        values.insert(Placeholder::Password, credentials.password.clone());
    }
    for (_, placeholder) in Placeholder::ALL {
        if let Some(value) = placeholder.declared(&iut.pics).flatten() {
            values.insert(placeholder, value);
        }
    }
    values
}

//! The program: one module per subcommand. What a user sees goes through here, and so do the exit codes.

mod args;
mod broker;
mod explain;
mod init;
mod judge;
mod list;
mod operator;
mod output;
mod pack;
mod progress;
mod reference;
mod run;
mod summary;

use crate::diagnostic::{Look, Problem, Problems};
use args::{Arguments, Command};
use clap::Parser;
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;
use touchstone_reports::model::RunVerdict;

/// Version of this program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// How the program ends; strongest first: 4, 1, 3, 0. A run that never began ends with 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Conforms, or a partial run with nothing wrong.
    Conforms = 0,
    /// Does not conform.
    Fails = 1,
    /// Bad usage or configuration; nothing was run.
    Usage = 2,
    /// Incomplete, or nothing ran.
    Incomplete = 3,
    /// The test system failed.
    Failed = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

impl From<RunVerdict> for Exit {
    fn from(verdict: RunVerdict) -> Exit {
        match verdict {
            RunVerdict::Pass | RunVerdict::Advice | RunVerdict::Partial => Exit::Conforms,
            RunVerdict::Incomplete => Exit::Incomplete,
            RunVerdict::Fail => Exit::Fails,
            RunVerdict::Error => Exit::Failed,
        }
    }
}

/// Why a subcommand could not do its work.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The exit code that fits.
    exit: Exit,
    /// What happened, where, and what to do.
    problems: Problems,
}

impl Failure {
    /// Bad usage or configuration.
    pub(crate) fn usage(message: impl ToString) -> Failure {
        Failure { exit: Exit::Usage, problems: Problem::new(message.to_string()).into() }
    }

    /// Something wrong in what we were given; nothing was run.
    pub(crate) fn wrong(problems: impl Into<Problems>) -> Failure {
        Failure { exit: Exit::Usage, problems: problems.into() }
    }

    /// What people are told.
    fn shown(&self, look: Look) -> String {
        self.problems.shown(look)
    }

    /// Ended from outside.
    pub(crate) fn interrupted(out: &Path) -> Failure {
        let out = out.display();
        let told = Problem::new(format!("interrupted; what was recorded until then is in {out}"))
            .help(format!("`touchstone judge {out}` judges it"));
        Failure { exit: Exit::Incomplete, problems: told.into() }
    }

    /// The test system failed.
    pub(crate) fn internal(message: impl ToString) -> Failure {
        Failure { exit: Exit::Failed, problems: Problem::new(message.to_string()).into() }
    }
}

/// Runs the program with the arguments of this process.
pub fn main() -> ExitCode {
    run(std::env::args_os()).into()
}

/// Runs the program: parses `arguments` (the program's name first), works, prints, and says how to end.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are no errors; a message that cannot be printed has no other way out.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Conforms };
        }
    };
    log();
    let result = match arguments.command {
        Command::Run(options) => run::run(&options),
        Command::Judge(options) => judge::judge(&options),
        Command::Pack(options) => pack::pack(&options),
        Command::Verify(options) => pack::verify(&options),
        Command::Keygen(options) => pack::keygen(&options),
        Command::List(options) => list::list(&options),
        Command::Explain(options) => explain::explain(&options),
        Command::Init(options) => init::init(&options),
        Command::Broker(options) => broker::broker(&options),
        Command::Reference(options) => reference::reference(&options),
    };
    match result {
        // Half a list says something else than the list.
        Ok(Exit::Conforms) if output::lost() => Exit::Failed,
        Ok(exit) => exit,
        Err(failure) => {
            output::error(&failure);
            failure.exit
        }
    }
}

/// Warnings of the test system go to standard error; `TOUCHSTONE_LOG` chooses others (`touchstone=debug`, ...).
/// The router's own log says nothing that the recording does not show.
fn log() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_env("TOUCHSTONE_LOG")
        .unwrap_or_else(|_| EnvFilter::new("off,touchstone=warn,touchstone_fixtures=warn"));
    // Whoever calls this as a library may have a subscriber already.
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}

use super::args::BrokerOptions;
use super::{Exit, Failure, output};
use crate::scenario::cannot_listen;
use std::io::IsTerminal;
use std::net::TcpListener;
use std::path::Path;
use touchstone_fixtures::edge::{Config, Edge};
use touchstone_fixtures::recording::{Limits, Recorder};
use touchstone_reports::text::visible;

/// `touchstone broker`: serves until a signal ends it.
pub(super) fn broker(options: &BrokerOptions) -> Result<Exit, Failure> {
    // Nothing is created, let alone overwritten, before the rest is known to work.
    TcpListener::bind(options.listen).map_err(|e| Failure::wrong(cannot_listen(options.listen, &e)))?;
    if let Some(path) = options.out.as_deref().filter(|path| path.exists()) {
        return Err(Failure::usage(format!("{} exists already; remove it, or choose another --out", path.display())));
    }
    let recorder = Recorder::without_log(options.out.as_deref(), Limits::default()).map_err(|e| {
        let path = options.out.as_deref().unwrap_or(Path::new("-"));
        Failure::usage(format!("cannot write {}: {e}", path.display()))
    })?;
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::internal)?;
    runtime.block_on(async {
        let config = Config {
            listen: options.listen,
            refuse_filters: options.refuse_filter.clone(),
            peers: false,
            ..Config::default()
        };
        let edge = Edge::start(config, recorder.clone())
            .await
            .map_err(|e| Failure::wrong(cannot_listen(options.listen, &e)))?;
        output::print(&format!("listening on {}\n", edge.iut_addr()));
        if let Some(path) = &options.out {
            output::say(&format!("recording to {}", visible(&path.display().to_string())));
        }
        if std::io::stderr().is_terminal() {
            output::say("Ctrl-C ends it.");
        }
        wait_for_signal().await;
        edge.shutdown().await;
        match recorder.failure() {
            None => Ok(Exit::Conforms),
            Some(error) => Err(Failure::internal(error)),
        }
    })
}

/// Returns on SIGINT or SIGTERM, and when the terminal goes away (SIGHUP): what was started must not outlive us.
pub(super) async fn wait_for_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        // Without handlers the signals end the process by themselves.
        return std::future::pending().await;
    };
    // `nohup` has it ignored, and means that.
    let mut hangup = if ignores_hangup() { None } else { signal(SignalKind::hangup()).ok() };
    let hung_up = async {
        match &mut hangup {
            Some(hangup) => hangup.recv().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hung_up => {}
    }
}

/// Whether this process ignores SIGHUP, as it does below `nohup`; where nobody tells, it is left as it is.
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // SIGHUP is signal 1, the lowest bit.
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_none_or(|mask| mask & 1 != 0)
}

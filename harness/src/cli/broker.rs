use super::args::BrokerOptions;
use super::{Exit, Failure, output};
use std::net::TcpListener;
use std::path::Path;
use touchstone_fixtures::edge::{Config, Edge};
use touchstone_fixtures::recording::{Limits, Recorder};

/// `touchstone broker`: serves until a signal ends it.
pub(super) fn broker(options: &BrokerOptions) -> Result<Exit, Failure> {
    // Nothing is created, let alone overwritten, before the rest is known to work.
    TcpListener::bind(options.listen)
        .map_err(|e| Failure::usage(format!("cannot listen on {}: {e}", options.listen)))?;
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
            .map_err(|e| Failure::usage(format!("cannot listen on {}: {e}", options.listen)))?;
        output::print(&format!("listening on {}\n", edge.iut_addr()));
        wait_for_signal().await;
        edge.shutdown().await;
        match recorder.failure() {
            None => Ok(Exit::Conforms),
            Some(error) => Err(Failure::internal(error)),
        }
    })
}

/// Returns on SIGINT or SIGTERM.
pub(super) async fn wait_for_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        // Without handlers the signals end the process by themselves.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

//! The first event of every recording: all that a judge needs to know besides what follows.

use super::plan::Planned;
use super::runner::{Options, Shared};
use super::starter::host;
use crate::iut::{IutFile, Per, mask};
use serde_json::json;
use touchstone_fixtures::recording::{Context, FORMAT, Recorder, Tolerances};

/// Builds it. Passwords are replaced by asterisks of the same length.
pub(super) fn context(
    planned: &Planned,
    iut: &IutFile,
    options: &Options,
    shared: &Shared,
    recorder: &Recorder,
) -> Context {
    let scaled = |nanos| u64::try_from(options.scaled(nanos).as_nanos()).unwrap_or(u64::MAX);
    let usual = Tolerances::default();
    let pics = serde_json::to_value(&iut.pics).unwrap_or_default();
    let credentials = iut.network.credentials.as_ref();
    let launched_anew = match &iut.launch {
        None => false,
        Some(launch) => launch.per == Per::Scenario || !shared.used,
    };
    Context {
        format: FORMAT,
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        anchor_unix_nanos: recorder.anchor_unix_nanos(),
        binding: iut.binding.id.to_owned(),
        role: iut.role.to_string(),
        scenario: planned.id.clone(),
        scenario_text: planned.scenario.text.clone(),
        pics,
        pixit: json!({
            "listen": shared.listen.to_string(),
            "host": host(iut, shared.listen),
            "username": credentials.map(|c| &c.username),
            "password": credentials.map(|c| mask(&c.password)),
            "startup": scaled(iut.timing.startup),
            "response": scaled(iut.timing.response),
            "stop": scaled(iut.timing.stop),
            "warm_up": scaled(iut.timing.warm_up),
        }),
        seed: options.seed,
        scale: options.scale,
        tolerances: Tolerances {
            // A window that proves something never gets shorter than usual.
            quiet: usual.quiet.max(scaled(usual.quiet)),
            response: scaled(iut.timing.response),
            keep_alive_per_mille: usual.keep_alive_per_mille,
            disconnect: usual.disconnect.max(scaled(usual.disconnect)),
        },
        births_known: launched_anew,
        discarded: shared.sessions.clone(),
    }
}

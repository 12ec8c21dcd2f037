//! Runs a plan: in parallel where the IUT can, one after another where it cannot.

use super::plan::Planned;
use super::runner::{Options, ScenarioResult, Shared, Status, Stimuli, give_up, run_scenario, run_shared};
use super::secure::Secured;
use crate::diagnostic::{Problem, Problems};
use crate::iut::{IutFile, Per};
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use touchstone_fixtures::edge;

/// After so many scenarios in which the IUT never connected, it is taken to be unable to.
const HOPELESS: usize = 3;
/// What is said of the others when nobody takes a stimulus.
const REFUSED: &str = "not run: no stimulus had been accepted in any scenario before (see [stimulus] in the IUT file)";
/// What is said of the others when nothing comes of the stimuli.
const SILENT: &str = "not run: no command had come in any scenario before (see [stimulus] in the IUT file)";
/// What is said of the others when nobody connects.
const NEVER: &str = "not run: the implementation had not connected in any scenario before";
/// The same, where connecting takes a handshake.
const NEVER_SECURED: &str = "not run: no TLS handshake with the implementation had succeeded in any scenario before";

/// What happens while a plan is run.
#[derive(Debug)]
pub enum Progress<'a> {
    /// A scenario began.
    Started(&'a Planned),
    /// The IUT is attached: it should connect to this address.
    Waiting(SocketAddr),
    /// A scenario is over.
    Finished(&'a ScenarioResult),
}

/// Whether scenarios have to run one after another, on one port.
pub fn one_by_one(iut: &IutFile, options: &Options) -> bool {
    let fixed_port = options.listen.unwrap_or(iut.network.listen).port() != 0;
    match &iut.launch {
        None => true,
        Some(launch) => {
            let stimulated = iut.part().stimulated && !iut.stimulus.isolated();
            fixed_port || launch.per == Per::Run || !launch.isolated() || stimulated
        }
    }
}

/// Checks, before anything is run, that the address can be listened on.
///
/// # Errors
/// A port in use, an address that is not ours, or an attached IUT without a port it could know.
pub fn precheck(iut: &IutFile, options: &Options) -> Result<(), Problems> {
    let listen = options.listen.unwrap_or(iut.network.listen);
    if iut.launch.is_none() && listen.port() == 0 {
        return Err(Problem::new("an implementation that is not started by the harness has to know the port")
            .help("set `listen = \"127.0.0.1:1883\"` in [network], or give --listen; or describe how to start it in [launch]")
            .into());
    }
    match TcpListener::bind(listen) {
        Ok(_) => Ok(()),
        Err(error) => Err(cannot_listen(listen, &error).into()),
    }
}

/// Why an address cannot be listened on, and what to do.
pub fn cannot_listen(listen: SocketAddr, error: &std::io::Error) -> Problem {
    let help = match error.kind() {
        std::io::ErrorKind::AddrInUse => "end what listens there, or choose another port (0 takes a free one)",
        std::io::ErrorKind::PermissionDenied => "ports below 1024 need privileges; choose another",
        _ => "choose an address of this machine",
    };
    Problem::new(format!("cannot listen on {listen}: {error}")).help(help)
}

/// How many scenarios run at once when nobody says: they mostly wait.
pub fn usual_jobs() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from).saturating_mul(6).min(48)
}

/// Runs every scenario of a plan; the results come in the order of the plan. `jobs`: how many at once at most.
/// Needs a tokio runtime. Dropping the future ends everything that was started.
pub async fn run_all(
    plan: &[Planned],
    iut: &Arc<IutFile>,
    options: &Arc<Options>,
    jobs: Option<usize>,
    mut progress: impl FnMut(Progress<'_>),
) -> Vec<ScenarioResult> {
    let results = if one_by_one(iut, options) {
        in_turn(plan, iut, options, &mut progress).await
    } else {
        at_once(plan, iut, options, jobs.unwrap_or_else(usual_jobs).max(1), &mut progress).await
    };
    let left = tokio::task::spawn_blocking(crate::iut::sweep_all).await.unwrap_or(0);
    if left > 0 {
        tracing::info!(left, "processes that hid from their scenarios were ended");
    }
    results
}

async fn in_turn(
    plan: &[Planned],
    iut: &IutFile,
    options: &Options,
    progress: &mut impl FnMut(Progress<'_>),
) -> Vec<ScenarioResult> {
    let mut shared = Shared::new(iut, options);
    // When it cannot be had any more, the first scenario says so.
    if let Ok(listener) = edge::bind(shared.listen) {
        shared.listen = listener.local_addr().unwrap_or(shared.listen);
        shared.listener = Some(listener);
    }
    if iut.pics.tls {
        // Where that fails, each scenario says so.
        shared.slot.secured = Secured::new(iut, shared.listen, &options.out).ok();
    }
    if iut.launch.is_none() {
        progress(Progress::Waiting(shared.listen));
    }
    let mut results: Vec<ScenarioResult> = Vec::new();
    for planned in plan {
        progress(Progress::Started(planned));
        let result = match hopeless(planned, iut.pics.tls, &results) {
            Some(why) => give_up(planned, iut, options, why),
            None => run_shared(planned, iut, options, &mut shared).await,
        };
        progress(Progress::Finished(&result));
        results.push(result);
    }
    let address = shared.listen;
    shared.slot.stop(iut, options, address).await;
    results
}

async fn at_once(
    plan: &[Planned],
    iut: &Arc<IutFile>,
    options: &Arc<Options>,
    jobs: usize,
    progress: &mut impl FnMut(Progress<'_>),
) -> Vec<ScenarioResult> {
    let (began, mut beginnings) = mpsc::unbounded_channel::<usize>();
    let mut tasks = JoinSet::new();
    let mut numbers = BTreeMap::new();
    // What lasts longest begins first: the run then ends little later than that.
    let mut order: Vec<(usize, Planned)> = plan.iter().cloned().enumerate().collect();
    order.sort_by_key(|(_, planned)| std::cmp::Reverse(planned.waits(&iut.pics)));
    let mut waiting = order.into_iter();
    let mut results: BTreeMap<usize, ScenarioResult> = BTreeMap::new();
    loop {
        while tasks.len() < jobs
            && let Some((number, planned)) = waiting.next()
        {
            if let Some(why) = hopeless(&planned, iut.pics.tls, results.values()) {
                progress(Progress::Started(&planned));
                let result = give_up(&planned, iut, options, why);
                progress(Progress::Finished(&result));
                results.insert(number, result);
                continue;
            }
            let (iut, options, began) = (Arc::clone(iut), Arc::clone(options), began.clone());
            let handle = tasks.spawn(async move {
                // Nobody listens any more when the run is being torn down.
                let _ = began.send(number);
                (number, run_scenario(&planned, &iut, &options).await)
            });
            numbers.insert(handle.id(), number);
        }
        tokio::select! {
            Some(number) = beginnings.recv() => {
                if let Some(planned) = plan.get(number) {
                    progress(Progress::Started(planned));
                }
            }
            joined = tasks.join_next_with_id() => {
                let Some(joined) = joined else { break };
                let (number, result) = match joined {
                    Ok((_, (number, result))) => (number, result),
                    Err(error) => {
                        let Some(number) = numbers.get(&error.id()).copied() else { continue };
                        (number, failed(plan.get(number), &error.to_string()))
                    }
                };
                progress(Progress::Finished(&result));
                results.insert(number, result);
            }
        }
    }
    results.into_values().collect()
}

/// Why there is no use in running a scenario: nobody has connected so far, nobody takes the stimuli it gives, or commands
/// like the one it asks for have been asked for in vain, and no other has come either. `secured`: connecting
/// takes a handshake.
fn hopeless<'a>(
    planned: &Planned,
    secured: bool,
    results: impl IntoIterator<Item = &'a ScenarioResult>,
) -> Option<&'static str> {
    let asks = planned.asks();
    let (mut lost, mut refused, mut silent) = (0, 0, 0);
    let (mut connected, mut accepted, mut sent) = (false, false, false);
    for result in results {
        connected |= result.connected || result.status != Status::Aborted;
        lost += 1;
        let stimuli = result.stimuli;
        sent |= stimuli.sent;
        accepted |= stimuli.accepted > 0;
        // What is unlike anything that was asked for in vain gets its chance.
        silent += usize::from(stimuli.accepted > 0 && stimuli.kind == asks);
        refused += usize::from(stimuli.accepted == 0 && stimuli.refused > 0);
    }
    if !connected && lost >= HOPELESS {
        Some(if secured { NEVER_SECURED } else { NEVER })
    } else if asks.is_none() || sent {
        None
    } else if !accepted && refused >= HOPELESS {
        Some(REFUSED)
    } else if silent >= HOPELESS {
        Some(SILENT)
    } else {
        None
    }
}

/// A scenario whose runner panicked.
fn failed(planned: Option<&Planned>, why: &str) -> ScenarioResult {
    ScenarioResult {
        id: planned.map(|p| p.id.clone()).unwrap_or_default(),
        status: Status::Error,
        reason: format!("the runner failed: {why}"),
        connected: false,
        stimuli: Stimuli::default(),
        duration: Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binding::OPENC2_MQTT_WD04;
    use crate::diagnostic::Source;
    use crate::scenario::{parse, plan};
    use std::path::Path;

    fn planned(step: &str) -> Planned {
        let text = format!(
            "id = \"acme/x\"\ntitle = \"T\"\npurpose = \"p\"\nrole = \"producer\"\nexercises = []\n\
             [[step]]\nverb = \"start\"\n[[step]]\n{step}\n"
        );
        let scenario = parse(Source::new("x.toml", text), &OPENC2_MQTT_WD04, false).unwrap_or_else(|p| panic!("{p}"));
        let file = "[iut]\nname = \"x\"\nbinding = \"openc2-mqtt-wd04\"\nrole = \"producer\"\n[stimulus]\nvia = \"none\"\n\
             [pics]\nserializations = [\"json\", \"cbor\"]\n\
             [[pics.command]]\naction = \"scan\"\ntarget = { device = { device_id = \"7\" } }\n";
        let iut =
            crate::iut::parse(Path::new("/iut.toml"), Source::new("iut.toml", file)).unwrap_or_else(|p| panic!("{p}"));
        plan(&[Arc::new(scenario)], &iut).selected.remove(0)
    }

    /// So many scenarios in which that many stimuli were accepted and refused.
    fn ran(times: usize, like: &Planned, accepted: u32, refused: u32, sent: bool) -> Vec<ScenarioResult> {
        let stimuli = Stimuli { accepted, refused, sent, kind: like.asks() };
        vec![ScenarioResult { connected: true, stimuli, ..failed(Some(like), "") }; times]
    }

    #[test]
    fn what_is_asked_for_in_vain_three_times_is_not_asked_for_again() {
        let query = planned("verb = \"stimulate\"");
        assert_eq!(hopeless(&query, false, &ran(2, &query, 1, 0, false)), None);
        assert_eq!(hopeless(&query, false, &ran(3, &query, 1, 0, false)), Some(SILENT));
        assert_eq!(hopeless(&query, false, &ran(3, &query, 0, 1, false)), Some(REFUSED));
        // One command is enough to go on, and so is a stimulus that is accepted.
        for one in [ran(1, &query, 1, 0, true), ran(1, &query, 1, 0, false)] {
            assert_eq!(hopeless(&query, false, ran(3, &query, 0, 1, false).iter().chain(&one)), None);
        }
        assert_eq!(
            hopeless(&query, false, ran(5, &query, 1, 0, false).iter().chain(&ran(1, &query, 1, 0, true))),
            None
        );
    }

    #[test]
    fn who_never_gets_through_is_not_waited_for_again() {
        let query = planned("verb = \"quiet\"");
        let lost = ScenarioResult { status: Status::Aborted, ..failed(Some(&query), "") };
        assert_eq!(hopeless(&query, true, &vec![lost.clone(); 2]), None);
        assert_eq!(hopeless(&query, true, &vec![lost.clone(); 3]), Some(NEVER_SECURED));
        assert_eq!(hopeless(&query, false, &vec![lost; 3]), Some(NEVER));
    }

    #[test]
    fn what_is_unlike_it_gets_its_chance() {
        let results = ran(9, &planned("verb = \"stimulate\""), 1, 0, false);
        for other in [
            "verb = \"stimulate\"\ndeclared = 1",
            "verb = \"stimulate\"\nserialization = \"cbor\"",
            "verb = \"stimulate\"\naddress = \"device\"",
            "verb = \"quiet\"",
        ] {
            assert_eq!(hopeless(&planned(other), false, &results), None, "{other}");
        }
    }
}

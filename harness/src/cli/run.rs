use super::args::RunOptions;
use super::operator::Terminal;
use super::progress::View;
use super::{Exit, Failure, VERSION};
use crate::iut::stimulus::operator::Operator;
use crate::run::{Request, Run, RunError};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// What still works when a run is interrupted is waited for no longer than this.
const PATIENCE: Duration = Duration::from_secs(2);

/// `touchstone run`
pub(super) fn run(options: &RunOptions) -> Result<Exit, Failure> {
    let bar = Arc::new(OnceLock::new());
    let operator = if options.non_interactive { None } else { Terminal::new(Arc::clone(&bar)) };
    let request = Request {
        role: options.role,
        operator: operator.map(|terminal| Arc::new(terminal) as Arc<dyn Operator>),
        scenarios: options.scenario.clone(),
        requirements: options.requirement.clone(),
        policy: options.policy,
        jobs: options.jobs.map(usize::from),
        listen: options.listen,
        scale: options.timeout_scale,
        seed: options.seed,
        waivers: options.waivers.clone(),
        extra: options.scenarios.clone(),
        ..Request::new(&options.iut, &options.out)
    };
    let run = Run::plan(request).map_err(failure)?;
    crate::iut::own_all_children();
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::internal)?;
    let mut view = View::new(&run, options.out.clone());
    if let Some(shown) = view.bar() {
        // The cell is empty: nobody else fills it.
        let _ = bar.set(shown);
    }
    let result = runtime.block_on(async {
        tokio::select! {
            result = run.execute(VERSION, |event| view.show(&event)) => result.map_err(failure),
            () = super::broker::wait_for_signal() => Err(Failure::interrupted(&options.out)),
        }
    });
    // The line it drew goes before anything else is said.
    drop(view);
    let assessment = result.inspect_err(|_| {
        crate::iut::sweep_all();
    });
    if assessment.is_err() {
        runtime.shutdown_timeout(PATIENCE);
    }
    Ok(super::summary::print(&assessment?.report, &options.out))
}

fn failure(error: RunError) -> Failure {
    match error {
        RunError::Input(problems) => Failure::wrong(problems),
        RunError::Output(error) => Failure::usage(error),
        RunError::Failed(error) => Failure::internal(error),
    }
}

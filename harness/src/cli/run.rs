use super::args::RunOptions;
use super::operator::Terminal;
use super::{Exit, Failure, VERSION, output};
use crate::iut::IutFile;
use crate::iut::stimulus::operator::Operator;
use crate::judge::{Outcome, ScenarioStatus};
use crate::run::{Event, Request, Run, RunError};
use crate::scenario::instructions;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use touchstone_reports::text::{visible, visible_block};

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
    if let Some(shown) = &view.bar {
        // The cell is empty: nobody else fills it.
        let _ = bar.set(shown.clone());
    }
    let assessment = runtime
        .block_on(async {
            tokio::select! {
                result = run.execute(VERSION, |event| view.show(&event)) => result.map_err(failure),
                () = super::broker::wait_for_signal() => Err(Failure::interrupted(&options.out)),
            }
        })
        .inspect_err(|_| {
            crate::iut::sweep_all();
        })?;
    view.finish();
    let colour = output::coloured(&std::io::stdout());
    output::print(&touchstone_reports::summarise(&assessment.report, output::width(), colour));
    output::print(&format!("\nReport: {}\n", options.out.join("report.html").display()));
    Ok(assessment.report.verdict.into())
}

fn failure(error: RunError) -> Failure {
    match error {
        RunError::Input(problems) => Failure::usage(problems),
        RunError::Output(error) => Failure::usage(error),
        RunError::Failed(error) => Failure::internal(error),
    }
}

/// Progress: a bar on a terminal, a line for each scenario elsewhere.
struct View {
    iut: IutFile,
    /// Folder of the run.
    out: PathBuf,
    bar: Option<ProgressBar>,
    done: usize,
    all: usize,
}

impl View {
    fn new(run: &Run, out: PathBuf) -> View {
        let all = run.scenarios();
        let iut = run.iut();
        let line = format!("{}: {} as {}, {all} scenarios", visible(&iut.name), iut.binding.title, iut.role);
        let left_out: Vec<String> = run.left_out().map(|(id, reason)| format!("left out: {id} ({reason})")).collect();
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(all as u64).with_style(style)
        });
        let view = View { iut: iut.clone(), out, bar, done: 0, all };
        view.line(&line);
        for line in left_out {
            view.line(&line);
        }
        view
    }

    fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(text),
            None => eprintln!("{text}"),
        }
    }

    fn show(&mut self, event: &Event<'_>) {
        match event {
            Event::Started(planned) => {
                if let Some(bar) = &self.bar {
                    bar.set_message(planned.id.clone());
                }
            }
            Event::Waiting(address) => self.line(&visible_block(&instructions(&self.iut, *address, &self.out))),
            Event::Judged { planned, status, broken, changed, decided } => {
                self.done += 1;
                let mut line = format!("[{}/{}] {}", self.done, self.all, planned.id);
                match status {
                    ScenarioStatus::Completed => {}
                    ScenarioStatus::Aborted(reason) => line.push_str(&format!(": ended early, {}", visible(reason))),
                    ScenarioStatus::Error(reason) => {
                        line.push_str(&format!(": test system failed, {}", visible(reason)))
                    }
                }
                if *broken > 0 {
                    line.push_str(&format!(": {broken} broken"));
                }
                match &self.bar {
                    Some(bar) => {
                        bar.inc(1);
                        if *broken > 0 || **status != ScenarioStatus::Completed || self.iut.launch.is_none() {
                            bar.println(line);
                        }
                    }
                    None => eprintln!("{line}"),
                }
                if self.iut.launch.is_none() {
                    self.changes(changed, *decided);
                }
            }
        }
    }

    /// What somebody at the device wants to know at once: which requirements have been decided, and how.
    fn changes(&self, changed: &[(&str, Outcome)], (decided, all): (usize, usize)) {
        for (id, outcome) in changed {
            let outcome = match outcome {
                Outcome::None => continue,
                Outcome::Met => "met",
                Outcome::Undecided => "undecided",
                Outcome::Broken => "BROKEN",
                Outcome::Error => "error",
            };
            self.line(&format!("    {outcome:<9} {id}"));
        }
        self.line(&format!("    {decided} of {all} requirements decided"));
    }

    fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

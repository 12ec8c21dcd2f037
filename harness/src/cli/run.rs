use super::args::RunOptions;
use super::{Exit, Failure, VERSION, output};
use crate::judge::ScenarioStatus;
use crate::run::{Event, Request, Run, RunError};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use touchstone_reports::text::visible;

/// `touchstone run`
pub(super) fn run(options: &RunOptions) -> Result<Exit, Failure> {
    let request = Request {
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
    let mut view = View::new(&run);
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
    bar: Option<ProgressBar>,
    done: usize,
    all: usize,
}

impl View {
    fn new(run: &Run) -> View {
        let all = run.scenarios();
        let iut = run.iut();
        let line = format!("{}: {} as {}, {all} scenarios", visible(&iut.name), iut.binding.title, iut.role);
        let left_out: Vec<String> = run.left_out().map(|(id, reason)| format!("left out: {id} ({reason})")).collect();
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(all as u64).with_style(style)
        });
        let view = View { bar, done: 0, all };
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
            Event::Waiting(address) => {
                self.line(&format!("Start the implementation now; it should connect to {address}."));
            }
            Event::Judged { planned, status, broken } => {
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
                        if *broken > 0 || **status != ScenarioStatus::Completed {
                            bar.println(line);
                        }
                    }
                    None => eprintln!("{line}"),
                }
            }
        }
    }

    fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

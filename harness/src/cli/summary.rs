//! What a run, or judging it again, ends with on standard output: the summary, what to do next, and how the program ends.

use super::{Exit, output};
use std::path::Path;
use touchstone_reports::model::{Report, State, Verdict};
use touchstone_reports::text::{hanging, visible};

/// Room of the labels.
const LABEL: usize = 14;

/// Prints it; answers how the program ends. `dir`: where the reports are.
pub(super) fn print(report: &Report, dir: &Path) -> Exit {
    let exit = Exit::from(report.verdict);
    let width = output::width();
    output::print(&touchstone_reports::summarise(report, width, output::coloured(&std::io::stdout())));
    output::print(&format!("\n{}", next(report, dir, exit, width)));
    exit
}

/// Where to go on. Commands are there to be copied: they are broken only where a shell goes on.
fn next(report: &Report, dir: &Path, exit: Exit, width: usize) -> String {
    let mut lines = Vec::new();
    // What stands first in the summary.
    let first = [Verdict::Error, Verdict::Fail, Verdict::Warn].into_iter().find_map(|verdict| {
        let stands = |r: &&touchstone_reports::model::Requirement| r.state == State::Applicable && r.verdict == verdict;
        let root = |r: &&touchstone_reports::model::Requirement| r.findings.iter().any(|f| f.because.is_none());
        let mut all = report.requirements.iter().filter(stands);
        all.clone().find(root).or_else(|| all.next())
    });
    let mut line = |label: &str, text: &str| lines.push(format!("{label:LABEL$}{text}\n"));
    if let Some(requirement) = first {
        line("Explain", &format!("touchstone explain {}", requirement.id));
        let place = requirement.findings.first().map(|finding| finding.at.scenario.as_str());
        if let Some(scenario) = report.scenarios.iter().find(|s| Some(s.id.as_str()) == place) {
            // A shell takes it as it stands here.
            let again =
                visible(&scenario.rerun).replacen(" --scenario ", &format!(" \\\n{:LABEL$}  --scenario ", ""), 1);
            line("Run it again", &again);
        }
    }
    // Who did not come as far as that has often said why.
    if let Some(early) = report.scenarios.iter().find(|s| s.printed && s.status != "completed") {
        let output = dir.join(&early.evidence).join("iut.err");
        line("Its output", &format!("{} (and iut.out)", visible(&output.display().to_string())));
    }
    line("Report", &visible(&dir.join("report.html").display().to_string()));
    line("Exit code", &hanging(&format!("{}: {}", exit as u8, meaning(report, exit)), LABEL, width));
    lines.concat()
}

fn meaning(report: &Report, exit: Exit) -> &'static str {
    match exit {
        Exit::Conforms if report.partial => "nothing is wrong in what was selected",
        Exit::Conforms if report.advice.is_some() => "the advice is followed as far as the policy asks",
        Exit::Conforms => "conforms",
        Exit::Fails if report.advice.is_some() => "does not follow the advice",
        Exit::Fails => "does not conform",
        Exit::Usage => "nothing was run",
        Exit::Incomplete => "incomplete: what is undecided gates",
        Exit::Failed => "the test system failed; this says nothing about the product",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use touchstone_reports::sample;

    #[test]
    fn what_to_do_next_can_be_copied_and_fits() {
        let shown = next(&sample::failing(), Path::new("out"), Exit::Fails, 80);
        insta::assert_snapshot!(shown);
        let passing = sample::passing();
        insta::assert_snapshot!("passing", next(&passing, Path::new("out"), Exit::from(passing.verdict), 80));
    }
}

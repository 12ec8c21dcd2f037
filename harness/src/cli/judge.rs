use super::args::JudgeOptions;
use super::{Exit, Failure, VERSION, output};
use crate::compare::compare;
use crate::run_dir;
use std::path::Path;
use touchstone_reports::from_json;
use touchstone_reports::model::Report;

/// `touchstone judge DIR`: the reports again, from the evidence alone.
pub(super) fn judge(options: &JudgeOptions) -> Result<Exit, Failure> {
    // What can be refused is refused before the work.
    let prepared = match &options.out {
        None => {
            run_dir::check_catalogues(&options.dir).map_err(Failure::usage)?;
            None
        }
        Some(out) if holds(out, &options.dir) => {
            return Err(Failure::usage(format!(
                "--out {} holds the directory that is judged; choose another",
                out.display()
            )));
        }
        Some(out) => Some(run_dir::prepare(out).map_err(Failure::usage)?),
    };
    let before = options.diff.then(|| earlier(&options.dir)).transpose()?;
    let assessment = run_dir::assess(&options.dir, options.policy, VERSION).map_err(Failure::usage)?;
    match prepared {
        None => {
            run_dir::write_reports(&options.dir, &assessment.report).map_err(Failure::usage)?;
        }
        Some(prepared) => {
            let dir = prepared.replace().map_err(Failure::usage)?;
            run_dir::copy_evidence(&options.dir, &dir, options.policy).map_err(Failure::internal)?;
            run_dir::write_reports(&dir, &assessment.report).map_err(Failure::internal)?;
        }
    }
    let colour = output::coloured(&std::io::stdout());
    output::print(&touchstone_reports::summarise(&assessment.report, output::width(), colour));
    if let Some(before) = before {
        output::print(&format!("\nAgainst {}: {}", options.dir.display(), compare(&before, &assessment.report).text()));
    }
    Ok(assessment.report.verdict.into())
}

/// The report of the run, as it is before it is judged again.
fn earlier(dir: &Path) -> Result<Report, Failure> {
    let path = dir.join(run_dir::REPORTS[0]);
    let told = |reason: String| {
        Failure::usage(format!("{}: {reason}; --diff compares with the report of the run", path.display()))
    };
    let text = std::fs::read_to_string(&path).map_err(|error| told(error.to_string()))?;
    from_json(&text).map_err(|error| told(error.to_string()))
}

/// Whether replacing `out` would take `dir` with it.
fn holds(out: &Path, dir: &Path) -> bool {
    match (out.canonicalize(), dir.canonicalize()) {
        (Ok(out), Ok(dir)) => dir.starts_with(out),
        _ => false,
    }
}

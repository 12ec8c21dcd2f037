use super::args::JudgeOptions;
use super::{Exit, Failure, VERSION, output};
use crate::run_dir;
use std::path::Path;

/// `touchstone judge DIR`: the reports again, from the evidence alone.
pub(super) fn judge(options: &JudgeOptions) -> Result<Exit, Failure> {
    let assessment = run_dir::assess(&options.dir, options.policy, VERSION).map_err(Failure::usage)?;
    match &options.out {
        None => {
            run_dir::check_catalogues(&options.dir).map_err(Failure::usage)?;
            run_dir::write_reports(&options.dir, &assessment.report).map_err(Failure::usage)?;
        }
        Some(out) => {
            if same_place(&options.dir, out) {
                return Err(Failure::usage(format!(
                    "--out {} is the directory that is judged; choose another",
                    out.display()
                )));
            }
            let prepared = run_dir::prepare(out).map_err(Failure::usage)?;
            let dir = prepared.replace().map_err(Failure::usage)?;
            run_dir::copy_evidence(&options.dir, &dir, options.policy).map_err(Failure::internal)?;
            run_dir::write_reports(&dir, &assessment.report).map_err(Failure::internal)?;
        }
    }
    let colour = output::coloured(&std::io::stdout());
    output::print(&touchstone_reports::summarise(&assessment.report, output::width(), colour));
    Ok(assessment.report.verdict.into())
}

fn same_place(a: &Path, b: &Path) -> bool {
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}

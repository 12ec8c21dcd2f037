use super::args::JudgeOptions;
use super::{Exit, Failure, VERSION, output, summary};
use crate::bounded;
use crate::compare::compare;
use crate::manifest::Manifest;
use crate::run_dir;
use std::path::Path;
use touchstone_reports::from_json;
use touchstone_reports::model::Report;
use touchstone_reports::text::visible;

/// `touchstone judge DIR`: the reports again, from the evidence alone.
pub(super) fn judge(options: &JudgeOptions) -> Result<Exit, Failure> {
    // What can be refused is refused before the work.
    let prepared = match &options.out {
        None => {
            run_dir::check_catalogues(&options.dir).map_err(Failure::usage)?;
            None
        }
        Some(out) => {
            apart(out, &options.dir)?;
            let prepared = run_dir::prepare(out).map_err(Failure::usage)?;
            // Recordings cannot be made again; whoever wants them gone removes them.
            if prepared.earlier() {
                return Err(Failure::usage(format!(
                    "--out {} holds a run already; choose another directory, or remove it",
                    out.display()
                )));
            }
            Some(prepared)
        }
    };
    let before = options.diff.then(|| earlier(&options.dir)).transpose()?;
    // Judged without a capture the run would say less than it did, and its reports are the last that is known of it.
    let manifest = Manifest::read(&options.dir).map_err(Failure::usage)?;
    run_dir::subject(&options.dir, &manifest).map_err(Failure::usage)?;
    if let Some(error) = run_dir::unreadable(&options.dir, &manifest) {
        return Err(Failure::usage(error));
    }
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
    let exit = summary::print(&assessment.report, options.out.as_deref().unwrap_or(&options.dir));
    if let Some(before) = before {
        let width = output::width();
        let heading = touchstone_reports::wrap(&format!("Against {}:", visible(&options.dir.to_string_lossy())), width);
        let differs = compare(&before, &assessment.report).text(width);
        output::print(&format!("\n{}\n{differs}", heading.join("\n")));
    }
    Ok(exit)
}

/// The report of the run, as it is before it is judged again.
fn earlier(dir: &Path) -> Result<Report, Failure> {
    let path = dir.join(run_dir::REPORTS[0]);
    let told = |reason: String| {
        Failure::usage(format!("{}: {reason}; --diff compares with the report of the run", path.display()))
    };
    let text = bounded::text(&path).map_err(|error| told(error.to_string()))?;
    from_json(&text).map_err(|error| told(error.to_string()))
}

/// Refuses to write where the run is that is judged, above it or within it.
fn apart(out: &Path, dir: &Path) -> Result<(), Failure> {
    let dir = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    // What does not exist yet will be where the nearest directory that does exist is.
    let whole = std::path::absolute(out).unwrap_or_else(|_| out.to_owned());
    let there = whole.ancestors().find_map(|place| {
        let real = place.canonicalize().ok()?;
        Some(whole.strip_prefix(place).map_or_else(|_| real.clone(), |rest| real.join(rest)))
    });
    let there = there.unwrap_or(whole);
    if dir.starts_with(&there) || there.starts_with(&dir) {
        let relation = if there == dir {
            "is"
        } else if dir.starts_with(&there) {
            "holds"
        } else {
            "lies within"
        };
        return Err(Failure::usage(format!(
            "--out {} {relation} the directory that is judged; choose another",
            out.display()
        )));
    }
    Ok(())
}

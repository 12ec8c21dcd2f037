//! Checks a package: that it is whole, that it is unchanged, and that its verdicts follow from its captures.

use super::build::to_json;
use super::content::Content;
use super::unpack::{Unpacked, unpack};
use super::{Compressor, Facts, FileEntry, INDEX, Index, PackageError, SIGNATURE, key};
use crate::bounded;
use crate::compare::{Comparison, compare};
use crate::manifest::{self, Manifest};
use crate::run_dir::{self, CAPTURE, REPORTS};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;
use touchstone_reports::model::Report;
use touchstone_reports::{from_json, to_html, to_json as report_json, to_junit};

/// What a signature says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signed {
    /// There is none.
    Absent,
    /// There is one, and no key to check it with.
    Unchecked,
    /// It is by the holder of the key, for this index.
    Valid,
    /// It is by somebody else, or for another index.
    Wrong,
}

/// What was found.
#[derive(Debug)]
pub struct Checked {
    /// What the package says of itself.
    pub index: Index,
    /// The report in it, where there is one that can be read.
    pub report: Option<Report>,
    /// What its captures give, as a sentence.
    pub sentence: Option<String>,
    /// What its signature says.
    pub signed: Signed,
    /// Whether a key was given, so that only a valid signature will do.
    pub keyed: bool,
    /// What is not as it was packed, or not what the captures give; each with the name of the file.
    pub changed: Vec<String>,
    /// How the verdicts, derived again from the captures, compare with those in the report; `None` where none can be derived.
    pub derived: Option<Comparison>,
    /// Whether the same program judged by the same catalogues, so that everything in the reports has to be the same.
    pub same_judge: bool,
    /// What could not be looked at, and why.
    pub notes: Vec<String>,
}

impl Checked {
    /// Whether nothing is wrong with it.
    pub fn sound(&self) -> bool {
        let derived = self.derived.as_ref().is_some_and(|d| d.agrees() && (!d.details || !self.same_judge));
        self.changed.is_empty() && derived && (!self.keyed || self.signed == Signed::Valid)
    }
}

/// Checks a package, against a public key when there is one. Nothing is written but temporary files.
///
/// # Errors
/// When it cannot be read, is no package, is damaged so that there is nothing to check, or the key is none.
pub fn verify(package: &Path, public: Option<&Path>, program: &str) -> Result<Checked, PackageError> {
    // A key that is none is told before the work.
    let public = public.map(key::public).transpose()?;
    let dir = tempfile::Builder::new().prefix("touchstone-verify-").tempdir();
    let dir = dir.map_err(super::io_error(&std::env::temp_dir()))?;
    let unpacked = unpack(package, dir.path())?;
    let mut changed = Vec::new();
    let mut notes = Vec::new();
    differences(&unpacked.index.files, &unpacked.found, &mut changed);
    if to_json(&unpacked.index).as_bytes() != unpacked.text {
        changed.push(format!("{INDEX} is not written as this program writes it"));
    }
    let signed = match (&unpacked.signature, public) {
        (None, _) => Signed::Absent,
        (Some(signature), public) => {
            if signature.len() != key::LENGTH {
                changed.push(format!("{SIGNATURE} has {} bytes, a signature has {}", signature.len(), key::LENGTH));
            }
            match public {
                None => Signed::Unchecked,
                Some(public) if public.signed(&unpacked.text, signature) => Signed::Valid,
                Some(_) => Signed::Wrong,
            }
        }
    };
    let manifest = Manifest::read(dir.path());
    match &manifest {
        Ok(manifest) if Facts::of(manifest) != unpacked.index.run => {
            changed.push(format!("{INDEX} says otherwise of the run than {}", manifest::FILE));
        }
        Ok(manifest) => {
            let text = fs::read(dir.path().join(manifest::FILE)).unwrap_or_default();
            if manifest.tool == program && manifest.to_json().as_bytes() != text {
                changed.push(format!("{} is not written as this program writes it", manifest::FILE));
            }
        }
        Err(error) => changed.push(inside(&error.to_string(), dir.path())),
    }
    // What is changed anyway need not be made again.
    if changed.is_empty() {
        made_again(&unpacked, dir.path(), &mut changed, &mut notes)?;
    }
    let report = bounded::text(&dir.path().join(REPORTS[0]))
        .map_err(|e| e.to_string())
        .and_then(|text| from_json(&text).map_err(|e| e.to_string()));
    let report = report.map_err(|reason| changed.push(format!("{}: {reason}", REPORTS[0]))).ok();
    let assessed = manifest.is_ok().then(|| run_dir::assess(dir.path(), None, program));
    let derived = match assessed {
        Some(Ok(assessment)) => Some(assessment.report),
        Some(Err(error)) => {
            changed.push(inside(&error.to_string(), dir.path()));
            None
        }
        None => None,
    };
    let mut checked = Checked {
        index: unpacked.index,
        report,
        sentence: derived.as_ref().map(|derived| derived.sentence.clone()),
        signed,
        keyed: public.is_some(),
        changed,
        derived: None,
        same_judge: true,
        notes,
    };
    if let (Some(derived), Ok(manifest)) = (derived, &manifest) {
        checked.compare(dir.path(), manifest, &derived);
    }
    Ok(checked)
}

/// The archive holds nothing but what its index names if it comes out the same when it is made again.
fn made_again(
    unpacked: &Unpacked,
    dir: &Path,
    changed: &mut Vec<String>,
    notes: &mut Vec<String>,
) -> Result<(), PackageError> {
    let content =
        Content { index: &unpacked.text, signature: unpacked.signature.as_deref(), files: &unpacked.index.files, dir };
    let (archive, package) = content.compressed(super::content::Hashing::new(io::sink()))?;
    if archive != unpacked.archive {
        changed.push("the archive around the files: order, owners, times or what fills it".to_owned());
    } else if unpacked.index.compressor != Compressor::own() {
        let Compressor { name, version, level, threads } = &unpacked.index.compressor;
        notes.push(format!(
            "compressed by {name} {version} at level {level} with {threads} thread, which this program does not have: what the \
             compressed bytes hold was checked, they themselves were not made again"
        ));
    } else if package.hex() != unpacked.package {
        changed.push("the compressed bytes, though what they hold is the same".to_owned());
    }
    Ok(())
}

impl Checked {
    /// Compares the report in the package with that which its captures give.
    fn compare(&mut self, dir: &Path, manifest: &Manifest, derived: &Report) {
        for (selected, scenario) in manifest.scenarios.iter().zip(&derived.scenarios) {
            // What the run itself could not record is no change; what it recorded and nobody can read is one.
            let told = |report: &Report| report.scenarios.iter().any(|s| s.id == scenario.id && s.status == "error");
            if scenario.status == "error" && !self.report.as_ref().is_some_and(told) {
                let reason = scenario.reason.as_deref().unwrap_or("it cannot be judged");
                self.changed.push(format!("{}/{CAPTURE}: {reason}", selected.evidence));
            }
        }
        let Some(packed) = &self.report else { return };
        let catalogues = packed.run.catalogues.iter().map(|c| (c.id.as_str(), c.version, c.sha256.as_deref()));
        if !catalogues.eq(manifest.catalogues.iter().map(|c| (c.id.as_str(), c.version, c.sha256.as_deref()))) {
            self.changed.push(format!("{} names other catalogues than {}", REPORTS[0], manifest::FILE));
        }
        let whole = |r: &Report| (r.iut.clone(), r.binding.clone(), r.role.clone(), r.policy.clone(), r.partial);
        if whole(packed) != whole(derived) || packed.waivers != derived.waivers {
            self.changed.push(format!("{} says otherwise of the run than {}", REPORTS[0], manifest::FILE));
        }
        self.same_judge = packed.run.tool == derived.run.tool && packed.run.catalogues == derived.run.catalogues;
        if self.same_judge {
            for (name, text) in REPORTS.into_iter().zip([report_json(derived), to_junit(derived), to_html(derived)]) {
                if fs::read(dir.join(name)).is_ok_and(|bytes| bytes != text.as_bytes()) {
                    self.changed.push(format!("{name} is not what the captures give"));
                }
            }
        } else {
            self.notes.push(format!(
                "judged by version {} of the program, this is version {}, or by other catalogues: verdicts were compared, and the \
                 wording of {} was not",
                packed.run.tool,
                derived.run.tool,
                REPORTS.join(", ")
            ));
        }
        self.derived = Some(compare(packed, derived));
    }
}

/// An error about a file of the package, without the temporary directory it was unpacked to.
fn inside(error: &str, dir: &Path) -> String {
    error.replace(&format!("{}/", dir.display()), "").replace(&dir.display().to_string(), "the package")
}

/// Names files that are missing, additional, changed or out of order.
fn differences(named: &[FileEntry], found: &[FileEntry], changed: &mut Vec<String>) {
    let there: BTreeMap<&str, &FileEntry> = found.iter().map(|file| (file.path.as_str(), file)).collect();
    for file in named {
        match there.get(file.path.as_str()) {
            None => changed.push(format!("{} is missing", file.path)),
            Some(other) if *other != file && other.bytes != file.bytes => changed.push(format!(
                "{}: {} bytes, SHA-256 {}, not {} bytes, {}",
                file.path, other.bytes, other.sha256, file.bytes, file.sha256
            )),
            Some(other) if *other != file => {
                changed.push(format!("{}: SHA-256 {}, not {}", file.path, other.sha256, file.sha256));
            }
            Some(_) => {}
        }
    }
    let known: BTreeSet<&str> = named.iter().map(|file| file.path.as_str()).collect();
    changed.extend(
        found.iter().filter(|file| !known.contains(file.path.as_str())).map(|f| format!("{} was added", f.path)),
    );
    let unordered = |files: &[FileEntry]| {
        let pair = files.iter().zip(files.iter().skip(1)).find(|(first, second)| first.path >= second.path);
        pair.map(|(first, second)| (first.path.clone(), second.path.clone()))
    };
    if let Some((first, second)) = unordered(named) {
        changed.push(format!("{INDEX} names {first} before {second}"));
    }
    if let Some((first, second)) = unordered(found) {
        changed.push(format!("{first} stands before {second}"));
    }
}

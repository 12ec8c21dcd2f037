//! A run's directory: what is in it, how it is judged, and how an earlier one is replaced.

use crate::binding::{self, Binding};
use crate::evidence::{Evidence, EvidenceError, observe};
use crate::iut::Role;
use crate::judge::{self, Assessment, JudgedScenario, Policy, ScenarioStatus};
use crate::manifest::{self, CatalogueVersion, Manifest, ManifestError};
use sha2::{Digest, Sha256};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use touchstone_fixtures::recording::{self, ReadError};
use touchstone_reports::{model, to_html, to_json, to_junit};

/// Name of a scenario's capture within its folder.
pub const CAPTURE: &str = "capture.pcapng";

/// Files that a run writes at the top of its directory.
pub const REPORTS: [&str; 3] = ["report.json", "junit.xml", "report.html"];

/// Why a directory cannot be judged or written.
#[derive(Debug, thiserror::Error)]
pub enum RunDirError {
    /// The manifest is unusable.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The run names a binding or a role that this program does not have.
    #[error("{dir}: the run is for {what}, which this program does not know; judge it with version {tool}")]
    Unknown {
        /// The directory.
        dir: PathBuf,
        /// `binding "x"`.
        what: String,
        /// Version that recorded.
        tool: String,
    },
    /// The catalogues have changed since.
    #[error(
        "{dir}: catalogue {catalogue} has changed since the run ({change}); add --out DIR2 to judge by the new one beside the old reports"
    )]
    Newer {
        /// The directory.
        dir: PathBuf,
        /// Catalogue id.
        catalogue: String,
        /// `version 3 then, 4 now`.
        change: String,
    },
    /// A capture is none of this run, or damaged.
    #[error("{path}: {reason}{more}; put the capture of the run back, or run again")]
    Capture {
        /// The capture.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
        /// How many others there are.
        more: String,
    },
    /// The output directory holds something that is not ours.
    #[error(
        "{dir} is not empty and is no output directory of ours (it has no {}); choose another --out, or remove it",
        manifest::FILE
    )]
    Foreign {
        /// The directory.
        dir: PathBuf,
    },
    /// Nothing can be created there.
    #[error("cannot write {dir}: {source} in {parent}; choose another --out, or change the permissions there")]
    Unwritable {
        /// The directory.
        dir: PathBuf,
        /// The nearest directory that exists.
        parent: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The system refused.
    #[error("{path}: {source}")]
    Io {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> RunDirError + '_ {
    move |source| RunDirError::Io { path: path.to_owned(), source }
}

/// The binding and the role a manifest names.
///
/// # Errors
/// When this program does not have them.
pub fn subject(dir: &Path, manifest: &Manifest) -> Result<(&'static Binding, Role), RunDirError> {
    let unknown = |what: String| RunDirError::Unknown { dir: dir.to_owned(), what, tool: manifest.tool.clone() };
    let binding = binding::find(&manifest.binding).ok_or_else(|| unknown(format!("binding {:?}", manifest.binding)))?;
    let role = binding
        .roles()
        .find(|role| role.as_str() == manifest.role)
        .ok_or_else(|| unknown(format!("role {:?}", manifest.role)))?;
    Ok((binding, role))
}

/// Judges a run's directory, from its manifest and its captures alone.
///
/// # Errors
/// When the manifest is unusable. Missing or damaged captures are part of the assessment.
pub fn assess(dir: &Path, policy: Option<Policy>, program: &str) -> Result<Assessment, RunDirError> {
    let manifest = Manifest::read(dir)?;
    let (binding, role) = subject(dir, &manifest)?;
    let scenarios: Vec<JudgedScenario> =
        (0..manifest.scenarios.len()).map(|index| judge_scenario(dir, &manifest, binding, index)).collect();
    Ok(judge::assess(&manifest, binding, role, policy.unwrap_or(manifest.policy), &scenarios, program))
}

/// Judges the capture of one scenario of a run.
pub fn judge_scenario(dir: &Path, manifest: &Manifest, binding: &Binding, index: usize) -> JudgedScenario {
    let Some(selected) = manifest.scenarios.get(index) else {
        return JudgedScenario::without_evidence(index, ScenarioStatus::Error("no such scenario".to_owned()));
    };
    let path = dir.join(&selected.evidence).join(CAPTURE);
    if let Ok(false) = path.try_exists() {
        return JudgedScenario::without_evidence(index, ScenarioStatus::Aborted("it was never recorded".to_owned()));
    }
    let judged = recorded(dir, manifest, selected).map(|recorded| match recorded {
        Ok((evidence, hash)) => JudgedScenario::of(index, &evidence, binding, hash),
        Err(reason) => JudgedScenario::without_evidence(index, ScenarioStatus::Aborted(reason)),
    });
    let mut judged =
        judged.unwrap_or_else(|error| JudgedScenario::without_evidence(index, ScenarioStatus::Error(error)));
    if let (Some(failure), false) = (&selected.failure, matches!(judged.status, ScenarioStatus::Error(_))) {
        judged.status = ScenarioStatus::Error(failure.clone());
    }
    judged
}

/// The evidence of a scenario that was recorded, and the hash of its capture; within, why there is none to judge. An error says
/// why its capture is none of this run.
fn recorded(
    dir: &Path,
    manifest: &Manifest,
    selected: &manifest::Selected,
) -> Result<Result<(Evidence, String), String>, String> {
    let path = dir.join(&selected.evidence).join(CAPTURE);
    // Without the path: the same evidence in another place gives the same report.
    let recording = recording::read(&path).map_err(|error| match error {
        ReadError::Io { source, .. } => format!("its capture cannot be read: {source}"),
        ReadError::Foreign { reason, .. } => format!("its capture is damaged: {reason}"),
    })?;
    let hash = hash_file(&path).map_err(|e| e.to_string())?;
    let evidence = match observe(&recording) {
        Ok(evidence) => evidence,
        Err(EvidenceError::NoContext) => return Ok(Err(EvidenceError::NoContext.to_string())),
        Err(error) => return Err(error.to_string()),
    };
    let context = &evidence.context;
    let recorded = [&context.scenario, &context.binding, &context.role];
    // Promises and roles are the manifest's; joined with another scenario's evidence they would mislead.
    if recorded != [&selected.id, &manifest.binding, &manifest.role] {
        let [scenario, binding, role] = recorded;
        return Err(format!("its capture is of scenario {scenario:?}, binding {binding:?}, role {role:?}"));
    }
    // So is what it was to do, and what was declared.
    if self::hash(context.scenario_text.as_bytes()) != selected.sha256 {
        return Err("its capture was made with another text of the scenario".to_owned());
    }
    let conditions = |tool: &String, seed, scale: f64| (tool.clone(), seed, scale.to_bits());
    if conditions(&context.tool, context.seed, context.scale)
        != conditions(&manifest.tool, manifest.seed, manifest.scale)
    {
        return Err("its capture was made by another version, or with another seed or scale, than the manifest states"
            .to_owned());
    }
    if serde_json::to_value(&manifest.pics).is_ok_and(|pics| pics != context.pics) {
        return Err("its capture was made with other declarations than the manifest states".to_owned());
    }
    Ok(Ok((evidence, hash)))
}

/// The first capture of a run that nobody can judge, and why; and of how many the same is true. One that the run itself says it
/// could not record is none of them.
pub fn unreadable(dir: &Path, manifest: &Manifest) -> Option<RunDirError> {
    let there =
        |s: &&manifest::Selected| s.failure.is_none() && dir.join(&s.evidence).join(CAPTURE).symlink_metadata().is_ok();
    let mut wrong = manifest.scenarios.iter().filter(there).filter_map(|selected| {
        let reason = recorded(dir, manifest, selected).err()?;
        Some((dir.join(&selected.evidence).join(CAPTURE), reason))
    });
    let (path, reason) = wrong.next()?;
    let more = match wrong.count() {
        0 => String::new(),
        n => format!(" (and so it is with {n} more)"),
    };
    Some(RunDirError::Capture { path, reason, more })
}

/// SHA-256 of some bytes, in hex.
pub fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hash_file(path: &Path) -> io::Result<String> {
    let mut hasher = Sha256::new();
    io::copy(&mut fs::File::open(path)?, &mut hasher)?;
    Ok(hex(&hasher.finalize()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Refuses to overwrite reports with a judgement by other catalogues than the run's.
///
/// # Errors
/// When a catalogue has another version or another text now.
pub fn check_catalogues(dir: &Path) -> Result<(), RunDirError> {
    let manifest = Manifest::read(dir)?;
    let (binding, _) = subject(dir, &manifest)?;
    let find = |catalogues: &[CatalogueVersion], id: &str| catalogues.iter().find(|c| c.id == id).cloned();
    let now = manifest::catalogues(binding);
    for catalogue in manifest.catalogues.iter().chain(&now) {
        let change = match (find(&manifest.catalogues, &catalogue.id), find(&now, &catalogue.id)) {
            (Some(then), Some(now)) if then.version != now.version => {
                format!("version {} then, {} now", then.version, now.version)
            }
            (Some(then), Some(now)) if then.sha256.is_some() && then.sha256 != now.sha256 => {
                format!("version {} then and now, but another text", now.version)
            }
            (Some(_), Some(_)) => continue,
            (Some(_), None) => "it is not part of the binding any more".to_owned(),
            (None, _) => "it was not part of the binding then".to_owned(),
        };
        return Err(RunDirError::Newer { dir: dir.to_owned(), catalogue: catalogue.id.clone(), change });
    }
    Ok(())
}

/// Writes report.json, junit.xml and report.html, each whole or not at all.
///
/// # Errors
/// When the directory cannot be written.
pub fn write_reports(dir: &Path, report: &model::Report) -> Result<(), RunDirError> {
    let texts = [to_json(report), to_junit(report), to_html(report)];
    for (name, text) in REPORTS.into_iter().zip(texts) {
        write_whole(&dir.join(name), text.as_bytes())?;
    }
    Ok(())
}

/// Writes the manifest.
///
/// # Errors
/// When the directory cannot be written.
pub fn write_manifest(dir: &Path, manifest: &Manifest) -> Result<(), RunDirError> {
    write_whole(&dir.join(manifest::FILE), manifest.to_json().as_bytes())
}

/// A reader never sees half a file: written beside, then renamed.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), RunDirError> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside = path.with_file_name(name);
    let written = fs::write(&beside, bytes).map_err(io_error(&beside));
    let renamed = written.and_then(|()| fs::rename(&beside, path).map_err(io_error(path)));
    if renamed.is_err() {
        // Nothing half-written stays; the first error is the one to tell.
        let _ = fs::remove_file(&beside);
    }
    renamed
}

/// An output directory that may be written: checked, but not touched yet.
#[derive(Debug)]
pub struct Prepared {
    dir: PathBuf,
    earlier: bool,
}

/// Checks that `dir` can become the output directory of a run: absent, empty, or an earlier run of ours.
///
/// # Errors
/// When it holds something else, or cannot be written.
pub fn prepare(dir: &Path) -> Result<Prepared, RunDirError> {
    let earlier = match fs::read_dir(dir) {
        Ok(mut entries) => {
            if entries.next().is_none() {
                false
            } else if ours(dir) {
                true
            } else {
                return Err(RunDirError::Foreign { dir: dir.to_owned() });
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(io_error(dir)(error)),
    };
    // Nearest existing ancestor: the place where something will be created or renamed.
    let parent = dir.ancestors().skip(1).find(|p| p.as_os_str().is_empty() || p.exists()).unwrap_or(Path::new("."));
    let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    tempfile::Builder::new().prefix(".touchstone-").tempfile_in(parent).map_err(|error| {
        // The name of our probe would only distract.
        RunDirError::Unwritable { dir: dir.to_owned(), parent: parent.to_owned(), source: error.kind().into() }
    })?;
    Ok(Prepared { dir: dir.to_owned(), earlier })
}

fn ours(dir: &Path) -> bool {
    crate::bounded::text(&dir.join(manifest::FILE))
        .ok()
        .and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok())
        .and_then(|value| value.get("format").and_then(|f| f.as_str()).map(|f| f.starts_with("touchstone-manifest/")))
        .unwrap_or(false)
}

impl Prepared {
    /// Whether an earlier run of ours is there.
    pub fn earlier(&self) -> bool {
        self.earlier
    }

    /// Replaces the earlier run whole, if there is one, and creates the empty directory.
    ///
    /// # Errors
    /// When the system refuses; the earlier run is then still there.
    pub fn replace(self) -> Result<PathBuf, RunDirError> {
        if self.earlier {
            // Through links, and with a name of its own even where it was given as `.`.
            let real = fs::canonicalize(&self.dir).map_err(io_error(&self.dir))?;
            let mut name = std::ffi::OsString::from(".");
            name.push(real.file_name().unwrap_or_default());
            name.push(format!(".replaced-{}", std::process::id()));
            let aside = real.with_file_name(name);
            match fs::rename(&real, &aside) {
                Ok(()) => {
                    if let Err(error) = fs::create_dir(&real) {
                        // The earlier run comes back; if that fails too, it is still there under the other name.
                        let _ = fs::rename(&aside, &real);
                        return Err(io_error(&self.dir)(error));
                    }
                    fs::remove_dir_all(&aside).map_err(io_error(&aside))?;
                }
                // The directory itself cannot be moved: a mount point, say.
                Err(_) => clear(&real)?,
            }
        } else {
            fs::create_dir_all(&self.dir).map_err(io_error(&self.dir))?;
        }
        Ok(self.dir)
    }
}

/// Empties a directory of ours; its manifest goes last, so that it stays ours to the end.
fn clear(dir: &Path) -> Result<(), RunDirError> {
    let entries: Vec<PathBuf> = fs::read_dir(dir)
        .and_then(|entries| entries.map(|entry| entry.map(|e| e.path())).collect())
        .map_err(io_error(dir))?;
    let manifest = dir.join(manifest::FILE);
    for path in entries.iter().filter(|path| **path != manifest).chain([&manifest]) {
        let directory = fs::symlink_metadata(path).is_ok_and(|m| m.is_dir());
        let removed = if directory { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        removed.map_err(io_error(path))?;
    }
    Ok(())
}

/// Copies a run's evidence, and its manifest as it stands under `policy` and this program's catalogues: so that the
/// new reports' links work, and judging the copy gives them again.
///
/// # Errors
/// When something cannot be read or written.
pub fn copy_evidence(from: &Path, to: &Path, policy: Option<Policy>) -> Result<(), RunDirError> {
    let mut manifest = Manifest::read(from)?;
    let (binding, _) = subject(from, &manifest)?;
    manifest.policy = policy.unwrap_or(manifest.policy);
    manifest.catalogues = manifest::catalogues(binding);
    for selected in &manifest.scenarios {
        let (source, target) = (from.join(&selected.evidence), to.join(&selected.evidence));
        let Ok(entries) = fs::read_dir(&source) else { continue };
        fs::create_dir_all(&target).map_err(io_error(&target))?;
        for entry in entries {
            let entry = entry.map_err(io_error(&source))?;
            // Through links: what they point at was judged.
            if fs::metadata(entry.path()).is_ok_and(|facts| facts.is_file()) {
                let path = target.join(entry.file_name());
                fs::copy(entry.path(), &path).map_err(io_error(&path))?;
            }
        }
    }
    write_manifest(to, &manifest)
}

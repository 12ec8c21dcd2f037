//! manifest.json: what a judge needs to know of a run besides its captures.
//!
//! Written before the first scenario, completed after the last. A run that was killed leaves it with `completed: false`.

use crate::binding::Binding;
use crate::judge::Policy;
use crate::judge::waiver::Waiver;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

/// Format name and version of manifest.json.
pub const FORMAT: &str = "touchstone-manifest/1";

/// Name of the file.
pub const FILE: &str = "manifest.json";

/// The manifest of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: String,
    /// Version of the program that recorded.
    pub tool: String,
    /// Binding id.
    pub binding: String,
    /// Role under test.
    pub role: String,
    /// The implementation under test.
    pub iut: Iut,
    /// The IUT file: as it was named on the command line, and its hash.
    pub iut_file: Hashed,
    /// What the vendor declares.
    pub pics: crate::iut::Pics,
    /// Catalogues at the time of the run.
    pub catalogues: Vec<CatalogueVersion>,
    /// Policy of the run.
    pub policy: Policy,
    /// Waivers of the run.
    pub waivers: Vec<Waiver>,
    /// What narrowed the run, if anything did.
    pub selection: Selection,
    /// Seed.
    pub seed: u64,
    /// Factor on every deadline.
    pub scale: f64,
    /// Scenarios that were selected, in order of their ids.
    pub scenarios: Vec<Selected>,
    /// Scenarios that were left out because the PICS lacks what they require.
    pub left_out: Vec<LeftOut>,
    /// Whether the run came to its end.
    pub completed: bool,
}

/// Who is tested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Iut {
    /// Product name.
    pub name: String,
    /// Vendor.
    pub vendor: Option<String>,
    /// Version.
    pub version: Option<String>,
}

/// A file and its SHA-256.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hashed {
    /// Its path or name.
    pub path: String,
    /// Its hash, in hex.
    pub sha256: String,
}

/// A catalogue at the time of the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogueVersion {
    /// Id.
    pub id: String,
    /// Version.
    pub version: u32,
    /// SHA-256 over its text, in hex (`Catalogue::sha256`); absent in runs by early versions of this program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// What a run was made of, as the command line said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// `--scenario`, as given.
    pub scenarios: Vec<String>,
    /// `--requirement`, as given.
    pub requirements: Vec<String>,
    /// `--role`, as given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// `--scenarios`, as given: a folder with more of them, which narrows nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
}

impl Selection {
    /// Whether it narrows at all.
    pub fn partial(&self) -> bool {
        !self.scenarios.is_empty() || !self.requirements.is_empty()
    }
}

/// A scenario of the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selected {
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
    /// Purpose.
    pub purpose: String,
    /// Requirements it promises to decide.
    pub exercises: Vec<String>,
    /// Hash of its text.
    pub sha256: String,
    /// Folder of its evidence, relative to the manifest.
    pub evidence: String,
    /// How the test system failed while running it, where its capture cannot tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// A scenario that was not run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Id.
    pub id: String,
    /// What the PICS lacks.
    pub reason: String,
    /// Requirements it would have decided.
    pub exercises: Vec<String>,
}

/// Why a manifest cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// It cannot be read.
    #[error("cannot read {path}: {source}. Is {dir} the output directory of a run?")]
    Read {
        /// The file.
        path: PathBuf,
        /// Its directory.
        dir: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// It is not one of ours, or damaged.
    #[error("{path}: {reason}")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

/// The catalogues of a binding, as they are now.
pub fn catalogues(binding: &Binding) -> Vec<CatalogueVersion> {
    let now = |c: &&crate::catalogue::Catalogue| CatalogueVersion {
        id: c.id.to_owned(),
        version: c.version,
        sha256: Some(c.sha256()),
    };
    binding.catalogues.iter().map(now).collect()
}

impl Manifest {
    /// Reads the manifest of a run's directory.
    ///
    /// # Errors
    /// When it is missing, damaged, or of a newer format.
    pub fn read(dir: &Path) -> Result<Manifest, ManifestError> {
        let path = dir.join(FILE);
        let text = crate::bounded::text(&path).map_err(|source| ManifestError::Read {
            path: path.clone(),
            dir: dir.to_owned(),
            source,
        })?;
        let foreign = |reason: String| ManifestError::Foreign { path: path.clone(), reason };
        /// The format alone: what else there is depends on it.
        #[derive(Deserialize)]
        struct Head {
            format: Option<String>,
        }
        let head =
            serde_json::from_str(&text).map_err(|e| foreign(format!("not JSON, or no manifest of ours: {e}")))?;
        match head {
            Head { format: Some(format) } if format == FORMAT => {}
            Head { format: Some(other) } => {
                return Err(foreign(format!("format {other:?}; this program reads {FORMAT:?}")));
            }
            Head { format: None } => {
                return Err(foreign("no manifest of a Touchstone run: it states no format".to_owned()));
            }
        }
        let manifest: Manifest = serde_json::from_str(&text).map_err(|e| foreign(e.to_string()))?;
        // A manifest may come from anywhere; what it names is read and copied only from below its own directory, and by the
        // one name it has there.
        let below = |path: &str| {
            let parts = Path::new(path).components().filter_map(|part| match part {
                Component::Normal(part) => part.to_str(),
                _ => None,
            });
            !path.is_empty() && !path.contains('\0') && parts.collect::<Vec<_>>().join("/") == path
        };
        if let Some(outside) = manifest.scenarios.iter().find(|s| !below(&s.evidence)) {
            return Err(foreign(format!("the evidence of {} is not below this directory", outside.id)));
        }
        let mut folders = BTreeSet::new();
        match manifest.scenarios.iter().find(|s| !folders.insert(&s.evidence)) {
            Some(twice) => Err(foreign(format!("the evidence of {} is that of another scenario, too", twice.id))),
            None => Ok(manifest),
        }
    }

    /// The text of manifest.json.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a manifest has only text keys and finite numbers");
        text.push('\n');
        text
    }
}

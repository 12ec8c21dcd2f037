//! Evidence packages: a run in one file that anybody can check and judge again.
//!
//! A package is a tar archive under zstd. Its first entry, `package.json`, says what run it is and names every other file
//! with its length and SHA-256; a signature, where there is one, signs these bytes and stands next. Then come the
//! run's files, in the order of their paths. Nothing in it depends on anything but the run: the same directory gives the same
//! bytes, for one version of the compressor, which `package.json` names.

mod build;
mod content;
mod found;
pub mod key;
mod redact;
mod spelling;
mod unpack;
mod verify;

pub use build::{Packed, Request, pack};
pub use verify::{Checked, Signed, verify};

use crate::judge::Policy;
use crate::judge::waiver::Waiver;
use crate::manifest::{CatalogueVersion, Hashed, Iut, Manifest, ManifestError};
use crate::run_dir::RunDirError;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};

/// Format name and version of `package.json`.
pub const FORMAT: &str = "touchstone-package/1";
/// Name of its entry.
const INDEX: &str = "package.json";
/// Name of the entry with its signature.
const SIGNATURE: &str = "package.sig";
/// Level of the compressor. A complete run of 115 scenarios (18.4 MB) takes 708 kB in half a second at 9, 637 kB in fifteen
/// at 19: a tenth of the size is not worth thirty times the time, which whoever verifies has to spend, too.
const LEVEL: i32 = 9;
/// Largest content of a package, in bytes: what a thousandfold of a complete run comes to. Who verifies needs room for it.
const LARGEST: u64 = 16 * 1024 * 1024 * 1024;
/// Largest file of a run: twice what a recording may hold and more, which a judge reads whole.
const LARGEST_FILE: u64 = 1024 * 1024 * 1024;
/// Largest `package.json`.
const LARGEST_INDEX: u64 = 64 * 1024 * 1024;

/// `package.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Index {
    /// [`FORMAT`].
    pub format: String,
    /// How the package is compressed.
    pub compressor: Compressor,
    /// What run it is.
    #[serde(flatten)]
    pub run: Facts,
    /// What was made unreadable before packing, if anything was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redacted: Option<Redacted>,
    /// Every other file, by its path.
    pub files: Vec<FileEntry>,
}

/// How a package is compressed: the same input gives the same bytes only for the same of all this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compressor {
    /// `zstd`.
    pub name: String,
    /// Version of the library.
    pub version: String,
    /// Level.
    pub level: i32,
    /// Threads that compressed; more than one would make the bytes depend on chance.
    pub threads: u32,
}

impl Compressor {
    /// That of this program.
    pub fn own() -> Compressor {
        let number = zstd::zstd_safe::version_number();
        let (major, minor, patch) = (number / 10_000, number / 100 % 100, number % 100);
        Compressor { name: "zstd".to_owned(), version: format!("{major}.{minor}.{patch}"), level: LEVEL, threads: 1 }
    }
}

/// What a package says of its run: the same as the manifest in it, for who looks no further.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// Version of the program that recorded.
    pub tool: String,
    /// Binding id.
    pub binding: String,
    /// Role under test.
    pub role: String,
    /// The implementation under test.
    pub iut: Iut,
    /// The IUT file's name and hash.
    pub iut_file: Hashed,
    /// What the vendor declares.
    pub pics: crate::iut::Pics,
    /// Catalogues at the time of the run.
    pub catalogues: Vec<CatalogueVersion>,
    /// Policy.
    pub policy: Policy,
    /// Waivers.
    pub waivers: Vec<Waiver>,
    /// Scenarios and the hashes of their texts, as path and hash.
    pub scenarios: Vec<Hashed>,
}

impl Facts {
    /// What a manifest says.
    pub fn of(manifest: &Manifest) -> Facts {
        let hashed = |s: &crate::manifest::Selected| Hashed { path: s.id.clone(), sha256: s.sha256.clone() };
        Facts {
            tool: manifest.tool.clone(),
            binding: manifest.binding.clone(),
            role: manifest.role.clone(),
            iut: manifest.iut.clone(),
            iut_file: manifest.iut_file.clone(),
            pics: manifest.pics.clone(),
            catalogues: manifest.catalogues.clone(),
            policy: manifest.policy,
            waivers: manifest.waivers.clone(),
            scenarios: manifest.scenarios.iter().map(hashed).collect(),
        }
    }
}

/// What was made unreadable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redacted {
    /// How many occurrences of passwords were replaced, each by asterisks of the same length.
    pub passwords: u64,
    /// How many blocks of TLS session secrets were left out.
    pub tls_secrets: u64,
}

/// A file of a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its path within the run's directory, with `/`.
    pub path: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its SHA-256, in hex.
    pub sha256: String,
}

/// Why there is no package, or why it cannot be relied on.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// The run's directory cannot be used.
    #[error(transparent)]
    RunDir(#[from] RunDirError),
    /// Its manifest cannot be used.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A report is missing: the run did not come to its end.
    #[error("{dir} has no {file}: `touchstone judge {dir}` writes the reports")]
    NoReport {
        /// The directory.
        dir: PathBuf,
        /// The report.
        file: String,
    },
    /// Something in the run's folders cannot be packed, and is not left out in silence.
    #[error("{path} is {what}, and a package holds files only; remove it, or put the file itself there")]
    Unfit {
        /// Where.
        path: PathBuf,
        /// `a symbolic link`.
        what: &'static str,
    },
    /// More than a package can hold.
    #[error("{path} has {bytes} bytes, and a package holds at most {most} of them")]
    TooLarge {
        /// The file, or the directory.
        path: PathBuf,
        /// How many.
        bytes: u64,
        /// How many there may be.
        most: u64,
    },
    /// A file is not what it was a moment ago.
    #[error("{path} changed while it was packed; is the run still going on?")]
    Changing {
        /// The file.
        path: PathBuf,
    },
    /// What is there already is not replaced.
    #[error("{path} is there already; remove it, or choose another name")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The system refused.
    #[error("{path}: {source}")]
    Io {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is no package of ours, or a damaged one.
    #[error("{path}: {reason}")]
    Damaged {
        /// The package.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// What is packed would not say what the run says.
    #[error(
        "redacting changes what the run says, so nothing was packed: a password is also an ordinary word of the exchange; run again \
         with another one\n{0}"
    )]
    Derived(String),
    /// A password stands where a run needs that very word.
    #[error(
        "{path}: a password is also a word that runs are made of ({reason}), so nothing was packed; run again with another one"
    )]
    Ordinary {
        /// Where it stands.
        path: PathBuf,
        /// What cannot be read without it.
        reason: String,
    },
    /// A key cannot be used.
    #[error(transparent)]
    Key(#[from] key::KeyError),
}

fn io_error(path: &Path) -> impl Fn(io::Error) -> PackageError + '_ {
    move |source| PackageError::Io { path: path.to_owned(), source }
}

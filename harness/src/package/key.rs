//! Keys that sign packages: Ed25519 (RFC 8032), in the PEM forms that other programs read, too (RFC 8410).

use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey};
use ed25519_dalek::{SIGNATURE_LENGTH, Signature, Signer, SigningKey, VerifyingKey};
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// A file is there already: a key that is overwritten is lost.
    #[error("{path} is there already, and a key that is overwritten is lost; choose another name")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The system refused.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is no such key.
    #[error("{path} is no {what} of `touchstone keygen`: {reason}")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// `private key` or `public key`.
        what: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// The system has no randomness to give.
    #[error("no key can be made: {0}")]
    Random(String),
}

/// Makes a pair: the private key at `path` (readable by its owner alone), the public one beside it with `.pub` added.
/// Answers the path of the public one.
///
/// # Errors
/// When a file is there already, or cannot be written.
pub fn generate(path: &Path) -> Result<PathBuf, KeyError> {
    let mut public = path.as_os_str().to_owned();
    public.push(".pub");
    let public = PathBuf::from(public);
    if let Some(path) = [path, &public].into_iter().find(|path| path.symlink_metadata().is_ok()) {
        return Err(KeyError::Exists { path: path.to_owned() });
    }
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| KeyError::Random(error.to_string()))?;
    let key = SigningKey::from_bytes(&seed);
    let unfit = |error: &dyn std::fmt::Display| KeyError::Random(error.to_string());
    let private_pem = key.to_pkcs8_pem(LineEnding::LF).map_err(|e| unfit(&e))?;
    let public_pem = key.verifying_key().to_public_key_pem(LineEnding::LF).map_err(|e| unfit(&e))?;
    create(path, private_pem.as_bytes(), 0o600)?;
    create(&public, public_pem.as_bytes(), 0o644)?;
    Ok(public)
}

fn create(path: &Path, bytes: &[u8], mode: u32) -> Result<(), KeyError> {
    let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    file.and_then(|mut file| file.write_all(bytes)).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => KeyError::Exists { path: path.to_owned() },
        _ => KeyError::Io { path: path.to_owned(), source },
    })
}

/// Signs bytes with the private key in a file.
///
/// # Errors
/// When the file holds no such key.
pub(super) fn sign(path: &Path, bytes: &[u8]) -> Result<Vec<u8>, KeyError> {
    let key = SigningKey::from_pkcs8_pem(&read(path)?).map_err(|error| foreign(path, "private key", &error))?;
    Ok(key.sign(bytes).to_bytes().to_vec())
}

/// Whether a signature is by the key whose public half is in a file.
///
/// # Errors
/// When the file holds no such key.
pub(super) fn signed_by(path: &Path, bytes: &[u8], signature: &[u8]) -> Result<bool, KeyError> {
    let key = VerifyingKey::from_public_key_pem(&read(path)?).map_err(|error| foreign(path, "public key", &error))?;
    let signature: Result<[u8; SIGNATURE_LENGTH], _> = signature.try_into();
    // The strict form leaves one signature for one message and key: no other bytes count as the same.
    Ok(signature.is_ok_and(|signature| key.verify_strict(bytes, &Signature::from_bytes(&signature)).is_ok()))
}

fn read(path: &Path) -> Result<String, KeyError> {
    std::fs::read_to_string(path).map_err(|source| KeyError::Io { path: path.to_owned(), source })
}

fn foreign(path: &Path, what: &'static str, error: &dyn std::fmt::Display) -> KeyError {
    KeyError::Foreign { path: path.to_owned(), what, reason: error.to_string() }
}

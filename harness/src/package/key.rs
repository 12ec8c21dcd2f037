//! Keys that sign packages: Ed25519 (RFC 8032), in the PEM forms that other programs read, too (RFC 8410).

use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey};
use ed25519_dalek::{SIGNATURE_LENGTH, Signature, Signer, SigningKey, VerifyingKey};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
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
    #[error("{path} is no {what} of `touchstone keygen`: {reason}; {instead}")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// `private key` or `public key`.
        what: &'static str,
        /// What is wrong.
        reason: String,
        /// What to do.
        instead: &'static str,
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

/// Length of a signature, in bytes.
pub(super) const LENGTH: usize = SIGNATURE_LENGTH;
/// Largest key file that is read: a hundred times one of ours.
const LARGEST: u64 = 16 * 1024;

/// A public key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Public(VerifyingKey);

/// Signs bytes with the private key in a file.
///
/// # Errors
/// When the file holds no such key.
pub(super) fn sign(path: &Path, bytes: &[u8]) -> Result<Vec<u8>, KeyError> {
    let text = read(path, PRIVATE)?;
    let key = SigningKey::from_pkcs8_pem(&text).map_err(|error| foreign(path, PRIVATE, &text, &error))?;
    Ok(key.sign(bytes).to_bytes().to_vec())
}

/// The public key in a file.
///
/// # Errors
/// When the file holds no such key.
pub(super) fn public(path: &Path) -> Result<Public, KeyError> {
    let text = read(path, PUBLIC)?;
    let key = VerifyingKey::from_public_key_pem(&text).map_err(|error| foreign(path, PUBLIC, &text, &error))?;
    Ok(Public(key))
}

impl Public {
    /// Whether a signature of these bytes is by its other half.
    pub fn signed(self, bytes: &[u8], signature: &[u8]) -> bool {
        let signature: Result<[u8; SIGNATURE_LENGTH], _> = signature.try_into();
        // The strict form leaves one signature for one message and key: no other bytes count as the same.
        signature.is_ok_and(|signature| self.0.verify_strict(bytes, &Signature::from_bytes(&signature)).is_ok())
    }
}

/// What is looked for in a file.
type Kind = (&'static str, &'static str);
const PRIVATE: Kind = ("private key", "give the file that `touchstone keygen FILE` calls FILE");
const PUBLIC: Kind = ("public key", "give the file that `touchstone keygen FILE` calls FILE.pub");

fn read(path: &Path, kind: Kind) -> Result<String, KeyError> {
    let io = |source| KeyError::Io { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    File::open(path).map_err(io)?.take(LARGEST).read_to_end(&mut bytes).map_err(io)?;
    String::from_utf8(bytes).map_err(|_| foreign(path, kind, "", &"it is no text"))
}

fn foreign(path: &Path, (what, instead): Kind, text: &str, error: &dyn std::fmt::Display) -> KeyError {
    let begins = |head: &str| text.trim_start().starts_with(head);
    let reason = match what {
        _ if text.trim().is_empty() && error.to_string() != "it is no text" => "it is empty".to_owned(),
        "public key" if begins("-----BEGIN PRIVATE KEY") => {
            "it is a private key, which nobody else should see".to_owned()
        }
        "private key" if begins("-----BEGIN PUBLIC KEY") => "it is a public key".to_owned(),
        _ if begins("-----BEGIN OPENSSH") || begins("ssh-") => "it is a key of OpenSSH".to_owned(),
        _ if begins("-----BEGIN CERTIFICATE") => "it is a certificate".to_owned(),
        _ if begins("-----BEGIN ") => format!("it is another kind of key, or damaged ({error})"),
        _ => error.to_string(),
    };
    KeyError::Foreign { path: path.to_owned(), what, reason, instead }
}

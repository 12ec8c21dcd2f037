//! Certificates for a scenario whose IUT connects over TLS, and the files it is told of.

use crate::iut::{IutFile, Placeholder, Values};
use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use touchstone_fixtures::edge::tls::{Config, Serve};
use touchstone_fixtures::pki::{Certificates, Pki};
use touchstone_fixtures::recording::TlsCertificate;

/// How long a client may stay silent after a server hello that it ought to refuse.
pub(super) const PATIENCE: Duration = Duration::from_millis(500);

/// Names of the files.
pub(super) const CA: &str = "ca.pem";
pub(super) const CERTIFICATE: &str = "client.pem";
pub(super) const KEY: &str = "client.key";

/// What the edge presents, and files for the IUT.
#[derive(Debug)]
pub(super) struct Secured {
    certificates: Arc<Certificates>,
    /// Placeholders and the files they stand for.
    files: Vec<(Placeholder, PathBuf)>,
    /// Where those files are that were made.
    _folder: Option<TempDir>,
}

impl Secured {
    /// Makes certificates for the host the IUT is told, or takes the vendor's own. `out`: folder of the run.
    pub fn new(iut: &IutFile, address: SocketAddr, out: &Path) -> Result<Secured, String> {
        let host = iut.network.host(address);
        let mut hosts = vec![host, "localhost".to_owned(), "127.0.0.1".to_owned()];
        hosts.sort();
        hosts.dedup();
        let pki = Pki::make(&hosts).map_err(|error| error.to_string())?;
        if let Some(own) = &iut.network.tls {
            let mut certificates = pki.certificates;
            // What a stranger vouches for is refused, whatever else is wrong with it: the other two cannot be made.
            certificates.kinds.retain(|kind, _| *kind == TlsCertificate::Untrusted);
            certificates.kinds.insert(TlsCertificate::Good, own.identity.clone());
            let mut files = vec![(Placeholder::Ca, own.ca.clone())];
            if let Some((certificate, key)) = &own.client {
                files.extend([(Placeholder::Cert, certificate.clone()), (Placeholder::Key, key.clone())]);
            }
            return Ok(Secured { certificates: Arc::new(certificates), files, _folder: None });
        }
        let written = |error: std::io::Error| format!("certificates cannot be written: {error}");
        // Whoever starts an attached IUT looks for them where the run is; one that the harness starts is told where.
        let (folder, temporary) = if iut.launch.is_some() {
            let made = tempfile::Builder::new().prefix("touchstone-tls-").tempdir().map_err(written)?;
            (made.path().to_owned(), Some(made))
        } else {
            (certificates_folder(out), None)
        };
        fs::create_dir_all(&folder).map_err(written)?;
        let (certificate, key) = &pki.client;
        let files = [
            (Placeholder::Ca, CA, &pki.ca),
            (Placeholder::Cert, CERTIFICATE, certificate),
            (Placeholder::Key, KEY, key),
        ]
        .into_iter()
        .map(|(placeholder, name, text)| Ok((placeholder, write(&folder, name, text)?)))
        .collect::<std::io::Result<_>>()
        .map_err(written)?;
        Ok(Secured { certificates: Arc::new(pki.certificates), files, _folder: temporary })
    }

    /// How the edge serves TLS to begin with.
    pub fn config(&self, patience: Duration) -> Config {
        Config { certificates: Arc::clone(&self.certificates), patience, serve: Serve::default() }
    }

    /// Adds the files to what placeholders stand for.
    pub fn fill(&self, values: &mut Values) {
        values.extend(self.files.iter().map(|(placeholder, path)| (*placeholder, path.display().to_string())));
    }
}

/// Where certificates made for an attached implementation lie: its authority, and its own certificate and key.
pub(super) fn certificates_folder(out: &Path) -> PathBuf {
    out.join("tls")
}

/// Readable by nobody else: one of them is a key.
fn write(folder: &Path, name: &str, text: &str) -> std::io::Result<PathBuf> {
    let path = folder.join(name);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    file.write_all(text.as_bytes())?;
    Ok(path)
}

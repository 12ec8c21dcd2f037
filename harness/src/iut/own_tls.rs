//! `[tls]`: certificates that a vendor brings, in place of those made for the run.

use crate::diagnostic::toml::{Fields, Located};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use touchstone_fixtures::pki::{self, Identity, Unfit};

/// Certificates of the vendor's own.
#[derive(Clone, Debug)]
pub struct OwnTls {
    /// The authority, which the implementation trusts.
    pub ca: PathBuf,
    /// What the broker presents.
    pub identity: Identity,
    /// The implementation's own certificate and key, for `{cert}` and `{key}`.
    pub client: Option<(PathBuf, PathBuf)>,
}

/// Reads the table. `host`: whom the implementation is told to connect to.
pub(super) fn read(table: &Fields<'_>, dir: &Path, host: &str) -> Option<OwnTls> {
    let file = |key: &'static str| {
        if !table.has(key) && !key.starts_with("client_") {
            table.missing(key, &format!("\"certificates/{key}.pem\""));
        }
        let path = table.string(key)?;
        let at = dir.join(&path.value);
        let read = fs::read(&at);
        match read {
            Ok(bytes) => Some((path.with(at), bytes)),
            Err(error) => {
                let help = "paths are relative to the directory of the IUT file".to_owned();
                table.document.wrong(path.span, format!("cannot read {}: {error}", at.display()), "", Some(help));
                None
            }
        }
    };
    let (ca, certificate, key) = (file("ca"), file("cert"), file("key"));
    let (client_certificate, client_key) = (file("client_cert"), file("client_key"));
    table.finish();
    if client_certificate.is_some() != client_key.is_some() && table.has("client_cert") != table.has("client_key") {
        let key = if table.has("client_cert") { "client_cert" } else { "client_key" };
        let help = Some("give both, or none".to_owned());
        table.document.wrong(table.key_span(key), "a certificate needs its key, and a key its certificate", "", help);
    }
    let wrong = |at: &Located<PathBuf>, why: &dyn std::fmt::Display| {
        table.document.wrong(at.span.clone(), format!("{}: {why}", at.value.display()), "", None);
    };
    let ((ca_at, ca), (certificate_at, certificate), (key_at, key)) = (ca?, certificate?, key?);
    let roots = pki::certificates_of(&ca).map_err(|error| wrong(&ca_at, &error)).ok();
    let chain = pki::certificates_of(&certificate).map_err(|error| wrong(&certificate_at, &error)).ok();
    let key = pki::key_of(&key).map_err(|error| wrong(&key_at, &error)).ok();
    let identity = Identity { chain: chain?, key: key?.into() };
    if let Err(unfit) = pki::check(&identity, &roots?, host, SystemTime::now()) {
        let (at, help) = match &unfit {
            Unfit::KeyMismatch | Unfit::Key(_) => (&key_at, "give the private key that `cert` was made for"),
            Unfit::Authority(_) => (&ca_at, "give the certificate of the authority that issued `cert`"),
            Unfit::UnknownIssuer => {
                (&certificate_at, "`ca` has to be the authority that issued it, and the file the whole chain")
            }
            Unfit::Expired | Unfit::NotYetValid => {
                (&certificate_at, "renew it, or leave [tls] out: certificates are then made for the run")
            }
            Unfit::OtherHost(_) => (&certificate_at, "set `advertise` in [network] to a host that it is for"),
            Unfit::Certificate(_) => (&certificate_at, "leave [tls] out, and certificates are made for the run"),
        };
        let title = format!("{}: {unfit}", at.value.display());
        table.document.wrong(at.span.clone(), title, "", Some(help.to_owned()));
    }
    let client = client_certificate.zip(client_key).map(|(certificate, key)| (certificate.0.value, key.0.value));
    Some(OwnTls { ca: ca_at.value, identity, client })
}

use super::args::{KeygenOptions, PackOptions, VerifyOptions};
use super::{Exit, Failure, VERSION, output};
use crate::package::{self, PackageError, key};
use touchstone_reports::text::visible;

/// `touchstone pack DIR`: the run in one file.
pub(super) fn pack(options: &PackOptions) -> Result<Exit, Failure> {
    let request = package::Request { sign: options.sign.as_deref(), redact: options.redact };
    let packed = package::pack(&options.dir, &options.out, request, VERSION).map_err(failure)?;
    let mut text = format!(
        "{}: {} files, {} bytes{}\n",
        options.out.display(),
        packed.index.files.len(),
        packed.bytes,
        if packed.signed { ", signed" } else { "" }
    );
    if let Some(redacted) = &packed.index.redacted {
        text.push_str(&format!(
            "Redacted: {} occurrences of passwords, {} blocks of TLS secrets\n",
            redacted.passwords, redacted.tls_secrets
        ));
    }
    if !packed.left_out.is_empty() {
        text.push_str(&format!("Left out, as no part of the run: {}\n", visible(&packed.left_out.join(", "))));
    }
    output::print(&text);
    Ok(Exit::Conforms)
}

/// `touchstone verify FILE`: whether a package is whole, unchanged, and says what its captures give.
pub(super) fn verify(options: &VerifyOptions) -> Result<Exit, Failure> {
    let checked = package::verify(&options.package, options.key.as_deref(), VERSION).map_err(failure)?;
    let mut text = String::new();
    let (index, report) = (&checked.index, &checked.report);
    let version = report.iut.version.as_deref().map(|v| format!(" {v}")).unwrap_or_default();
    text.push_str(&format!(
        "{}{}, {} of {}, policy {}\n{}\n\n",
        visible(&report.iut.name),
        visible(&version),
        visible(&report.role),
        visible(&report.binding),
        visible(&report.policy),
        visible(&report.sentence)
    ));
    match checked.changed.as_slice() {
        [] => text.push_str(&format!("Unchanged: {} files, each with its SHA-256\n", index.files.len())),
        changed => {
            text.push_str("CHANGED since it was packed:\n");
            changed.iter().for_each(|what| text.push_str(&format!("  {}\n", visible(what))));
        }
    }
    if checked.derived.agrees() && !checked.derived.details {
        text.push_str(&format!(
            "Derived again from the captures: {} verdicts, all the same\n",
            report.requirements.len()
        ));
    } else {
        text.push_str(&format!("The captures give OTHER VERDICTS: {}", checked.derived.text()));
    }
    text.push_str(match (checked.signed, checked.signature) {
        (Some(true), _) => "Signed by the holder of that key\n",
        (Some(false), true) => "NOT SIGNED by the holder of that key\n",
        (Some(false), false) => "NOT SIGNED at all\n",
        (None, true) => "Signed; --key PUB tells by whom\n",
        (None, false) => "Not signed\n",
    });
    if let Some(redacted) = &index.redacted {
        text.push_str(&format!(
            "Redacted: {} occurrences of passwords, {} blocks of TLS secrets\n",
            redacted.passwords, redacted.tls_secrets
        ));
    }
    checked.notes.iter().for_each(|note| text.push_str(&format!("Note: {}\n", visible(note))));
    output::print(&text);
    if checked.sound() {
        return Ok(Exit::Conforms);
    }
    Err(Failure::usage(format!("{} cannot be relied on", options.package.display())))
}

/// `touchstone keygen FILE`: a pair of keys.
pub(super) fn keygen(options: &KeygenOptions) -> Result<Exit, Failure> {
    let public = key::generate(&options.file).map_err(|error| failure(error.into()))?;
    output::print(&format!(
        "{}: the private key, for `touchstone pack --sign`; keep it to yourself\n{}: the public key, for `touchstone verify --key`; \
         tell it to who is to rely on it\n",
        options.file.display(),
        public.display()
    ));
    Ok(Exit::Conforms)
}

/// What is given is wrong, or our own doing went wrong.
fn failure(error: PackageError) -> Failure {
    match error {
        PackageError::Derived(_) => Failure::internal(error),
        error => Failure::usage(error),
    }
}

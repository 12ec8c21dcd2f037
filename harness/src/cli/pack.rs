use super::args::{KeygenOptions, PackOptions, VerifyOptions};
use super::{Exit, Failure, VERSION, output};
use crate::package::{self, PackageError, Signed, key};
use touchstone_reports::text::visible;
use touchstone_reports::wrap;

/// Most files that are named where they were left out.
const NAMED: usize = 10;

/// `touchstone pack DIR`: the run in one file.
pub(super) fn pack(options: &PackOptions) -> Result<Exit, Failure> {
    let request = package::Request { sign: options.sign.as_deref(), redact: options.redact };
    let packed = package::pack(&options.dir, &options.out, request, VERSION).map_err(failure)?;
    let mut page = Page::default();
    page.line(&format!(
        "{}: {} files, {} bytes{}",
        options.out.display(),
        packed.index.files.len(),
        packed.bytes,
        if packed.signed { ", signed" } else { "" }
    ));
    if let Some(redacted) = &packed.index.redacted {
        page.line(&told(redacted));
    }
    if !packed.left_out.is_empty() {
        let named = packed.left_out.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        let more = packed.left_out.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        page.line(&format!("Left out, as no part of the run: {named}{more}"));
    }
    output::print(&page.0);
    Ok(Exit::Conforms)
}

fn told(redacted: &package::Redacted) -> String {
    format!(
        "Redacted: {} occurrences of passwords, {} TLS secrets; what else may be secret was left as it is",
        redacted.passwords, redacted.tls_secrets
    )
}

/// Text for a terminal, line by line.
#[derive(Default)]
struct Page(String);

impl Page {
    fn line(&mut self, text: &str) {
        self.indented("", "", text);
    }

    fn indented(&mut self, first: &str, further: &str, text: &str) {
        let mut lead = first;
        for part in wrap(&visible(text), output::width().saturating_sub(further.len())) {
            self.0.push_str(lead);
            self.0.push_str(&part);
            self.0.push('\n');
            lead = further;
        }
    }
}

/// `touchstone verify FILE`: whether a package is whole, unchanged, and says what its captures give.
pub(super) fn verify(options: &VerifyOptions) -> Result<Exit, Failure> {
    let checked = package::verify(&options.package, options.key.as_deref(), VERSION).map_err(failure)?;
    let mut page = Page::default();
    let (index, facts) = (&checked.index, &checked.index.run);
    let version = facts.iut.version.as_deref().map(|v| format!(" {v}")).unwrap_or_default();
    page.line(&format!(
        "{}{version}, {} of {}, policy {}",
        facts.iut.name,
        facts.role,
        facts.binding,
        facts.policy.as_str()
    ));
    // Of what is in the package, not of what it says of itself.
    if let Some(sentence) = &checked.sentence {
        page.line(sentence);
    }
    page.line("");
    match checked.changed.as_slice() {
        [] => page.line(&format!("Unchanged: {} files, each with its SHA-256", index.files.len())),
        changed => {
            page.line("CHANGED since it was packed, or not what its captures give:");
            changed.iter().for_each(|what| page.indented("  ", "    ", what));
        }
    }
    match (&checked.derived, &checked.report) {
        (Some(derived), Some(report)) if derived.agrees() && (!derived.details || !checked.same_judge) => {
            page.line(&format!(
                "Derived again from the captures: {} verdicts, all the same",
                report.requirements.len()
            ));
        }
        (Some(derived), _) => {
            page.line("The captures give SOMETHING ELSE than its report says:");
            page.0.push_str(&derived.text(output::width()));
        }
        (None, _) => page.line("NO VERDICT could be derived from it"),
    }
    page.line(match checked.signed {
        Signed::Valid => "Signed by the holder of that key",
        Signed::Wrong => "NOT SIGNED by the holder of that key",
        Signed::Absent if checked.keyed => "NOT SIGNED at all",
        Signed::Absent => "Not signed",
        Signed::Unchecked => "Signed, but the signature was NOT CHECKED: --key PUB does that",
    });
    if let Some(redacted) = &index.redacted {
        page.line(&told(redacted));
    }
    if !checked.same_judge
        && let Some(derived) = checked.derived.as_ref().filter(|derived| derived.agrees())
    {
        derived.causes.iter().for_each(|cause| page.indented("Note: ", "      ", cause));
    }
    checked.notes.iter().for_each(|note| page.indented("Note: ", "      ", note));
    output::print(&page.0);
    if checked.sound() {
        return Ok(Exit::Conforms);
    }
    Err(Failure::usage(format!(
        "{} cannot be relied on; ask who gave it to you for another copy",
        options.package.display()
    )))
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

/// What is given is wrong, or cannot be done with it.
fn failure(error: PackageError) -> Failure {
    Failure::usage(error)
}

//! The waivers of a run: read, and held against the product, the binding and the day.

use crate::binding::Binding;
use crate::diagnostic::{Problems, Source, nearest, toml::Document};
use crate::iut::IutFile;
use crate::judge::waiver::{Waiver, WaiverError};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

pub(super) fn load(path: &Path, iut: &IutFile) -> Result<Vec<Waiver>, Problems> {
    let source = Source::read(path, "waivers")?;
    let now =
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| u64::try_from(d.as_nanos()).unwrap_or(u64::MAX));
    parse(source, iut.binding, iut.version.as_deref(), now)
}

/// Reads and checks `[[waiver]]` tables. `now`: when the recording is made, in nanoseconds since 1970.
fn parse(source: Source, binding: &Binding, version: Option<&str>, now: u64) -> Result<Vec<Waiver>, Problems> {
    let document = Document::new(source.clone());
    let mut waivers: Vec<Waiver> = Vec::new();
    {
        let parsed = document.parse();
        let whole = document.fields("the file", parsed.get_ref(), parsed.span());
        for table in whole.tables("waiver", |n| format!("waiver {n}")) {
            let requirement = table.required("requirement", "\"wd04/publish-retain\"");
            let reason = table.required("reason", "\"fixed in 2.1\"");
            let owner = table.required("owner", "\"qa@example.com\"");
            let expires = table.required("expires", "\"2027-03-31\"");
            let wanted = table.string("version");
            table.finish();
            let (Some(requirement), Some(reason), Some(owner), Some(expires)) = (requirement, reason, owner, expires)
            else {
                continue;
            };
            if binding.requirements().all(|(_, r)| r.id != requirement.value) {
                let known = binding.requirements().map(|(_, r)| r.id);
                document.wrong(
                    requirement.span.clone(),
                    format!("no requirement is called `{}`", requirement.value),
                    "unknown requirement",
                    nearest(&requirement.value, known).map(|near| format!("did you mean `{near}`?")),
                );
            } else if waivers.iter().any(|w| w.requirement == requirement.value) {
                document.wrong(
                    requirement.span.clone(),
                    format!("`{}` is waived twice", requirement.value),
                    "second waiver",
                    None,
                );
            }
            let (reason_span, owner_span) = (reason.span.clone(), owner.span.clone());
            let wanted_span = wanted.as_ref().map(|w| w.span.clone());
            let waiver = Waiver {
                requirement: requirement.value,
                reason: reason.value,
                owner: owner.value,
                expires: expires.value,
                version: wanted.map(|w| w.value),
            };
            if let Err(error) = waiver.check(version, now) {
                let span = match &error {
                    WaiverError::Date(_) | WaiverError::Expired { .. } => expires.span,
                    WaiverError::Version { .. } => wanted_span.unwrap_or(expires.span),
                    WaiverError::Empty { what: "reason", .. } => reason_span,
                    WaiverError::Empty { .. } => owner_span,
                };
                document.wrong(span, error.to_string(), "", None);
            }
            waivers.push(waiver);
        }
        whole.finish();
    }
    document.finish(Some(waivers))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binding::OPENC2_MQTT_WD04;

    fn waivers(text: &str) -> Result<Vec<Waiver>, String> {
        // 2026-06-01
        let now = 1_780_272_000_000_000_000;
        parse(Source::new("waivers.toml", text), &OPENC2_MQTT_WD04, Some("2.0"), now).map_err(|p| p.to_string())
    }

    const GOOD: &str = "[[waiver]]\nrequirement = \"wd04/publish-retain\"\nreason = \"fixed in 2.1\"\nowner = \"qa\"\nexpires = \"2026-06-01\"\n";

    #[test]
    fn a_waiver_in_force_is_read() {
        let read = waivers(GOOD).expect("good waivers");
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].requirement, "wd04/publish-retain");
    }

    #[test]
    fn bad_waivers_are_shown_in_place() {
        let text = [
            GOOD.replace("2026-06-01", "2026-05-31"),
            GOOD.replace("retain", "retian"),
            GOOD.replace("owner = \"qa\"", "woner = \"qa\""),
            GOOD.replace("expires = \"2026-06-01\"", "expires = \"soon\"\nversion = \"2.0\""),
        ]
        .concat();
        insta::assert_snapshot!(waivers(&text).expect_err("bad waivers"));
    }
}

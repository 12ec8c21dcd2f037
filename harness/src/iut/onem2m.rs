//! What the vendor of a oneM2M implementation declares.

use super::declared::{Declares, Need};
use super::{Pics, Serialization};
use crate::diagnostic::toml::{Fields, Located};
use crate::evidence::onem2m::topic::{is_ae_stem, is_cse_id};
use serde::{Deserialize, Serialize};

/// Its declarations.
pub static DECLARES: Declares = Declares {
    read,
    serializations: &[("json", Serialization::Json), ("xml", Serialization::Xml)],
    mandatory: None,
    options: &["xm2m-accept"],
    needs: &[
        Need { name: "json", met: |pics| pics.speaks(Serialization::Json) },
        Need { name: "xml", met: |pics| pics.speaks(Serialization::Xml) },
        Need { name: "cse_id", met: |pics| pics.onem2m.cse_id.is_some() },
        Need { name: "cse_name", met: |pics| pics.onem2m.cse_name.is_some() },
        Need { name: "ae_id", met: |pics| pics.onem2m.ae_id.is_some() },
        Need { name: "originator", met: |pics| pics.onem2m.originator.is_some() },
        Need { name: "credential_id", met: |pics| pics.onem2m.credential_id.is_some() },
    ],
};

/// Its declarations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Declared {
    /// Of a CSE: its CSE-ID relative to the service provider, `/in-cse`; of an AE: that of its registrar.
    pub cse_id: Option<String>,
    /// The resource name of that CSE's CSEBase.
    pub cse_name: Option<String>,
    /// Of an AE: the stem of its AE-ID, where it has one before it registers.
    pub ae_id: Option<String>,
    /// Of an AE: its App-ID.
    pub app_id: Option<String>,
    /// Of a CSE: the stem of an AE-ID that may do everything.
    pub originator: Option<String>,
    /// The Credential-ID under which an originator without identifier registers.
    pub credential_id: Option<String>,
    /// Release versions it supports; 3 when empty.
    pub releases: Vec<String>,
}

/// Release versions that there are.
const RELEASES: [&str; 6] = ["1", "2", "2a", "3", "4", "5"];

impl Declared {
    /// Whether nothing is declared.
    pub fn is_empty(&self) -> bool {
        *self == Declared::default()
    }

    /// The release version that requests to it name.
    pub fn release(&self) -> &str {
        self.releases.first().map_or("3", String::as_str)
    }
}

/// Reads the keys that only oneM2M has.
fn read(table: &Fields<'_>, pics: &mut Pics) {
    let declared = &mut pics.onem2m;
    declared.cse_id = sound(table, "cse_id", is_cse_id, "a slash and unreserved characters, as in \"/in-cse\"");
    declared.cse_name = sound(table, "cse_name", is_name, "letters, digits, `-`, `.` and `_`, as in \"cse-in\"");
    declared.ae_id = sound(table, "ae_id", is_ae_stem, "S or C and unreserved characters, as in \"Cmy-ae\"");
    declared.app_id = sound(table, "app_id", is_app_id, "R or N and more, as in \"N.my-app\"");
    declared.originator = sound(table, "originator", is_ae_stem, "S or C and unreserved characters, as in \"Cadmin\"");
    declared.credential_id = sound(
        table,
        "credential_id",
        is_credential,
        "without `+`, `#` and control characters, as in \"my-credential\"",
    );
    for release in table.strings("releases").map(|l| l.value).unwrap_or_default() {
        if RELEASES.contains(&release.value.as_str()) {
            declared.releases.push(release.value);
        } else {
            let help = crate::diagnostic::instead(&release.value, &RELEASES);
            table.document.wrong(release.span, format!("unknown release version `{}`", release.value), "", help);
        }
    }
}

/// A text of a certain form.
fn sound(table: &Fields<'_>, key: &'static str, fits: fn(&str) -> bool, form: &str) -> Option<String> {
    let Located { value, span } = table.string(key)?;
    if fits(&value) {
        return Some(value);
    }
    let title = format!("`{key}` in {} cannot be {value:?}", table.name);
    table.document.wrong(span, title, "", Some(format!("it is {form}")));
    None
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'))
}

fn is_app_id(text: &str) -> bool {
    text.starts_with(['R', 'r', 'N']) && text.len() > 1
}

/// It becomes a level of topics, its slashes replaced.
fn is_credential(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(|c| matches!(c, '+' | '#') || c.is_control())
}

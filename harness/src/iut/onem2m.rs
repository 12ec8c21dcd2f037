//! What the vendor of a oneM2M implementation declares.

use serde::{Deserialize, Serialize};

/// Its declarations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Declared {
    /// Of a CSE: its CSE-ID relative to the service provider, `/in-cse`.
    pub cse_id: Option<String>,
    /// Of an AE: its AE-ID relative to the service provider, or the stem of it, where it has one before it registers.
    pub ae_id: Option<String>,
    /// Of an AE: the CSE-ID of its registrar.
    pub registrar: Option<String>,
}

impl Declared {
    /// Whether nothing is declared.
    pub fn is_empty(&self) -> bool {
        *self == Declared::default()
    }
}

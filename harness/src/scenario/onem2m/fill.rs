//! Names that steps leave open: `{cse_id}`, `{cse}` (as a level of topics), `{cse_name}`, `{ae_id}`, `{ae}` and `{unique}`.

use super::address::level;
use super::registrar::Registrar;
use crate::iut::Pics;
use crate::scenario::stage::Stage;
use serde_json::{Map, Value};

/// The CSE that the harness plays where none is declared.
const REGISTRAR: &str = "/touchstone-cse";
/// Its CSEBase, where no name is declared.
const BASE: &str = "cse-touchstone";

/// The CSE-ID of the registrar of an AE, relative to the service provider.
pub fn registrar(pics: &Pics) -> &str {
    pics.onem2m.cse_id.as_deref().unwrap_or(REGISTRAR)
}

/// The resource name of its CSEBase.
pub fn base(pics: &Pics) -> &str {
    pics.onem2m.cse_name.as_deref().unwrap_or(BASE)
}

/// What the names stand for, against an AE.
#[derive(Clone, Debug)]
pub struct Names<'p> {
    cse_id: &'p str,
    cse_name: &'p str,
    /// The stem of its AE-ID, once it is known.
    stem: Option<String>,
    /// The same in all steps of a scenario, and another one in each scenario and with each seed.
    unique: String,
}

impl<'p> Names<'p> {
    /// Now. `n`: which copy of a message it is for, from 0.
    pub fn of(stage: &Stage<'p>, n: u32) -> Names<'p> {
        let pics = &stage.iut.pics;
        let unique = stage.request_id(0, 0).split('-').next().unwrap_or_default().to_owned();
        let unique = if n == 0 { unique } else { format!("{unique}-{n}") };
        let known = Registrar::of(stage, |registrar| registrar.stem().map(str::to_owned)).flatten();
        let stem = known.or_else(|| pics.onem2m.ae_id.clone());
        Names { cse_id: registrar(pics), cse_name: base(pics), stem, unique }
    }

    /// A text with its names filled. What is not known yet stays as it is.
    pub fn fill(&self, text: &str) -> String {
        let mut filled = text.replace("{cse_id}", self.cse_id).replace("{cse_name}", self.cse_name);
        filled = filled.replace("{cse}", &level(self.cse_id));
        if let Some(stem) = &self.stem {
            filled = filled.replace("{ae_id}", stem).replace("{ae}", &format!("{}/{stem}", self.cse_id));
        }
        filled.replace("{unique}", &self.unique)
    }

    /// A value with every text of it filled.
    pub fn filled(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.fill(text)),
            Value::Array(items) => Value::Array(items.iter().map(|item| self.filled(item)).collect()),
            Value::Object(members) => Value::Object(self.all(members)),
            other => other.clone(),
        }
    }

    /// Members with every text of them filled.
    pub fn all(&self, members: &Map<String, Value>) -> Map<String, Value> {
        members.iter().map(|(key, value)| (key.clone(), self.filled(value))).collect()
    }
}

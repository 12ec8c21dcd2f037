//! What steps against an AE may write of a primitive, whether it asks or answers: parts put over the usual ones, or bytes in
//! place of it all, and where it goes.

use super::fill::Names;
use super::order::serialization;
use crate::diagnostic::toml::Fields;
use crate::iut::Serialization;
use crate::scenario::verbs::raw::Raw;
use serde_json::{Map, Value};

/// What a step says; nothing where it says nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Written {
    pc: Option<Value>,
    /// Put over all the others.
    fields: Map<String, Value>,
    /// Left out after that.
    without: Vec<String>,
    pub rqi: Rqi,
    pub serialization: Option<Serialization>,
    pub topic: Option<String>,
    /// The last level of the topic; "" for none.
    pub topic_type: Option<String>,
    /// In place of it all.
    pub raw: Option<Raw>,
}

/// A Request Identifier.
#[derive(Clone, Debug, Default)]
pub(super) enum Rqi {
    /// That of the request, or a new one.
    #[default]
    Usual,
    Written(String),
    None,
}

impl Written {
    /// Reads the keys; `parts`: those of the step's own that make no sense beside raw bytes.
    pub fn read(fields: &Fields<'_>, parts: &[&'static str]) -> Option<Written> {
        let text = |key: &'static str| fields.string(key).map(|text| text.value);
        let pc = fields.json("pc").map(|pc| pc.value);
        let over = match fields.has("fields") {
            true => match fields.json("fields")? {
                over if over.value.is_object() => over.value.as_object().cloned().unwrap_or_default(),
                over => {
                    fields.document.wrong(over.span, "`fields` must be a table", "", None);
                    return None;
                }
            },
            false => Map::new(),
        };
        let without = fields.strings("without").map(|l| l.value.into_iter().map(|name| name.value).collect());
        let rqi = match text("rqi") {
            None => Rqi::Usual,
            Some(rqi) if rqi.is_empty() => Rqi::None,
            Some(rqi) => Rqi::Written(rqi),
        };
        let raw = match Raw::written(fields) {
            true => Some(Raw::read(fields)?),
            false => None,
        };
        if raw.is_some() {
            let all = ["pc", "fields", "without"].iter().chain(parts);
            for key in all.copied().filter(|key| fields.has(key)) {
                let title = format!("`{key}` does not go with raw bytes");
                fields.document.wrong(fields.key_span(key), title, "", None);
            }
        }
        Some(Written {
            pc,
            fields: over,
            without: without.unwrap_or_default(),
            rqi,
            serialization: serialization(fields)?,
            topic: text("topic"),
            topic_type: text("topic_type"),
            raw,
        })
    }

    /// The content it writes.
    pub fn content(&self, names: &Names<'_>) -> Option<Value> {
        self.pc.as_ref().map(|pc| names.filled(pc))
    }

    /// Puts what it writes over the usual parameters.
    pub fn put_over(&self, parameters: &mut Map<String, Value>, names: &Names<'_>) {
        parameters.extend(names.all(&self.fields));
        parameters.retain(|name, _| !self.without.contains(name));
    }
}

//! Keys that several verbs have.

use crate::diagnostic::toml::Fields;

/// `qos`, 1 when absent.
pub(in crate::scenario) fn qos(fields: &Fields<'_>) -> u8 {
    fields.integer("qos", 0, 2).and_then(|n| u8::try_from(n.value).ok()).unwrap_or(1)
}

/// `name`, checked: it becomes part of other names.
pub(in crate::scenario) fn captured_name(fields: &Fields<'_>) -> Option<String> {
    let name = fields.string("name")?;
    if name.value.is_empty() || !name.value.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
        fields.document.wrong(
            name.span,
            format!("`name` in {} cannot be {:?}", fields.name, name.value),
            "",
            Some("letters, digits, `-` and `_` only".to_owned()),
        );
        return None;
    }
    Some(name.value)
}

//! The command that a step sends, or asks the IUT to send: written out, or one that the vendor declared.

use crate::diagnostic::toml::Fields;
use crate::scenario::model::Key;
use crate::scenario::openc2::message;
use crate::scenario::plan::{Selector, declared};
use crate::scenario::stage::Stage;
use serde_json::{Value, json};

/// `command` or `declared`, and `args`, `target` and `about`.
#[derive(Clone, Debug)]
pub(in crate::scenario::openc2) struct Wanted {
    source: Source,
    args: Option<Value>,
    /// In place of its target.
    target: Option<Value>,
    /// The captured name of a request: its target is `command`, with the request_id of that.
    about: Option<String>,
}

#[derive(Clone, Debug)]
enum Source {
    Written(Value),
    Declared(usize),
    Matching(Selector),
    Each,
}

impl Wanted {
    pub fn read(fields: &Fields<'_>) -> Option<Wanted> {
        let source = read_source(fields);
        let args = fields.json("args");
        if let Some(args) = &args
            && !args.value.is_object()
        {
            fields.document.wrong(args.span.clone(), "`args` must be a table", "", None);
        }
        let target = fields.json("target");
        if let Some(target) = &target
            && !target.value.is_object()
        {
            fields.document.wrong(target.span.clone(), "`target` must be a table", "", None);
        }
        let about = fields.string("about").map(|name| name.value);
        if about.is_some() && target.is_some() {
            fields.document.wrong(fields.key_span("about"), "either `target` or `about`, not both", "", None);
        }
        Some(Wanted { source: source?, args: args.map(|a| a.value), target: target.map(|t| t.value), about })
    }

    /// `query features`, which everybody answers.
    pub fn usual() -> Wanted {
        Wanted { source: Source::Written(message::query_features()), args: None, target: None, about: None }
    }

    /// What must be declared for it.
    pub fn needs(&self) -> Option<Key> {
        match &self.source {
            Source::Written(_) => None,
            Source::Matching(selector) => Some(Key::Declared(selector.clone())),
            Source::Declared(_) | Source::Each => Some(Key::Command),
        }
    }

    /// Whether it is `declared = "each"`.
    pub fn each(&self) -> bool {
        matches!(self.source, Source::Each)
    }

    /// The captured name it refers to, if any.
    pub fn refers(&self) -> Option<&str> {
        self.about.as_deref()
    }

    /// The OpenC2 Command.
    pub fn value(&self, stage: &Stage<'_>) -> Result<Value, String> {
        let pics = &stage.iut.pics;
        let mut command = match &self.source {
            Source::Written(command) => command.clone(),
            Source::Declared(index) => as_value(declared(pics).nth(*index))?,
            Source::Matching(selector) => as_value(declared(pics).find(|command| selector.fits(command)))?,
            Source::Each => as_value(stage.planned.command.and_then(|index| declared(pics).nth(index)))?,
        };
        if let (Some(over), Value::Object(members)) = (&self.args, &mut command) {
            let merged = message::merged(members.remove("args"), over);
            members.insert("args".to_owned(), merged);
        }
        if let (Some(target), Value::Object(members)) = (self.target(stage)?, &mut command) {
            members.insert("target".to_owned(), target);
        }
        Ok(command)
    }

    /// What stands in place of its target.
    fn target(&self, stage: &Stage<'_>) -> Result<Option<Value>, String> {
        let Some(name) = &self.about else { return Ok(self.target.clone()) };
        let id = stage.ids(name).pop().ok_or_else(|| format!("{name} has no request_id"))?;
        Ok(Some(json!({ "command": id })))
    }
}

fn as_value(command: Option<&crate::iut::Command>) -> Result<Value, String> {
    let command = command.ok_or("no such command is declared")?;
    serde_json::to_value(command).map_err(|error| error.to_string())
}

fn read_source(fields: &Fields<'_>) -> Option<Source> {
    let written = fields.json("command");
    let Some(value) = fields.any("declared") else {
        return match written {
            Some(command) if command.value.is_object() => Some(Source::Written(command.value)),
            Some(command) => {
                fields.document.wrong(command.span, "`command` must be a table", "", None);
                None
            }
            None if fields.has("command") => None,
            None => Some(Source::Written(message::query_features())),
        };
    };
    if fields.has("command") {
        fields.document.wrong(fields.key_span("declared"), "either `command` or `declared`, not both", "", None);
    }
    if value.get_ref().as_str() == Some("each") {
        return Some(Source::Each);
    }
    if value.get_ref().as_table().is_some() {
        return Selector::read(&fields.table("declared", "`declared`")?).map(Source::Matching);
    }
    if value.get_ref().is_str() {
        fields.mistyped("declared", value, "a number from 1, \"each\", or a table that says what it has");
        return None;
    }
    let number = fields.integer("declared", 1, 1000)?;
    usize::try_from(number.value - 1).ok().map(Source::Declared)
}

//! `deliver`: raw payload bytes, published by a peer.

use super::request::{captured_name, qos};
use super::{Act, Running};
use crate::diagnostic::toml::Fields;
use crate::scenario::address::Address;
use crate::scenario::model::Key;
use crate::scenario::pattern::hex;
use crate::scenario::stage::{Ended, Stage};
use std::collections::BTreeMap;

/// Stands for a generated request_id in `text`.
const REQUEST_ID: &str = "$REQUEST_ID";

/// Largest payload a scenario may ask for.
const LARGEST: u64 = 16 * 1024 * 1024;

/// Payload bytes to publish as they are.
#[derive(Clone, Debug)]
pub struct Deliver {
    /// Where to.
    pub to: Address,
    /// Captured name.
    pub name: Option<String>,
    head: Vec<u8>,
    text: String,
    file: Vec<u8>,
    repeat: usize,
    fill: u8,
    tail: String,
    qos: u8,
    retain: bool,
}

impl Deliver {
    pub(super) fn read(fields: &Fields<'_>) -> Option<Deliver> {
        let to = match (fields.string("topic"), fields.has("to")) {
            (Some(_), true) => {
                fields.document.wrong(fields.key_span("topic"), "either `to` or `topic`, not both", "", None);
                None
            }
            (Some(topic), false) => Some(Address::Topic(topic.value)),
            (None, _) => Address::read(fields, "to"),
        };
        let name = captured_name(fields);
        let text = fields.string("text");
        if let Some(name_span) = name.as_ref().map(|_| fields.key_span("name"))
            && !text.as_ref().is_some_and(|t| t.value.contains(REQUEST_ID))
        {
            fields.document.wrong(
                name_span,
                format!("`name` in {} captures nothing", fields.name),
                "",
                Some(format!("write {REQUEST_ID} in `text` where the generated request_id is to stand")),
            );
        }
        let head = hex(fields, "hex").unwrap_or_default();
        let file = read_file(fields);
        let repeat = fields.integer("repeat", 0, LARGEST).and_then(|n| usize::try_from(n.value).ok()).unwrap_or(0);
        let fill = fill(fields)?;
        let tail = fields.string("tail").map(|t| t.value).unwrap_or_default();
        let retain = fields.boolean("retain").is_some_and(|r| r.value);
        let text = text.map(|t| t.value).unwrap_or_default();
        Some(Deliver { to: to?, name, head, text, file: file?, repeat, fill, tail, qos: qos(fields), retain })
    }

    fn request_id(&self, stage: &Stage<'_>, number: u32) -> Option<String> {
        self.text.contains(REQUEST_ID).then(|| stage.request_id(number, 0))
    }

    async fn carry_out(&self, stage: &mut Stage<'_>) -> Ended {
        let Some(topic) = self.to.topic(&stage.iut.pics) else {
            return Ended::Failed("the topic needs something that is not declared".to_owned());
        };
        let id = self.request_id(stage, stage.number);
        stage.asked(self.name.as_deref(), id.as_slice());
        let mut payload = self.head.clone();
        payload.extend_from_slice(self.text.replace(REQUEST_ID, id.as_deref().unwrap_or_default()).as_bytes());
        payload.extend_from_slice(&self.file);
        payload.resize(payload.len() + self.repeat, self.fill);
        payload.extend_from_slice(self.tail.as_bytes());
        let label = self.name.clone().unwrap_or_else(|| format!("step {}", stage.number));
        stage.publish(&label, &topic, &payload, self.qos, self.retain).await
    }
}

impl Act for Deliver {
    fn needs(&self) -> Vec<Key> {
        super::request::needs_of(&self.to).into_iter().collect()
    }

    fn captures(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn captured(&self, stage: &Stage<'_>, number: u32) -> BTreeMap<String, String> {
        match (&self.name, self.request_id(stage, number)) {
            (Some(name), Some(id)) => [(name.clone(), id)].into(),
            _ => BTreeMap::new(),
        }
    }

    fn run<'s>(&'s self, stage: &'s mut Stage<'_>) -> Running<'s> {
        Box::pin(self.carry_out(stage))
    }
}

/// `fill`: one byte in hex, or one ASCII character; a space when absent.
fn fill(fields: &Fields<'_>) -> Option<u8> {
    let Some(text) = fields.string("fill") else { return Some(b' ') };
    match text.value.as_bytes() {
        [byte] => Some(*byte),
        _ => match hex(fields, "fill")?.as_slice() {
            [byte] => Some(*byte),
            _ => {
                fields.document.wrong(text.span, "`fill` must be one character, or one byte in hex", "", None);
                None
            }
        },
    }
}

/// `file`: its content, read when the scenario is loaded; relative to the scenario file.
fn read_file(fields: &Fields<'_>) -> Option<Vec<u8>> {
    let Some(file) = fields.string("file") else { return Some(Vec::new()) };
    let folder = std::path::Path::new(fields.document.source().name()).parent();
    let path = folder.unwrap_or(std::path::Path::new(".")).join(&file.value);
    let read = std::fs::metadata(&path).and_then(|metadata| {
        if metadata.len() > LARGEST {
            return Err(std::io::Error::other("it is larger than 16 MiB"));
        }
        std::fs::read(&path)
    });
    match read {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            fields.document.wrong(
                file.span,
                format!("cannot read {}: {error}", path.display()),
                "",
                Some("`file` is relative to the scenario file".to_owned()),
            );
            None
        }
    }
}

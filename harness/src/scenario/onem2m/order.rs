//! The keys of `stimulate`: what an AE is asked for.

use super::address::suffix;
use super::fill::Names;
use super::request::OPERATIONS;
use crate::diagnostic::toml::Fields;
use crate::evidence::onem2m::{self, Operation};
use crate::iut::stimulus::Object;
use crate::iut::{Pics, Serialization};
use crate::scenario::model::Key;
use crate::scenario::speech::{self, Expected};
use crate::scenario::stage::Stage;
use crate::scenario::verbs::CommandKind;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// What an AE asks for where a step does not say: the CSEBase of its registrar.
const REGISTRAR: &str = "{cse_id}";

/// A request that an AE is to send, or that it is to leave for good.
#[derive(Clone, Debug)]
pub enum Order {
    /// A request; the AE adds whose it is and names it.
    Send(Wanted),
    /// Disconnect, connect once more with Clean Session 1, disconnect (TS-0010 6.3).
    Leave,
}

/// What it is to ask for.
#[derive(Clone, Debug)]
pub struct Wanted {
    op: u64,
    to: String,
    ty: Option<u64>,
    pc: Option<Value>,
    serialization: Option<Serialization>,
}

impl Order {
    pub(super) fn read(fields: &Fields<'_>) -> Option<Order> {
        if fields.boolean("leave").is_some_and(|leave| leave.value) {
            for key in ["op", "to", "ty", "pc", "serialization"].into_iter().filter(|key| fields.has(key)) {
                let title = format!("`{key}` does not go with `leave`");
                fields.document.wrong(fields.key_span(key), title, "", None);
            }
            return Some(Order::Leave);
        }
        let op = match fields.has("op") {
            true => fields.choice("op", &OPERATIONS)?.value,
            false => 2,
        };
        let ty = match fields.has("ty") {
            true => Some(fields.integer("ty", 0, 100_000)?.value),
            false => None,
        };
        let to = fields.string("to").map_or_else(|| REGISTRAR.to_owned(), |to| to.value);
        let pc = fields.json("pc").map(|pc| pc.value);
        Some(Order::Send(Wanted { op, to, ty, pc, serialization: serialization(fields)? }))
    }
}

impl Order {
    /// What is asked for where a step says nothing.
    pub(super) fn usual() -> Order {
        Order::Send(Wanted { op: 2, to: REGISTRAR.to_owned(), ty: None, pc: None, serialization: None })
    }
}

/// The key `serialization`; `Some(None)`: it is absent.
pub(super) fn serialization(fields: &Fields<'_>) -> Option<Option<Serialization>> {
    match fields.has("serialization") {
        true => fields
            .choice("serialization", &[("json", Serialization::Json), ("xml", Serialization::Xml)])
            .map(|choice| Some(choice.value)),
        false => Some(None),
    }
}

/// The one that is used with an implementation where nothing is said.
pub(super) fn usual(pics: &Pics) -> Serialization {
    if pics.speaks(Serialization::Json) { Serialization::Json } else { Serialization::Xml }
}

impl Wanted {
    /// What it is told.
    fn object(&self, names: &Names<'_>, usual: Serialization, id: String) -> Object {
        let mut request = Map::new();
        request.insert("op".to_owned(), json!(self.op));
        request.insert("to".to_owned(), json!(names.fill(&self.to)));
        if let Some(ty) = self.ty {
            request.insert("ty".to_owned(), json!(ty));
        }
        if let Some(pc) = &self.pc {
            request.insert("pc".to_owned(), names.filled(pc));
        }
        let request = Value::Object(request);
        let serialization = self.serialization.unwrap_or(usual);
        let prompt = format!(
            "Make it send a request to its registrar with these parameters, serialized as {}:\n    {request}",
            suffix(serialization).to_uppercase()
        );
        let mut members = Map::new();
        members.insert("request".to_owned(), request);
        if serialization == Serialization::Xml {
            members.insert("serialization".to_owned(), json!("xml"));
        }
        Object { id, members, prompt }
    }
}

impl speech::Order for Order {
    fn needs(&self) -> Vec<Key> {
        let Order::Send(wanted) = self else { return Vec::new() };
        wanted.serialization.map(|s| Key::Own(suffix(s))).into_iter().collect()
    }

    fn kind(&self) -> CommandKind {
        let Order::Send(wanted) = self else {
            return CommandKind { declared: false, addressed: false, serialization: Serialization::Json };
        };
        CommandKind {
            declared: wanted.op != 2,
            addressed: wanted.to != REGISTRAR,
            serialization: wanted.serialization.unwrap_or(Serialization::Json),
        }
    }

    fn object(&self, stage: &Stage<'_>, id: String) -> Result<Object, String> {
        match self {
            Order::Send(wanted) => Ok(wanted.object(&Names::of(stage, 0), usual(&stage.iut.pics), id)),
            Order::Leave => Ok(Object {
                id,
                members: [("leave".to_owned(), json!(true))].into_iter().collect(),
                prompt: "Make it leave for good: disconnect, connect once more with Clean Session 1, disconnect"
                    .to_owned(),
            }),
        }
    }

    fn expected(&self, stage: &Stage<'_>) -> Expected {
        let Order::Send(wanted) = self else { return Arc::new(|_, _| false) };
        let (op, to) = (Operation::of(i128::from(wanted.op)), Names::of(stage, 0).fill(&wanted.to));
        Arc::new(move |topic, payload| {
            onem2m::read(topic, payload).is_some_and(|p| p.operation() == op && p.text("to") == Some(&to))
        })
    }

    fn leaves(&self) -> bool {
        matches!(self, Order::Leave)
    }
}

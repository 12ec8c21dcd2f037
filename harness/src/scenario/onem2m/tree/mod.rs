//! The resources of the CSE that the harness plays: its CSEBase, AEs, containers and their content, subscriptions, and a few that
//! are only kept. Bounded, and total over anything that is asked.

mod change;

use super::moment::stamp;
use crate::evidence::onem2m::Operation;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Resources at most; more are refused.
const RESOURCES: usize = 2_000;
/// Bytes of all their attributes at most.
const BYTES: usize = 8 * 1024 * 1024;
/// Instances that a container keeps where it is not told how many, and at most.
const INSTANCES: usize = 100;
/// Resources that one answer lists at most.
const LISTED: usize = 200;
/// Resources below each other at most.
const DEPTH: usize = 32;

const ACP: u64 = 1;
const AE: u64 = 2;
const CONTAINER: u64 = 3;
const INSTANCE: u64 = 4;
const BASE: u64 = 5;
const GROUP: u64 = 9;
const NODE: u64 = 14;
const SUBSCRIPTION: u64 = 23;

/// Resource types that there are here: number, name, and what their identifiers begin with.
const KINDS: [(u64, &str, &str); 8] = [
    (ACP, "m2m:acp", "acp"),
    (AE, "m2m:ae", "ae"),
    (CONTAINER, "m2m:cnt", "cnt"),
    (INSTANCE, "m2m:cin", "cin"),
    (BASE, "m2m:cb", "cb"),
    (GROUP, "m2m:grp", "grp"),
    (NODE, "m2m:nod", "nod"),
    (SUBSCRIPTION, "m2m:sub", "sub"),
];
/// Response status codes (TS-0004 6.6.3).
pub mod code {
    pub const OK: u64 = 2000;
    pub const CREATED: u64 = 2001;
    pub const DELETED: u64 = 2002;
    pub const UPDATED: u64 = 2004;
    pub const BAD_REQUEST: u64 = 4000;
    pub const RELEASE: u64 = 4001;
    pub const NOT_FOUND: u64 = 4004;
    pub const NOT_ALLOWED: u64 = 4005;
    pub const TOO_LATE: u64 = 4008;
    pub const CONTENTS: u64 = 4102;
    pub const CONFLICT: u64 = 4105;
    pub const CHILD: u64 = 4108;
    pub const REGISTERED: u64 = 4117;
    pub const INTERNAL: u64 = 5000;
    pub const NOT_IMPLEMENTED: u64 = 5001;
}

/// Why something is refused: its code, and in words.
pub type Refusal = (u64, &'static str);

/// What is asked.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    pub operation: Operation,
    pub to: &'a str,
    /// Who asks; empty where nobody is named.
    pub from: &'a str,
    pub ty: Option<u64>,
    /// The one member of the content.
    pub content: Option<(&'a str, Value)>,
    pub result: Option<u64>,
    pub filter: Option<Value>,
    pub now_ms: u64,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    pub code: u64,
    pub content: Option<Value>,
    /// Whom to tell about it, and what.
    pub notices: Vec<Notice>,
}

/// Somebody is to be told of something.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// As a subscription names him.
    pub whom: String,
    pub content: Value,
}

#[derive(Clone, Debug)]
struct Resource {
    parent: Option<String>,
    ty: u64,
    name: String,
    attributes: Map<String, Value>,
    children: Vec<String>,
    size: usize,
}

/// Resources by their identifiers.
#[derive(Clone, Debug)]
pub struct Tree {
    cse_id: String,
    base: String,
    resources: BTreeMap<String, Resource>,
    made: u64,
    bytes: usize,
}

fn kind(ty: u64) -> Option<(&'static str, &'static str)> {
    KINDS.iter().find(|(number, ..)| *number == ty).map(|(_, tag, short)| (*tag, *short))
}

fn tag(ty: u64) -> &'static str {
    kind(ty).map_or("", |(tag, _)| tag)
}

impl Tree {
    /// A CSEBase with nothing below it.
    pub fn new(cse_id: &str, name: &str, now_ms: u64) -> Tree {
        let attributes = json!({
            "rn": name, "ri": "cb", "ty": BASE, "ct": stamp(now_ms), "lt": stamp(now_ms), "csi": cse_id, "cst": 1,
            "srt": KINDS.map(|(ty, ..)| ty), "srv": ["2a", "3"], "csz": ["application/json", "application/xml"], "poa": [],
        });
        let attributes = attributes.as_object().cloned().unwrap_or_default();
        let base = Resource {
            parent: None,
            ty: BASE,
            name: name.to_owned(),
            size: size_of(&attributes),
            attributes,
            children: Vec::new(),
        };
        let bytes = base.size;
        let resources = [("cb".to_owned(), base)].into();
        Tree { cse_id: cse_id.to_owned(), base: "cb".to_owned(), resources, made: 0, bytes }
    }

    /// An attribute of a resource.
    pub fn attribute(&self, id: &str, name: &str) -> Option<&Value> {
        self.resources.get(id)?.attributes.get(name)
    }

    /// The address of a subscription, if there is one.
    pub fn subscription(&self) -> Option<String> {
        let (id, _) = self.resources.iter().find(|(_, resource)| resource.ty == SUBSCRIPTION)?;
        Some(format!("{}/{}", self.cse_id, self.address(id)))
    }

    /// The resource that an address names.
    pub fn find(&self, to: &str) -> Option<&str> {
        let below = |to: &str| match to.strip_prefix(&self.cse_id) {
            Some("") => Some(String::new()),
            rest => rest.and_then(|rest| rest.strip_prefix('/')).map(str::to_owned),
        };
        let path = match to.strip_prefix("//") {
            // Absolute: behind the service provider it is as within it.
            Some(absolute) => below(&absolute[absolute.find('/')?..])?,
            None if to.starts_with('/') => below(to)?,
            None if to.is_empty() => return None,
            None => to.to_owned(),
        };
        let mut names = path.split('/');
        let first = names.next().unwrap_or_default();
        let base = self.resources.get(&self.base)?;
        let mut at = match first {
            "" if path.is_empty() => &self.base,
            "-" => &self.base,
            name if name == base.name => &self.base,
            id => self.resources.get_key_value(id)?.0,
        };
        for name in names.take(DEPTH + 1) {
            let resource = self.resources.get(at)?;
            at = match (name, resource.ty) {
                ("la", CONTAINER) => self.instances(resource).next_back()?,
                ("ol", CONTAINER) => self.instances(resource).next()?,
                _ => resource.children.iter().find(|id| self.resources.get(*id).is_some_and(|r| r.name == name))?,
            };
        }
        Some(at)
    }

    fn instances<'t>(&'t self, container: &'t Resource) -> impl DoubleEndedIterator<Item = &'t String> {
        container.children.iter().filter(|id| self.resources.get(*id).is_some_and(|r| r.ty == INSTANCE))
    }

    /// Where a resource stands: names from the CSEBase down.
    fn address(&self, id: &str) -> String {
        let mut names = Vec::new();
        let mut at = self.resources.get(id);
        while let Some(resource) = at {
            names.push(resource.name.as_str());
            at = resource.parent.as_ref().and_then(|parent| self.resources.get(parent));
        }
        names.reverse();
        names.join("/")
    }

    /// Does what is asked.
    pub fn carry_out(&mut self, ask: &Ask<'_>) -> Done {
        let done = match (ask.operation, self.find(ask.to).map(str::to_owned)) {
            (_, None) => Err((code::NOT_FOUND, "there is no such resource")),
            (Operation::Create, Some(at)) => self.create(&at, ask),
            (Operation::Retrieve, Some(at)) => self.retrieve(&at, ask),
            (Operation::Update, Some(at)) => self.update(&at, ask),
            (Operation::Delete, Some(at)) => self.delete(&at, ask),
            (Operation::Notify, Some(_)) => Err((code::NOT_ALLOWED, "nobody here takes notifications")),
        };
        done.unwrap_or_else(|(code, why)| Done { code, content: Some(json!({"m2m:dbg": why})), notices: Vec::new() })
    }

    /// What a result content asks for after a change.
    fn result(&self, id: &str, ask: &Ask<'_>, usual: u64) -> Result<Option<Value>, Refusal> {
        match ask.result.unwrap_or(usual) {
            0 => Ok(None),
            1 => Ok(Some(self.whole(id))),
            2 => Ok(Some(json!({"m2m:uri": self.address(id)}))),
            3 => Ok(Some(json!({"m2m:rce": {"uri": self.address(id), tag(self.type_of(id)): self.bare(id)}}))),
            _ => Err((code::BAD_REQUEST, "this result content does not go with the operation")),
        }
    }

    fn type_of(&self, id: &str) -> u64 {
        self.resources.get(id).map_or(0, |resource| resource.ty)
    }

    /// A resource under its name.
    fn whole(&self, id: &str) -> Value {
        json!({tag(self.type_of(id)): self.bare(id)})
    }

    fn bare(&self, id: &str) -> Map<String, Value> {
        self.resources.get(id).map(|resource| resource.attributes.clone()).unwrap_or_default()
    }

    fn retrieve(&self, at: &str, ask: &Ask<'_>) -> Result<Done, Refusal> {
        let wanted = |id: &&String| fits(self.resources.get(*id), ask.filter.as_ref());
        let below = self.below(at);
        let listed = || below.iter().filter(wanted).take(LISTED);
        let discovery = ask.filter.as_ref().and_then(|filter| filter.get("fu")).and_then(Value::as_u64) == Some(1);
        let reference = |id: &String| json!({"nm": self.resources.get(id).map(|r| r.name.as_str()), "typ": self.type_of(id), "val": self.address(id)});
        let content = match ask.result.unwrap_or(1) {
            _ if discovery => json!({"m2m:uril": listed().map(|id| self.address(id)).collect::<Vec<_>>()}),
            1 => self.whole(at),
            4 | 8 => {
                let mut attributes = if ask.result == Some(4) { self.bare(at) } else { Map::new() };
                for id in listed().filter(|id| self.resources.get(*id).and_then(|r| r.parent.as_deref()) == Some(at)) {
                    let items = attributes.entry(tag(self.type_of(id))).or_insert_with(|| json!([]));
                    if let Value::Array(items) = items {
                        items.push(Value::Object(self.bare(id)));
                    }
                }
                json!({tag(self.type_of(at)): attributes})
            }
            5 => {
                let mut attributes = self.bare(at);
                attributes.insert("ch".to_owned(), listed().map(reference).collect());
                json!({tag(self.type_of(at)): attributes})
            }
            6 => json!({"m2m:rrl": {"rrf": listed().map(reference).collect::<Vec<_>>()}}),
            _ => return Err((code::BAD_REQUEST, "this result content does not go with the operation")),
        };
        Ok(Done { code: code::OK, content: Some(content), notices: Vec::new() })
    }

    /// Everything below a resource.
    fn below(&self, at: &str) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        let mut next = vec![at.to_owned()];
        while let Some(id) = next.pop() {
            if let Some(resource) = self.resources.get(&id) {
                found.extend(resource.children.iter().cloned());
                next.extend(resource.children.iter().rev().cloned());
            }
        }
        found
    }
}

/// Whether a resource fits the criteria of a filter that are known here.
fn fits(resource: Option<&Resource>, filter: Option<&Value>) -> bool {
    let (Some(resource), Some(filter)) = (resource, filter) else { return resource.is_some() };
    let among = |wanted: &Value, has: &dyn Fn(&Value) -> bool| match wanted {
        Value::Array(items) => items.iter().any(has),
        one => has(one),
    };
    let number = |value: &Value| value.as_u64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
    let typed = filter.get("ty").is_none_or(|ty| among(ty, &|ty| number(ty) == Some(resource.ty)));
    let labels = resource.attributes.get("lbl").and_then(Value::as_array);
    let labelled = filter.get("lbl").is_none_or(|l| among(l, &|l| labels.is_some_and(|labels| labels.contains(l))));
    typed && labelled
}

fn size_of(attributes: &Map<String, Value>) -> usize {
    attributes.iter().map(|(name, value)| name.len() + length(value)).sum::<usize>() + 64
}

fn length(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 16,
        Value::Array(items) => items.iter().map(length).sum::<usize>() + 16,
        Value::Object(members) => size_of(members),
        _ => 16,
    }
}

#[cfg(test)]
mod tests;

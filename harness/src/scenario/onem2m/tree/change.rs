//! What changes the resources: CREATE, UPDATE and DELETE, and whom that is told to.

use super::{
    ACP, AE, Ask, BASE, BYTES, CONTAINER, DEPTH, Done, GROUP, INSTANCE, INSTANCES, NODE, Notice, RESOURCES, Refusal,
    Resource, SUBSCRIPTION, Tree, code, kind, size_of, tag,
};
use crate::scenario::onem2m::moment::{far, stamp};
use serde_json::{Map, Value, json};

/// Attributes that only a CSE sets.
const OURS: [&str; 9] = ["ri", "pi", "ct", "lt", "ty", "aei", "st", "cni", "cbs"];

/// Whether a resource of that type may be below one of the other.
fn belongs(ty: u64, parent: u64) -> bool {
    match parent {
        BASE => matches!(ty, ACP | AE | CONTAINER | GROUP | NODE | SUBSCRIPTION),
        AE => matches!(ty, ACP | CONTAINER | GROUP | SUBSCRIPTION),
        CONTAINER => matches!(ty, CONTAINER | INSTANCE | SUBSCRIPTION),
        GROUP | NODE | ACP => ty == SUBSCRIPTION,
        _ => false,
    }
}

/// Attributes that a resource cannot be made without.
fn needed(ty: u64) -> &'static [&'static str] {
    match ty {
        AE => &["api", "rr"],
        INSTANCE => &["con"],
        SUBSCRIPTION => &["nu"],
        _ => &[],
    }
}

/// Whether a text can be the name of a resource.
fn is_name(text: &str) -> bool {
    (1..=256).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
        && !matches!(text, "la" | "ol" | "fopt" | "-")
}

impl Tree {
    /// Somebody who registers: how his AE-ID begins is his choice, and where he brings a whole one, that is kept.
    fn identity(&mut self, from: &str) -> Result<String, Refusal> {
        match from {
            "" | "C" | "S" => {
                let first = if from == "S" { "S" } else { "C" };
                loop {
                    self.made += 1;
                    let stem = format!("{first}touchstone-{}", self.made);
                    if !self.resources.contains_key(&stem) {
                        return Ok(stem);
                    }
                }
            }
            stem if self.resources.contains_key(stem) => {
                Err((code::REGISTERED, "somebody is registered under this AE-ID"))
            }
            stem => Ok(stem.to_owned()),
        }
    }

    pub(super) fn create(&mut self, at: &str, ask: &Ask<'_>) -> Result<Done, Refusal> {
        let ty = ask.ty.ok_or((code::BAD_REQUEST, "ty is missing"))?;
        let (tag, short) =
            kind(ty).filter(|_| ty != BASE).ok_or((code::NOT_IMPLEMENTED, "no such resources are kept here"))?;
        let parent = self.resources.get(at).ok_or((code::NOT_FOUND, "there is no such resource"))?;
        if !belongs(ty, parent.ty) {
            return Err((code::CHILD, "there cannot be such a resource there"));
        }
        let mut attributes = given(ask, tag)?;
        if needed(ty).iter().any(|name| attributes.get(*name).is_none_or(Value::is_null)) {
            return Err((code::BAD_REQUEST, "an attribute is missing"));
        }
        if ty == AE
            && !attributes.get("api").and_then(Value::as_str).is_some_and(|api| api.starts_with(['R', 'r', 'N']))
        {
            return Err((code::BAD_REQUEST, "an App-ID begins with R or N"));
        }
        if ty == SUBSCRIPTION && targets(&attributes).next().is_none() {
            return Err((code::BAD_REQUEST, "nu names nobody"));
        }
        let depth = self.address(at).matches('/').count();
        if self.resources.len() >= RESOURCES || self.bytes + size_of(&attributes) > BYTES || depth >= DEPTH {
            return Err((code::INTERNAL, "there is no more room"));
        }
        let id = match ty {
            AE => self.identity(ask.from)?,
            _ => {
                self.made += 1;
                format!("{short}-{}", self.made)
            }
        };
        let name = match attributes.get("rn") {
            None | Some(Value::Null) => id.clone(),
            Some(Value::String(name)) if is_name(name) => name.clone(),
            Some(_) => return Err((code::BAD_REQUEST, "rn is no name")),
        };
        let parent = self.resources.get(at).ok_or((code::NOT_FOUND, "there is no such resource"))?;
        if parent.children.iter().any(|child| self.resources.get(child).is_some_and(|r| r.name == name)) {
            return Err((code::CONFLICT, "there is a resource of that name"));
        }
        attributes.retain(|_, value| !value.is_null());
        for (name, value) in [
            ("rn", json!(name)),
            ("ri", json!(id)),
            ("pi", json!(at)),
            ("ty", json!(ty)),
            ("ct", json!(stamp(ask.now_ms))),
            ("lt", json!(stamp(ask.now_ms))),
        ] {
            attributes.insert(name.to_owned(), value);
        }
        attributes.entry("et").or_insert_with(|| json!(far(ask.now_ms)));
        match ty {
            AE => {
                attributes.insert("aei".to_owned(), json!(id));
            }
            CONTAINER => {
                attributes.extend([("st", 0), ("cni", 0), ("cbs", 0)].map(|(name, n)| (name.to_owned(), json!(n))));
            }
            INSTANCE => {
                let length =
                    attributes.get("con").map_or(0, |con| con.as_str().map_or(con.to_string().len(), str::len));
                attributes.insert("cs".to_owned(), json!(length));
            }
            _ => {}
        }
        let size = size_of(&attributes);
        let made = Resource { parent: Some(at.to_owned()), ty, name, attributes, children: Vec::new(), size };
        self.bytes += size;
        self.resources.insert(id.clone(), made);
        if let Some(parent) = self.resources.get_mut(at) {
            parent.children.push(id.clone());
        }
        let notices = self.notices(at, 3, &self.whole(&id));
        let content = self.result(&id, ask, 1)?;
        if ty == INSTANCE {
            self.settle(at, ask.now_ms);
        }
        Ok(Done { code: code::CREATED, content, notices })
    }

    /// A container forgets its oldest instances, and counts the others.
    fn settle(&mut self, container: &str, now_ms: u64) {
        loop {
            let Some(resource) = self.resources.get(container) else { return };
            let limit = |name: &str, usual: usize| {
                let said = resource.attributes.get(name).and_then(Value::as_u64);
                said.and_then(|n| usize::try_from(n).ok()).unwrap_or(usual)
            };
            let (most, largest) = (limit("mni", INSTANCES).min(INSTANCES), limit("mbs", usize::MAX));
            let ids: Vec<String> = self.instances(resource).cloned().collect();
            let length = |id: &String| self.attribute(id, "cs").and_then(Value::as_u64).unwrap_or(0);
            let total: u64 = ids.iter().map(length).sum();
            if ids.len() > most || usize::try_from(total).unwrap_or(usize::MAX) > largest {
                let Some(oldest) = ids.first() else { return };
                self.remove(oldest);
                continue;
            }
            let Some(resource) = self.resources.get_mut(container) else { return };
            let state = resource.attributes.get("st").and_then(Value::as_u64).unwrap_or(0).saturating_add(1);
            for (name, value) in
                [("cni", json!(ids.len())), ("cbs", json!(total)), ("st", json!(state)), ("lt", json!(stamp(now_ms)))]
            {
                resource.attributes.insert(name.to_owned(), value);
            }
            return;
        }
    }

    pub(super) fn update(&mut self, at: &str, ask: &Ask<'_>) -> Result<Done, Refusal> {
        let ty = self.type_of(at);
        if matches!(ty, BASE | INSTANCE) {
            return Err((code::NOT_ALLOWED, "such a resource cannot be changed"));
        }
        let changes = given(ask, tag(ty))?;
        if changes.contains_key("rn") || changes.contains_key("api") {
            return Err((code::BAD_REQUEST, "an attribute cannot be changed"));
        }
        let resource = self.resources.get_mut(at).ok_or((code::NOT_FOUND, "there is no such resource"))?;
        let mut attributes = resource.attributes.clone();
        for (name, value) in &changes {
            match value {
                Value::Null if needed(ty).contains(&name.as_str()) => {
                    return Err((code::BAD_REQUEST, "this attribute cannot be missing"));
                }
                Value::Null => drop(attributes.remove(name)),
                value => drop(attributes.insert(name.clone(), value.clone())),
            }
        }
        attributes.insert("lt".to_owned(), json!(stamp(ask.now_ms)));
        let size = size_of(&attributes);
        if self.bytes - resource.size + size > BYTES {
            return Err((code::INTERNAL, "there is no more room"));
        }
        self.bytes = self.bytes - resource.size + size;
        (resource.size, resource.attributes) = (size, attributes);
        let content = self.result(at, ask, 1)?;
        let notices = self.notices(at, 1, &self.whole(at));
        Ok(Done { code: code::UPDATED, content, notices })
    }

    pub(super) fn delete(&mut self, at: &str, ask: &Ask<'_>) -> Result<Done, Refusal> {
        if at == self.base {
            return Err((code::NOT_ALLOWED, "a CSEBase cannot be deleted"));
        }
        let content = self.result(at, ask, 0)?;
        let gone = self.whole(at);
        let mut notices = self.notices(at, 2, &gone);
        if let Some(parent) = self.resources.get(at).and_then(|resource| resource.parent.clone()) {
            notices.extend(self.notices(&parent, 4, &gone));
        }
        self.remove(at);
        Ok(Done { code: code::DELETED, content, notices })
    }

    fn remove(&mut self, id: &str) {
        let mut gone = self.below(id);
        gone.push(id.to_owned());
        let parent = self.resources.get(id).and_then(|resource| resource.parent.clone());
        if let Some(parent) = parent.and_then(|parent| self.resources.get_mut(&parent)) {
            parent.children.retain(|child| child != id);
        }
        for id in gone {
            self.bytes -= self.resources.remove(&id).map_or(0, |resource| resource.size);
        }
    }

    /// Whom subscriptions to a resource want to be told of an event there.
    fn notices(&self, at: &str, event: u64, what: &Value) -> Vec<Notice> {
        let Some(resource) = self.resources.get(at) else { return Vec::new() };
        let mut notices = Vec::new();
        for id in &resource.children {
            let Some(subscription) = self.resources.get(id).filter(|child| child.ty == SUBSCRIPTION) else { continue };
            let events = subscription.attributes.get("enc").and_then(|enc| enc.get("net"));
            let listens = match events {
                None => event == 1,
                Some(Value::Array(events)) => events.iter().any(|e| e.as_u64() == Some(event)),
                Some(one) => one.as_u64() == Some(event),
            };
            if !listens {
                continue;
            }
            let address = format!("{}/{}", self.cse_id, self.address(id));
            let content = json!({"m2m:sgn": {"nev": {"rep": what, "net": event}, "sur": address}});
            notices.extend(targets(&subscription.attributes).map(|whom| Notice { whom, content: content.clone() }));
        }
        notices
    }
}

/// The attributes that a request brings, under the name of its resource.
fn given(ask: &Ask<'_>, tag: &str) -> Result<Map<String, Value>, Refusal> {
    let (name, value) = ask.content.as_ref().ok_or((code::BAD_REQUEST, "pc is missing, or not one resource"))?;
    if *name != tag {
        return Err((code::BAD_REQUEST, "pc is another resource than it should be"));
    }
    let Value::Object(attributes) = value else { return Err((code::CONTENTS, "a resource has attributes")) };
    match attributes.keys().any(|name| OURS.contains(&name.as_str())) {
        true => Err((code::BAD_REQUEST, "an attribute is not for the originator to set")),
        false => Ok(attributes.clone()),
    }
}

/// Whom a subscription names, at most a few.
fn targets(attributes: &Map<String, Value>) -> impl Iterator<Item = String> {
    let named = match attributes.get("nu") {
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(one)) => vec![one.clone()],
        _ => Vec::new(),
    };
    named.into_iter().take(8)
}

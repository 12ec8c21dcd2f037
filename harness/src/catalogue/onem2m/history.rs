//! What a CSE has been made to keep, as far as its own answers say so: for requirements that speak of earlier requests.
//!
//! Exchanges come in the order of their requests. Something counts as done only for requests that were sent after the answer
//! that says so, which the numbers of their frames tell.

use super::support::response;
use crate::evidence::onem2m::{AE, Operation, Primitive};
use crate::evidence::{Exchange, Node, Setting, Value};
use std::collections::BTreeMap;

/// Resources that are followed; what is more is not judged.
const FOLLOWED: usize = 4096;

/// The number of the resource type accessControlPolicy.
const POLICY: i128 = 1;

/// A registered AE.
#[derive(Clone, Debug)]
pub(super) struct Registered {
    /// The frame of the answer that says so.
    pub since: u32,
    /// Its resource name, where it is known.
    pub name: Option<String>,
}

/// A resource with a policy list of its own, or a policy.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub since: u32,
    /// Who made it.
    pub creator: String,
    /// The policies that it names.
    pub policies: Vec<String>,
    /// Of a policy: whom it lets do anything at all; nothing where that cannot be read.
    pub allowed: Option<Vec<String>>,
}

/// What is known before a request.
#[derive(Debug, Default)]
pub(super) struct History {
    /// By the stem of the AE-ID.
    pub registered: BTreeMap<String, Registered>,
    /// Stems of AEs that have deregistered, and the frame that says so.
    pub gone: BTreeMap<String, u32>,
    /// Targets that were deleted, as the request wrote them, and the frame that says so.
    pub deleted: BTreeMap<String, u32>,
    /// Resources by each address that is known of them.
    pub kept: BTreeMap<String, Kept>,
}

/// The last part of an identifier or an address.
pub(super) fn last(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or_default()
}

/// The request of an exchange, where it could be read whole and keeps the tables.
pub(super) fn sound(exchange: &Exchange) -> Option<&Primitive> {
    exchange.request.primitive().filter(|p| p.whole_text() && p.defects.is_empty())
}

/// Whether a target is the CSEBase, in one of its forms.
pub(super) fn is_base(to: &str, setting: &Setting) -> bool {
    let declared = &setting.pics.onem2m;
    let name = declared.cse_name.as_deref();
    let below = declared.cse_id.as_deref().and_then(|id| to.strip_prefix(id));
    name == Some(to)
        || below == Some("")
        || below.and_then(|rest| rest.strip_prefix('/')).is_some_and(|rest| Some(rest) == name)
}

impl History {
    /// Takes an exchange in, once it has been judged.
    pub fn take(&mut self, exchange: &Exchange) {
        let Some(request) = exchange.request.primitive().filter(|p| p.whole_text()) else { return };
        let (Some(operation), Some(to)) = (request.operation(), request.text("to")) else { return };
        let answer = exchange
            .distinct()
            .find_map(|seen| Some((seen.packet.frame, response(&seen.packet)?)))
            .filter(|(_, answer)| answer.rsc() == Some(operation.success()));
        match operation {
            Operation::Create => {
                // Whether or not it succeeds: what was deleted may be there again.
                let name = request.content().and_then(|(_, resource)| resource.get("rn")?.as_text());
                self.deleted.retain(|target, _| Some(last(target)) != name);
                if let Some((at, answer)) = answer {
                    self.created(request, to, answer, at);
                }
            }
            Operation::Delete => {
                self.kept.retain(|address, _| !touches(to, address));
                let stem = self.registered.iter().find(|(stem, ae)| {
                    last(to) == stem.as_str() || (ae.name.is_some() && ae.name.as_deref() == Some(last(to)))
                });
                let stem = stem.map(|(stem, _)| stem.clone());
                if let Some(stem) = &stem {
                    self.registered.remove(stem);
                }
                if let Some((at, _)) = answer.filter(|_| exchange.copies == 1 && self.deleted.len() < FOLLOWED) {
                    self.deleted.insert(to.to_owned(), at);
                    self.gone.extend(stem.map(|stem| (stem, at)));
                }
            }
            Operation::Update => self.kept.retain(|address, _| !touches(to, address)),
            Operation::Retrieve | Operation::Notify => {}
        }
    }

    fn created(&mut self, request: &Primitive, to: &str, answer: &Primitive, at: u32) {
        let resource = answer.content().map(|(_, resource)| resource);
        let of_answer = |name: &str| resource.and_then(|resource| resource.get(name)?.as_text());
        let of_request = |name: &str| request.content().and_then(|(_, resource)| resource.get(name)?.as_text());
        let name = of_answer("rn").or(of_request("rn"));
        let (ty, from) = (request.whole("ty"), request.text("fr").unwrap_or_default());
        if ty == Some(AE)
            && let Some(stem) = of_answer("aei").map(last)
        {
            self.gone.remove(stem);
            if self.registered.len() < FOLLOWED {
                let ae = Registered { since: at, name: name.map(str::to_owned) };
                self.registered.insert(stem.to_owned(), ae);
            }
            return;
        }
        let policies = request.content().and_then(|(_, resource)| texts(resource.get("acpi")?)).unwrap_or_default();
        let allowed = (ty == Some(POLICY)).then(|| request.content().and_then(|(_, policy)| allowed(policy))).flatten();
        if self.kept.len() >= FOLLOWED || (policies.is_empty() && allowed.is_none()) {
            return;
        }
        let kept = Kept { since: at, creator: from.to_owned(), policies, allowed };
        let addresses = [name.map(|name| format!("{to}/{name}")), of_answer("ri").map(str::to_owned)];
        for address in addresses.into_iter().flatten() {
            self.kept.insert(address, kept.clone());
        }
    }
}

/// Whether a request for `to` may change what is at `address`: it is that, or something above it.
fn touches(to: &str, address: &str) -> bool {
    address.starts_with(to) || last(to) == last(address)
}

/// The texts of a list, however it is written; nothing where there is something else in it.
pub(super) fn texts(node: &Node) -> Option<Vec<String>> {
    match &node.value {
        Value::Array(items) => items.iter().map(|item| item.as_text().map(str::to_owned)).collect(),
        Value::Text(text) => Some(text.split_ascii_whitespace().map(str::to_owned).collect()),
        _ => None,
    }
}

/// Whom the privileges of a policy name.
fn allowed(policy: &Node) -> Option<Vec<String>> {
    let rules = policy.get("pv")?.get("acr")?;
    let rules = rules.as_array().unwrap_or(std::slice::from_ref(rules));
    let names: Option<Vec<Vec<String>>> = rules.iter().map(|rule| texts(rule.get("acor")?)).collect();
    Some(names?.concat())
}

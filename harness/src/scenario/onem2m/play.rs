//! Whom the harness plays: the AEs that ask a CSE for something, and the registrar of an AE.

use super::address::{EVERYTHING, ORIGINATOR, level, originator, topic};
use super::answer::Answer;
use super::fill::registrar;
use super::notify::Notify;
use super::order::{Order, usual};
use super::primitive;
use super::registrar::Registrar;
use crate::binding::Binding;
use crate::iut::{Pics, Serialization};
use crate::scenario::closing::{further, sentinel};
use crate::scenario::play::{Doing, Party, Play, Plays};
use crate::scenario::stage::Stage;
use serde_json::{Map, Value, json};

/// One client stands for every AE: to the CSE they differ in their topics and identifiers.
pub(super) struct AgainstCse;

impl Play for AgainstCse {
    fn plays(&self, _: &Pics) -> Plays {
        Plays { client_id: format!("A::{ORIGINATOR}"), filter: EVERYTHING.to_owned(), qos: 2 }
    }

    /// Requests of anybody to it, and answers to its own, in each serialization that it declares.
    fn due(&self, _: &Binding, pics: &Pics) -> Vec<String> {
        let Some(cse) = pics.onem2m.cse_id.as_deref() else { return Vec::new() };
        let declared = [(Serialization::Json, "json"), (Serialization::Xml, "xml")]
            .into_iter()
            .filter(|(serialization, _)| pics.speaks(*serialization));
        let requests = declared.clone().map(|(_, suffix)| topic("req", ORIGINATOR, cse, suffix));
        requests.chain(declared.map(|(_, suffix)| topic("resp", cse, ORIGINATOR, suffix))).collect()
    }

    fn closing<'s>(&self, stage: &'s mut Stage<'_>) -> Doing<'s> {
        Box::pin(sentinel(stage, retrieve))
    }
}

/// RETRIEVE of the CSEBase, which is answered one way or another.
pub(super) fn retrieve(stage: &Stage<'_>, rqi: &str) -> (String, Vec<u8>) {
    let pics = &stage.iut.pics;
    let cse = pics.onem2m.cse_id.as_deref().unwrap_or_default();
    let serialization = usual(pics);
    let base = json!({
        "op": 2,
        "to": pics.onem2m.cse_name.as_deref().unwrap_or(cse),
        "fr": originator(pics),
        "rqi": rqi,
        "rvi": pics.onem2m.release(),
    });
    let parameters = match base {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    let suffix = super::address::suffix(serialization);
    (topic("req", originator(pics), cse, suffix), primitive::written(&parameters, serialization))
}

/// Against an AE it plays its registrar, which answers by itself.
pub(super) struct AgainstAe;

impl Play for AgainstAe {
    fn plays(&self, pics: &Pics) -> Plays {
        Plays { client_id: format!("C::{}", level(registrar(pics))), filter: EVERYTHING.to_owned(), qos: 2 }
    }

    /// Where it is reached follows from what it shows of itself.
    fn due(&self, _: &Binding, _: &Pics) -> Vec<String> {
        Vec::new()
    }

    fn party(&self, pics: &Pics) -> Option<Box<dyn Party>> {
        Some(Box::new(Registrar::new(pics)))
    }

    fn closing<'s>(&self, stage: &'s mut Stage<'_>) -> Doing<'s> {
        Box::pin(async move {
            sentinel(stage, notification).await;
            further(stage, &Order::usual(), &Answer::usual()).await;
        })
    }
}

/// A notification, which is answered one way or another.
fn notification(stage: &Stage<'_>, rqi: &str) -> (String, Vec<u8>) {
    Notify::usual().made(stage, Some(rqi), 0).unwrap_or_default()
}

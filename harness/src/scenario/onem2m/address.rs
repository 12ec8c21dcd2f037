//! Where primitives go (TS-0010 6.4).

use crate::binding::Binding;
use crate::diagnostic::toml::Fields;
use crate::iut::{Pics, Serialization};
use crate::scenario::model::Key;
use crate::scenario::speech::Destination;

/// An AE that the harness plays where nobody else is said.
pub const ORIGINATOR: &str = "Ctouchstone";
/// The Credential-ID of an originator that the harness plays, where none is declared.
pub const CREDENTIAL: &str = "touchstone";
/// What everything goes under.
pub const EVERYTHING: &str = "/oneM2M/#";

/// A destination, as scenarios name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// The CSE, from an AE.
    Cse(Serialization),
    /// The CSE, from somebody who has no identifier yet.
    Registration(Serialization),
    /// The CSE, as an answer to a request of its own.
    Answers,
    /// Any topic.
    Topic(String),
}

impl Address {
    /// Reads `cse`, `cse/xml`, `registration`, `registration/xml`, `answers` or `topic:T`.
    pub fn parse(text: &str) -> Option<Address> {
        match text {
            "cse" => Some(Address::Cse(Serialization::Json)),
            "cse/xml" => Some(Address::Cse(Serialization::Xml)),
            "registration" => Some(Address::Registration(Serialization::Json)),
            "registration/xml" => Some(Address::Registration(Serialization::Xml)),
            "answers" => Some(Address::Answers),
            _ => text.strip_prefix("topic:").filter(|t| !t.is_empty()).map(|t| Address::Topic(t.to_owned())),
        }
    }

    /// The value of a key; the CSE in JSON when it is absent.
    pub fn read(fields: &Fields<'_>, key: &'static str) -> Option<Address> {
        let Some(text) = fields.string(key) else { return Some(Address::Cse(Serialization::Json)) };
        let address = Address::parse(&text.value);
        if address.is_none() {
            fields.document.wrong(
                text.span,
                format!("`{key}` in {} cannot be {:?}", fields.name, text.value),
                "",
                Some(
                    "write \"cse\", \"registration\" (both with \"/xml\" for XML), \"answers\" or \"topic:T\""
                        .to_owned(),
                ),
            );
        }
        address
    }
}

impl Destination for Address {
    fn topic(&self, _: &Binding, pics: &Pics) -> Option<String> {
        let cse = level(pics.onem2m.cse_id.as_deref()?);
        match self {
            Address::Cse(serialization) => Some(topic("req", originator(pics), &cse, suffix(*serialization))),
            Address::Registration(serialization) => {
                Some(topic("reg_req", credential(pics), &cse, suffix(*serialization)))
            }
            Address::Answers => Some(topic("resp", &cse, ORIGINATOR, suffix(Serialization::Json))),
            Address::Topic(topic) => Some(topic.clone()),
        }
    }

    fn needs(&self) -> Option<Key> {
        let xml = matches!(self, Address::Cse(Serialization::Xml) | Address::Registration(Serialization::Xml));
        xml.then_some(Key::Own("xml"))
    }
}

/// Who asks, where a step does not say.
pub fn originator(pics: &Pics) -> &str {
    pics.onem2m.originator.as_deref().unwrap_or(ORIGINATOR)
}

/// As whom somebody registers who has no identifier yet.
pub fn credential(pics: &Pics) -> &str {
    pics.onem2m.credential_id.as_deref().unwrap_or(CREDENTIAL)
}

/// The last level of a topic.
pub const fn suffix(serialization: Serialization) -> &'static str {
    match serialization {
        Serialization::Json => "json",
        Serialization::Xml => "xml",
        Serialization::Cbor => "cbor",
    }
}

/// A topic; without its last level when that is empty.
pub fn topic(leaf: &str, originator: &str, receiver: &str, suffix: &str) -> String {
    let mut topic = format!("/oneM2M/{leaf}/{}/{}", level(originator), level(receiver));
    if !suffix.is_empty() {
        topic.push('/');
        topic.push_str(suffix);
    }
    topic
}

/// An identifier as one level: the slash in front goes, the others become colons.
pub fn level(id: &str) -> String {
    id.chars().skip(usize::from(id.starts_with('/'))).map(|c| if c == '/' { ':' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations_become_topics() {
        let mut pics = Pics::default();
        pics.onem2m.cse_id = Some("/in-cse".to_owned());
        let binding = crate::binding::find("onem2m-ts0010-v2.4.1").expect("one of ours");
        let to = |text: &str, pics: &Pics| Address::parse(text).and_then(|address| address.topic(binding, pics));
        assert_eq!(to("cse", &pics).as_deref(), Some("/oneM2M/req/Ctouchstone/in-cse/json"));
        assert_eq!(to("registration/xml", &pics).as_deref(), Some("/oneM2M/reg_req/touchstone/in-cse/xml"));
        pics.onem2m.originator = Some("CAdmin".to_owned());
        pics.onem2m.credential_id = Some("admin/1".to_owned());
        assert_eq!(to("cse/xml", &pics).as_deref(), Some("/oneM2M/req/CAdmin/in-cse/xml"));
        assert_eq!(to("registration", &pics).as_deref(), Some("/oneM2M/reg_req/admin:1/in-cse/json"));
        assert_eq!(to("topic:a/b", &pics).as_deref(), Some("a/b"));
        assert_eq!(to("cse", &Pics::default()), None);
        assert_eq!(Address::parse("nobody"), None);
        assert_eq!(level("//sp.example/in-cse"), ":sp.example:in-cse");
    }
}

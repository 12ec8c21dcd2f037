//! Where a message goes: the command topics of the binding.

use crate::diagnostic::toml::{Fields, Located};
use crate::iut::Pics;
use crate::scenario::model::Key;
use crate::scenario::speech::Destination;

/// Topic of every Consumer.
pub const ALL: &str = "oc2/cmd/all";
/// Topic that responses go to.
pub const RESPONSES: &str = "oc2/rsp";

/// Filter of every command topic.
pub const COMMANDS: &str = "oc2/cmd/#";

/// A destination, as scenarios name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// Every Consumer.
    All,
    /// An actuator profile; `None`: the first one declared.
    Profile(Option<String>),
    /// A device; `None`: the declared one.
    Device(Option<String>),
    /// Any topic.
    Topic(String),
}

impl Address {
    /// Reads `all`, `profile`, `profile:NAME`, `device`, `device:ID` or `topic:T`.
    pub fn parse(text: &str) -> Option<Address> {
        match text {
            "all" => Some(Address::All),
            "profile" => Some(Address::Profile(None)),
            "device" => Some(Address::Device(None)),
            _ => match text.split_once(':') {
                Some(("profile", name)) if !name.is_empty() => Some(Address::Profile(Some(name.to_owned()))),
                Some(("device", id)) if !id.is_empty() => Some(Address::Device(Some(id.to_owned()))),
                Some(("topic", topic)) if !topic.is_empty() => Some(Address::Topic(topic.to_owned())),
                _ => None,
            },
        }
    }

    /// The value of a key; every Consumer when it is absent.
    pub fn read(fields: &Fields<'_>, key: &'static str) -> Option<Address> {
        match fields.string(key) {
            None => Some(Address::All),
            Some(text) => Address::checked(fields, key, &text),
        }
    }

    /// Parses, and reports what is not an address.
    pub fn checked(fields: &Fields<'_>, key: &str, text: &Located<String>) -> Option<Address> {
        let address = Address::parse(&text.value);
        if address.is_none() {
            fields.document.wrong(
                text.span.clone(),
                format!("`{key}` in {} cannot be {:?}", fields.name, text.value),
                "",
                Some(
                    "write \"all\", \"device\", \"device:ID\", \"profile\" (the first declared), \"profile:NAME\" or \"topic:T\""
                        .to_owned(),
                ),
            );
        }
        address
    }
}

impl Destination for Address {
    fn topic(&self, pics: &Pics) -> Option<String> {
        match self {
            Address::All => Some(ALL.to_owned()),
            Address::Profile(name) => name.as_ref().or(pics.actuator_profiles.first()).map(|name| profile_topic(name)),
            Address::Device(id) => id.as_ref().or(pics.device_id.as_ref()).map(|id| device_topic(id)),
            Address::Topic(topic) => Some(topic.clone()),
        }
    }

    fn needs(&self) -> Option<Key> {
        match self {
            Address::Device(None) => Some(Key::Own("device_id")),
            Address::Profile(None) => Some(Key::Own("actuator_profiles")),
            Address::All | Address::Device(Some(_)) | Address::Profile(Some(_)) | Address::Topic(_) => None,
        }
    }
}

/// Command topic of an actuator profile.
pub fn profile_topic(name: &str) -> String {
    format!("oc2/cmd/ap/{name}")
}

/// Command topic of a device.
pub fn device_topic(id: &str) -> String {
    format!("oc2/cmd/device/{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_become_topics() {
        let pics = Pics {
            device_id: Some("zulu".into()),
            actuator_profiles: vec!["alpha".into(), "iota".into()],
            ..Pics::default()
        };
        let topic = |text: &str| Address::parse(text).and_then(|a| a.topic(&pics));
        assert_eq!(topic("all").as_deref(), Some("oc2/cmd/all"));
        assert_eq!(topic("device").as_deref(), Some("oc2/cmd/device/zulu"));
        assert_eq!(topic("profile").as_deref(), Some("oc2/cmd/ap/alpha"));
        assert_eq!(topic("device:x").as_deref(), Some("oc2/cmd/device/x"));
        assert_eq!(topic("profile:x").as_deref(), Some("oc2/cmd/ap/x"));
        assert_eq!(topic("topic:a/b:c").as_deref(), Some("a/b:c"));
        assert_eq!(Address::parse("everybody"), None);
        assert_eq!(Address::Device(None).topic(&Pics::default()), None);
    }
}

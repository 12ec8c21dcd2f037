//! Where a message goes: the command topics of the binding.

use crate::binding::Binding;
use crate::binding::topics::Group;
use crate::diagnostic::toml::{Fields, Located};
use crate::iut::Pics;
use crate::iut::openc2::{ACTIONS_QUERY, PAIRS};
use crate::scenario::model::Key;
use crate::scenario::speech::Destination;

/// Topic that responses go to, in every binding.
pub const RESPONSES: &str = "oc2/rsp";

/// Filter of every command topic, in every binding.
pub const COMMANDS: &str = "oc2/cmd/#";

/// The names of groups, in whichever binding, and what has to be declared for each.
const GROUPS: [(&str, &str); 5] = [
    ("profile", "actuator_profiles"),
    ("device", "device_id"),
    ("device_type", "device_type"),
    ("action_target", PAIRS),
    ("action", ACTIONS_QUERY),
];

/// A destination, as scenarios name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// Every Consumer; where the binding has no topic for that, the one under test.
    All,
    /// One of the binding's groups, and a name in it; `None`: the first one declared that takes `query features`.
    Group(&'static str, Option<String>),
    /// Any topic.
    Topic(String),
}

impl Address {
    /// Reads `all`, `GROUP`, `GROUP:NAME` or `topic:T`.
    pub fn parse(text: &str) -> Option<Address> {
        let group = |name: &str| GROUPS.into_iter().map(|(known, _)| known).find(|known| *known == name);
        match text.split_once(':') {
            None if text == "all" => Some(Address::All),
            None => Some(Address::Group(group(text)?, None)),
            Some((_, "")) => None,
            Some(("topic", topic)) => Some(Address::Topic(topic.to_owned())),
            Some((name, member)) => Some(Address::Group(group(name)?, Some(member.to_owned()))),
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
                    "write \"all\", \"device\", \"device:ID\", \"profile\" (the first declared), \"profile:NAME\" or \"topic:T\"; in WD01 also device_type, action_target and action"
                        .to_owned(),
                ),
            );
        }
        address
    }
}

impl Address {
    /// How a stimulus names it.
    pub fn stimulus(&self, binding: &Binding, pics: &Pics) -> Result<String, String> {
        let topics = binding.topics.ok_or("the binding has no topics of its own")?;
        let member = |group: &Group, name: Option<&str>| {
            format!("{}:{}", group.name, name.or_else(|| group.first(pics)).unwrap_or(group.stand_in))
        };
        match self {
            Address::All if topics.everybody.is_some() => Ok("all".to_owned()),
            Address::All => topics.groups.first().map(|group| member(group, None)).ok_or("it has no topics".to_owned()),
            Address::Group(name, given) => {
                let group = topics.group(name).ok_or_else(|| format!("the binding has no topic for {name}"))?;
                Ok(member(group, given.as_deref()))
            }
            Address::Topic(_) => Err("a Producer cannot be asked to send to any topic".to_owned()),
        }
    }
}

impl Destination for Address {
    fn topic(&self, binding: &Binding, pics: &Pics) -> Option<String> {
        let topics = binding.topics?;
        match self {
            Address::All => topics.usual(pics),
            Address::Group(group, name) => {
                let group = topics.group(group)?;
                Some(group.topic(name.as_deref().or_else(|| group.first(pics))?))
            }
            Address::Topic(topic) => Some(topic.clone()),
        }
    }

    fn needs(&self) -> Option<Key> {
        match self {
            Address::Group(group, None) => {
                GROUPS.into_iter().find(|(name, _)| name == group).map(|(_, key)| Key::Own(key))
            }
            Address::All | Address::Group(_, Some(_)) | Address::Topic(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binding::{OPENC2_MQTT_WD01, OPENC2_MQTT_WD04};

    #[test]
    fn names_and_keys_are_those_of_the_bindings() {
        for topics in [OPENC2_MQTT_WD01.topics, OPENC2_MQTT_WD04.topics].into_iter().flatten() {
            for group in topics.groups {
                let found = GROUPS.into_iter().find(|(name, _)| *name == group.name).map(|(_, need)| need);
                assert!(found.is_some_and(|need| need.starts_with(group.key)), "{}", group.name);
            }
        }
    }

    #[test]
    fn stimuli_name_a_topic_that_there_is() {
        let of = |text: &str, binding| Address::parse(text).unwrap().stimulus(binding, &Pics::default());
        assert_eq!(of("all", &OPENC2_MQTT_WD04).as_deref(), Ok("all"));
        assert_eq!(of("all", &OPENC2_MQTT_WD01).as_deref(), Ok("device:touchstone"));
        assert_eq!(of("action", &OPENC2_MQTT_WD01).as_deref(), Ok("action:query"));
        assert!(of("action", &OPENC2_MQTT_WD04).is_err());
    }

    #[test]
    fn addresses_become_topics() {
        let pics = Pics {
            device_id: Some("zulu".into()),
            actuator_profiles: vec!["alpha".into(), "iota".into()],
            ..Pics::default()
        };
        let topic = |text: &str| Address::parse(text).and_then(|a| a.topic(&OPENC2_MQTT_WD04, &pics));
        assert_eq!(topic("all").as_deref(), Some("oc2/cmd/all"));
        assert_eq!(topic("device").as_deref(), Some("oc2/cmd/device/zulu"));
        assert_eq!(topic("profile").as_deref(), Some("oc2/cmd/ap/alpha"));
        assert_eq!(topic("device:x").as_deref(), Some("oc2/cmd/device/x"));
        assert_eq!(topic("profile:x").as_deref(), Some("oc2/cmd/ap/x"));
        assert_eq!(topic("topic:a/b:c").as_deref(), Some("a/b:c"));
        assert_eq!(Address::parse("everybody"), None);
        assert_eq!(Address::parse("device:"), None);
        assert_eq!(Address::Group("device", None).topic(&OPENC2_MQTT_WD04, &Pics::default()), None);
    }
}

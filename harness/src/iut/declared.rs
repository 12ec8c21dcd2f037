//! Reads `[pics]`: what a vendor declares.

use super::{Pics, Serialization};
use crate::binding::{self, Binding};
use crate::catalogue::Trigger;
use crate::diagnostic::instead;
use crate::diagnostic::toml::Fields;
use std::collections::BTreeSet;

/// What the vendor of an implementation in one message language declares beside what every MQTT client may.
#[derive(Clone, Copy)]
pub struct Declares {
    /// Reads the keys of `[pics]` that only this language has.
    pub(crate) read: fn(&Fields<'_>, &mut Pics),
    /// Serializations that may be declared, by name.
    pub(crate) serializations: &'static [(&'static str, Serialization)],
    /// The one that every implementation has to support, if there is one, and where that stands.
    pub(crate) mandatory: Option<(&'static str, &'static str)>,
    /// Options that no requirement asks about.
    pub(crate) options: &'static [&'static str],
    /// What scenarios may require of the declarations in this language alone.
    pub(crate) needs: &'static [Need],
}

impl Declares {
    /// What is required under that name.
    pub(crate) fn need(&self, name: &str) -> Option<&'static Need> {
        self.needs.iter().find(|need| need.name == name)
    }
}

/// Something that a scenario may require to be declared.
pub(crate) struct Need {
    /// How scenarios call it.
    pub name: &'static str,
    /// Whether it is declared.
    pub met: fn(&Pics) -> bool,
}

/// Options that exist whatever a catalogue asks for. `one-in-flight`: nothing is published before what was published before
/// is acknowledged.
const OPTIONS: [&str; 6] = ["credentials", "one-in-flight", "qos2", "unsubscribe", "wildcard", "will"];

/// Every option a PICS may list: the common ones and those the binding's requirements ask about.
pub fn options(binding: Option<&'static Binding>) -> BTreeSet<&'static str> {
    let mut known: BTreeSet<&'static str> = OPTIONS.into();
    known.extend(binding.iter().flat_map(|b| b.family.declares.options));
    for (_, requirement) in binding.into_iter().flat_map(|b| b.requirements()) {
        if let Trigger::IutOption(option) = requirement.trigger {
            known.insert(option);
        }
    }
    known
}

/// Reads the table; what is wrong goes to its document.
pub(super) fn read(table: &Fields<'_>, binding: Option<&'static Binding>) -> Pics {
    let document = table.document;
    // Where the binding is unknown, its keys are not: the first one's will do.
    let family = binding.or(binding::ALL.first().copied()).map(|b| b.family.declares);
    let mut pics = Pics::default();
    if let Some(family) = family {
        (family.read)(table, &mut pics);
    }
    let mut serializations = Vec::new();
    let listed = table.strings("serializations");
    if let Some(empty) = listed.as_ref().filter(|l| l.value.is_empty()) {
        document.wrong(
            empty.span.clone(),
            "`serializations` is empty",
            "",
            family
                .and_then(|f| f.mandatory)
                .map(|(name, place)| format!("write [{name:?}]: every implementation has to support it ({place})")),
        );
    }
    for name in listed.map(|l| l.value).unwrap_or_default() {
        let known = family.map_or(&[][..], |f| f.serializations);
        match known.iter().find(|(known, _)| *known == name.value) {
            Some((_, serialization)) => serializations.push(*serialization),
            None => {
                let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
                let help = instead(&name.value, &names);
                document.wrong(name.span, format!("unknown serialization `{}`", name.value), "", help);
            }
        }
    }
    serializations.sort();
    serializations.dedup();
    let keep_alive = table.integer("keep_alive", 0, u64::from(u16::MAX)).and_then(|n| u16::try_from(n.value).ok());
    let qos = table.integer("qos", 1, 2);
    let tls = table.boolean("tls");
    let max_message_size = table.integer("max_message_size", 1, u64::from(u32::MAX)).map(|n| n.value);
    let mut elected = read_options(table, binding);
    if let Some(qos) = &qos {
        let listed = elected.iter().any(|o| o == "qos2");
        if qos.value == 1 && listed {
            document.wrong(
                qos.span.clone(),
                "`qos = 1` contradicts the option `qos2`",
                "",
                Some("an implementation that publishes with QoS 2 declares `qos = 2`".to_owned()),
            );
        } else if qos.value == 2 && !listed {
            elected.push("qos2".to_owned());
        }
    }
    table.finish();
    Pics {
        serializations,
        keep_alive,
        qos: qos.and_then(|q| u8::try_from(q.value).ok()),
        tls: tls.is_some_and(|t| t.value),
        max_message_size,
        options: elected,
        ..pics
    }
}

fn read_options(table: &Fields<'_>, binding: Option<&'static Binding>) -> Vec<String> {
    let known: Vec<&str> = options(binding).into_iter().collect();
    let mut elected = Vec::new();
    for option in table.strings("options").map(|l| l.value).unwrap_or_default() {
        if known.contains(&option.value.as_str()) {
            elected.push(option.value);
        } else {
            let help = instead(&option.value, &known);
            table.document.wrong(option.span, format!("unknown option `{}`", option.value), "", help);
        }
    }
    elected.sort();
    elected.dedup();
    elected
}

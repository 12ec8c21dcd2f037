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
    let tls = table.boolean("tls");
    let max_message_size = table.integer("max_message_size", 1, u64::from(u32::MAX)).map(|n| n.value);
    let mut elected = read_options(table, binding);
    let qos = read_qos(table, "qos", "qos2", binding, &mut elected);
    let subscribe_qos = read_qos(table, "subscribe_qos", "qos2-subscribe", binding, &mut elected);
    table.finish();
    Pics {
        serializations,
        keep_alive,
        qos,
        subscribe_qos,
        tls: tls.is_some_and(|t| t.value),
        max_message_size,
        options: elected,
        ..pics
    }
}

/// Reads a QoS and holds it against the option that elects QoS 2, and against what the binding demands.
fn read_qos(
    table: &Fields<'_>,
    key: &'static str,
    option: &str,
    binding: Option<&'static Binding>,
    elected: &mut Vec<String>,
) -> Option<u8> {
    let qos = table.integer(key, 0, 2)?;
    let listed = elected.iter().any(|o| o == option);
    if let (0, Some(demands)) = (qos.value, binding.and_then(|b| b.acknowledged)) {
        let help = Some(format!("{demands}; leave `{key}` out, and what the product does is judged by that"));
        table.document.wrong(qos.span, format!("`{key} = 0` cannot be declared in this binding"), "", help);
        return None;
    }
    if qos.value < 2 && listed {
        let help = Some(format!("an implementation that uses QoS 2 there declares `{key} = 2`"));
        let said = format!("`{key} = {}` contradicts the option `{option}`", qos.value);
        table.document.wrong(qos.span, said, "", help);
    } else if qos.value == 2 && !listed {
        elected.push(option.to_owned());
    }
    u8::try_from(qos.value).ok()
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

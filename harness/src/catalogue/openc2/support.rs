//! What the checks of this catalogue share: which requests oblige, how they were answered, and where that stands.

use crate::evidence::openc2::schema::malforms;
use crate::evidence::openc2::{ContentKind, Form, Message, Node, Value};
use crate::evidence::{Delivery, Exchange, PacketSeen, ResponseSeen, Setting, Silence};
use crate::iut::{Command, Pics};
use crate::judge::{Deviation, Ruling, Witness};
use touchstone_fixtures::wire::{Defect, Span};

/// First part of names that no Consumer can know.
pub(in crate::catalogue) const OURS: &str = "x-touchstone";

/// The message of a Response of the IUT.
pub(in crate::catalogue) fn response(packet: &PacketSeen) -> Option<&Message> {
    packet.message().filter(|m| packet.from_iut() && m.kind == Some(ContentKind::Response))
}

/// A span of the payload, in the packet.
pub(in crate::catalogue) fn in_packet(packet: &PacketSeen, span: Span) -> Span {
    span.shifted(packet.packet.publish().map_or(0, |p| p.payload.span.start))
}

/// Broken, by a defect of the payload.
pub(in crate::catalogue) fn broken(packet: &PacketSeen, defect: &Defect, said: &str) -> Ruling {
    Ruling::Broken(Deviation {
        witness: Some(Witness { bits: defect.bits, ..Witness::bytes(packet, in_packet(packet, defect.span)) }),
        said: format!("{said}{}", defect.actual),
        expected: defect.expected.clone(),
        actual: defect.actual.clone(),
    })
}

/// Judges what one Response shows of the grammar rule under `row`; `there`: whether it shows anything of it.
pub(in crate::catalogue) fn grammar(
    packet: &PacketSeen,
    row: &str,
    said: &str,
    there: fn(&Message) -> bool,
) -> Option<Ruling> {
    let message = response(packet)?;
    if let Some((_, why)) = &message.unread {
        return Some(Ruling::Undecided(format!("The Response was not read to its end: {why}")));
    }
    if message.broken_off {
        return None;
    }
    match message.content_defects_of(row).next() {
        Some(defect) => Some(broken(packet, defect, said)),
        None => there(message).then_some(Ruling::Met),
    }
}

/// The member `name` of the results of a Response.
pub(in crate::catalogue) fn result<'a>(message: &'a Message, name: &str) -> Option<&'a Node> {
    message.results().and_then(|results| results.get(name))
}

/// Whether a command on that topic is for the IUT, as far as it has declared its addresses.
fn addressed(topic: &str, message: &Message, setting: &Setting) -> bool {
    let target = message.target().map(|(name, _)| name);
    setting.binding.topics.is_some_and(|topics| topics.addresses(topic, &setting.pics, message.action(), target))
}

/// The request of an exchange, when the IUT has to deal with it: delivered, addressed to it by topic and `to`, in
/// a serialization it declares, with a sound header and a record without defects. Its content may be anything.
pub(in crate::catalogue) fn answerable<'a>(exchange: &'a Exchange, setting: &Setting) -> Option<&'a Message> {
    let request = &exchange.request;
    let message = exchange.message()?;
    let topic = request.packet.publish()?.topic.as_ref()?.text.as_deref()?;
    let named = match (&message.to, &setting.pics.identity) {
        (None, _) => true,
        (Some(to), Some(identity)) => to.contains(identity),
        (Some(_), None) => false,
    };
    let fits = setting.pics.max_message_size.is_none_or(|most| u64::from(message.payload_len) <= most);
    let sound = message.kind == Some(ContentKind::Request)
        && message.form == Form::Record
        && message.fits(&setting.pics)
        && message.beyond_doubt()
        && message.whole()
        && message.serialization.is_some_and(|s| setting.pics.speaks(s));
    let obliges = exchange.delivery == Delivery::Delivered
        && exchange.request_id.is_some()
        && !request.injected
        && addressed(topic, message, setting)
        && named
        && fits
        && sound;
    obliges.then_some(message)
}

/// Whether a Command departs from the grammar in nothing that makes it malformed.
pub(in crate::catalogue) fn well_formed(message: &Message) -> bool {
    !message.content_defects.iter().any(malforms)
}

/// How an exchange ended.
pub(in crate::catalogue) enum Answer<'a> {
    /// With a final Response of that status.
    Final(&'a ResponseSeen, i128),
    /// With a Response that has no status, or one that is no number.
    NoStatus(&'a ResponseSeen),
    /// With a Response that cannot be read to its end, or holds none where it should.
    Unreadable,
    /// With proven silence.
    Silent,
    /// With interim Responses only.
    Interim(&'a ResponseSeen),
    /// Not before the evidence did.
    Open,
}

/// How `exchange` ended.
pub(in crate::catalogue) fn answer(exchange: &Exchange) -> Answer<'_> {
    if let Some(response) = exchange.final_response() {
        return match status(response) {
            Some(code) => Answer::Final(response, code),
            None if readable(response) => Answer::NoStatus(response),
            None => Answer::Unreadable,
        };
    }
    match (exchange.distinct().next(), &exchange.silence) {
        (Some(interim), _) => Answer::Interim(interim),
        (None, Silence::Proven { .. }) => Answer::Silent,
        (None, Silence::Answered | Silence::Open) => Answer::Open,
    }
}

/// Whether the content of a response was found and read to its end.
pub(in crate::catalogue) fn readable(response: &ResponseSeen) -> bool {
    response.packet.message().is_some_and(|m| m.whole() && m.content.is_some())
}

/// The status of a response.
pub(in crate::catalogue) fn status(response: &ResponseSeen) -> Option<i128> {
    response.packet.message().and_then(|m| m.status())
}

/// Where the status of a response stands.
pub(in crate::catalogue) fn at_status(response: &ResponseSeen) -> Witness {
    at(response, |m| m.content.as_ref().and_then(|c| c.get("status")))
}

/// Where a part of a response stands; the whole packet, when the part is not there.
pub(in crate::catalogue) fn at(response: &ResponseSeen, part: impl Fn(&Message) -> Option<&Node>) -> Witness {
    let packet = &response.packet;
    match packet.message().and_then(part) {
        Some(node) => Witness::bytes(packet, in_packet(packet, node.span)),
        None => Witness::packet(packet),
    }
}

/// Broken at a place, in words.
pub(in crate::catalogue) fn deviates(
    witness: Witness,
    said: impl Into<String>,
    expected: impl Into<String>,
    actual: impl Into<String>,
) -> Ruling {
    Ruling::Broken(Deviation {
        witness: Some(witness),
        said: said.into(),
        expected: expected.into(),
        actual: actual.into(),
    })
}

/// Nothing was answered, and that was shown. The witness is the request.
pub(in crate::catalogue) fn unanswered(
    exchange: &Exchange,
    said: impl Into<String>,
    expected: impl Into<String>,
) -> Ruling {
    let said = match &exchange.silence {
        Silence::Proven { sentinel, .. } => {
            let shows = sentinel.ordinal;
            format!("{}, although packet {shows} shows the IUT there after the time to answer", said.into())
        }
        Silence::Answered | Silence::Open => said.into(),
    };
    deviates(Witness::packet(&exchange.request), said, expected, "no Response")
}

/// It ended before it could be told.
pub(in crate::catalogue) fn too_early(what: &str) -> Ruling {
    Ruling::CutShort(format!(
        "{what} has no Response that names it, and silence was not shown before the evidence ended"
    ))
}

/// Interim Responses only.
pub(in crate::catalogue) fn interim_only(what: &str) -> Ruling {
    Ruling::CutShort(format!("{what} was answered with interim Responses only before the evidence ended"))
}

/// Answered with a status that does not fit; `None`: with none at all.
pub(in crate::catalogue) fn misfit(response: &ResponseSeen, code: Option<i128>, what: &str, expected: &str) -> Ruling {
    let actual = code.map_or("no readable status".to_owned(), |code| format!("status {code}"));
    deviates(at_status(response), format!("{what} was answered with {actual}"), expected, actual)
}

/// A final Response without a readable status.
pub(in crate::catalogue) fn no_status(what: &str) -> Ruling {
    Ruling::Undecided(format!("{what} was answered with a Response whose status cannot be read"))
}

/// The one rule of everything that must not succeed: no 200. A refusal or proven silence keeps it.
pub(in crate::catalogue) fn not_ok(exchange: &Exchange, what: &str) -> Ruling {
    if let Some(response) = exchange.distinct().find(|r| status(r) == Some(200)) {
        let said = format!("{what} was answered with status 200");
        return deviates(at_status(response), said, "a status other than 200", "status 200");
    }
    match answer(exchange) {
        Answer::Final(..) | Answer::Silent => Ruling::Met,
        Answer::NoStatus(_) | Answer::Unreadable => no_status(what),
        Answer::Interim(_) => interim_only(what),
        Answer::Open => too_early(what),
    }
}

/// The names in the list of a `query features`, when this is one.
pub(in crate::catalogue) fn features(message: &Message) -> Option<Vec<&str>> {
    let (target, list) = message.target()?;
    if message.action()? != "query" || target != "features" {
        return None;
    }
    list.as_array()?.iter().map(Node::as_text).collect()
}

/// Whether a command is a `query features`, whatever its list.
pub(in crate::catalogue) fn is_query_features(message: &Message) -> bool {
    message.action() == Some("query") && message.target().is_some_and(|(target, _)| target == "features")
}

/// `response_requested` of a command.
pub(in crate::catalogue) fn response_requested(message: &Message) -> Option<&str> {
    message.args().and_then(|args| args.get("response_requested")).and_then(Node::as_text)
}

/// Whether a `query features` has an argument that LS 4.1 forbids: any but `response_requested: complete`.
pub(in crate::catalogue) fn forbidden_args(message: &Message) -> bool {
    message.args().and_then(Node::as_map).is_some_and(|members| {
        members
            .iter()
            .any(|(key, value)| key.as_text() != Some("response_requested") || value.as_text() != Some("complete"))
    })
}

/// The NSID of a command's actuator.
pub(in crate::catalogue) fn actuator(message: &Message) -> Option<&str> {
    match message.content.as_ref()?.get("actuator")?.as_map()? {
        [(key, _)] => key.as_text(),
        _ => None,
    }
}

/// Whether a command is for everybody, or for an actuator profile that the IUT declares.
fn own_actuator(message: &Message, pics: &Pics) -> bool {
    match message.content.as_ref().and_then(|c| c.get("actuator")) {
        None => true,
        Some(_) => actuator(message).is_some_and(|nsid| pics.actuator_profiles.iter().any(|p| p == nsid)),
    }
}

/// The request of an exchange, when it is a sound `query features` without forbidden arguments that the IUT
/// has to answer. Repeated features are let through: they are a requirement of their own.
pub(in crate::catalogue) fn query_features<'a>(
    exchange: &'a Exchange,
    setting: &Setting,
) -> Option<(&'a Message, Vec<&'a str>)> {
    let message = answerable(exchange, setting)?;
    let names = features(message)?;
    let sound = well_formed(message) && !forbidden_args(message) && own_actuator(message, &setting.pics);
    sound.then_some((message, names))
}

/// Whether `names` holds something twice.
pub(in crate::catalogue) fn repeats(names: &[&str]) -> bool {
    names.iter().enumerate().any(|(i, name)| names[..i].contains(name))
}

/// The request of an exchange, when it is a command other than `query features` that the vendor declares, with
/// whatever `response_requested`.
pub(in crate::catalogue) fn declared<'a>(exchange: &'a Exchange, setting: &Setting) -> Option<&'a Message> {
    let message = answerable(exchange, setting)?;
    let known = well_formed(message)
        && !is_query_features(message)
        && setting.pics.commands.iter().any(|command| is(message, command));
    known.then_some(message)
}

/// Whether the vendor declares a command other than `query features`.
pub(in crate::catalogue) fn declares_commands(pics: &Pics) -> bool {
    pics.commands.iter().any(|c| c.action != "query" || c.target.get("features").is_none())
}

/// Whether a message holds a declared command, `response_requested` apart.
pub(in crate::catalogue) fn is(message: &Message, command: &Command) -> bool {
    let Some(content) = &message.content else { return false };
    let target = content.get("target").is_some_and(|target| equals(target, &command.target));
    let nothing = serde_json::Map::new();
    let declared = command.args.as_ref().and_then(|args| args.as_object()).unwrap_or(&nothing);
    let sent = message.args().and_then(Node::as_map).unwrap_or_default();
    let free = |name: &str| name == "response_requested";
    let args = sent
        .iter()
        .filter_map(|(key, value)| Some((key.as_text()?, value)))
        .filter(|(name, _)| !free(name))
        .all(|(name, value)| declared.get(name).is_some_and(|d| equals(value, d)))
        && declared.keys().filter(|name| !free(name)).all(|name| message.args().is_some_and(|a| a.get(name).is_some()));
    let actuator = match (content.get("actuator"), &command.actuator) {
        (None, None) => true,
        (Some(sent), Some(declared)) => equals(sent, declared),
        _ => false,
    };
    let id = content.get("command_id").and_then(Node::as_text) == command.command_id.as_deref();
    message.action() == Some(&command.action) && target && args && actuator && id
}

/// Whether a decoded value is that JSON value.
pub(in crate::catalogue) fn equals(node: &Node, value: &serde_json::Value) -> bool {
    match (&node.value, value) {
        (Value::Null, serde_json::Value::Null) => true,
        (Value::Bool(a), serde_json::Value::Bool(b)) => a == b,
        (Value::Int(_) | Value::Float(_), serde_json::Value::Number(b)) => match (&node.value, b.as_i128()) {
            (_, Some(b)) => node.as_whole() == Some(b),
            (Value::Float(a), None) => b.as_f64() == Some(*a),
            _ => node.as_whole().map(|n| n as f64) == b.as_f64(),
        },
        (Value::Text(a), serde_json::Value::String(b)) => a == b,
        (Value::Array(a), serde_json::Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equals(a, b))
        }
        (Value::Map(a), serde_json::Value::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|(key, value)| key.as_text().and_then(|k| b.get(k)).is_some_and(|b| equals(value, b)))
        }
        _ => false,
    }
}

/// Whether a target type cannot be known to any Consumer.
pub(in crate::catalogue) fn is_ours(name: &str) -> bool {
    name == OURS || name.strip_prefix(OURS).is_some_and(|rest| rest.starts_with(':'))
}

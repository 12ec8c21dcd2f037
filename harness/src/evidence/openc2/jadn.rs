//! CBOR by JADN 4.4: integer ids for names, arrays for records. Read into the same tree as the text-keyed form.
//!
//! Only what a message, a Command and a Response need is named; values of other target types stay as they are.

use super::schema::names::{ACTIONS, ARGS, COMMAND, FEATURES, RESPONSE, RESPONSE_TYPES, TARGETS};
use super::{Node, Value};

const MESSAGE: [(i128, &str); 5] = [(1, "content"), (2, "request_id"), (3, "created"), (4, "from"), (5, "to")];
const CONTENT: [(i128, &str); 3] = [(1, "request"), (2, "response"), (3, "notification")];
const NESTED: [(i128, &str); 3] = [(1, "headers"), (2, "body"), (3, "signature")];
const HEADERS: [(i128, &str); 4] = [(1, "request_id"), (2, "created"), (3, "from"), (4, "to")];
const BODY: [(i128, &str); 1] = [(1, "openc2")];

type Table<'a> = &'a [(i128, &'a str)];

/// The tree with names, when `root` has JADN's shape: an array, or a map with integer keys only.
pub(super) fn named(root: &Node) -> Option<Node> {
    if !integer_keyed(root) {
        return None;
    }
    let first = field(root, 1);
    let second = field(root, 2);
    if second.is_some_and(integer_keyed) && first.is_none_or(|f| integer_keyed(f) || f.value == Value::Null) {
        // A bare Command's target is such a map, too, but its first field, the action, is an integer.
        return Some(fields(root, &NESTED, |name, value| match name {
            "headers" => fields(value, &HEADERS, |_, v| v.clone()),
            "body" => fields(value, &BODY, |_, v| content(v)),
            _ => value.clone(),
        }));
    }
    match &first?.value {
        Value::Int(_) if matches!(root.value, Value::Array(_)) && second.is_some_and(integer_keyed) => {
            Some(command(root))
        }
        Value::Int(n) if *n >= 100 => Some(response(root)),
        _ if first.is_some_and(integer_keyed) => {
            Some(fields(root, &MESSAGE, |name, value| if name == "content" { content(value) } else { value.clone() }))
        }
        _ => None,
    }
}

fn integer_keyed(node: &Node) -> bool {
    match &node.value {
        Value::Array(items) => !items.is_empty(),
        Value::Map(members) => !members.is_empty() && members.iter().all(|(key, _)| key.as_int().is_some()),
        _ => false,
    }
}

/// The field with that id, of a map, or at that position, of an array.
fn field(node: &Node, id: usize) -> Option<&Node> {
    match &node.value {
        Value::Array(items) => items.get(id - 1),
        Value::Map(members) => {
            members.iter().find(|(key, _)| key.as_int() == i128::try_from(id).ok()).map(|(_, value)| value)
        }
        _ => None,
    }
}

fn name_of(table: Table<'_>, id: i128) -> String {
    table.iter().find(|(known, _)| *known == id).map_or_else(|| id.to_string(), |(_, name)| (*name).to_owned())
}

/// A record or map with the names of `table`; absent (null) fields of an array are left out.
fn fields(node: &Node, table: Table<'_>, value: impl Fn(&str, &Node) -> Node) -> Node {
    let member = |name: String, key: touchstone_fixtures::wire::Span, inner: &Node| {
        let inner = value(&name, inner);
        (Node { span: key, value: Value::Text(name) }, inner)
    };
    let members = match &node.value {
        Value::Array(items) => items
            .iter()
            .zip(1..)
            .filter(|(item, _)| item.value != Value::Null)
            .map(|(item, id)| member(name_of(table, id), item.span, item))
            .collect(),
        Value::Map(members) => members
            .iter()
            .map(|(key, inner)| {
                let name = key.as_int().map_or_else(|| key.describe(), |id| name_of(table, id));
                member(key.as_text().map_or(name, str::to_owned), key.span, inner)
            })
            .collect(),
        _ => return node.clone(),
    };
    Node { span: node.span, value: Value::Map(members) }
}

/// An enumerated value, or an array of them, with the names of `table`.
fn enumerated(node: &Node, table: Table<'_>) -> Node {
    let value = match &node.value {
        Value::Int(id) => Value::Text(name_of(table, *id)),
        Value::Array(items) => Value::Array(items.iter().map(|item| enumerated(item, table)).collect()),
        other => other.clone(),
    };
    Node { span: node.span, value }
}

fn content(node: &Node) -> Node {
    fields(node, &CONTENT, |name, value| match name {
        "request" => command(value),
        "response" => response(value),
        _ => value.clone(),
    })
}

fn command(node: &Node) -> Node {
    fields(node, &COMMAND, |name, value| match name {
        "action" => enumerated(value, &ACTIONS),
        "target" => {
            fields(
                value,
                &TARGETS,
                |target, inner| {
                    if target == "features" { enumerated(inner, &FEATURES) } else { inner.clone() }
                },
            )
        }
        "args" => fields(value, &ARGS, |arg, inner| {
            if arg == "response_requested" { enumerated(inner, &RESPONSE_TYPES) } else { inner.clone() }
        }),
        _ => value.clone(),
    })
}

fn response(node: &Node) -> Node {
    fields(node, &RESPONSE, |name, value| match name {
        "results" => fields(value, &FEATURES, |result, inner| match result {
            "pairs" => fields(inner, &ACTIONS, |_, targets| enumerated(targets, &TARGETS)),
            _ => inner.clone(),
        }),
        _ => value.clone(),
    })
}

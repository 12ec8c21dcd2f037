//! The parameters of a primitive as one tree, whichever way they were serialized.

use crate::evidence::xml::Element;
use crate::evidence::{Node, Value};
use touchstone_fixtures::wire::Span;

/// The namespace of oneM2M.
pub(super) const NAMESPACE: &str = "http://www.onem2m.org/xml/protocols";
/// What stands for it in names.
const PREFIX: &str = "m2m:";

/// The name of an element: `m2m:` for whichever prefix stands for the namespace of oneM2M.
pub(super) fn name_of(element: &Element) -> String {
    let name = &element.name;
    match (&name.namespace, &name.prefix) {
        (Some(namespace), _) if namespace == NAMESPACE => format!("{PREFIX}{}", name.local),
        (_, Some(prefix)) => format!("{prefix}:{}", name.local),
        _ => name.local.clone(),
    }
}

/// An element as a value: its attributes and children are the members of a map, what has neither is a text.
/// The elements below the root of a primitive are in no namespace; a default one does them no harm.
pub(super) fn node_of(element: &Element) -> Node {
    let span = element.span;
    if element.children.is_empty() && element.attributes.is_empty() {
        return Node { span, value: Value::Text(element.text.clone()) };
    }
    let text = |span: Span, text: &str| Node { span, value: Value::Text(text.to_owned()) };
    let attributes = element
        .attributes
        .iter()
        .map(|attribute| (text(attribute.span, &attribute.name.local), text(attribute.span, &attribute.value)));
    let children = element.children.iter().map(|child| (text(child.span, &name_of(child)), node_of(child)));
    Node { span, value: Value::Map(attributes.chain(children).collect()) }
}

/// The parameters below the root element of a primitive: plain names, also where a default namespace covers them.
pub(super) fn parameters_of(root: &Element) -> Node {
    let member = |child: &Element| {
        let key = Node { span: child.span, value: Value::Text(child.name.local.clone()) };
        (key, node_of(child))
    };
    Node { span: root.span, value: Value::Map(root.children.iter().map(member).collect()) }
}

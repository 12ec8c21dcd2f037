use super::{Element, NODES, Parsed, parse};
use proptest::prelude::*;

fn read(text: &str) -> Parsed {
    parse(text.as_bytes(), 0, "X")
}

fn sound(parsed: &Parsed) -> bool {
    parsed.defects.is_empty() && !parsed.broken_off && parsed.unread.is_none() && parsed.root.is_some()
}

#[test]
fn a_document_is_read_with_namespaces_references_and_places() {
    let text = "<?xml version=\"1.0\" encoding='UTF-8'?>\n<!-- c --><m:a xmlns:m=\"urn:m\" x='1&amp;2'>\
                <b xmlns='urn:b'>&lt;t&#x41;<![CDATA[<&]]></b><c/></m:a >\n";
    let parsed = read(text);
    assert!(sound(&parsed), "{parsed:?}");
    let root = parsed.root.expect("read");
    assert_eq!((root.name.local.as_str(), root.name.namespace.as_deref()), ("a", Some("urn:m")));
    assert_eq!(root.attributes[0].value, "1&2");
    assert_eq!(root.children[0].text, "<tA<&");
    assert_eq!(root.children[0].name.namespace.as_deref(), Some("urn:b"));
    assert_eq!(root.children[1].name.namespace, None);
    let child = &root.children[1];
    assert_eq!(&text[child.span.start as usize..child.span.end as usize], "<c/>");
}

#[test]
fn what_is_not_well_formed_is_said_where_it_stands() {
    let mut told = String::new();
    for text in [
        "",
        "x",
        "<a>",
        "<a></b>",
        "<a",
        "<a b></a>",
        "<a b=c/>",
        "<a b='1' b='2'/>",
        "<a b='<'/>",
        "<a>]]></a>",
        "<a>&x;</a>",
        "<a>&#0;</a>",
        "<a>&amp</a>",
        "<a/><b/>",
        "<p:a/>",
        "<1/>",
        "<a:b:c/>",
        "<a><!-- -- --></a>",
        "<a>\u{1}</a>",
        "<?xml version='2.0'?><a/>",
        "<?xml encoding='UTF-8'?><a/>",
        "<a><?xml x?></a>",
        "<a b='1'c='2'/>",
        "<a>\u{FFFF}</a>",
    ] {
        let parsed = read(text);
        assert!(!parsed.defects.is_empty(), "{text:?}");
        for defect in &parsed.defects {
            let place = format!("{}..{}", defect.span.start, defect.span.end);
            told.push_str(&format!("{text:?}\n    {place}: expected {}; was {}\n", defect.expected, defect.actual));
        }
    }
    insta::assert_snapshot!(told);
}

#[test]
fn entities_and_other_encodings_are_never_resolved() {
    for text in [
        "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>",
        "<!DOCTYPE a [<!ENTITY x SYSTEM \"http://127.0.0.1/\">]><a>&x;</a>",
        "<!DOCTYPE l [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]><l>&b;</l>",
        "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a/>",
    ] {
        let parsed = read(text);
        assert!(parsed.unread.is_some() && parsed.defects.is_empty() && parsed.root.is_none(), "{text}");
    }
    assert!(parse(b"\xFF\xFE<\0a\0/\0>\0", 0, "X").unread.is_some());
}

#[test]
fn our_own_limits_blame_nobody() {
    let deep = "<a>".repeat(1000);
    let many = format!("<a>{}</a>", "<b/>".repeat(NODES + 1));
    let wide: String = (0..=NODES).map(|n| format!(" a{n}='1'")).collect();
    for text in [deep, many, format!("<a{wide}/>")] {
        let parsed = read(&text);
        assert!(parsed.unread.is_some() && parsed.defects.is_empty() && parsed.broken_off);
    }
}

#[test]
fn bytes_that_are_not_utf_8_end_the_reading() {
    let parsed = parse(b"<a><b>1</b>\xC3(</a>", 10, "X");
    assert!(parsed.broken_off);
    assert_eq!(parsed.defects.len(), 1);
    assert_eq!((parsed.defects[0].span.start, parsed.defects[0].expected.as_str()), (21, "UTF-8"));
    assert_eq!(parsed.root.map(|root| root.children.len()), Some(1));
}

/// Text made of XML's own tokens, mostly wrong.
fn almost_xml() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "<",
        ">",
        "/",
        "</",
        "/>",
        "<a>",
        "</a>",
        "<b",
        "b",
        "=",
        "'",
        "\"",
        "'1'",
        " ",
        "\n",
        "&",
        "&lt;",
        "&#65;",
        "&x;",
        "<!--",
        "-->",
        "--",
        "<![CDATA[",
        "]]>",
        "]",
        "<?",
        "?>",
        "<?xml version='1.0'?>",
        "xmlns:p='u'",
        "p:a",
        ":",
        "\u{1}",
        "\u{e9}",
        "t",
    ]);
    prop::collection::vec(token, 0..16).prop_map(|tokens| tokens.concat())
}

fn tree() -> impl Strategy<Value = String> {
    let text = "[a-z<&>\"' ]{0,6}".prop_map(|t| t.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"));
    let leaf = ("[a-z]{1,3}", text).prop_map(|(name, text)| format!("<{name}>{text}</{name}>"));
    leaf.prop_recursive(4, 24, 4, |inner| {
        ("[a-z]{1,3}", prop::collection::vec(inner, 0..4), "[a-z]{0,4}")
            .prop_map(|(name, children, value)| format!("<{name} v='{value}'>{}</{name}>", children.concat()))
    })
}

/// Whether our tree says what another parser's says.
fn agrees(ours: &Element, theirs: &roxmltree::Node<'_, '_>) -> bool {
    let elements: Vec<_> = theirs.children().filter(roxmltree::Node::is_element).collect();
    let text: String = theirs.children().filter(roxmltree::Node::is_text).filter_map(|t| t.text()).collect();
    ours.name.local == theirs.tag_name().name()
        && ours.name.namespace.as_deref() == theirs.tag_name().namespace()
        && ours.text == text
        && ours.attributes.len() == theirs.attributes().len()
        && ours
            .attributes
            .iter()
            .zip(theirs.attributes())
            .all(|(a, b)| a.value == b.value() && a.name.local == b.name())
        && ours.children.len() == elements.len()
        && ours.children.iter().zip(&elements).all(|(a, b)| agrees(a, b))
}

fn nested(element: &Element, start: u32, end: u32) -> bool {
    let mut at = element.span.start;
    start <= element.span.start
        && element.span.end <= end
        && element.children.iter().all(|child| {
            let follows = at <= child.span.start;
            at = child.span.end;
            follows && nested(child, element.span.start, element.span.end)
        })
}

proptest! {
    #[test]
    fn sound_trees_are_read_as_others_read_them(text in tree()) {
        let parsed = read(&text);
        prop_assert!(sound(&parsed), "{:?}", parsed.defects);
        let theirs = roxmltree::Document::parse(&text).expect("well-formed");
        prop_assert!(agrees(parsed.root.as_ref().expect("read"), &theirs.root_element()));
    }

    #[test]
    fn what_others_refuse_is_refused_and_what_we_take_they_take(text in almost_xml()) {
        let parsed = read(&text);
        if sound(&parsed) {
            let theirs = roxmltree::Document::parse(&text);
            prop_assert!(theirs.is_ok(), "{:?}", theirs.err());
            prop_assert!(agrees(parsed.root.as_ref().expect("read"), &theirs.expect("read").root_element()));
        }
    }

    #[test]
    fn any_bytes_are_read_in_bounds(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let parsed = parse(&bytes, 7, "X");
        prop_assert!(parsed.root.is_some() || parsed.broken_off);
        let end = 7 + u32::try_from(bytes.len()).expect("short");
        for defect in &parsed.defects {
            prop_assert!(7 <= defect.span.start && defect.span.start <= defect.span.end && defect.span.end <= end);
        }
        if let Some(root) = &parsed.root {
            prop_assert!(nested(root, 7, end));
        }
    }
}

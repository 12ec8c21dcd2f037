use super::*;
use proptest::prelude::*;

const NOW: u64 = 1_789_000_000_000;

fn tree() -> Tree {
    let mut tree = Tree::new("/touchstone-cse", "cse-touchstone", NOW);
    assert_eq!(create(&mut tree, "/touchstone-cse", "C1", AE, "m2m:ae", json!({"api": "N.x", "rr": true})).code, 2001);
    tree
}

fn ask<'a>(operation: Operation, to: &'a str, from: &'a str) -> Ask<'a> {
    Ask { operation, to, from, ty: None, content: None, result: None, filter: None, now_ms: NOW }
}

fn create(tree: &mut Tree, to: &str, from: &str, ty: u64, tag: &str, attributes: Value) -> Done {
    let content = Some((tag, attributes));
    tree.carry_out(&Ask { ty: Some(ty), content, ..ask(Operation::Create, to, from) })
}

fn retrieve(tree: &mut Tree, to: &str) -> Result<Value, u64> {
    let done = tree.carry_out(&ask(Operation::Retrieve, to, "C1"));
    if done.code == 2000 { Ok(done.content.expect("content")) } else { Err(done.code) }
}

#[test]
fn resources_have_several_addresses() {
    let mut tree = tree();
    assert_eq!(create(&mut tree, "/touchstone-cse/C1", "C1", CONTAINER, "m2m:cnt", json!({"rn": "box"})).code, 2001);
    for to in [
        "/touchstone-cse/C1/box",
        "cse-touchstone/C1/box",
        "-/C1/box",
        "C1/box",
        "/touchstone-cse/cse-touchstone/C1/box",
        "//sp.example/touchstone-cse/C1/box",
        "/touchstone-cse/cnt-1",
        "cnt-1",
    ] {
        assert_eq!(retrieve(&mut tree, to).map(|content| content["m2m:cnt"]["ri"].clone()), Ok(json!("cnt-1")), "{to}");
    }
    for to in ["/touchstone-cse", "cse-touchstone", "-", "/touchstone-cse/-", "//sp.example/touchstone-cse"] {
        assert_eq!(
            retrieve(&mut tree, to).map(|content| content["m2m:cb"]["csi"].clone()),
            Ok(json!("/touchstone-cse")),
            "{to}"
        );
    }
    for to in ["", "/", "/other", "/touchstone-csex", "C1/box/la", "C1//box", "//", "//x", "C2", "box", "C1/box/x/y"] {
        assert_eq!(retrieve(&mut tree, to), Err(4004), "{to}");
    }
}

#[test]
fn instances_come_and_go() {
    let mut tree = tree();
    create(&mut tree, "C1", "C1", CONTAINER, "m2m:cnt", json!({"rn": "box", "mni": 2}));
    for con in ["one", "two", "three"] {
        assert_eq!(create(&mut tree, "C1/box", "C1", INSTANCE, "m2m:cin", json!({"con": con})).code, 2001);
    }
    let of = |content: Result<Value, u64>, tag: &str, name: &str| content.expect("found")[tag][name].clone();
    assert_eq!(of(retrieve(&mut tree, "C1/box/la"), "m2m:cin", "con"), json!("three"));
    assert_eq!(of(retrieve(&mut tree, "C1/box/ol"), "m2m:cin", "con"), json!("two"));
    assert_eq!(of(retrieve(&mut tree, "C1/box"), "m2m:cnt", "cni"), json!(2));
    assert_eq!(of(retrieve(&mut tree, "C1/box"), "m2m:cnt", "cbs"), json!(8));
    assert_eq!(tree.carry_out(&ask(Operation::Delete, "C1", "C1")).code, 2002);
    assert_eq!((tree.resources.len(), retrieve(&mut tree, "C1/box")), (1, Err(4004)));
}

#[test]
fn what_cannot_be_is_refused() {
    let mut tree = tree();
    create(&mut tree, "C1", "C1", CONTAINER, "m2m:cnt", json!({"rn": "box"}));
    for (to, ty, tag, attributes, code) in [
        ("C1", CONTAINER, "m2m:cnt", json!({"rn": "box"}), code::CONFLICT),
        ("C1", CONTAINER, "m2m:ae", json!({}), code::BAD_REQUEST),
        ("C1", CONTAINER, "m2m:cnt", json!(1), code::CONTENTS),
        ("C1", CONTAINER, "m2m:cnt", json!({"ri": "x"}), code::BAD_REQUEST),
        ("C1", CONTAINER, "m2m:cnt", json!({"rn": "a/b"}), code::BAD_REQUEST),
        ("C1", INSTANCE, "m2m:cin", json!({"con": 1}), code::CHILD),
        ("C1/box", INSTANCE, "m2m:cin", json!({}), code::BAD_REQUEST),
        ("C1/box", SUBSCRIPTION, "m2m:sub", json!({"nu": []}), code::BAD_REQUEST),
        ("C1", AE, "m2m:ae", json!({"api": "N.x", "rr": true}), code::CHILD),
        ("-", AE, "m2m:ae", json!({"api": "N.x", "rr": true}), code::REGISTERED),
        ("-", AE, "m2m:ae", json!({"api": "x", "rr": true}), code::BAD_REQUEST),
        ("-", AE, "m2m:ae", json!({"api": "N.x"}), code::BAD_REQUEST),
        ("-", BASE, "m2m:cb", json!({}), code::NOT_IMPLEMENTED),
        ("-", 16, "m2m:csr", json!({}), code::NOT_IMPLEMENTED),
        ("nowhere", CONTAINER, "m2m:cnt", json!({}), code::NOT_FOUND),
    ] {
        assert_eq!(create(&mut tree, to, "C1", ty, tag, attributes.clone()).code, code, "{to} {ty} {attributes}");
    }
    assert_eq!(tree.carry_out(&ask(Operation::Delete, "-", "C1")).code, code::NOT_ALLOWED);
    assert_eq!(tree.carry_out(&ask(Operation::Notify, "-", "C1")).code, code::NOT_ALLOWED);
    assert_eq!(tree.carry_out(&ask(Operation::Create, "-", "C1")).code, code::BAD_REQUEST);
    let odd = Ask { result: Some(9), ..ask(Operation::Retrieve, "-", "C1") };
    assert_eq!(tree.carry_out(&odd).code, code::BAD_REQUEST);
}

#[test]
fn who_has_no_identifier_is_given_one() {
    let mut tree = tree();
    let stem = |tree: &mut Tree, from: &str| {
        let done = create(tree, "-", from, AE, "m2m:ae", json!({"api": "N.x", "rr": true}));
        done.content.expect("content")["m2m:ae"]["aei"].as_str().expect("text").to_owned()
    };
    assert!(stem(&mut tree, "").starts_with('C'));
    assert!(stem(&mut tree, "C").starts_with('C'));
    assert!(stem(&mut tree, "S").starts_with('S'));
    assert_eq!(stem(&mut tree, "Cmine"), "Cmine");
}

#[test]
fn changes_are_made_and_told() {
    let mut tree = tree();
    create(&mut tree, "C1", "C1", CONTAINER, "m2m:cnt", json!({"rn": "box", "lbl": ["a"]}));
    let wants = json!({"nu": ["/touchstone-cse/C1"], "enc": {"net": [1, 2, 3, 4]}});
    create(&mut tree, "C1/box", "C1", SUBSCRIPTION, "m2m:sub", json!({"rn": "s", "nu": "C1"}));
    create(&mut tree, "C1/box", "C1", SUBSCRIPTION, "m2m:sub", wants);
    let change = Some(("m2m:cnt", json!({"lbl": null, "mni": 5})));
    let done = tree.carry_out(&Ask { content: change, ..ask(Operation::Update, "C1/box", "C1") });
    assert_eq!((done.code, done.notices.len()), (code::UPDATED, 2));
    let content = done.content.expect("content");
    assert_eq!((content["m2m:cnt"].get("lbl"), &content["m2m:cnt"]["mni"]), (None, &json!(5)));
    let done = create(&mut tree, "C1/box", "C1", INSTANCE, "m2m:cin", json!({"con": "x"}));
    let [notice] = done.notices.as_slice() else { panic!("{:?}", done.notices) };
    assert_eq!(notice.whom, "/touchstone-cse/C1");
    assert_eq!(notice.content["m2m:sgn"]["nev"]["rep"]["m2m:cin"]["con"], json!("x"));
    assert_eq!(tree.carry_out(&ask(Operation::Delete, "C1/box/la", "C1")).notices.len(), 1);
    let refused = Ask { content: Some(("m2m:ae", json!({"rr": null}))), ..ask(Operation::Update, "C1", "C1") };
    assert_eq!(tree.carry_out(&refused).code, code::BAD_REQUEST);
}

#[test]
fn results_are_as_asked_for() {
    let mut tree = tree();
    create(&mut tree, "C1", "C1", CONTAINER, "m2m:cnt", json!({"rn": "box", "lbl": ["a"]}));
    let result = |tree: &mut Tree, result, filter| {
        tree.carry_out(&Ask { result: Some(result), filter, ..ask(Operation::Retrieve, "C1", "C1") })
            .content
            .expect("content")
    };
    assert_eq!(result(&mut tree, 4, None)["m2m:ae"]["m2m:cnt"][0]["rn"], json!("box"));
    assert_eq!(result(&mut tree, 5, None)["m2m:ae"]["ch"][0]["val"], json!("cse-touchstone/C1/box"));
    assert_eq!(result(&mut tree, 6, None)["m2m:rrl"]["rrf"][0]["typ"], json!(3));
    let found = json!(["cse-touchstone/C1/box"]);
    assert_eq!(result(&mut tree, 1, Some(json!({"fu": 1, "lbl": "a"})))["m2m:uril"], found);
    assert_eq!(result(&mut tree, 1, Some(json!({"fu": 1, "ty": [3]})))["m2m:uril"], found);
    assert_eq!(result(&mut tree, 1, Some(json!({"fu": 1, "ty": 4})))["m2m:uril"], json!([]));
    let nothing = Ask { result: Some(0), ..ask(Operation::Delete, "C1/box", "C1") };
    assert_eq!(tree.carry_out(&nothing), Done { code: code::DELETED, content: None, notices: Vec::new() });
}

#[test]
fn there_is_an_end_to_it() {
    let mut tree = tree();
    let large = "x".repeat(64 * 1024);
    create(&mut tree, "C1", "C1", CONTAINER, "m2m:cnt", json!({"rn": "box"}));
    for _ in 0..3 * INSTANCES {
        create(&mut tree, "C1/box", "C1", INSTANCE, "m2m:cin", json!({"con": large}));
    }
    assert_eq!(tree.instances(&tree.resources["cnt-1"]).count(), INSTANCES);
    let mut last = code::CREATED;
    for _ in 0..=RESOURCES {
        last = create(&mut tree, "C1", "C1", CONTAINER, "m2m:cnt", json!({"lbl": ["a"]})).code;
    }
    assert_eq!(last, code::INTERNAL);
    assert!(tree.bytes <= BYTES && tree.resources.len() <= RESOURCES);
    let mut at = "C1/box".to_owned();
    for _ in 0..2 * DEPTH {
        create(&mut tree, &at, "C1", CONTAINER, "m2m:cnt", json!({"rn": "c"}));
        at.push_str("/c");
    }
    assert_eq!(retrieve(&mut tree, &at), Err(code::NOT_FOUND));
}

/// The sizes add up, and everybody but the CSEBase has a parent that knows him.
fn is_sound(tree: &Tree) -> bool {
    let sizes: usize = tree.resources.values().map(|resource| resource.size).sum();
    sizes == tree.bytes
        && tree.resources.iter().all(|(id, resource)| match &resource.parent {
            None => *id == tree.base,
            Some(parent) => tree.resources.get(parent).is_some_and(|parent| parent.children.contains(id)),
        })
}

fn attributes() -> impl Strategy<Value = Value> {
    let value = prop_oneof![
        Just(json!(null)),
        Just(json!(1)),
        Just(json!(0)),
        Just(json!(true)),
        "[a-z/+#]{0,3}".prop_map(Value::from),
        Just(json!(["C1", 3])),
        Just(json!({"net": [1, 2, 3, 4]})),
    ];
    let name = prop_oneof!["rn", "con", "mni", "mbs", "nu", "enc", "api", "rr", "lbl", "ri"];
    proptest::collection::vec((name, value), 0..4).prop_map(|members| Value::Object(members.into_iter().collect()))
}

proptest! {
    #[test]
    fn nothing_breaks_it(
        asks in proptest::collection::vec(
            (0..5usize, "(/touchstone-cse|-|C1|cnt-[12]|//a)?(/(C1|box|la|ol|a|))?", "C?1?", 0..24u64, attributes(), 0..10u64),
            0..20,
        ),
    ) {
        let mut tree = tree();
        for (operation, to, from, ty, content, result) in &asks {
            let operation = Operation::ALL[*operation];
            let (ty, result) = (Some(*ty), (*result < 7).then_some(*result));
            let tag = kind(ty.unwrap_or(0)).map_or("m2m:cnt", |(tag, _)| tag);
            let content = Some((tag, content.clone()));
            tree.carry_out(&Ask { ty, content, result, ..ask(operation, to, from) });
            prop_assert!(is_sound(&tree));
        }
    }
}

use super::*;
use proptest::prelude::*;

const NOW: u64 = 1_789_000_000_000;

fn registrar_for(ae: &str) -> Registrar {
    let mut pics = Pics::default();
    pics.onem2m.ae_id = Some(ae.to_owned());
    Registrar::new(&pics)
}

fn request(members: Value) -> Vec<u8> {
    let mut request = json!({"fr": "C1", "rqi": "r", "rvi": "3"});
    for (name, value) in members.as_object().expect("members") {
        request[name] = value.clone();
    }
    request.to_string().into_bytes()
}

fn registers() -> Vec<u8> {
    request(json!({"op": 1, "to": "/touchstone-cse", "ty": 2,
        "pc": {"m2m:ae": {"api": "N.x", "rr": true, "csz": ["application/json"]}}}))
}

const WAY: &str = "/oneM2M/req/touchstone-cse:C1/touchstone-cse/json";

fn read(sent: &Sent) -> Value {
    serde_json::from_slice(&sent.payload).expect("JSON")
}

/// What is answered to a request: its topic and its message.
fn answer(registrar: &mut Registrar, topic: &str, payload: &[u8]) -> (String, Value) {
    let sent = registrar.take(topic, payload, NOW);
    (sent[0].topic.clone(), read(&sent[0]))
}

#[test]
fn an_ae_registers_and_is_known() {
    let mut registrar = registrar_for("C1");
    assert!(!registrar.knows());
    assert_eq!(registrar.due()[0], "/oneM2M/resp/touchstone-cse:C1/touchstone-cse/json");
    let (topic, response) = answer(&mut registrar, WAY, &registers());
    assert_eq!(topic, "/oneM2M/resp/touchstone-cse:C1/touchstone-cse/json");
    assert_eq!((&response["rsc"], &response["rqi"], &response["rvi"]), (&json!(2001), &json!("r"), &json!("3")));
    assert_eq!(response["pc"]["m2m:ae"]["aei"], json!("C1"));
    assert_eq!(
        registrar.due(),
        ["/oneM2M/resp/touchstone-cse:C1/touchstone-cse/json", "/oneM2M/req/touchstone-cse/touchstone-cse:C1/json"]
    );
}

#[test]
fn who_has_no_identifier_registers_by_credential() {
    let mut pics = Pics::default();
    pics.onem2m.credential_id = Some("cred/1".to_owned());
    let mut registrar = Registrar::new(&pics);
    assert_eq!(registrar.due(), ["/oneM2M/reg_resp/cred:1/touchstone-cse/json"]);
    let mut message: Value = serde_json::from_slice(&registers()).expect("JSON");
    message.as_object_mut().expect("an object").remove("fr");
    let (topic, response) =
        answer(&mut registrar, "/oneM2M/reg_req/cred:1/touchstone-cse/json", message.to_string().as_bytes());
    assert_eq!(topic, "/oneM2M/reg_resp/cred:1/touchstone-cse/json");
    let stem = response["pc"]["m2m:ae"]["aei"].as_str().expect("an identifier").to_owned();
    assert_eq!(registrar.stem(), Some(stem.as_str()));
    let other = request(json!({"op": 2, "to": "/touchstone-cse"}));
    let (_, refused) = answer(&mut registrar, "/oneM2M/reg_req/cred:1/touchstone-cse/json", &other);
    assert_eq!(refused["rsc"], json!(code::NOT_ALLOWED));
}

#[test]
fn the_checks_of_a_receiver_come_first() {
    let mut registrar = registrar_for("C1");
    answer(&mut registrar, WAY, &registers());
    let mut code = |members: Value, without: &str| {
        let mut message: Value = serde_json::from_slice(&request(members)).expect("JSON");
        message.as_object_mut().expect("an object").remove(without);
        answer(&mut registrar, WAY, message.to_string().as_bytes()).1["rsc"].as_u64().expect("a code")
    };
    let base = || json!({"op": 2, "to": "/touchstone-cse"});
    assert_eq!(code(base(), ""), code::OK);
    assert_eq!(code(base(), "op"), code::BAD_REQUEST);
    assert_eq!(code(base(), "to"), code::BAD_REQUEST);
    assert_eq!(code(base(), "fr"), code::BAD_REQUEST);
    for (name, value, expected) in [
        ("fr", json!("nobody"), code::BAD_REQUEST),
        ("fr", json!(1), code::BAD_REQUEST),
        ("rvi", json!("9"), code::RELEASE),
        ("rqet", json!("20200101T000000"), code::TOO_LATE),
        ("rqet", json!("soon"), code::BAD_REQUEST),
        ("ty", json!(3), code::BAD_REQUEST),
        ("rcn", json!(99), code::BAD_REQUEST),
        ("rt", json!({"rtv": 1}), code::NOT_IMPLEMENTED),
        ("rt", json!(3), code::OK),
        ("to", json!("nowhere"), code::NOT_FOUND),
    ] {
        let mut members = base();
        members[name] = value.clone();
        assert_eq!(code(members, ""), expected, "{name} {value}");
    }
    assert_eq!(code(json!({"op": 1, "to": "C1", "pc": {"m2m:cnt": {}}}), ""), code::BAD_REQUEST);
    assert_eq!(
        code(json!({"op": 1, "to": "C1", "ty": 3, "pc": {"m2m:cnt": {}}, "fc": {"lim": 1}}), ""),
        code::BAD_REQUEST
    );
}

#[test]
fn subscribers_are_notified_as_they_like_it() {
    let mut registrar = registrar_for("C1");
    answer(&mut registrar, WAY, &registers());
    let subscribes = request(json!({"op": 1, "to": "C1", "ty": 23, "rqi": "s",
        "pc": {"m2m:sub": {"rn": "s", "nu": ["/touchstone-cse/C1", "nobody", "mqtt://host/a/b"], "enc": {"net": [3]}}}}));
    answer(&mut registrar, WAY, &subscribes);
    let makes = request(json!({"op": 1, "to": "C1", "ty": 3, "rqi": "c", "pc": {"m2m:cnt": {"rn": "box"}}}));
    let sent = registrar.take(WAY, &makes, NOW);
    let topics: Vec<&str> = sent.iter().map(|sent| sent.topic.as_str()).collect();
    assert_eq!(
        topics,
        [
            "/oneM2M/resp/touchstone-cse:C1/touchstone-cse/json",
            "/oneM2M/req/touchstone-cse/touchstone-cse:C1/json",
            "a/b"
        ]
    );
    let notification = read(&sent[1]);
    assert_eq!((&notification["op"], &notification["fr"]), (&json!(5), &json!("/touchstone-cse")));
    assert_eq!(notification["pc"]["m2m:sgn"]["nev"]["rep"]["m2m:cnt"]["rn"], json!("box"));
    assert_eq!(notification["pc"]["m2m:sgn"]["sur"], json!("/touchstone-cse/cse-touchstone/C1/s"));
    assert_ne!(notification["rqi"], read(&sent[2])["rqi"]);
    // The same once more is answered as before, and nobody is told again.
    assert_eq!(registrar.take(WAY, &makes, NOW), sent[..1]);
}

#[test]
fn a_response_is_serialized_as_its_request() {
    let mut registrar = registrar_for("C1");
    answer(&mut registrar, WAY, &registers());
    let xml = "<m2m:rqp xmlns:m2m=\"http://www.onem2m.org/xml/protocols\"><op>1</op><to>C1</to><fr>C1</fr><rqi>x</rqi><ty>3</ty>\
               <pc><m2m:cnt rn=\"box\"><mni>3</mni></m2m:cnt></pc><rvi>3</rvi></m2m:rqp>";
    let sent = registrar.take("/oneM2M/req/C1/touchstone-cse/xml", xml.as_bytes(), NOW);
    assert_eq!(sent[0].topic, "/oneM2M/resp/C1/touchstone-cse/xml");
    let text = String::from_utf8(sent[0].payload.clone()).expect("text");
    assert!(text.contains("<rsc>2001</rsc><pc><m2m:cnt rn=\"box\"><mni>3</mni>"), "{text}");
    assert_eq!(registrar.due()[1], "/oneM2M/req/touchstone-cse/C1/json", "it calls itself by its stem now");
}

#[test]
fn what_a_scenario_has_asked_for_waits_for_it() {
    let mut registrar = registrar_for("C1");
    answer(&mut registrar, WAY, &registers());
    let (asked, other) = (request(json!({"op": 2, "to": "C1"})), request(json!({"op": 2, "to": "-", "rqi": "o"})));
    let late = request(json!({"op": 2, "to": "C1", "rqi": "late"}));
    registrar.hold(Arc::new(|topic, payload| {
        onem2m::read(topic, payload).is_some_and(|primitive| primitive.text("to") == Some("C1"))
    }));
    assert!(registrar.take(WAY, &asked, NOW).is_empty());
    assert!(registrar.take(WAY, &late, NOW).is_empty());
    assert_eq!(registrar.take(WAY, &other, NOW).len(), 1);
    let view = Command::of(WAY, &asked);
    let released = registrar.release(&[view], NOW);
    assert_eq!(released.iter().map(|sent| read(sent)["rqi"].clone()).collect::<Vec<_>>(), [json!("late")]);
    assert!(registrar.take(WAY, &asked, NOW).is_empty(), "a copy of it waits, too");
    let said = registrar.answer(WAY, &asked, NOW).expect("an answer");
    assert_eq!((said.rqi.as_str(), &said.members["rsc"]), ("r", &json!(2000)));
    assert_eq!(registrar.answer(WAY, &asked, NOW + 5000), Some(said));
    assert_eq!(registrar.refusal(WAY, &asked).map(|said| said.members.len()), Some(0));
}

#[test]
fn what_is_none_of_its_business_is_left_alone() {
    let mut registrar = registrar_for("C1");
    let sound = registers();
    for topic in [
        "/oneM2M/req/C1/other-cse/json",
        "oneM2M/req/C1/touchstone-cse/json",
        "/oneM2M/resp/C1/touchstone-cse/json",
        "/oneM2M/req/C1/touchstone-cse/json/more",
        "weather",
    ] {
        assert!(registrar.take(topic, &sound, NOW).is_empty(), "{topic}");
    }
    let response = json!({"rsc": 2000, "rqi": "r"}).to_string();
    let nameless = request(json!({"op": 2, "to": "-", "rqi": ""}));
    let endless = vec![b' '; LONGEST + 1];
    for payload in [&b""[..], b"{", b"<", b"[1]", b"\xff\xfe", response.as_bytes(), &nameless, &endless] {
        assert!(registrar.take(WAY, payload, NOW).is_empty());
    }
    assert!(!registrar.knows());
}

#[test]
fn only_the_newest_is_kept() {
    let mut newest = Newest::new();
    for n in 0..3 * KEPT {
        newest.push(n, 1);
    }
    assert_eq!((newest.items.len(), newest.find(|n| *n == 3 * KEPT - 1)), (KEPT, Some(&(3 * KEPT - 1))));
    newest.push(0, KEPT_BYTES + 1);
    assert_eq!((newest.items.len(), newest.bytes), (0, 0));
}

proptest! {
    #[test]
    fn nothing_breaks_it(
        topic in "/oneM2M/(req|resp|reg_req)/[^/]{0,6}/(touchstone-cse|x)(/(json|xml|y))?",
        payload in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut registrar = registrar_for("C1");
        registrar.take(&topic, &payload, NOW);
        prop_assert!(!registrar.knows());
    }

    #[test]
    fn whatever_is_asked_is_answered_once(
        members in proptest::collection::btree_map(
            "(op|to|fr|ty|rvi|rcn|rqet|rt|fc|pc)",
            prop_oneof![
                Just(json!(1)), Just(json!(2)), Just(json!(3)), Just(json!(null)), Just(json!("C1")), Just(json!("")),
                Just(json!([])), Just(json!({})), Just(json!({"m2m:cnt": {}})), Just(json!({"m2m:ae": {"api": 1}})),
                Just(json!(-1)), Just(json!(1e300)),
            ],
            0..8,
        ),
    ) {
        let mut registrar = registrar_for("C1");
        let payload = request(Value::Object(members.into_iter().collect()));
        let sent = registrar.take(WAY, &payload, NOW);
        let read = onem2m::read(WAY, &payload).expect("addressed");
        if read.kind == Some(Kind::Request) {
            prop_assert_eq!(sent.len(), 1);
            let answered = onem2m::read(&sent[0].topic, &sent[0].payload).expect("a primitive");
            prop_assert!(answered.defects.is_empty(), "{:?}", answered.defects);
        }
    }
}

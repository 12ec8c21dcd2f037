use super::*;

#[test]
fn durations_need_a_unit_and_sense() {
    assert_eq!(duration("2s"), Some(2_000_000_000));
    assert_eq!(duration("500ms"), Some(500_000_000));
    assert_eq!(duration("1.5 s"), Some(1_500_000_000));
    assert_eq!(duration("1m"), Some(60_000_000_000));
    for bad in ["", "2", "s", "-1s", "0s", "2 days", "1e9s", "inf s", "2h", "1.2.3s", "NaNs"] {
        assert_eq!(duration(bad), None, "{bad}");
    }
}

#[test]
fn several_problems_of_one_text_are_reported_together() {
    let document = Document::new(Source::new(
        "x.toml",
        "name = 3\nflag = \"yes\"\nwait = \"soon\"\nlevel = 9\nkind = \"jsn\"\nlist = [1]\nnaem = 1\nwhen = 2020-01-01\n",
    ));
    let root = document.parse();
    let fields = document.fields("the file", root.get_ref(), root.span());
    let _ = fields.required("name", "\"x\"");
    let _ = fields.required("title", "\"x\"");
    let _ = fields.boolean("flag");
    let _ = fields.duration("wait");
    let _ = fields.integer("level", 0, 2);
    let _ = fields.choice("kind", &[("json", 1), ("cbor", 2)]);
    let _ = fields.strings("list");
    let _ = fields.json("when");
    fields.finish();
    let problems = document.finish(Some(())).expect_err("all wrong");
    insta::assert_snapshot!(problems.to_string());
}

#[test]
fn syntax_errors_have_a_place() {
    let document = Document::new(Source::new("x.toml", "[iut\nname = \"x\"\n\n[launch]\ncommand = [\"a\", \n"));
    let _ = document.parse();
    insta::assert_snapshot!(document.finish(Some(())).expect_err("syntax").to_string());
}

#[test]
fn tables_become_json_in_the_order_written() {
    let document = Document::new(Source::new("x.toml", "v = { b = 1, a = [true, 1.5, \"x\"], \"x-y\" = {} }\n"));
    let root = document.parse();
    let fields = document.fields("the file", root.get_ref(), root.span());
    let value = fields.json("v").expect("JSON").value;
    assert_eq!(value.to_string(), r#"{"b":1,"a":[true,1.5,"x"],"x-y":{}}"#);
}

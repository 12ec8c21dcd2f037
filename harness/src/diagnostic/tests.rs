use super::*;

#[test]
fn a_problem_shows_file_line_caret_and_help() {
    let source = Source::new("a.toml", "[iut]\nnmae = \"x\"\n");
    let problem = Problem::new("unknown key `nmae` in [iut]")
        .at(&source, 6..10, "not a key of [iut]")
        .help("did you mean `name`?");
    insta::assert_snapshot!(problem.to_string());
}

#[test]
fn a_problem_without_a_place_is_one_line_and_its_help() {
    insta::assert_snapshot!(Problem::new("cannot read x").help("check the path").to_string());
    insta::assert_snapshot!("bare", Problem::new("cannot read x").to_string());
}

#[test]
fn spans_outside_the_text_do_no_harm() {
    let source = Source::new("a.toml", "é\nb");
    for span in [0..1, 1..2, 0..100, 50..60, 2..2] {
        let _ = Problem::new("p").at(&source, span, "here").to_string();
    }
}

/// Where the carets stand in the columns of a terminal, and what they stand under.
fn under_the_carets(shown: &str) -> (String, String) {
    let lines: Vec<&str> = shown.lines().collect();
    let at = lines.iter().position(|line| line.contains('^')).expect("carets");
    let begins = columns(lines[at].split('^').next().unwrap_or_default());
    let carets: String = lines[at].chars().filter(|c| *c == '^').collect();
    let (mut column, mut covered) = (0, String::new());
    for c in lines[at - 1].chars() {
        let width = columns(c.encode_utf8(&mut [0; 4]));
        if (begins..begins + carets.len()).contains(&column) || (width == 0 && !covered.is_empty()) {
            covered.push(c);
        }
        column += width;
    }
    (covered, carets)
}

#[test]
fn carets_stand_below_what_is_wrong_in_columns_of_a_terminal() {
    for line in [
        "key = WRONG",
        "\tkey\t=\tWRONG",
        "key = \"漢字漢字\" WRONG",
        "key = \"e\u{301}e\u{301}\" WRONG # more",
        "key = \"😀\" WRONG",
        "\u{feff}key = WRONG",
        "key = WRONG\r",
    ] {
        let text = format!("{line}\nnext = 1\n");
        let start = text.find("WRONG").expect("it is there");
        let problem = Problem::new("p").at(&Source::new("a.toml", text), start..start + 5, "");
        for width in [None, Some(80), Some(60)] {
            let shown = problem.shown(Look { width, colour: false });
            assert_eq!(under_the_carets(&shown), ("WRONG".to_owned(), "^^^^^".to_owned()), "{shown}");
        }
    }
}

#[test]
fn a_terminal_is_not_written_over_its_edge() {
    let long = format!("key = [{}WRONG, {}]\n", "\"some text\", ".repeat(40), "1, ".repeat(200));
    let start = long.find("WRONG").expect("it is there");
    let source = Source::new("a.toml", long);
    let problem = Problem::new(format!("no such key: {}", "known ".repeat(30).trim_end()))
        .at(&source, start..start + 5, "unknown")
        .help(format!("known here: {}", "another, ".repeat(30).trim_end()));
    for width in [60, 80, 140] {
        let shown = problem.shown(Look { width: Some(width), colour: false });
        assert!(shown.lines().all(|line| columns(line) <= width), "{width}:\n{shown}");
        assert_eq!(under_the_carets(&shown).0, "WRONG", "{shown}");
    }
    insta::assert_snapshot!(problem.shown(Look { width: Some(80), colour: false }));
}

#[test]
fn colours_only_add_escape_sequences() {
    let source = Source::new("a.toml", "key = WRONG\n");
    let problem = Problem::new("p").at(&source, 6..11, "here").help("do that");
    let coloured = problem.shown(Look { width: None, colour: true });
    let mut plain = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = after.split_once('m').expect("a whole sequence").1;
    }
    plain.push_str(rest);
    assert!(coloured != plain);
    assert_eq!(plain, problem.to_string());
}

#[test]
fn floods_of_problems_and_endless_names_are_cut_short() {
    let source = Source::new("a.toml", "key = 1\n");
    let problem = |n: usize| Problem::new(format!("number {n}")).at(&source, 0..3, "");
    let shown = (0..300).map(problem).collect::<Problems>().to_string();
    assert!(shown.contains("number 19") && !shown.contains("number 20"), "{shown}");
    assert!(shown.ends_with("280 more of this kind are not shown; mend these first"), "{shown}");
    assert!(Problem::new("x".repeat(5_000_000)).to_string().len() < 2000);
}

#[test]
fn files_that_cannot_be_meant_are_refused() {
    let refused = |path: &str| Source::read(Path::new(path), "the IUT file").expect_err("refused").to_string();
    assert!(refused("/dev/zero").contains("the IUT file /dev/zero is larger than 8,388,608 bytes"));
    assert!(refused("/").contains("name a file, not a directory"));
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("wide.toml");
    std::fs::write(&path, b"\xff\xfe[\0i\0").expect("a file");
    assert!(refused(&path.display().to_string()).contains("looks like UTF-16"));
}

#[test]
fn nearest_finds_slips_and_leaves_strangers_alone() {
    assert_eq!(nearest("pots", ["host", "port"]), Some("port"));
    assert_eq!(nearest("prot", ["host", "port"]), Some("port"));
    assert_eq!(nearest("zebra", ["host", "port"]), None);
}

#[test]
fn problems_come_in_the_order_of_their_places() {
    let source = Source::new("a.toml", "aa\nbb\n");
    let mut problems = Problems::default();
    problems.push(Problem::new("second").at(&source, 3..5, ""));
    problems.push(Problem::new("first").at(&source, 0..2, ""));
    let problems = problems.or(()).expect_err("two problems");
    assert_eq!(problems.iter().map(Problem::title).collect::<Vec<_>>(), ["first", "second"]);
}

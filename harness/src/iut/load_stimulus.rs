//! Reads `[stimulus]`: how a Producer is made to send a command.

use super::Pics;
use super::file::{Network, Stimulus};
use super::load::{argv, check_program, template};
use super::stimulus::http;
use super::template::{Placeholder, Template};
use crate::diagnostic::toml::{Fields, Located};
use std::path::Path;

/// How, and how long accepting one may take where that is said.
pub(super) fn read_stimulus(
    table: &Fields<'_>,
    pics: &Pics,
    network: &Network,
    dir: &Path,
    launched: bool,
) -> Option<(Stimulus, Option<u64>)> {
    #[derive(Clone, Copy)]
    enum Via {
        None,
        Stdin,
        Command,
        Http,
        Operator,
    }
    if !table.has("via") {
        table.missing("via", "\"stdin\"");
    }
    let via = table.choice(
        "via",
        &[
            ("stdin", Via::Stdin),
            ("command", Via::Command),
            ("http", Via::Http),
            ("operator", Via::Operator),
            ("none", Via::None),
        ],
    );
    let command = argv(table, "command", pics, network);
    let url = table.string("url");
    let within = table.duration("within").map(|d| d.value);
    table.finish();
    let via = via?;
    for (key, present, wanted) in [
        ("command", table.has("command"), matches!(via.value, Via::Command)),
        ("url", table.has("url"), matches!(via.value, Via::Http)),
    ] {
        if wanted && !present {
            table.missing(key, if key == "url" { "\"http://127.0.0.1:8080/send\"" } else { "[\"./send.sh\"]" });
        } else if present && !wanted {
            table.document.wrong(
                table.key_span(key),
                format!("`{key}` in [stimulus] does not go with this `via`"),
                "",
                Some(format!("remove `{key}`, or change `via`")),
            );
        }
    }
    let url = url.and_then(|url| read_url(table, &url, pics, network));
    if let Some(arguments) = &command {
        check_program(table, "command", arguments, dir);
    }
    let placeholders = url.iter().chain(command.iter().flat_map(|c| &c.templates)).flat_map(Template::placeholders);
    for placeholder in placeholders.filter(|p| *p == Placeholder::StimulusPort && !launched) {
        table.document.wrong(
            table.span.clone(),
            format!("`{placeholder}` in [stimulus] needs [launch]"),
            "",
            Some("only an implementation that the harness starts can be told which port to take".to_owned()),
        );
    }
    let stimulus = match via.value {
        Via::None => Stimulus::None,
        Via::Stdin => Stimulus::Stdin,
        Via::Command => Stimulus::Command(command?.templates),
        Via::Http => Stimulus::Http(url?),
        Via::Operator => Stimulus::Operator,
    };
    Some((stimulus, within))
}

/// `url`: a template that is an HTTP address whatever its placeholders stand for.
fn read_url(table: &Fields<'_>, url: &Located<String>, pics: &Pics, network: &Network) -> Option<Template> {
    let template = template(table, url, pics, network)?;
    // Every placeholder that may stand there can be a number, and most are.
    let sample = Placeholder::ALL.iter().map(|(_, placeholder)| (*placeholder, "1".to_owned())).collect();
    match http::check(&template.fill(&sample)) {
        Ok(_) => Some(template),
        Err(_) => {
            table.document.wrong(
                url.span.clone(),
                "`url` in [stimulus] is not an http:// address with a host",
                "",
                Some("as in \"http://127.0.0.1:8080/send\"".to_owned()),
            );
            None
        }
    }
}

//! Evidence packages: the same run gives the same bytes, any changed byte shows, verdicts are derived again, and a redacted
//! package holds no secret and still gives them.

mod common;

#[path = "package/changes.rs"]
mod changes;
#[path = "package/foreign.rs"]
mod foreign;
#[path = "package/kit.rs"]
mod kit;
#[path = "package/made.rs"]
mod made;
#[path = "package/redacted.rs"]
mod redacted;
#[path = "package/regraded.rs"]
mod regraded;
#[path = "package/signed.rs"]
mod signed;

//! TLS as OpenC2 over HTTPS v1.0 wants it (3.2.3), for every binding that runs over it.
//!
//! WD04 section 4 tells implementers to take this guidance over, and no more than that: so every requirement is
//! guidance here, also where the text of the HTTPS specification says MUST. It applies where the IUT file declares
//! `tls = true`. A client is judged by its ClientHello and by what it does with the answers of servers that it should
//! accept, or refuse.

mod certificates;
mod early_data;
mod hello;
mod old_versions;
mod suites;
mod support;
mod versions;

use super::{Catalogue, Requirement};
pub(crate) use support::{OVER_TLS, change, witness};

/// The catalogue.
pub static CATALOGUE: Catalogue = Catalogue {
    id: "tls",
    title: "TLS guidance for OpenC2",
    cite: "OpenC2 over HTTPS",
    edition: "Version 1.0, Committee Specification 01, 11 July 2019",
    version: 1,
    requirements: REQUIREMENTS,
    rows: include_str!("rows.txt"),
};

static REQUIREMENTS: &[&Requirement] = &[
    &versions::TLS12,
    &versions::TLS13,
    &old_versions::OLD_VERSIONS,
    &hello::SSL,
    &certificates::UNTRUSTED,
    &certificates::EXPIRED,
    &certificates::WRONG_NAME,
    &hello::COMPRESSION,
    &suites::WEAK,
    &suites::NULL,
    &suites::RENEGOTIATION,
    &suites::LISTED,
    &early_data::EARLY_DATA,
];

//! Requirements of TS-0010, the MQTT protocol binding of oneM2M: text B is V2.4.1, text A an earlier draft of nearly the same.
//!
//! In oneM2M the lower-case *shall* binds (its drafting rules say so); statements in the present tense are guidance, among
//! them the topics, without which peers cannot find each other (`interop`).

mod connect;
mod publish;
mod support;
mod topics;

use super::{Catalogue, Requirement};

/// The catalogue.
pub static CATALOGUE: Catalogue = Catalogue {
    id: "ts0010",
    title: "oneM2M MQTT protocol binding",
    cite: "TS-0010",
    edition: "V2.4.1, 30 August 2016",
    version: 1,
    requirements: REQUIREMENTS,
    rows: include_str!("rows.txt"),
};

static REQUIREMENTS: &[&Requirement] = &[
    &connect::CLIENT_ID_PREFIX,
    &connect::CLEAN_SESSION,
    &connect::WILL,
    &publish::RETAIN,
    &publish::QOS,
    &topics::FORM,
    &topics::FORMAT,
    &topics::SUFFIX,
    &topics::RESPONSE,
    &topics::SUBSCRIBES_REQUESTS,
    &topics::SUBSCRIBES_RESPONSES,
];

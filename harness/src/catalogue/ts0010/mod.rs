//! Requirements of TS-0010, the MQTT protocol binding of oneM2M: text B is V2.4.1, text A an earlier draft of nearly the same.
//!
//! In oneM2M the lower-case *shall* binds (its drafting rules say so); statements in the present tense are guidance, among
//! them the topics, without which peers cannot find each other (`interop`).

mod accept;
mod client;
mod connect;
mod identity;
mod leave;
mod payload;
mod poa;
mod publish;
mod receiver;
mod security;
mod subscriptions;
mod support;
mod topics;
mod untestable;

pub(super) use leave::says_leave;

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
    &client::STANDARD,
    &client::UNIQUE,
    &connect::CLIENT_ID_PREFIX,
    &connect::CLEAN_SESSION,
    &connect::WILL,
    &leave::LEAVE,
    &publish::RETAIN,
    &publish::QOS,
    &payload::PRIMITIVE,
    &payload::SIZE,
    &payload::REQUEST,
    &payload::RESPONSE,
    &topics::FORM,
    &topics::FORMAT,
    &topics::SUFFIX,
    &topics::RESPONSE,
    &identity::ORIGINATOR,
    &identity::COLONS,
    &identity::RECEIVER,
    &identity::CREDENTIAL,
    &subscriptions::REQUESTS,
    &subscriptions::RESPONSES,
    &receiver::ANSWERS,
    &receiver::EXPIRED,
    &receiver::EXPIRED_STATUS,
    &receiver::ASSIGNS,
    &accept::NAMES,
    &accept::HONOURED,
    &accept::REFUSED,
    &accept::HONOURED_BY_AE,
    &accept::REFUSED_BY_AE,
    &poa::FORM,
    &security::TLS,
    &untestable::TRANSPORT,
    &untestable::COMMON_SERVER,
    &untestable::KEEP_ALIVE,
    &untestable::CONNECTED_AT_WILL,
    &untestable::ONE_CONNECTION,
    &untestable::LEAVE,
    &untestable::RESPONSE_ADDRESS,
    &untestable::ANY_SERIALIZATION,
    &untestable::POINT_OF_ACCESS_TLS,
    &untestable::POINT_OF_ACCESS_PORT,
    &untestable::PROVISIONING,
    &untestable::PASSWORD,
    &untestable::SECURITY_NOTED,
];

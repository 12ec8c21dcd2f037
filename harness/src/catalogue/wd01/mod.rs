//! Guidance of OpenC2 over MQTT (Working Draft 01, 2019/2020): a tree of topics, and a few words on quality of service,
//! client identifiers and TLS.
//!
//! The text has no capitalised key word, and its sections on protocol mappings and conformance are empty: whatever is
//! found here is advice. It says nothing of payloads (see [`crate::evidence::openc2::read_open`]), clean session, keep alive, will and RETAIN.

mod connect;
mod published;
mod quality;
mod roles;
mod subscribe;
mod subscriptions;
mod support;
mod tls;

use super::{Catalogue, Requirement};

/// The catalogue.
pub static CATALOGUE: Catalogue = Catalogue {
    id: "wd01",
    title: "OpenC2 over MQTT, topic profile",
    cite: "WD01",
    edition: "Working Draft 01, 27 February 2019",
    version: 1,
    requirements: REQUIREMENTS,
    rows: include_str!("rows.txt"),
};

static REQUIREMENTS: &[&Requirement] = &[
    &roles::ROLE_CONSUMER,
    &roles::ROLE_PRODUCER,
    &connect::MQTT_VERSION,
    &connect::CLIENT_ID,
    &tls::TLS,
    &published::PREFIX,
    &published::RESPONSE_TOPIC,
    &published::COMMAND_TOPIC,
    &published::COMMAND_FITS,
    &subscribe::TOPICS,
    &subscribe::DEVICE_ID_NOT_TYPE,
    &subscribe::SPELLING,
    &subscriptions::PROFILES,
    &subscriptions::DEVICE_TYPE,
    &subscriptions::DEVICE_ID,
    &subscriptions::ACTION_TARGETS,
    &subscriptions::ACTIONS,
    &subscriptions::RESPONSES,
    &quality::PUBLISH_QOS,
    &quality::SUBSCRIBE_QOS,
    &quality::MESSAGE_FORMAT,
];

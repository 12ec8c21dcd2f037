//! Requirements of OpenC2 over MQTT (Working Draft 04, 15 September 2020).
//!
//! Section 3 binds; sections 2 and 4 are guidance, among it the payload header and the message record, without which
//! peers cannot understand each other (`interop`).

mod acknowledge;
pub(super) mod client_id;
mod connect;
mod exchange;
mod flows;
mod from;
mod not_tested;
mod payload;
mod pingreq;
pub(super) mod publish;
mod roles;
mod suback;
pub(super) mod subscribe;
mod subscriptions;
pub(super) mod support;
mod tls;

use super::{Catalogue, Requirement};
pub(super) use roles::part;
pub(super) use support::seconds;
pub(super) use tls::over_tls;

/// The catalogue.
pub static CATALOGUE: Catalogue = Catalogue {
    id: "wd04",
    title: "OpenC2 over MQTT",
    cite: "WD04",
    edition: "Working Draft 04, 15 September 2020",
    version: 1,
    requirements: REQUIREMENTS,
    rows: include_str!("rows.txt"),
};

static REQUIREMENTS: &[&Requirement] = &[
    &connect::CONNECT_PACKET,
    &connect::PROTOCOL_NAME,
    &connect::PROTOCOL_LEVEL,
    &connect::CLEAN_SESSION,
    &connect::WILL_FLAG,
    &connect::WILL_QOS,
    &connect::WILL_RETAIN,
    &connect::KEEP_ALIVE,
    &connect::KEEP_ALIVE_300,
    &connect::KEEP_ALIVE_0,
    &connect::LEFT_OPEN,
    &connect::REMAINING_LENGTH,
    &acknowledge::CONNACK_ACCEPTED,
    &acknowledge::CONNACK_REFUSED,
    &publish::PACKET,
    &publish::TOPIC,
    &publish::TOPIC_COMMAND,
    &publish::DUP_FIRST,
    &publish::DUP_REDELIVERY,
    &publish::QOS,
    &publish::QOS_NOT_0,
    &publish::RETAIN,
    &acknowledge::PUBACK_PROCESS,
    &flows::PUBREC_SENT,
    &flows::PUBREL_SENT,
    &flows::PUBCOMP_SENT,
    &subscribe::TOPICS,
    &subscriptions::PROFILES,
    &subscriptions::ALL,
    &subscriptions::DEVICE,
    &subscriptions::RESPONSES,
    &subscribe::WILDCARD,
    &subscribe::QOS,
    &suback::SUBACK_PROCESS,
    &suback::SUBACK_FAILURE,
    &subscribe::UNSUBSCRIBE,
    &pingreq::INTERVAL,
    &pingreq::DEFAULT_INTERVAL,
    &not_tested::DISCONNECT,
    &roles::ROLE_CONSUMER,
    &roles::ROLE_PRODUCER,
    &payload::FIXED_BITS,
    &payload::MESSAGE_TYPE,
    &payload::SERIALIZATION,
    &payload::MESSAGE_OFFSET,
    &payload::LAYOUT,
    &payload::FIELDS,
    &from::REQUEST,
    &from::RESPONSE,
    &exchange::TO,
    &exchange::TO_REQUEST,
    &exchange::REQUEST_ID,
    &not_tested::IDENTIFIERS_AUTHENTICATED,
    &flows::PUBACK_SENT,
    &flows::KEPT_UNTIL_PUBACK,
    &client_id::FORM,
    &client_id::STORED,
    &client_id::RANDOM,
    &not_tested::CLIENT_ID_FREE,
    &not_tested::BIRTH_CERTIFICATES,
    &tls::TLS,
    &tls::UNSECURED_TESTS_ONLY,
    &not_tested::INFORMATION_LEAKAGE,
];

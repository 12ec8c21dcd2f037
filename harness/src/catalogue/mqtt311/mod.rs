//! Requirements of MQTT 3.1.1 (OASIS Standard, 29 October 2014).
//!
//! What one packet shows is judged by the defects of the strict decoder ([`support`]); what takes the memory of
//! a connection or a session, by [`inbound`] (what was sent to the IUT) and [`outbound`] (what it sent).

mod acks;
mod closing;
mod conformance;
mod connect;
mod connection;
mod credentials;
mod disconnect;
mod fixed_header;
mod handover;
mod inbound;
pub(super) mod keep_alive;
mod lengths;
mod outbound;
pub(super) mod packet_ids;
mod patience;
mod publish;
pub(super) mod qos1;
pub(super) mod qos2;
pub(super) mod qos2_received;
mod redelivery;
pub(super) mod refusal;
pub(super) mod resend;
mod resends;
mod session;
pub(super) mod silence;
mod strings;
mod subscribe;
mod support;
#[cfg(test)]
mod tests;
mod topics;
#[cfg(test)]
mod unusual_tests;
mod violations;
mod waiting;
mod websocket;
mod websocket_alignment;
mod will;

use super::{Catalogue, Requirement};

/// The catalogue.
pub static CATALOGUE: Catalogue = Catalogue {
    id: "mqtt311",
    title: "MQTT 3.1.1",
    cite: "MQTT 3.1.1",
    edition: "OASIS Standard, 29 October 2014",
    version: 1,
    requirements: REQUIREMENTS,
    rows: include_str!("rows.txt"),
};

static REQUIREMENTS: &[&Requirement] = &[
    &strings::UTF8_WELL_FORMED,
    &strings::CLOSE_ON_ILL_FORMED_UTF8,
    &strings::NO_NULL_CHARACTER,
    &strings::CLOSE_ON_NULL_CHARACTER,
    &strings::BYTE_ORDER_MARK_KEPT,
    &strings::NO_CONTROL_CHARACTERS,
    &fixed_header::RESERVED_FLAGS,
    &fixed_header::CLOSE_ON_RESERVED_FLAGS,
    &fixed_header::CLIENT_PACKET_TYPES,
    &fixed_header::REMAINING_LENGTH,
    &lengths::PUBACK_LENGTH,
    &lengths::PUBREC_LENGTH,
    &lengths::PUBREL_LENGTH,
    &lengths::PUBCOMP_LENGTH,
    &lengths::PINGREQ_LENGTH,
    &lengths::DISCONNECT_LENGTH,
    &packet_ids::PACKET_ID_NON_ZERO,
    &packet_ids::PACKET_ID_UNUSED,
    &packet_ids::PACKET_ID_KEPT,
    &packet_ids::PACKET_ID_FREED,
    &packet_ids::DUP_INDEPENDENT,
    &connection::CONNECT_FIRST,
    &connection::CONNECT_ONCE,
    &connect::PROTOCOL_NAME,
    &connect::PROTOCOL_LEVEL,
    &connect::CONNECT_RESERVED_FLAG,
    &connect::CONNECT_FORMAT,
    &connect::CLIENT_ID_PRESENT,
    &connect::CLIENT_ID_UTF8,
    &connect::EMPTY_CLIENT_ID_CLEAN,
    &connect::CONNECT_PAYLOAD_ORDER,
    &keep_alive::KEEP_ALIVE,
    &connect::CLOSE_WITHOUT_PINGRESP,
    &connect::CLOSE_WITHOUT_CONNACK,
    &connect::SILENT_AFTER_REFUSAL,
    &will::WILL_FIELDS_PRESENT,
    &will::WILL_FIELDS_ABSENT,
    &will::WILL_QOS_ZERO,
    &will::WILL_QOS_RANGE,
    &will::WILL_RETAIN_ZERO,
    &will::WILL_TOPIC_UTF8,
    &credentials::USER_NAME_ABSENT,
    &credentials::USER_NAME_PRESENT,
    &credentials::USER_NAME_UTF8,
    &credentials::PASSWORD_ABSENT,
    &credentials::PASSWORD_PRESENT,
    &credentials::PASSWORD_NEEDS_USER_NAME,
    &publish::PUBLISH_QOS_RANGE,
    &publish::CLOSE_ON_QOS_3,
    &publish::PUBLISH_TOPIC_FIRST,
    &publish::PUBLISH_NO_WILDCARD,
    &publish::QOS0_DUP,
    &publish::QOS0_NO_PACKET_ID,
    &topics::TOPIC_NAME_NO_WILDCARD,
    &topics::FILTER_MULTI_LEVEL_WILDCARD,
    &topics::FILTER_SINGLE_LEVEL_WILDCARD,
    &topics::TOPIC_NOT_EMPTY,
    &topics::TOPIC_NO_NULL,
    &topics::TOPIC_LENGTH,
    &subscribe::SUBSCRIBE_FLAGS,
    &subscribe::SUBSCRIBE_FILTERS_UTF8,
    &subscribe::SUBSCRIBE_NOT_EMPTY,
    &subscribe::SUBSCRIBE_QOS,
    &subscribe::UNSUBSCRIBE_FLAGS,
    &subscribe::UNSUBSCRIBE_FILTERS,
    &subscribe::UNSUBSCRIBE_NOT_EMPTY,
    &acks::RESPONSE_BY_QOS,
    &acks::ACK_PACKET_ID,
    &acks::ACKNOWLEDGE_EVERY_PUBLISH,
    &acks::PUBACK_ORDER,
    &acks::PUBREC_ORDER,
    &acks::PUBREL_ORDER,
    &qos1::QOS1_UNUSED_PACKET_ID,
    &qos1::QOS1_FIRST_COPY,
    &qos1::QOS1_UNACKNOWLEDGED,
    &qos1::QOS1_PUBACK,
    &qos1::QOS1_REDELIVERY,
    &qos2::PUBREL_FLAGS,
    &qos2::QOS2_UNUSED_PACKET_ID,
    &qos2::QOS2_FIRST_COPY,
    &qos2::QOS2_UNACKNOWLEDGED_PUBLISH,
    &qos2::QOS2_PUBREL,
    &qos2::QOS2_UNACKNOWLEDGED_PUBREL,
    &qos2::QOS2_NO_PUBLISH_AFTER_PUBREL,
    &qos2_received::QOS2_PUBREC,
    &qos2_received::QOS2_DUPLICATE_PUBREC,
    &qos2_received::QOS2_PUBCOMP,
    &qos2_received::PUBCOMP_PACKET_ID,
    &qos2_received::QOS2_PACKET_ID_AGAIN,
    &session::SESSION_KEPT,
    &session::CLEAN_SESSION_DISCARDS,
    &session::CLIENT_ID_KEYS_SESSION,
    &session::SESSION_STATE_KEPT,
    &session::SESSION_OUTLASTS_CONNECTION,
    &redelivery::DUP_ON_REDELIVERY,
    &redelivery::RESEND_ON_RECONNECT,
    &redelivery::RESEND_ORDER,
    &disconnect::DISCONNECT_FLAGS,
    &disconnect::CLOSE_AFTER_DISCONNECT,
    &disconnect::NOTHING_AFTER_DISCONNECT,
    &conformance::CLOSE_ON_VIOLATION,
    &conformance::CLOSE_ON_TRANSIENT_ERROR,
    &websocket::BINARY_FRAMES,
    &websocket::CLOSE_ON_TEXT,
    &websocket_alignment::ALIGNMENT,
    &websocket::SUBPROTOCOL,
    &conformance::BRIDGE_CONFORMS,
    &conformance::NO_EXTENSION_NEEDED,
    &conformance::ORDERED_TRANSPORT,
];

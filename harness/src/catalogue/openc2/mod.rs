//! Requirements of OpenC2 Language Specification (Version 1.0, CS02, 24 November 2019).

mod command_id;
mod faults;
mod message;
mod producer;
mod query_features;
mod query_misuse;
mod request_id;
mod response;
mod response_requested;
mod results;
mod sent;
pub(super) mod support;
mod types;
mod unknown;
mod untested;
mod variants;

#[cfg(test)]
mod tests;

use super::{Catalogue, Requirement};

/// The catalogue.
pub static CATALOGUE: Catalogue = Catalogue {
    id: "openc2",
    title: "OpenC2 Language Specification",
    cite: "LS",
    edition: "Version 1.0, CS02, 24 November 2019",
    version: 1,
    requirements: REQUIREMENTS,
    rows: include_str!("rows.txt"),
};

static REQUIREMENTS: &[&Requirement] = &[
    &response::RESPONSE_STATUS,
    &response::RESPONSE_STATUS_INTEGER,
    &response::RESPONSE_MEMBERS,
    &response::RESPONSE_STATUS_TEXT,
    &response::CREATED_IN_MILLISECONDS,
    &results::RESULTS_NOT_EMPTY,
    &results::RESULTS_MEMBERS,
    &results::RESULTS_VERSIONS,
    &results::RESULTS_VERSION_FORM,
    &results::RESULTS_PROFILES,
    &results::RESULTS_PAIRS,
    &results::PAIRS_ACTIONS,
    &results::PAIRS_TARGETS,
    &results::RESULTS_RATE_LIMIT,
    &message::RESPONSE_IJSON,
    &message::RESPONSE_IJSON_NUMBERS,
    &message::REQUEST_ID_COPIED,
    &message::JSON_SUPPORTED,
    &message::JSON_VARIANTS,
    &query_features::IMPLEMENTED,
    &query_features::EMPTY,
    &query_features::VERSIONS,
    &query_features::PROFILES,
    &query_features::PAIRS,
    &query_features::RATE_LIMIT,
    &query_misuse::DUPLICATES,
    &query_misuse::EXTRA_ARGS,
    &query_misuse::EXTRA_ARGS_CODE,
    &response_requested::NONE,
    &response_requested::ACK,
    &response_requested::STATUS,
    &response_requested::COMPLETE,
    &response_requested::ABSENT,
    &unknown::UNKNOWN_ACTION,
    &unknown::UNSUPPORTED_PAIR,
    &unknown::UNKNOWN_PROFILE,
    &unknown::TWO_TARGETS,
    &unknown::EMPTY_ARGS,
    &unknown::MALFORMED_COMMAND,
    &unknown::MALFORMED_CODE,
    &unknown::UNSUPPORTED_CODE,
    &command_id::DEFAULT,
    &untested::TIME_DEFAULTS,
    &untested::NONSTANDARD_NSID,
    &untested::RECEIVED_TYPES,
    &producer::request_id::REQUEST_ID_PRESENT,
    &producer::request_id::REQUEST_ID_UUID4,
    &producer::structure::ONE_ACTION,
    &producer::structure::ONE_TARGET,
    &producer::structure::COMMAND_STRUCTURE,
    &producer::structure::ARGS_NOT_EMPTY,
    &producer::structure::ARGS_STANDARD_ELEMENT,
    &producer::structure::TWO_TIMES,
    &producer::structure::TYPE_RESPONSE_TYPE,
    &producer::extensions::ARGS_EXTENSION,
    &producer::extensions::ACTUATOR_EXTENSION,
    &producer::extensions::EXTENSION_NAMES,
    &producer::features::QUERY_FEATURES_ISSUED,
    &producer::features::TYPE_FEATURES,
    &producer::features::FEATURES_UNIQUE,
    &producer::features::FEATURES_EMPTY_ALLOWED,
    &producer::features::QUERY_FEATURES_NAMES,
    &producer::features::QUERY_FEATURES_COMPLETE_ALLOWED,
    &producer::features::QUERY_FEATURES_NO_OTHER_ARGS,
    &producer::json::COMMAND_IJSON,
    &producer::json::COMMAND_IJSON_NUMBERS,
    &producer::json::RESPONSE_JSON_HANDLING,
    &producer::json::JSON_SUPPORTED_PRODUCER,
    &types::structures::TARGET_TYPES_NOT_EMPTY,
    &types::structures::TYPE_ARTIFACT,
    &types::structures::TYPE_PAYLOAD,
    &types::structures::PAYLOAD_URL,
    &types::structures::TYPE_DEVICE,
    &types::structures::TYPE_FILE,
    &types::structures::TYPE_PROCESS,
    &types::structures::TYPE_IPV4_CONNECTION,
    &types::structures::TYPE_IPV6_CONNECTION,
    &types::structures::TYPE_PROPERTIES,
    &types::hashes::TYPE_HASHES,
    &types::hashes::TYPE_HASHES_LENGTH,
    &types::hashes::TYPE_HASHES_UPPER_CASE,
    &types::addresses::IPV4_NET_FORM,
    &types::addresses::TYPE_IPV6_NET,
    &types::addresses::TYPE_IPV6_TEXT,
    &types::addresses::TYPE_MAC_ADDR,
    &types::names::TYPE_DOMAIN_NAME,
    &types::names::TYPE_HOSTNAME,
    &types::names::TYPE_IDN_DOMAIN_NAME,
    &types::names::TYPE_IDN_HOSTNAME,
    &types::names::TYPE_EMAIL_ADDR,
    &types::names::TYPE_IDN_EMAIL_ADDR,
    &types::names::TYPE_URI,
    &types::names::TYPE_IRI,
    &types::names::TYPE_COMMAND_ID,
    &types::numbers::TYPE_DATE_TIME,
    &types::numbers::TYPE_DURATION,
    &types::numbers::TIMES_IN_MILLISECONDS,
    &types::numbers::TYPE_PORT,
    &types::numbers::TYPE_L4_PROTOCOL,
    &types::numbers::TYPE_L4_PROTOCOL_NAME,
    &types::numbers::MESSAGE_TYPE,
];

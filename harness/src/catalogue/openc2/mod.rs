//! Requirements of OpenC2 Language Specification (Version 1.0, CS02, 24 November 2019).

mod faults;
mod message;
mod producer;
mod query_features;
mod query_misuse;
mod request_id;
mod response;
mod response_requested;
mod results;
mod support;
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
    &untested::COMMAND_ID_DEFAULT,
    &untested::TIME_DEFAULTS,
    &untested::NONSTANDARD_NSID,
    &untested::RECEIVED_TYPES,
    &producer::REQUEST_ID_PRESENT,
    &producer::REQUEST_ID_UUID4,
    &producer::ARGS_NOT_EMPTY,
    &producer::ONE_ACTION,
    &producer::ONE_TARGET,
    &producer::COMMAND_STRUCTURE,
    &producer::TWO_TIMES,
    &producer::ARGS_EXTENSION,
    &producer::ACTUATOR_EXTENSION,
    &producer::EXTENSION_NAMES,
    &producer::FEATURES_UNIQUE,
    &producer::FEATURES_EMPTY_ALLOWED,
    &producer::TARGET_TYPES_NOT_EMPTY,
    &producer::IPV4_NET_FORM,
    &producer::TIMES_IN_MILLISECONDS,
    &producer::QUERY_FEATURES_ISSUED,
    &producer::QUERY_FEATURES_NAMES,
    &producer::QUERY_FEATURES_COMPLETE_ALLOWED,
    &producer::QUERY_FEATURES_NO_OTHER_ARGS,
    &producer::COMMAND_IJSON,
    &producer::RESPONSE_JSON_HANDLING,
    &producer::JSON_SUPPORTED_PRODUCER,
];

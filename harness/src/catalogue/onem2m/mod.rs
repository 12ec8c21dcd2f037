//! Requirements of oneM2M primitives (TS-0004, TS-0001), whatever carries them.
//!
//! The texts are those of Release 3, whose rules the Release 2 bindings of TS-0010 share; what came with later releases is
//! guidance.

mod create;
mod history;
mod identity;
mod notify;
mod pairing;
mod receiver;
mod registered;
mod request;
mod response;
mod support;
mod targets;
mod text;

pub(super) use receiver::{for_base, refusal_of};

use super::{Catalogue, Requirement};

/// The catalogue.
pub static CATALOGUE: Catalogue = Catalogue {
    id: "onem2m",
    title: "oneM2M service layer core protocol",
    cite: "TS-0004",
    edition: "V3.32.0, 16 March 2024",
    version: 1,
    requirements: REQUIREMENTS,
    rows: include_str!("rows.txt"),
};

static REQUIREMENTS: &[&Requirement] = &[
    &request::OPERATION,
    &request::TO,
    &request::REQUEST_ID,
    &request::RELEASE,
    &request::FROM,
    &request::RESOURCE_TYPE,
    &request::NO_RESOURCE_TYPE,
    &request::CONTENT,
    &request::NO_CONTENT,
    &request::NO_FILTER,
    &request::NO_RESULT_CONTENT,
    &response::STATUS,
    &response::REQUEST_ID,
    &response::RELEASE,
    &response::CONTENT,
    &response::NO_OPERATION,
    &response::SUCCESS,
    &pairing::SAME_ID,
    &pairing::OWN_ID,
    &pairing::SERIALIZATION,
    &pairing::PENDING_REFUSED,
    &identity::FORM,
    &identity::STEM,
    &create::AE_ATTRIBUTES,
    &create::AE_RELEASES,
    &create::APP_ID,
    &create::ATTRIBUTES,
    &receiver::FROM,
    &receiver::RESOURCE_TYPE,
    &receiver::FILTER,
    &receiver::RESULT_CONTENT_UNKNOWN,
    &receiver::RELEASE,
    &registered::UNREGISTERED,
    &registered::REGISTERED_TWICE,
    &registered::APP_ID,
    &targets::MISSING,
    &targets::PRIVILEGE,
    &notify::SERIALIZATION,
    &text::JSON,
    &text::SHORT_NAMES,
    &text::TYPES,
    &text::NO_WRAPPER,
    &text::ONE_MEMBER,
    &text::PREFIX,
    &text::XML,
    &text::ROOT,
    &text::TIMESTAMPS,
];

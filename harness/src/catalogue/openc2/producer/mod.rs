//! What binds the Commands of a Producer: message, structure, extensions, `query features`, JSON.

pub(super) mod extensions;
pub(super) mod features;
pub(super) mod json;
pub(super) mod request_id;
pub(super) mod structure;

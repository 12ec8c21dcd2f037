//! What the steps of scenarios in OpenC2 share.

pub(super) mod command;

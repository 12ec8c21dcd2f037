//! The report model and its pure writers. Nothing here decodes, reads a clock or opens a file.

pub mod model;

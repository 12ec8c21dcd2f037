//! The report model and its pure writers. Nothing here decodes, reads a clock or opens a file.
//!
//! [`model::Report`] is everything a report says. Four writers turn it into text: [`to_json`] and its
//! inverse [`from_json`], [`to_junit`], [`to_html`], and [`summarise`] for a terminal. Each is a pure function:
//! the same report gives the same bytes.
//!
//! Whatever came from the implementation under test is hostile. Each writer escapes for its format and makes
//! control, bidirectional and invisible characters visible as `\u{..}`; see [`text`].

mod html;
mod json;
mod junit;
pub mod model;
#[cfg(any(test, feature = "sample"))]
pub mod sample;
mod summary;
pub mod text;

pub use html::to_html;
pub use json::{ReadError, from_json, to_json};
pub use junit::to_junit;
pub use summary::summarise;
pub use text::wrap;

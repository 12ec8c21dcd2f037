//! report.html in a real Chromium. Skipped, with a printed reason, where none is installed.

mod common;

#[path = "browser/driver.rs"]
mod driver;
#[path = "browser/filters.rs"]
mod filters;
#[path = "browser/links.rs"]
mod links;
#[path = "browser/pages.rs"]
mod pages;
#[path = "browser/paper.rs"]
mod paper;
#[path = "browser/plain.rs"]
mod plain;
#[path = "browser/quiet.rs"]
mod quiet;
#[path = "browser/size.rs"]
mod size;
#[path = "browser/usable.rs"]
mod usable;

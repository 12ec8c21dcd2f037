//! Scenarios: model, loader, runner, verbs.

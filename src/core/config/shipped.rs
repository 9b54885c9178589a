//! What ships: the catalogue of models and the five profiles. Both are data files; tests keep them free of errors.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::error::Errors;
use super::raw;

/// Prices, windows and capabilities, written by `scripts/catalogue.py`.
const CATALOGUE: &str = include_str!("catalogue.json");
/// The five profiles.
const PROFILES: &str = include_str!("defaults.json");

#[derive(Deserialize)]
struct Catalogue {
    models: BTreeMap<String, raw::Model>,
}

#[derive(Deserialize)]
struct Defaults {
    profiles: BTreeMap<String, raw::Profile>,
}

/// The shipped catalogue.
pub(super) fn catalogue(errors: &Errors) -> BTreeMap<String, raw::Model> {
    match parsed::<Catalogue>(CATALOGUE) {
        Ok(catalogue) => catalogue.models,
        Err(error) => broken("shipped catalogue", &error, errors),
    }
}

/// The shipped profiles.
pub(super) fn profiles(errors: &Errors) -> BTreeMap<String, raw::Profile> {
    match parsed::<Defaults>(PROFILES) {
        Ok(defaults) => defaults.profiles,
        Err(error) => broken("shipped profiles", &error, errors),
    }
}

/// By way of a `Value`, as the document is: one set of generated code for both saves 24 KB of the module.
fn parsed<T: for<'de> Deserialize<'de>>(text: &str) -> serde_json::Result<T> {
    serde_json::from_str::<serde_json::Value>(text).and_then(serde_json::from_value)
}

fn broken<T: Default>(what: &str, error: &serde_json::Error, errors: &Errors) -> T {
    errors.elsewhere(what.to_owned(), error.to_string());
    T::default()
}

//! Values with their path, read with every mistake reported.

use serde_json::{Map, Value};

/// What is wrong with the inputs, in the order of reading.
#[derive(Debug, Default)]
pub struct Mistakes(Vec<String>);

impl Mistakes {
    /// Notes a mistake at a path.
    pub fn add(&mut self, path: &str, message: &str) {
        self.0.push(format!("{path}: {message}"));
    }

    /// All of them under a heading, where there are any.
    ///
    /// # Errors
    /// The mistakes, one a line, with the heading before them.
    pub fn into_result(self, heading: &str) -> Result<(), String> {
        if self.0.is_empty() { Ok(()) } else { Err(format!("{heading}:\n{}", self.0.join("\n"))) }
    }
}

/// A value and where it stands.
#[derive(Debug)]
pub struct Place<'v> {
    value: &'v Value,
    /// The keys that lead to it.
    pub path: String,
}

impl<'v> Place<'v> {
    /// A whole document.
    pub const fn root(value: &'v Value) -> Self {
        Self { value, path: String::new() }
    }

    /// The value as it stands.
    pub const fn value(&self) -> &'v Value {
        self.value
    }

    /// Notes that the value is not what is wanted.
    pub fn wrong(&self, wanted: &str, mistakes: &mut Mistakes) {
        let shown: String = match self.value {
            Value::Object(_) => "an object".to_owned(),
            Value::Array(_) => "a list".to_owned(),
            other => other.to_string().chars().take(60).collect(),
        };
        let path = if self.path.is_empty() { "document" } else { &self.path };
        mistakes.add(path, &format!("{shown} is not {wanted}"));
    }

    fn key(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// The value of a key. Nothing, null and a value that has no keys are none.
    pub fn get(&self, key: &str) -> Option<Place<'v>> {
        let value = self.value.get(key).filter(|value| !value.is_null())?;
        Some(Self { value, path: self.key(key) })
    }

    /// The value of a key that has to be there.
    pub fn need(&self, key: &str, what: &str, mistakes: &mut Mistakes) -> Option<Place<'v>> {
        let found = self.get(key);
        if found.is_none() {
            mistakes.add(&self.key(key), &format!("missing; give {what}"));
        }
        found
    }

    /// The keys of an object; none where it is something else, which is reported.
    pub fn object(&self, mistakes: &mut Mistakes) -> Option<&'v Map<String, Value>> {
        let found = self.value.as_object();
        if found.is_none() {
            self.wrong("a set of keys", mistakes);
        }
        found
    }

    /// The entries of an object; none where it is something else, which is reported.
    pub fn entries(&self, mistakes: &mut Mistakes) -> Vec<(&'v str, Place<'v>)> {
        let entries = self.object(mistakes).into_iter().flatten();
        entries.map(|(key, value)| (key.as_str(), Place { value, path: self.key(key) })).collect()
    }

    /// The items of a list; none where it is something else, which is reported.
    pub fn items(&self, mistakes: &mut Mistakes) -> Vec<Place<'v>> {
        let Some(list) = self.value.as_array() else {
            self.wrong("a list", mistakes);
            return Vec::new();
        };
        let place = |(i, value)| Place { value, path: format!("{}[{i}]", self.path) };
        list.iter().enumerate().map(place).collect()
    }

    /// A string.
    pub fn text(&self, mistakes: &mut Mistakes) -> Option<&'v str> {
        let found = self.value.as_str();
        if found.is_none() {
            self.wrong("a string", mistakes);
        }
        found
    }

    /// Texts of a list.
    pub fn texts(&self, mistakes: &mut Mistakes) -> Vec<&'v str> {
        self.items(mistakes).iter().filter_map(|item| item.text(mistakes)).collect()
    }

    /// A number from 0 on, also one that is written as a string: `1e-6` is one in YAML 1.1.
    pub fn number(&self, mistakes: &mut Mistakes) -> Option<f64> {
        let found = self.signed().filter(|n| *n >= 0.0);
        if found.is_none() {
            self.wrong("a number from 0 on", mistakes);
        }
        found
    }

    /// A number of either sign, where it is one.
    pub fn signed(&self) -> Option<f64> {
        let number = match self.value {
            Value::String(text) => text.trim().parse().ok(),
            other => other.as_f64(),
        };
        number.filter(|n: &f64| n.is_finite())
    }

    /// A whole number from 1 on. 0 stands for nothing known in some lists.
    pub fn count(&self, mistakes: &mut Mistakes) -> Option<u64> {
        let number = self.number(mistakes)?;
        if number.fract() != 0.0 || number > 1e9 {
            self.wrong("a whole number up to a billion", mistakes);
            return None;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole, from 0 to 1e9")]
        let count = number as u64;
        (count > 0).then_some(count)
    }

    /// True or false, also in the words of YAML 1.1, which LiteLLM reads.
    pub fn flag(&self, mistakes: &mut Mistakes) -> Option<bool> {
        let found = match self.value {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) => match text.to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" => Some(true),
                "false" | "no" | "off" => Some(false),
                _ => None,
            },
            _ => None,
        };
        if found.is_none() {
            self.wrong("true or false", mistakes);
        }
        found
    }
}

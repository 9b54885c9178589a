//! The key that clients of a LiteLLM need: in which variable they have it. The key itself is never printed.

use std::path::Path;

use serde_json::Value;

/// LiteLLM's own variable for it.
const USUAL: &str = "LITELLM_MASTER_KEY";

/// Where clients have their key.
#[derive(Debug, PartialEq, Eq)]
pub struct ClientKey {
    /// The variable that the requests to try name.
    pub variable: String,
    /// What has to be done for that to hold the key, if anything.
    pub hint: Option<String>,
}

/// As LiteLLM reads it: the file's `general_settings.master_key`, which may name a variable, else its own variable.
/// `value` is the environment's, which the file's `environment_variables` go before.
pub fn wanted(
    configuration: &Value,
    file: &Path,
    value: impl Fn(&str) -> Option<String>,
) -> Option<ClientKey> {
    let is_set = |variable: &str| value(variable).is_some_and(|value| !value.is_empty());
    let in_file = |variable: &str| {
        let literal = configuration.get("environment_variables")?.get(variable)?.as_str()?;
        Some(literal).filter(|text| !text.is_empty() && !text.starts_with(VARIABLE))
    };
    let hinted = |literal: &str, place: &str| {
        let known = value(USUAL).as_deref() == Some(literal);
        let hint = format!("Set {USUAL} to the {place} of {} first.", file.display());
        ClientKey { variable: USUAL.to_owned(), hint: (!known).then_some(hint) }
    };
    let by_name = |variable: &str| {
        if let Some(literal) = in_file(variable) {
            return hinted(literal, &format!("environment_variables.{variable}"));
        }
        let hint = format!("Set {variable} to LiteLLM's master key first.");
        ClientKey { variable: variable.to_owned(), hint: (!is_set(variable)).then_some(hint) }
    };
    let Some(key) = configuration.pointer("/general_settings/master_key") else {
        return (is_set(USUAL) || in_file(USUAL).is_some()).then(|| by_name(USUAL));
    };
    // YAML may read a key of digits as a number; LiteLLM takes none but texts.
    let key = key.as_str().filter(|key| !key.is_empty())?;
    match key.strip_prefix(VARIABLE) {
        Some(variable) if is_name(variable) => Some(by_name(variable)),
        Some(_) => None,
        None => Some(hinted(key, "general_settings.master_key")),
    }
}

/// What stands before the name of a variable.
const VARIABLE: &str = "os.environ/";

/// Whether a shell may have a variable of this name.
fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The variable, and what the hint says.
    fn of(configuration: &Value, environment: &[(&str, &str)]) -> Option<(String, String)> {
        let value = |name: &str| {
            environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        let key = wanted(configuration, Path::new("config.yaml"), value)?;
        let hint = key.hint.unwrap_or_default();
        assert!(!hint.contains("sk-"), "{hint}");
        Some((key.variable, hint))
    }

    fn with(key: &Value) -> Value {
        json!({"general_settings": {"master_key": key}})
    }

    #[test]
    fn without_a_key_anywhere_clients_need_none() {
        assert_eq!(of(&json!({}), &[]), None);
        assert_eq!(of(&json!({}), &[(USUAL, "")]), None);
        assert_eq!(of(&with(&Value::Null), &[(USUAL, "sk-1")]), None, "LiteLLM takes this for none");
        assert_eq!(of(&with(&json!("")), &[]), None);
    }

    #[test]
    fn a_key_of_the_environment_is_named() {
        let plain = |variable: &str| Some((variable.to_owned(), String::new()));
        assert_eq!(of(&json!({}), &[(USUAL, "sk-1")]), plain(USUAL));
        let named = with(&json!("os.environ/MY_KEY"));
        assert_eq!(of(&named, &[("MY_KEY", "sk-1")]), plain("MY_KEY"));
        let (variable, hint) = of(&named, &[]).unwrap();
        assert_eq!(variable, "MY_KEY");
        assert!(hint.contains("Set MY_KEY"), "{hint}");
        assert_eq!(of(&with(&json!("os.environ/A B\"")), &[]), None);
    }

    #[test]
    fn a_key_in_the_file_is_told_by_its_place_and_never_printed() {
        let literal = with(&json!("sk-1"));
        let (variable, hint) = of(&literal, &[]).unwrap();
        assert_eq!(variable, USUAL);
        assert!(hint.contains("general_settings.master_key of config.yaml"), "{hint}");
        assert_eq!(of(&literal, &[(USUAL, "sk-1")]).unwrap().1, "");
        let section = json!({"environment_variables": {"LITELLM_MASTER_KEY": "sk-1"}});
        let (variable, hint) = of(&section, &[]).unwrap();
        assert_eq!(variable, USUAL);
        assert!(hint.contains("environment_variables.LITELLM_MASTER_KEY"), "{hint}");
    }
}

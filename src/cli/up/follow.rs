//! Decisions as they come: Envoy's access log, one line a request, as a table for people.

use serde_json::Value;

/// The heading of the lines below.
pub fn heading() -> String {
    row(["status", "tier", "model", "cause", "confidence", "saved", "ms"].map(str::to_owned))
}

/// A line of the access log as a row; none for what is no call of a model.
pub fn decision(line: &str) -> Option<String> {
    let line: Value = serde_json::from_str(line).ok()?;
    let decided = line.get("tiergate")?;
    // Envoy writes what the filter reports as a text.
    let decided: Value = match decided.as_str() {
        Some(text) => serde_json::from_str(text).ok()?,
        None => decided.clone(),
    };
    let word = |of: &Value, key: &str| match of.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => "-".to_owned(),
    };
    decided.get("cause")?;
    let chosen = word(&decided, "model");
    let served = word(&decided, "served");
    let model = if served == "-" || served == chosen { chosen } else { format!("{served} (after {chosen})") };
    let number = |key: &str| decided.get(key).and_then(|v| v.as_f64().or_else(|| v.as_str()?.parse().ok()));
    let confidence = number("confidence").map_or_else(|| "-".to_owned(), |share| format!("{share:.2}"));
    let saved = number("savings").map_or_else(|| "-".to_owned(), |share| format!("{:.0} %", share * 100.0));
    Some(row([
        word(&line, "status"),
        word(&decided, "tier"),
        model,
        word(&decided, "cause"),
        confidence,
        saved,
        word(&line, "duration_ms"),
    ]))
}

fn row([status, tier, model, cause, confidence, saved, ms]: [String; 7]) -> String {
    format!("{status:>6}  {tier:<9}  {model:<40}  {cause:<18}  {confidence:>10}  {saved:>6}  {ms:>6}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_of_a_model_is_a_row() {
        let line = r#"{"status":200,"duration_ms":4,"tiergate":"{\"model\":\"a\",\"served\":\"b\",\"tier\":\"SIMPLE\",\"cause\":\"score\",\"confidence\":0.954,\"savings\":0.9}"}"#;
        let row = decision(line).unwrap();
        for part in ["200", "SIMPLE", "b (after a)", "score", "0.95", "90 %", "4"] {
            assert!(row.contains(part), "{part} in {row}");
        }
    }

    #[test]
    fn other_lines_are_not() {
        for line in ["", "no json", r#"{"status":200,"tiergate":null}"#, r#"{"status":404}"#] {
            assert_eq!(decision(line), None, "{line}");
        }
    }
}

//! Limits of one client's key, as gateways of keys have them: they say nothing of the model, nor of other keys.

/// Wordings, lower-case, with who writes them and where that is known from.
const DATA: &str = include_str!("one_key.tsv");
/// So much of a body is looked at, in bytes.
const MOST: usize = 8 * 1024;

/// Whether an answer with status 429 is about the key that the client brought: its rate, its budget, or those of its
/// user or team.
pub fn is_of_one_key(body: &[u8]) -> bool {
    let text = body.get(..MOST).unwrap_or(body).to_ascii_lowercase();
    let wordings = DATA.lines().skip(1).filter_map(|line| line.split('\t').next());
    wordings.into_iter().any(|wording| memchr::memmem::find(&text, wording.as_bytes()).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_keys_and_limits_of_models() {
        let keys = [
            r#"{"error":{"message":"Rate limit exceeded for api_key: 88dc. Limit type: requests. Current limit: 2","code":"429"}}"#,
            r#"{"error":{"message":"Rate limit exceeded for model_per_key: 88dc:gpt. Limit type: tokens."}}"#,
            r#"{"error":{"message":"Budget has been exceeded! Current cost: 3.1, Max budget: 3","type":"budget_exceeded"}}"#,
            r#"{"error":{"message":"ExceededBudget: User=u over budget. Spend=2, Budget=1"}}"#,
        ];
        for body in keys {
            assert!(is_of_one_key(body.as_bytes()), "{body}");
        }
        let models = [
            "",
            r#"{"error":{"message":"Rate limit reached for gpt-5 in organization org-1 on tokens per min (TPM)","code":"rate_limit_exceeded"}}"#,
            r#"{"error":{"message":"Rate limit exceeded: free-models-per-day","code":429}}"#,
            r#"{"error":{"message":"You exceeded your current quota","type":"insufficient_quota"}}"#,
            r#"{"type":"error","error":{"type":"rate_limit_error","message":"This request would exceed your organization's rate limit"}}"#,
        ];
        for body in models {
            assert!(!is_of_one_key(body.as_bytes()), "{body}");
        }
    }

    #[test]
    fn every_row_has_its_source() {
        for line in DATA.lines() {
            let cells: Vec<&str> = line.split('\t').collect();
            assert!(cells.len() == 3 && cells.iter().all(|cell| !cell.trim().is_empty()), "{line}");
            assert_eq!(cells[0], cells[0].to_lowercase(), "{line}");
        }
    }
}

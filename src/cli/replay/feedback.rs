//! What people said of decisions, joined with the prompts that the user keeps: lines that `eval` and `make learn` read.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};

use serde::Deserialize;
use serde_json::{Map, Value};
use tiergate_core::tier::Tier;

/// What somebody said of a decision.
#[derive(Deserialize)]
pub struct Feedback {
    request_id: String,
    tier: Option<Tier>,
    thumbs: Option<Thumbs>,
    decided: Option<Decided>,
}

#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Thumbs {
    Up,
    Down,
}

#[derive(Deserialize)]
struct Decided {
    tier: Option<Tier>,
}

/// All feedback of a log: of several about one request the last counts.
#[derive(Default)]
pub struct Labels(BTreeMap<String, Option<Tier>>);

impl Labels {
    /// A thumb up says that the tier was right. A thumb down alone says that it was wrong, and not which is right.
    pub fn add(&mut self, feedback: Feedback) {
        let right =
            feedback.decided.filter(|_| feedback.thumbs == Some(Thumbs::Up)).and_then(|decided| decided.tier);
        self.0.insert(feedback.request_id, feedback.tier.or(right));
    }

    /// Writes each prompt of which a tier is known, with the tier. A prompt has the `request_id` of its answer, or that as
    /// its `id`. What became of the rest, for people.
    pub fn label(mut self, prompts: impl Read, out: &mut dyn Write) -> io::Result<String> {
        let (mut written, mut broken) = (0, 0);
        for line in BufReader::new(prompts).split(b'\n') {
            let line = line?;
            if line.trim_ascii().is_empty() {
                continue;
            }
            let Ok(mut fields) = serde_json::from_slice::<Map<String, Value>>(&line) else {
                broken += 1;
                continue;
            };
            let id =
                ["request_id", "id"].into_iter().find_map(|key| fields.get(key)?.as_str().map(str::to_owned));
            // Once each: what is left is of no prompt.
            let Some(tier) = id.as_ref().and_then(|id| self.0.get(id)).copied().flatten() else { continue };
            fields.insert("tier".to_owned(), Value::from(tier.name()));
            if let Some(id) = id {
                self.0.remove(&id);
                fields.entry("id").or_insert(Value::from(id));
            }
            serde_json::to_writer(&mut *out, &fields)?;
            out.write_all(b"\n")?;
            written += 1;
        }
        let unclear = self.0.values().filter(|tier| tier.is_none()).count();
        Ok(format!(
            "{written} prompts with a tier; feedback of {} requests has no prompt here, {unclear} names no tier; {broken} broken lines",
            self.0.len() - unclear
        ))
    }
}

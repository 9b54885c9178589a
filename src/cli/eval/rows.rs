//! Reading a file: its rows, judged by both scorers, and what is known of each.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::super::progress::Progress;
use super::super::score::Judge;
use tiergate_core::engine::Cause;
use tiergate_core::route::Usage;
use tiergate_core::tier::Tier;

/// Most bad lines of a file that are reported one by one.
const MOST_TOLD: usize = 10;

/// A file, judged.
#[derive(Default)]
pub struct Set {
    /// As it was given.
    pub file: String,
    /// The file's name without its ending.
    pub name: String,
    /// Those that have text to judge.
    pub rows: Vec<Row>,
    /// Names of models; a row names them by place.
    pub models: Vec<String>,
    /// How many rows or groups of rows there are.
    pub units: usize,
    /// How many rows have no text to judge.
    pub without_text: usize,
    pub bad_lines: usize,
    /// What is wrong, by line, up to [`MOST_TOLD`] and a count of the rest.
    pub mistakes: Vec<String>,
}

/// What one scorer makes of a row.
#[derive(Clone, Copy, Debug)]
pub struct RowVerdict {
    pub tier: Tier,
    pub score: f64,
    pub confidence: f64,
    pub abstained: bool,
}

pub struct Row {
    /// The rule scorer's, then the calibrated one's.
    pub verdicts: [RowVerdict; 2],
    /// Characters of the prompt.
    pub length: usize,
    /// Tokens of it, and of an answer of the assumed length.
    pub usage: Usage,
    /// Scores of models, 0 to 1.
    pub models: Vec<(usize, f64)>,
    pub label: Option<Label>,
    pub lang: Option<String>,
    /// Which group it belongs to, if any.
    pub group: Option<usize>,
    /// What is drawn together with it.
    pub unit: usize,
}

pub struct Label {
    pub tier: Tier,
    /// Tiers that are right, too.
    pub acceptable: Vec<Tier>,
}

impl Row {
    /// A model's score.
    pub fn of(&self, model: usize) -> Option<f64> {
        self.models.iter().find(|(one, _)| *one == model).map(|(_, score)| *score)
    }
}

/// What is in a line beside what the scorers read.
#[derive(Deserialize)]
struct Line {
    prompt: Option<String>,
    messages: Option<Vec<Message>>,
    #[serde(default)]
    models: BTreeMap<String, Option<f64>>,
    label: Option<String>,
    tier: Option<String>,
    #[serde(default)]
    acceptable: Vec<String>,
    group: Option<Value>,
    lang: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    role: Option<String>,
    #[serde(default)]
    content: Value,
}

/// Reads and judges a file. Fails where it cannot be opened; what comes before a read fails is kept.
pub fn read(file: &Path, judges: &mut [Judge<'_>; 2], progress: &Progress) -> Result<Set, String> {
    let display = file.display().to_string();
    let input = progress.open(file).map_err(|error| format!("{display}: {error}"))?;
    let mut input = BufReader::new(input);
    let name = file.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    let mut reader = Reader { set: Set { file: display, name, ..Set::default() }, ..Reader::default() };
    let mut line = Vec::new();
    for number in 1_usize.. {
        line.clear();
        match input.read_until(b'\n', &mut line) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) => {
                reader.mistake(number, &error.to_string());
                break;
            }
        }
        let mark = line.strip_prefix(b"\xef\xbb\xbf").filter(|_| number == 1);
        let line = mark.unwrap_or(&line);
        if line.trim_ascii().is_empty() {
            continue;
        }
        if let Err(message) = reader.line(line, judges) {
            // Its own "line 1" is of this line only.
            let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(m, _)| m);
            reader.mistake(number, message);
        }
    }
    let mut set = reader.set;
    if let Some(more) = set.bad_lines.checked_sub(MOST_TOLD).filter(|more| *more > 0) {
        set.mistakes.push(format!("{}: and {more} more bad lines", set.file));
    }
    Ok(set)
}

#[derive(Default)]
struct Reader {
    set: Set,
    models: BTreeMap<String, usize>,
    /// Number and unit of each group.
    groups: BTreeMap<String, (usize, usize)>,
}

impl Reader {
    fn mistake(&mut self, number: usize, message: &str) {
        let set = &mut self.set;
        set.bad_lines += 1;
        if set.bad_lines <= MOST_TOLD {
            set.mistakes.push(format!("{}:{number}: {message}", set.file));
        }
    }

    fn line(&mut self, bytes: &[u8], judges: &mut [Judge<'_>; 2]) -> Result<(), String> {
        let [rules, calibrated] = judges;
        let (rules, _) = verdict(rules, bytes)?;
        let (calibrated, usage) = verdict(calibrated, bytes)?;
        let verdicts = [rules, calibrated];
        let line: Line = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if let Some((model, _)) =
            line.models.iter().find(|(_, s)| s.is_some_and(|s| !(0.0..=1.0).contains(&s)))
        {
            return Err(format!("`models`: the score of {model:?} is not from 0 to 1"));
        }
        let label = label(&line)?;
        let [Some(rules), Some(calibrated)] = verdicts else {
            self.set.without_text += 1;
            return Ok(());
        };
        let (group, unit) = match line.group.as_ref().filter(|group| !group.is_null()) {
            Some(group) => {
                let new = (self.groups.len(), self.set.units);
                let (group, unit) = *self.groups.entry(group.to_string()).or_insert(new);
                (Some(group), unit)
            }
            None => (None, self.set.units),
        };
        self.set.units = self.set.units.max(unit + 1);
        let length = length(&line);
        let mut models = Vec::with_capacity(line.models.len());
        for (name, score) in line.models {
            let Some(score) = score else { continue };
            let new = self.models.len();
            let place = *self.models.entry(name).or_insert_with_key(|name| {
                self.set.models.push(name.clone());
                new
            });
            models.push((place, score));
        }
        let verdicts = [rules, calibrated];
        self.set.rows.push(Row { verdicts, length, usage, models, label, lang: line.lang, group, unit });
        Ok(())
    }
}

/// None where the line has no text to judge.
fn verdict(judge: &mut Judge<'_>, line: &[u8]) -> Result<(Option<RowVerdict>, Usage), String> {
    let decision = judge.json(line)?;
    let usage = decision.usage;
    let (Some(tier), Some(score)) = (decision.choice.tier, decision.score) else { return Ok((None, usage)) };
    let abstained = matches!(decision.choice.cause, Cause::Abstain | Cause::Ambiguous);
    Ok((Some(RowVerdict { tier, score: score.value, confidence: score.confidence, abstained }), usage))
}

fn label(line: &Line) -> Result<Option<Label>, String> {
    let (key, name) = match (&line.label, &line.tier) {
        (Some(name), _) => ("label", name),
        (None, Some(name)) => ("tier", name),
        (None, None) => return Ok(None),
    };
    let acceptable = line.acceptable.iter().map(|name| tier("acceptable", name));
    Ok(Some(Label { tier: tier(key, name)?, acceptable: acceptable.collect::<Result<_, _>>()? }))
}

fn tier(key: &str, name: &str) -> Result<Tier, String> {
    let found = Tier::ALL.into_iter().find(|tier| tier.name().eq_ignore_ascii_case(name));
    found.ok_or_else(|| format!("`{key}`: {name:?} is no tier; there are SIMPLE, MEDIUM, COMPLEX, REASONING"))
}

/// Characters of the prompt; of messages, those of the newest of a user.
fn length(line: &Line) -> usize {
    let chars = |text: &str| text.chars().count();
    if let Some(prompt) = &line.prompt {
        return chars(prompt);
    }
    let mut messages = line.messages.iter().flatten().rev();
    match messages.find(|m| m.role.as_deref() == Some("user")).map(|m| &m.content) {
        Some(Value::String(text)) => chars(text),
        Some(Value::Array(parts)) => {
            parts.iter().filter_map(|part| Some(chars(part.get("text")?.as_str()?))).sum()
        }
        _ => 0,
    }
}

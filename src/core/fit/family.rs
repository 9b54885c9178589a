//! Families: what models of one provider or kind take, from a data file.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::effort::{Form, Level, Levels};
use super::rule::{Action, Answer, Node, Rule, When};
use crate::chat::{BuiltIn, Dialect};

/// Whose thoughts a model takes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// Claude's signed and redacted blocks.
    pub claude: bool,
    /// OpenAI's reasoning items.
    pub openai: bool,
    /// Gemini's signatures.
    pub gemini: bool,
    /// Thoughts in plain text.
    pub plain: bool,
}

/// What models of one provider or kind take.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Family {
    /// Its name in configurations.
    pub name: String,
    /// Whether its models think where the request does not say.
    pub thinks: bool,
    /// Whether a call of a tool in the conversation needs the thoughts before it.
    pub needs_reasoning: bool,
    /// Whose thoughts its models take back.
    pub reads: Reads,
    /// The reasoning efforts of a model that says nothing of its own.
    pub efforts: Levels,
    tools: [BuiltIn; DIALECTS.len()],
    nodes: [Node; DIALECTS.len()],
    forms: [Option<Form>; DIALECTS.len()],
}

/// The dialects' names in the file, in the order of [`place`].
const DIALECTS: [&str; 5] = ["chat", "completions", "responses", "messages", "gemini"];

const fn place(dialect: Dialect) -> usize {
    match dialect {
        Dialect::ChatCompletions => 0,
        Dialect::Completions => 1,
        Dialect::Responses => 2,
        Dialect::Messages => 3,
        Dialect::Gemini(_) => 4,
    }
}

impl Family {
    /// The rules of a dialect.
    pub fn node(&self, dialect: Dialect) -> &Node {
        let [chat, completions, responses, messages, gemini] = &self.nodes;
        match dialect {
            Dialect::ChatCompletions => chat,
            Dialect::Completions => completions,
            Dialect::Responses => responses,
            Dialect::Messages => messages,
            Dialect::Gemini(_) => gemini,
        }
    }

    /// Tools of a provider's own that its models have.
    pub fn tools(&self, dialect: Dialect) -> BuiltIn {
        self.tools.get(place(dialect)).copied().unwrap_or_default()
    }

    /// How a request says how much its models are to think, where it is not the dialect's own way.
    pub fn form(&self, dialect: Dialect) -> Option<Form> {
        self.forms.get(place(dialect)).copied().flatten()
    }
}

/// All families by name.
#[derive(Clone, Debug, Default)]
pub struct Families(BTreeMap<String, Arc<Family>>);

/// One row of the file, and what it says.
struct Row<'f> {
    family: &'f str,
    dialect: &'f str,
    parameter: &'f str,
    when: &'f str,
    action: &'f str,
    argument: &'f str,
}

/// The families that ship, written by `scripts/catalogue.py`.
const SHIPPED: &str = include_str!("families.tsv");

impl Families {
    /// Those of these names that ship: each takes memory in every worker.
    ///
    /// # Errors
    /// What is wrong with the file: a test keeps it right.
    pub fn shipped(wanted: impl Fn(&str) -> bool) -> Result<Self, String> {
        Self::read(SHIPPED, wanted)
    }

    /// A family.
    pub fn get(&self, name: &str) -> Option<&Arc<Family>> {
        self.0.get(name)
    }

    /// The names of all that ship.
    pub fn names() -> impl Iterator<Item = &'static str> {
        let rows = SHIPPED.lines().filter_map(|line| line.split_once('\t').map(|(family, _)| family));
        let mut names: Vec<&str> = rows.filter(|name| !matches!(*name, "*" | "family")).collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter()
    }

    /// Reads a file of tab-separated rows: family, dialects, parameters, when, action, argument, source.
    ///
    /// # Errors
    /// The first row that cannot be read.
    pub fn read(file: &str, wanted: impl Fn(&str) -> bool) -> Result<Self, String> {
        let rows = || {
            let rows = (1..).zip(file.lines());
            rows.filter(|(_, line)| {
                !line.is_empty() && !line.starts_with('#') && !line.starts_with("family\t")
            })
        };
        let mut families: BTreeMap<String, Family> = BTreeMap::new();
        for (_, line) in rows() {
            let name = line.split('\t').next().unwrap_or_default();
            if name != "*" && wanted(name) && !families.contains_key(name) {
                families.insert(name.to_owned(), Family { name: name.to_owned(), ..Family::default() });
            }
        }
        for (number, line) in rows() {
            let row = row(line).ok_or_else(|| format!("row {number} has too few cells, or no source"))?;
            for family in
                families.values_mut().filter(|family| row.family == "*" || row.family == family.name)
            {
                add(family, &row).ok_or_else(|| format!("row {number} cannot be read: {}", row.action))?;
            }
        }
        Ok(Self(families.into_iter().map(|(name, family)| (name, Arc::new(family))).collect()))
    }
}

/// The cells of a row; none where one is missing.
fn row(line: &str) -> Option<Row<'_>> {
    let mut cells = line.split('\t');
    let row = Row {
        family: cells.next()?,
        dialect: cells.next()?,
        parameter: cells.next()?,
        when: cells.next()?,
        action: cells.next()?,
        argument: cells.next()?,
    };
    cells.next().filter(|source| !source.trim().is_empty())?;
    Some(row)
}

/// Adds what a row says; none where it cannot be read.
fn add(family: &mut Family, row: &Row<'_>) -> Option<()> {
    match row.action {
        "thinks" => family.thinks = true,
        "needs" => family.needs_reasoning = true,
        "reads" => match row.argument {
            "claude" => family.reads.claude = true,
            "openai" => family.reads.openai = true,
            "gemini" => family.reads.gemini = true,
            "plain" => family.reads.plain = true,
            _ => return None,
        },
        "tools" => {
            let kinds = row.argument.split_whitespace().map(BuiltIn::named).collect::<Option<Vec<_>>>()?;
            let all = kinds.into_iter().fold(BuiltIn::default(), BuiltIn::with);
            let places = DIALECTS.iter().zip(&mut family.tools);
            places.filter(|(name, _)| holds(row.dialect, name)).for_each(|(_, place)| *place = all);
        }
        "form" => {
            let form = Form::named(row.argument)?;
            let places = DIALECTS.iter().zip(&mut family.forms);
            places.filter(|(name, _)| holds(row.dialect, name)).for_each(|(_, place)| *place = Some(form));
        }
        _ => {
            let rule = Rule { when: when(row.when)?, action: action(row.action, row.argument)? };
            if let Action::Effort(levels) = rule.action {
                family.efforts = levels;
            }
            for (_, node) in
                DIALECTS.iter().zip(&mut family.nodes).filter(|(name, _)| holds(row.dialect, name))
            {
                row.parameter.split(',').for_each(|parameter| node.add(parameter, rule.clone()));
            }
        }
    }
    Some(())
}

/// Whether a list of dialects has one.
fn holds(list: &str, name: &str) -> bool {
    list == "*" || list.split(',').any(|one| one == name)
}

fn when(text: &str) -> Option<Vec<When>> {
    let conditions = text.split_whitespace().filter(|word| *word != "-");
    conditions
        .map(|word| {
            let (there, word) = word.strip_prefix('!').map_or((true, word), |word| (false, word));
            Some(match word {
                "thinking" => When::Thinking(there),
                "off" => When::Off(there),
                "tools" => When::Tools(there),
                "litellm" => When::Litellm(there),
                _ => When::Has(word.strip_prefix("has:")?.into(), there),
            })
        })
        .collect()
}

fn action(name: &str, argument: &str) -> Option<Action> {
    Some(match name {
        "take" => Action::Take,
        "drop" => Action::Drop,
        "rename" => Action::Rename(argument.into()),
        "limit" => Action::Limit,
        "budget" => Action::Budget,
        "quiet" => Action::Quiet,
        "instruct" => Action::Instruct,
        "adaptive" => Action::Adaptive,
        "without" => Action::Without(argument.into()),
        "clamp" => {
            let (low, high) = argument.split_once(' ')?;
            Action::Clamp(low.parse().ok(), high.parse().ok())
        }
        "effort" => {
            let levels = argument.split_whitespace().filter(|word| *word != "-");
            Action::Effort(levels.map(Level::named).collect::<Option<Levels>>()?)
        }
        "convert" => Action::Convert(Form::named(argument)?),
        "values" => Action::Values(argument.split_whitespace().map(answer).collect::<Option<_>>()?),
        _ => return None,
    })
}

/// `value=keep`, `value=drop` or `value=JSON`.
fn answer(text: &str) -> Option<(Box<str>, Answer)> {
    let (value, answer) = text.split_once('=')?;
    let answer = match answer {
        "keep" => Answer::Keep,
        "drop" => Answer::Drop,
        json => {
            serde_json::from_str::<serde_json::Value>(json).ok()?;
            Answer::Json(json.into())
        }
    };
    Some((value.into(), answer))
}

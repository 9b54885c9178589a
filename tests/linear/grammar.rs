//! A grammar of bodies: a recipe, from a seed, for a body of any size.

use tiergate_core::chat::{Dialect, Span};

/// A recipe for bodies of any size.
#[derive(Clone, Debug)]
pub struct Shape {
    dialect: u64,
    layout: Layout,
    /// Whose words they are.
    role: &'static str,
    before: String,
    /// Over and over.
    unit: String,
    after: String,
}

/// Where the text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// One string.
    Text,
    /// One turn of many parts, each with the unit once.
    Parts,
    /// Many turns of one string each.
    Turns,
    /// Many turns of one part each.
    TurnsOfParts,
    /// Members that nobody knows, with the unit for a value.
    Keys,
    /// The system text.
    System,
    /// A tool's answer.
    ToolAnswer,
    /// Turns of a few units each.
    LongTurns,
}

const LAYOUTS: [Layout; 8] = [
    Layout::Text,
    Layout::Parts,
    Layout::Turns,
    Layout::TurnsOfParts,
    Layout::Keys,
    Layout::System,
    Layout::ToolAnswer,
    Layout::LongTurns,
];

/// What texts are made of, as JSON spells it.
const ATOMS: &[&str] = &[
    "<reminder>",
    "</reminder>",
    "<reminder ",
    "<system-reminder>",
    "</system-reminder>",
    "<user_info>",
    "</user_info>",
    "<environment_details>",
    "</environment_details>",
    "<file_content path=",
    "</file_content>",
    "[Request interrupted by user",
    "]",
    "# Context from my IDE setup:",
    "## My request:",
    "<rules>\\n",
    "<rules",
    "<context>\\n",
    "</context>",
    "<context>\\nThe current date is",
    "<source id=\\\"1\\\">",
    "</source>",
    "<",
    ">",
    "</",
    "/>",
    "<a>",
    "</a>",
    "<a b='c'>",
    "\\u003c",
    "\\u003creminder\\u003e",
    "\\u003c/reminder\\u003e",
    "\\u00",
    "\\u0000",
    "\\\\",
    "\\\"",
    "\\n",
    "\\n\\n",
    "\\r\\n",
    "\\t",
    " ",
    "    ",
    "\\u0020",
    "```",
    "\\n```\\n",
    "````",
    "~~~",
    "\\n---\\n",
    "\\n-----------\\n",
    "\\\"\\\"\\\"",
    "'''",
    "\\n\\\"\\\"\\\"\\n",
    "\\n> ",
    "\\nQuestion: ",
    "\\nContext:\\n",
    "\\nAnswer:",
    "\\n### Task:\\n",
    "\\n# ",
    "\\n## Input\\n",
    "**Text:** ",
    "\\nQuery: ",
    "\\nUSER: ",
    "\\nASSISTANT: ",
    "Question:",
    "'",
    "\\u2018",
    "“",
    "”",
    "«",
    "»",
    "「",
    "」",
    "\\\"a b c d\\\"",
    "(",
    ")",
    "{",
    "}",
    "[",
    "a",
    "word ",
    "Why? ",
    "prove that ",
    "step by step, ",
    "json ",
    "title of the conversation ",
    "é",
    "你好",
    "。",
    "？",
    "😀",
    "\\ud83d\\ude00",
    "\\ud83d",
    "1",
    "3.14 ",
    "x^2=",
    "go on",
    "fix the typo",
    ".",
    "?",
    "!",
    ": ",
    ":\\n",
    "- a\\n",
    "|",
    "\\n|a|b|",
    "diff --git ",
    "@@ ",
    "\\n+",
    "\\n-",
];

const ROLES: [&str; 6] = ["user", "user", "user", "assistant", "system", "tool"];

/// SplitMix64: the same shapes everywhere.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % most as u64).unwrap_or_default()
    }

    fn atoms(&mut self, most: usize) -> String {
        (0..self.below(most + 1)).map(|_| ATOMS[self.below(ATOMS.len())]).collect()
    }
}

impl Shape {
    /// The shape of a seed.
    pub fn seeded(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let mut unit = dice.atoms(5);
        if unit.is_empty() {
            unit.push('<');
        }
        Self {
            dialect: dice.next() % 5,
            layout: LAYOUTS[dice.below(LAYOUTS.len())],
            role: ROLES[dice.below(ROLES.len())],
            before: dice.atoms(3),
            unit,
            after: dice.atoms(3),
        }
    }

    /// The same turns and parts with plain words in them.
    pub fn calm(&self) -> Self {
        let calm = |text: &String| "word ".repeat(text.len().div_ceil(5)).split_at(text.len()).0.to_owned();
        Self { before: calm(&self.before), unit: calm(&self.unit), after: calm(&self.after), ..self.clone() }
    }

    /// A body of about so many bytes, and its path and dialect.
    pub fn build(&self, bytes: usize) -> (Vec<u8>, &'static str, Dialect) {
        let (path, name, parts, said) = match self.dialect {
            0 => ("/v1/chat/completions", "messages", "content", r#""type":"text","text""#),
            1 => ("/v1/completions", "prompt", "content", r#""type":"text","text""#),
            2 => ("/v1/responses", "input", "content", r#""type":"input_text","text""#),
            3 => ("/v1/messages", "messages", "content", r#""type":"text","text""#),
            _ => ("/v1beta/models/smart%2Fauto:generateContent", "contents", "parts", r#""text""#),
        };
        let text = |bytes: usize| {
            let often = bytes.saturating_sub(self.before.len() + self.after.len()) / self.unit.len();
            format!("{}{}{}", self.before, self.unit.repeat(often.max(1)), self.after)
        };
        let turn = |role: &str, text: &str| match (self.dialect, self.layout) {
            (1, _) => format!("\"{text}\""),
            (4, _) | (_, Layout::TurnsOfParts) => {
                format!(r#"{{"role":"{role}","{parts}":[{{{said}:"{text}"}}]}}"#)
            }
            _ => format!(r#"{{"role":"{role}","{parts}":"{text}"}}"#),
        };
        let many = |one: &str| {
            let often = bytes / (one.len() + 1);
            vec![one; often.max(1)].join(",")
        };
        let (mut turns, mut more) = (String::new(), String::new());
        match self.layout {
            Layout::Text => turns = turn(self.role, &text(bytes)),
            Layout::Parts => {
                let part = many(&format!("{{{said}:\"{}\"}}", self.unit));
                let first = format!("{{{said}:\"{}\"}}", self.before);
                turns = format!(r#"{{"role":"{}","{parts}":[{first},{part}]}}"#, self.role);
            }
            Layout::Turns | Layout::TurnsOfParts => turns = many(&turn(self.role, &self.unit)),
            Layout::LongTurns => turns = many(&turn(self.role, &text(700))),
            Layout::Keys => more = many(&format!("\"k\":\"{}\"", self.unit)) + ",",
            Layout::System => turns = turn("system", &text(bytes)),
            Layout::ToolAnswer => turns = turn("tool", &text(bytes)),
        }
        if !turns.is_empty() {
            turns.push(',');
        }
        let body =
            format!(r#"{{"model":"smart/auto",{more}"{name}":[{turns}{}]}}"#, turn("user", "And then?"));
        let dialect = match self.dialect {
            0 => Dialect::ChatCompletions,
            1 => Dialect::Completions,
            2 => Dialect::Responses,
            3 => Dialect::Messages,
            _ => Dialect::Gemini(Span {
                start: "/v1beta/models/".len(),
                end: path.find(':').unwrap_or_default(),
            }),
        };
        (body.into_bytes(), path, dialect)
    }
}

/// A chat as people have it: turns of some hundred words.
pub fn plain() -> Shape {
    let unit = "Rivers carry sand and stones from the hills down to the sea, and where the water slows they fall.\\n".to_owned();
    Shape {
        dialect: 0,
        layout: Layout::LongTurns,
        role: "user",
        before: String::new(),
        unit,
        after: String::new(),
    }
}

/// Shapes that were too dear once.
pub fn known() -> Vec<Shape> {
    let shape = |layout, before: &str, unit: &str, after: &str| Shape {
        dialect: 0,
        layout,
        role: "user",
        before: before.to_owned(),
        unit: unit.to_owned(),
        after: after.to_owned(),
    };
    vec![
        shape(Layout::Text, "a", "<reminder>", "</reminder>"),
        shape(Layout::Text, "a", "<reminder><user_info>", "</reminder></user_info>"),
        shape(Layout::Parts, "", "a<reminder><reminder>b</reminder>", ""),
        shape(Layout::LongTurns, "a", "<reminder>", "</reminder>"),
        shape(Layout::Text, "", "\\n<reminder><reminder>b</reminder>", ""),
        shape(Layout::ToolAnswer, "", "\\\\", ""),
        shape(Layout::Text, "", "<rules>\\n", ""),
        shape(Layout::LongTurns, "3.14 ", "<a>\\\"」", "</context>"),
        shape(Layout::Text, "", "\\u0020", ""),
    ]
}

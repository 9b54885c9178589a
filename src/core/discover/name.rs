//! What a model's name says: how large it is, and what it is for.
//!
//! Most self-hosted lists have nothing but names, and those follow customs: `7b`, `8x7b`, `30B-A3B`, `e4b`, `coder`,
//! `embed`. What the customs are is in `kinds.tsv` and `sizes.tsv`.

use std::fmt;
use std::sync::LazyLock;

/// Longer names are cut off before they are read.
const LONGEST: usize = 512;
/// `1m`, `2m` and `4m` are windows and not parameters.
const SMALLEST_IN_MILLIONS: f64 = 10.0;

/// `3e` stands for epochs.
const FEWEST_EXPERTS: f64 = 8.0;

/// How many parameters a model has, in billions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    /// All of them: what it takes to hold it, and about what it knows.
    pub total: f64,
    /// Those that a token goes through, where that is a part.
    pub active: Option<f64>,
}

impl Size {
    /// A model all of whose parameters are used.
    pub const fn dense(total: f64) -> Self {
        Self { total, active: None }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |n: f64| {
            let (n, unit) = if n < 1.0 { (n * 1e3, "M") } else { (n, "B") };
            format!("{}{unit}", super::rounded(n, 1))
        };
        write!(f, "{} parameters", shown(self.total))?;
        match self.active {
            Some(active) => write!(f, ", {} active", shown(active)),
            None => Ok(()),
        }
    }
}

/// What a model is for, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// It makes vectors.
    Embedding,
    /// It orders documents.
    Reranker,
    /// It hears or speaks.
    Speech,
    /// It reads pictures of text.
    Ocr,
    /// It says whether a text is safe.
    Guard,
    /// It draws.
    Image,
    /// It makes videos.
    Video,
    /// It makes music.
    Music,
    /// It looks at pictures and says nothing.
    Vision,
    /// It scores answers.
    Reward,
    /// It translates and does nothing else.
    Translation,
    /// It continues texts and knows no chats.
    Completion,
    /// A chat model made for code.
    Coder,
    /// A chat model that thinks before it answers.
    Reasoning,
}

impl Kind {
    /// Why it answers no chat with text; none for chat models.
    pub const fn why(self) -> Option<&'static str> {
        Some(match self {
            Kind::Embedding => "it makes embeddings, not text",
            Kind::Reranker => "it ranks documents, by its name",
            Kind::Speech => "it hears or speaks, by its name",
            Kind::Ocr => "it reads text out of pictures, by its name",
            Kind::Guard => "it judges whether texts are safe, by its name",
            Kind::Image => "it makes images, by its name",
            Kind::Video => "it makes videos, by its name",
            Kind::Music => "it makes music, by its name",
            Kind::Vision => "it looks at images and does not answer chats, by its name",
            Kind::Reward => "it scores answers, by its name",
            Kind::Translation => "it only translates, by its name",
            Kind::Completion => "it continues texts and does not answer chats, by its name",
            Kind::Coder | Kind::Reasoning => return None,
        })
    }

    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "embedding" => Kind::Embedding,
            "reranker" => Kind::Reranker,
            "speech" => Kind::Speech,
            "ocr" => Kind::Ocr,
            "guard" => Kind::Guard,
            "image" => Kind::Image,
            "video" => Kind::Video,
            "music" => Kind::Music,
            "vision" => Kind::Vision,
            "reward" => Kind::Reward,
            "translation" => Kind::Translation,
            "completion" => Kind::Completion,
            "coder" => Kind::Coder,
            "reasoning" => Kind::Reasoning,
            _ => return None,
        })
    }
}

/// A row's pattern, ready to be looked for, and what it says.
struct Row<T> {
    /// With a `-` at its beginning where nothing may go before it.
    pattern: String,
    /// Nothing but a version may follow.
    closed: bool,
    says: T,
}

impl<T> Row<T> {
    /// Whether it stands in a name of the form of [`plain`].
    fn is_in(&self, plain: &str) -> bool {
        let ends = |rest: &str| rest.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with('-');
        let after = |at: usize| at.checked_add(self.pattern.len()).and_then(|end| plain.get(end..));
        let mut found = plain.match_indices(&self.pattern);
        found.any(|(at, _)| !self.closed || after(at).is_some_and(ends))
    }
}

static KINDS: LazyLock<Vec<Row<Kind>>> = LazyLock::new(|| {
    rows(include_str!("kinds.tsv"))
        .filter_map(|(pattern, rest)| Some(row(pattern, Kind::of(rest.first()?)?)))
        .collect()
});

static SIZES: LazyLock<Vec<Row<Size>>> = LazyLock::new(|| {
    let size =
        |rest: &[&str]| Some(Size { total: rest.first()?.parse().ok()?, active: rest.get(1)?.parse().ok() });
    rows(include_str!("sizes.tsv")).filter_map(|(pattern, rest)| Some(row(pattern, size(&rest)?))).collect()
});

/// The rows of a table: the first column and the others. Comments and the heading are left out.
fn rows(table: &str) -> impl Iterator<Item = (&str, Vec<&str>)> {
    let lines = table.lines().filter(|line| !line.starts_with('#')).skip(1);
    lines.filter_map(|line| {
        let mut cells = line.split('\t');
        Some((cells.next()?, cells.collect()))
    })
}

fn row<T>(pattern: &str, says: T) -> Row<T> {
    let before = if pattern.starts_with('*') { "" } else { "-" };
    Row { pattern: format!("{before}{}", pattern.trim_matches('*')), closed: !pattern.ends_with('*'), says }
}

/// A name in the form that patterns are of: `-qwen3-30b-a3b-`.
fn plain(name: &str) -> String {
    let mut out = String::from("-");
    for c in name.chars().take(LONGEST) {
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        } else if !out.ends_with('-') {
            out.push('-');
        }
    }
    if !out.ends_with('-') {
        out.push('-');
    }
    out
}

/// Everything that a name says its model is for.
pub fn kinds(name: &str) -> Vec<Kind> {
    let plain = plain(name);
    let mut found: Vec<Kind> = KINDS.iter().filter(|row| row.is_in(&plain)).map(|row| row.says).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The size that a name says: `7b`, `70b-instruct-q4_K_M`, `8x7b`, `30B-A3B`, `e4b`, `135m`; or that of a known model
/// whose name says none.
pub fn size(name: &str) -> Option<Size> {
    let lower = name.chars().take(LONGEST).collect::<String>().to_ascii_lowercase();
    let marks: Vec<Mark> =
        lower.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.')).filter_map(mark).collect();
    let largest = |wanted: fn(&Mark) -> Option<f64>| marks.iter().filter_map(wanted).max_by(f64::total_cmp);
    let billions = largest(|mark| if let Mark::Billions(n) = mark { Some(*n) } else { None });
    let mixture = largest(|mark| if let Mark::Mixture(n) = mark { Some(*n) } else { None });
    let active = largest(|mark| if let Mark::Active(n) = mark { Some(*n) } else { None });
    let experts = largest(|mark| if let Mark::Experts(n) = mark { Some(*n) } else { None });
    let known = || {
        let plain = plain(name);
        SIZES.iter().find(|row| row.is_in(&plain)).map(|row| row.says)
    };
    match (mixture, billions) {
        (Some(total), _) => Some(Size { total, active }),
        // `17B-16E`: what is active of each of sixteen experts.
        (None, Some(each)) if experts.is_some_and(|n| n >= FEWEST_EXPERTS) => {
            known().or_else(|| Some(Size { total: each * experts?, active: Some(each) }))
        }
        (None, Some(total)) => Some(Size { total, active: active.filter(|active| *active < total) }),
        (None, None) => known().or_else(|| {
            let millions = largest(|mark| if let Mark::Millions(n) = mark { Some(*n) } else { None });
            millions.map(|n| Size::dense(n / 1e3))
        }),
    }
}

/// What a word of a name says of the size.
enum Mark {
    Billions(f64),
    /// `8x7b`, multiplied out.
    Mixture(f64),
    Millions(f64),
    Active(f64),
    Experts(f64),
}

/// Reads a word: digits, perhaps with letters before them, and a unit.
fn mark(word: &str) -> Option<Mark> {
    let (body, unit) =
        word.trim_matches('.').split_at_checked(word.trim_matches('.').len().checked_sub(1)?)?;
    let digits = body.len() - body.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
    let (letters, number) = body.split_at_checked(digits)?;
    if let Some((count, each)) = number.split_once('x') {
        let total = positive(count)? * positive(each)?;
        return (unit == "b" && letters.is_empty()).then_some(Mark::Mixture(total));
    }
    let number = positive(number)?;
    match (letters, unit) {
        ("a", "b") => Some(Mark::Active(number)),
        // `e4b`: it needs what a model of so many parameters does.
        ("" | "e", "b") => Some(Mark::Billions(number)),
        ("" | "e", "t") => Some(Mark::Billions(number * 1e3)),
        ("", "m") if number >= SMALLEST_IN_MILLIONS => Some(Mark::Millions(number)),
        ("", "e") => Some(Mark::Experts(number)),
        // `llama70b`; a single letter before a number is a version or a format.
        (letters, "b") if letters.len() > 1 => Some(Mark::Billions(number)),
        _ => None,
    }
}

fn positive(digits: &str) -> Option<f64> {
    let plain = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    digits.parse().ok().filter(|n: &f64| plain && *n > 0.0 && *n < 1e5)
}

/// `4.3B`, `137M`, `8x7B`, `30.5B` as fields of lists write sizes.
pub fn field(text: &str) -> Option<Size> {
    let text = text.replace(' ', "").to_ascii_lowercase();
    if let Some(size) = size(&text) {
        return Some(size);
    }
    let number: f64 = text.strip_suffix('k')?.parse().ok()?;
    (number > 0.0 && number < 1e9).then(|| Size::dense(number / 1e6))
}

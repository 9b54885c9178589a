//! Model names, folded to words, so that spellings of one model are equal and different models are not.
//!
//! `Claude Opus 4.5`, `claude-opus-4-5` and `claude_opus_4.5` are `claude opus 4 5`. Letters become small; everything
//! but letters and digits parts words, and so does a digit behind letters (`qwen3` is `qwen 3`); `+` is `plus`; a `v`
//! before a number and a zero behind one are left out (`v3.0` is `3`). Sizes stay whole: `9b`, `8x7b`, `a3b`, `4o`.

/// Names of providers and regions that may stand before a name without changing what it names. Not of the makers
/// whose name is the family's too (`mistral`, `deepseek`, `qwen`, `gemini`): those are the model's own.
const PROVIDERS: &[&str] = &[
    "ai",
    "alibaba",
    "amazon",
    "anthropic",
    "apac",
    "aws",
    "azure",
    "bedrock",
    "cerebras",
    "databricks",
    "eu",
    "fireworks",
    "global",
    "google",
    "groq",
    "hf",
    "huggingface",
    "meta",
    "microsoft",
    "mistralai",
    "moonshot",
    "moonshotai",
    "nvidia",
    "ollama",
    "openai",
    "openrouter",
    "perplexity",
    "together",
    "us",
    "vertex",
    "vertexai",
    "x",
    "xai",
    "z",
    "zai",
];

/// Words that say how a model is packed or how far along it is, not which one it is.
const HARMLESS: &[&str] = &[
    "4bit",
    "8bit",
    "awq",
    "beta",
    "bf16",
    "chat",
    "exp",
    "experimental",
    "fp16",
    "fp4",
    "fp8",
    "free",
    "gguf",
    "gptq",
    "hf",
    "instruct",
    "int4",
    "int8",
    "it",
    "latest",
    "mlx",
    "mxfp4",
    "nvfp4",
    "preview",
    "stable",
    "versatile",
];

/// Variants behind a colon or an at sign: other ways to serve the same model. As a word of the name some of them
/// (`thinking`) name another model.
const VARIANTS: &[&str] =
    &["beta", "default", "exacto", "extended", "floor", "free", "latest", "nitro", "online", "thinking"];

/// Words that distinguish members of a family.
const SIZES: &[&str] = &[
    "air", "base", "fable", "fast", "flash", "haiku", "instant", "large", "lite", "max", "medium", "micro",
    "mini", "nano", "opus", "plus", "pro", "small", "sonnet", "super", "tiny", "turbo", "ultra", "xl",
];

/// Whether a word is in one of the lists above. They are sorted: each word of each name is looked up.
fn is_one_of(word: &str, list: &[&str]) -> bool {
    list.binary_search(&word).is_ok()
}

/// A folded name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Folded {
    /// All words, each with a space before it.
    pub whole: String,
    /// The words that say which model it is, likewise.
    pub core: String,
    /// The date in the name, digits only, or empty.
    pub date: String,
}

/// Fewest letters and digits of a name that is matched.
const FEWEST: usize = 4;

/// Whether folded words are enough to identify a model.
pub(super) fn tells(words: &str) -> bool {
    words.chars().filter(|c| *c != ' ').take(FEWEST).count() == FEWEST
}

/// A run of letters and digits, and what stood right before it.
#[derive(Clone, Copy)]
struct Word<'n> {
    text: &'n str,
    behind: char,
}

/// The words of a name in small letters.
fn words(name: &str) -> Vec<Word<'_>> {
    let mut words = Vec::with_capacity(16);
    let mut behind = ' ';
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
        let (text, other) = rest.split_at_checked(end).unwrap_or((rest, ""));
        if text.is_empty() {
            if first == '+' {
                words.push(Word { text: "plus", behind });
            }
            behind = first;
            rest = other.get(first.len_utf8()..).unwrap_or_default();
        } else {
            words.push(Word { text, behind });
            rest = other;
        }
    }
    words
}

/// Folds a name.
pub(super) fn fold(name: &str) -> Folded {
    let name = if name.is_ascii() { name.to_ascii_lowercase() } else { name.to_lowercase() };
    let words = words(&name);
    // A space more for each part of a word.
    let room = name.len() + 8;
    let mut folded =
        Folded { whole: String::with_capacity(room), core: String::with_capacity(room), date: String::new() };
    let mut leading = true;
    let mut rest = words.as_slice();
    let mut number = false;
    while let [word, behind @ ..] = rest {
        let (date, length) = date(rest);
        if length > 0 {
            push(&mut folded.whole, &date);
            folded.date = date;
            rest = rest.get(length..).unwrap_or_default();
            number = false;
            continue;
        }
        let length = packing(word, behind);
        if length > 0 {
            for word in rest.iter().take(length) {
                push(&mut folded.whole, word.text);
            }
            rest = rest.get(length..).unwrap_or_default();
            number = false;
            continue;
        }
        leading = leading && is_one_of(word.text, PROVIDERS);
        for part in parts(word.text) {
            let is_number = all_digits(part);
            // 4.0 is 4.
            if !(number && part == "0") {
                push(&mut folded.whole, part);
                if !leading {
                    push(&mut folded.core, part);
                }
            }
            number = is_number;
        }
        rest = behind;
    }
    folded
}

fn push(words: &mut String, word: &str) {
    words.push(' ');
    words.push_str(word);
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// A date at the start of `words`, as digits, and how many words it takes: 2025-08-07 or 20250807.
fn date(words: &[Word<'_>]) -> (String, usize) {
    let valid = |digits: &str| {
        let number = |range| digits.get(range).and_then(|d: &str| d.parse::<u8>().ok()).unwrap_or_default();
        digits.len() == 8
            && all_digits(digits)
            && digits.starts_with("20")
            && (1..=12).contains(&number(4..6))
            && (1..=31).contains(&number(6..8))
    };
    match words {
        [one, ..] if valid(one.text) => (one.text.to_owned(), 1),
        [year, month, day, ..] if year.text.len() == 4 && month.text.len() == 2 && day.text.len() == 2 => {
            let digits = format!("{}{}{}", year.text, month.text, day.text);
            if valid(&digits) { (digits, 3) } else { (String::new(), 0) }
        }
        _ => (String::new(), 0),
    }
}

/// How many words from `word` on only say how the model is packed; 0 where it is one of the model's own.
fn packing(word: &Word<'_>, behind: &[Word<'_>]) -> usize {
    let text = word.text;
    if matches!(word.behind, ':' | '@') && is_one_of(text, VARIANTS) {
        return 1;
    }
    // A revision, as Bedrock writes it: v1:0.
    if let ("v", digits) = split(text)
        && all_digits(digits)
        && let [revision] = behind
        && revision.behind == ':'
        && all_digits(revision.text)
    {
        return 2;
    }
    // A quantisation of GGUF files: q4_0, q4_k_m.
    if let ("q", digits) = split(text)
        && digits.len() == 1
    {
        let parts = ["0", "1", "k", "s", "m", "l"];
        return 1 + behind.iter().take_while(|w| parts.contains(&w.text)).count();
    }
    usize::from(is_one_of(text, HARMLESS))
}

/// Letters and what is behind them: from the first digit on.
fn split(word: &str) -> (&str, &str) {
    let digit = word.find(|c: char| c.is_ascii_digit()).unwrap_or(word.len());
    word.split_at_checked(digit).unwrap_or((word, ""))
}

fn parts(word: &str) -> impl Iterator<Item = &str> {
    let (letters, rest) = split(word);
    let (first, second) = match (letters, rest) {
        // Active and effective parameters, as in 30b-a3b and e4b, are one word.
        ("a" | "e", rest) if count(rest) => ("", word),
        ("v", rest) if all_digits(rest) => ("", rest),
        parts => parts,
    };
    [first, second].into_iter().filter(|part| !part.is_empty())
}

/// Whether it is a count of parameters: 9b, 350m, 8x7b.
fn count(word: &str) -> bool {
    word.strip_suffix(['b', 'm']).is_some_and(|digits| digits.split('x').all(all_digits))
}

/// Whether a word that one name has and the other has not makes them different models. Version numbers do where
/// `versions` says so.
fn parts_family(word: &str, versions: bool) -> bool {
    let number = word.starts_with(|c: char| c.is_ascii_digit());
    let active = word.strip_prefix(['a', 'e']).is_some_and(count);
    is_one_of(word, SIZES) || active || (number && (versions || !all_digits(word)))
}

/// Whether `part` stands in `name` at the boundaries of words, and no word around it makes it another model. A
/// number around it does not where `part` has none, for then it is meant for all versions.
pub(super) fn contains(name: &Folded, part: &Folded) -> bool {
    if !tells(&part.whole) {
        return false;
    }
    let versions = part.core.split(' ').any(all_digits);
    let whole = format!("{} ", name.whole);
    let wanted = format!("{} ", part.whole);
    // Each place: "a a" stands twice in "a a a".
    let mut from = 0;
    while let Some(at) = whole.get(from..).and_then(|rest| rest.find(&wanted)) {
        let start = from + at;
        // Both begin with a space; the last one belongs to what is behind.
        let around = [whole.get(..start), whole.get(start + part.whole.len()..)];
        let words = || around.iter().flatten().flat_map(|text| text.split(' ')).filter(|w| !w.is_empty());
        let differs = |word: &str| word != name.date && parts_family(word, versions);
        if !words().any(differs) {
            return true;
        }
        from = start + 1;
    }
    false
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_lists_are_sorted() {
        for list in [super::PROVIDERS, super::HARMLESS, super::VARIANTS, super::SIZES] {
            assert!(list.is_sorted(), "{list:?}");
        }
    }
}

//! Whether a text has a statement of SQL in it, by its shape: the words alone are words of English.

use std::sync::LazyLock;

use memchr::memmem;

/// How far the columns of a statement reach, in bytes.
const COLUMNS: usize = 256;
/// Most places where a statement may begin that are looked at.
const MOST_PLACES: usize = 8;
/// What follows the name of a table.
const CLAUSES: [&[u8]; 9] =
    [b"where", b"group", b"order", b"limit", b"join", b"inner", b"left", b"having", b"union"];
/// What no table is called.
const ARTICLES: [&[u8]; 10] =
    [b"the", b"a", b"an", b"my", b"our", b"your", b"this", b"these", b"those", b"each"];

/// What statements begin with. Prepared once.
static KEYWORDS: LazyLock<[memmem::Finder<'static>; 5]> = LazyLock::new(|| {
    ["select", "insert into", "update", "delete from", "create table"].map(memmem::Finder::new)
});

/// Whether folded text has a statement.
pub fn has_statement(text: &[u8]) -> bool {
    behind(text, b"select").any(selects)
        || behind(text, b"insert into").any(|rest| {
            let (_, rest) = word(rest);
            rest.starts_with(b"(") || next(rest, &[b"values", b"select"])
        })
        || behind(text, b"update").any(|rest| {
            let (_, rest) = word(rest);
            next(rest, &[b"set"]) && rest.iter().take(COLUMNS).any(|b| *b == b'=')
        })
        || behind(text, b"delete from").any(|rest| next(word(rest).1, &[b"where"]))
        || behind(text, b"create table").any(|rest| word(rest).1.starts_with(b"("))
}

/// What stands behind a keyword, wherever it is a word of its own.
fn behind<'t>(text: &'t [u8], keyword: &'static [u8]) -> impl Iterator<Item = &'t [u8]> {
    KEYWORDS
        .iter()
        .filter(move |finder| finder.needle() == keyword)
        .flat_map(move |finder| finder.find_iter(text))
        .take(MOST_PLACES)
        .filter_map(move |at| {
            let before = at.checked_sub(1).and_then(|before| text.get(before));
            let rest = text.get(at + keyword.len()..)?;
            let bounded = before.is_none_or(|b| !b.is_ascii_alphanumeric() && *b != b'_');
            (bounded && rest.first()?.is_ascii_whitespace()).then(|| rest.trim_ascii_start())
        })
}

/// Whether columns, `from` and a table follow.
fn selects(rest: &[u8]) -> bool {
    let near = rest.get(..COLUMNS).unwrap_or(rest);
    let Some(from) = memmem::find_iter(near, b"from").find(|&at| {
        let before = at.checked_sub(1).and_then(|before| near.get(before));
        let after = near.get(at + 4);
        before.is_some_and(u8::is_ascii_whitespace) && after.is_some_and(u8::is_ascii_whitespace)
    }) else {
        return false;
    };
    let columns = near.get(..from).unwrap_or_default().trim_ascii();
    let columns = columns.strip_prefix(b"distinct").unwrap_or(columns).trim_ascii();
    let (table, behind_table) = word(rest.get(from + 4..).unwrap_or_default().trim_ascii_start());
    if table.is_empty() || ARTICLES.contains(&table) || !columns.split(|b| *b == b',').all(is_column) {
        return false;
    }
    let several = columns.iter().any(|b| matches!(b, b',' | b'*' | b'('));
    several || behind_table.starts_with(b";") || next(behind_table, &CLAUSES)
}

/// Whether this may be a column: a name, a call, or one of them with a name of its own.
fn is_column(text: &[u8]) -> bool {
    let mut words = text.trim_ascii().split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let first = words.next();
    let named = match words.next() {
        None => true,
        Some(word) => word == b"as" && words.next().is_some() && words.next().is_none(),
    };
    first.is_some_and(|first| !ARTICLES.contains(&first)) && (named || text.contains(&b'('))
}

/// The first word, and what follows it without white space.
fn word(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|b| b.is_ascii_whitespace() || matches!(b, b'(' | b';' | b','));
    let (word, rest) = text.split_at(end.unwrap_or(text.len()));
    (word, rest.trim_ascii_start())
}

/// Whether one of these words comes first.
fn next(text: &[u8], words: &[&[u8]]) -> bool {
    let (first, _) = word(text);
    words.contains(&first)
}

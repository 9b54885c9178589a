//! "Did you mean": the known names closest to a mistyped one.

/// Most characters of a name that are compared.
const LONGEST: usize = 128;

/// Up to three known names close to `name`, closest first.
pub(super) fn nearest<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Vec<&'n str> {
    let wanted = folded(name);
    let most = (wanted.len() / 3).max(1);
    let mut close: Vec<(usize, &str)> = known
        .into_iter()
        .filter_map(|candidate| {
            let letters = folded(candidate);
            let inside = wanted.len() >= 3 && contains(&letters, &wanted);
            let around = letters.len() >= 3 && contains(&wanted, &letters);
            let distance = distance(&wanted, &letters);
            // A part of a name is as good a guess as the weakest typing mistake.
            (distance <= most || inside || around).then_some((distance.min(most), candidate))
        })
        .collect();
    close.sort_unstable();
    close.dedup();
    close.truncate(3);
    close.into_iter().map(|(_, name)| name).collect()
}

/// `; did you mean A, B or C?`, or nothing.
pub(super) fn did_you_mean<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> String {
    let close = nearest(name, known);
    if close.is_empty() { String::new() } else { format!("; did you mean {}?", listed(&close, "or")) }
}

/// `A, B or C`.
pub(super) fn listed(names: &[&str], last: &str) -> String {
    match names {
        [] => "none".to_owned(),
        [one] => (*one).to_owned(),
        [first @ .., end] => format!("{} {last} {end}", first.join(", ")),
    }
}

fn folded(name: &str) -> Vec<char> {
    name.chars()
        .take(LONGEST)
        .flat_map(char::to_lowercase)
        .filter(|c| !matches!(c, '-' | '_' | ' '))
        .collect()
}

fn contains(whole: &[char], part: &[char]) -> bool {
    whole.windows(part.len().max(1)).any(|w| w == part)
}

/// Levenshtein's distance.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut left = i.saturating_add(1);
        let mut diagonal = i;
        for (y, cell) in b.iter().zip(row.iter_mut().skip(1)) {
            let replaced = diagonal.saturating_add(usize::from(x != y));
            diagonal = *cell;
            *cell = replaced.min(left.saturating_add(1)).min(cell.saturating_add(1));
            left = *cell;
        }
        if let Some(first) = row.first_mut() {
            *first = i.saturating_add(1);
        }
    }
    row.last().copied().unwrap_or(0)
}

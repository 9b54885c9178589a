//! What counts as the ask.

use super::super::error::{Scope, quoted};
use super::super::nearest::did_you_mean;
use super::super::raw;
use crate::ask::{Markers, Role, Rules, Tables};

/// Compiles markers, tags and labels. None where the tables cannot be compiled, which is reported.
pub(super) fn compile(raw: &raw::Conversation, scope: &Scope<'_>) -> Option<Rules> {
    let labels = raw.labels.iter().flat_map(|(role, labels)| {
        let role = match role {
            raw::LabelRole::Material => Role::Material,
            raw::LabelRole::Ask => Role::Ask,
            raw::LabelRole::Task => Role::Task,
            raw::LabelRole::End => Role::End,
        };
        labels.iter().map(move |label| (role, label.as_str()))
    });
    let tables = match Tables::new(labels) {
        Ok(tables) => tables,
        Err(message) => {
            scope.meaning(message);
            return None;
        }
    };
    Some(Rules {
        markers: markers(raw, scope),
        tables,
        history_turns: raw.history_turns,
        reply_bytes: raw.reply_bytes,
        history_decay: raw.history_decay,
        chore_tier: raw.chore_tier,
        correction_raises: raw.correction_raises,
    })
}

fn markers(raw: &raw::Conversation, scope: &Scope<'_>) -> Markers {
    let (known, tags) = (Markers::known(), Markers::tags());
    let known = if raw.known_harnesses { known } else { Vec::new() };
    let off = scope.key("markers_off");
    let all = || known.iter().chain(&tags).map(|(open, _)| open.as_str());
    for (i, open) in raw.markers_off.iter().enumerate() {
        if !all().any(|known| known == open) {
            let near = did_you_mean(open, all());
            let message = format!(
                "{} is not the beginning of a known block, so it cannot be switched off{near}",
                quoted(open)
            );
            off.index(i).meaning(message);
        }
    }
    let on = |(open, _): &&(String, String)| !raw.markers_off.contains(open);
    let pairs = |pairs: &'_ [(String, String)]| -> Vec<(String, String)> {
        pairs.iter().filter(on).cloned().collect()
    };
    let (mut injected, mut material) = (pairs(&known), pairs(&tags));
    for (key, list, into) in
        [("injected", &raw.injected, &mut injected), ("material", &raw.material, &mut material)]
    {
        let scope = scope.key(key);
        for (i, block) in list.iter().enumerate() {
            // What is missing has been reported by the schema's check.
            let (Some(open), Some(close)) = (&block.open, &block.close) else { continue };
            let scope = scope.index(i);
            let pair = (open.clone(), close.clone());
            match Markers::check(open, close) {
                Err(message) => scope.meaning(message),
                Ok(()) if into.contains(&pair) => {
                    scope.meaning(format!("{} is already known; leave it out", quoted(open)));
                }
                Ok(()) => into.push(pair),
            }
        }
    }
    Markers::new(
        injected.iter().map(|(open, close)| (open.as_str(), close.as_str())),
        material.iter().map(|(open, close)| (open.as_str(), close.as_str())),
    )
}

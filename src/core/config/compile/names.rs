//! What a name may look like. Names go into headers, metrics and request bodies.

use super::super::error::{Scope, quoted};

/// Most characters of a model's, profile's or virtual name.
const LONGEST: usize = 128;

/// Whether a model's or virtual name will do: 1 to 128 characters, no control character, no space around it.
pub(super) fn model(name: &str, scope: &Scope<'_>) {
    plain("name", name, LONGEST, scope);
}

/// Whether a name written into requests will do. The length is the schema's.
pub(super) fn upstream(name: &str, scope: &Scope<'_>) {
    plain("name", name, usize::MAX, scope);
}

/// Whether an Envoy cluster's name will do. The length is the schema's.
pub(super) fn cluster(name: &str, scope: &Scope<'_>) {
    if !name.bytes().all(|b| b.is_ascii_graphic()) {
        scope.meaning(format!("{} is not a cluster name; use printable ASCII without spaces", quoted(name)));
    }
}

/// Whether a profile's name will do: it is part of virtual names, and so of paths.
pub(super) fn profile(name: &str, scope: &Scope<'_>) {
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    if name.is_empty() || name.len() > LONGEST || !plain {
        let right = "1 to 128 letters, digits, `-`, `_` or `.`";
        scope.meaning(format!("{} is not a profile name; use {right}", quoted(name)));
    }
}

fn plain(what: &str, name: &str, longest: usize, scope: &Scope<'_>) {
    let right = if name.is_empty() {
        format!("the {what} is empty; give one")
    } else if name.chars().count() > longest {
        format!("the {what} has {} characters; use at most {longest}", name.chars().count())
    } else if name.chars().any(char::is_control) {
        format!("the {what} has a control character; leave it out")
    } else if name.trim() != name {
        format!("the {what} has white space around it; leave it out")
    } else {
        return;
    };
    scope.meaning(right);
}

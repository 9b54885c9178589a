//! Calls that name a model and are no conversation: counting of tokens, embeddings, images, speech, batches.

use super::decision::{no_such_model, pinned, refused, to_default};
use super::operator::{guard, may_name};
use super::{Cause, Decision, Edit, RequestContext, named, path_edit};
use crate::chat::{self, PathModels, Problem, Span};
use crate::config::{Config, Name};
use crate::route::{Model, Profile};

/// A call that is no conversation.
#[derive(Clone, Copy, Debug)]
pub struct Call<'r> {
    /// Its path, query string and all.
    pub path: &'r [u8],
    /// Its body, whole.
    pub body: &'r [u8],
    /// The boundary of the parts of its body, where that is a form.
    pub boundary: Option<&'r [u8]>,
}

impl<'r> Call<'r> {
    /// Where the body names a model, and what it says there.
    fn names(&self, config: &Config) -> Names {
        let text = |span: Span| String::from_utf8_lossy(span.of(self.body)).into_owned();
        if let Some(boundary) = self.boundary {
            let (spans, more) = chat::model_fields(self.body, boundary);
            return Names {
                all: spans.into_iter().map(|span| (span, text(span))).collect(),
                more,
                whole: true,
            };
        }
        let asked = chat::Asked::of(self.body, &config.limits);
        let said = |span| chat::said(span, self.body).into_owned();
        let all = asked.spans.into_iter().map(|span| (span, said(span))).collect();
        let whole = self.body.is_empty() || asked.fault != Some(chat::Fault::NotJson);
        Names { all, more: asked.more, whole }
    }

    /// The changes that put another model in the place of `first`, which an earlier attempt was sent with.
    pub fn renamed(&self, config: &Config, first: &Model, model: &Model) -> Vec<chat::Change> {
        let spans = self.names(config).all.into_iter().filter(|(_, name)| *name == first.upstream_model);
        let spans: Vec<Span> = spans.map(|(span, _)| span).collect();
        self.written(&spans, model)
    }

    /// The changes that make the model of these places another.
    pub fn written(&self, spans: &[Span], model: &Model) -> Vec<chat::Change> {
        match self.boundary {
            None => chat::named(spans, &model.upstream_model, &[]).unwrap_or_default(),
            Some(_) => {
                let new = || model.upstream_model.clone().into_bytes();
                spans.iter().map(|&span| chat::Change { span, new: new() }).collect()
            }
        }
    }
}

/// The names in a body.
struct Names {
    all: Vec<(Span, String)>,
    /// There are more than are read.
    more: bool,
    /// It is known that there are no others.
    whole: bool,
}

/// What a name of a call stands for.
#[derive(Clone, Copy)]
enum Meant<'c> {
    Virtual(&'c Profile),
    Group(&'c Profile),
    Model(&'c Model),
}

impl<'c> Meant<'c> {
    /// What serves a virtual model at this endpoint, and the profile itself.
    fn of_virtual(config: &'c Config, path: &[u8]) -> Option<&'c Profile> {
        let mut endpoints = config.endpoints.iter();
        endpoints.find(|(suffix, _)| chat::ends_as(path, suffix)).map(|(_, group)| &**group)
    }

    /// Whether both are served by the same.
    fn same(self, other: Self, endpoint: bool) -> bool {
        match (self, other) {
            (Meant::Virtual(one), Meant::Virtual(two)) => {
                endpoint || one.default_model.slot == two.default_model.slot
            }
            (Meant::Group(one), Meant::Group(two)) => one.name == two.name,
            (Meant::Model(one), Meant::Model(two)) => one.slot == two.slot,
            _ => false,
        }
    }

    const fn is_chosen_here(self) -> bool {
        !matches!(self, Meant::Model(_))
    }
}

/// What a body names.
struct Named<'c> {
    /// What serves it, and the name it was found by.
    meant: Option<(Meant<'c>, String)>,
    /// Where that is named.
    spans: Vec<Span>,
    /// Whether something else is named beside it.
    strangers: bool,
}

/// What a name means here; none where it means nothing, a decision where it is a mistake.
fn find<'c>(config: &'c Config, name: &str) -> Option<Result<Meant<'c>, Box<Decision<'c>>>> {
    match config.names.find(&config.table, name) {
        Name::Virtual(profile) => Some(Ok(Meant::Virtual(profile))),
        Name::Group(group) => Some(Ok(Meant::Group(group))),
        Name::Missing => Some(Err(Box::new(no_such_model(config, name)))),
        Name::Other => config.table.models.get(name).map(|model| Ok(Meant::Model(model))),
    }
}

/// What the names of a body mean together.
fn named_in<'c>(
    config: &'c Config,
    names: Vec<(Span, String)>,
    endpoint: bool,
) -> Result<Named<'c>, Box<Decision<'c>>> {
    let mut named = Named { meant: None, spans: Vec::new(), strangers: false };
    for (span, name) in names {
        let Some(one) = find(config, &name).transpose()? else {
            named.strangers = true;
            continue;
        };
        match &named.meant {
            // A batch may ask for models by name beside a virtual one: these stay.
            Some((before, _)) if before.is_chosen_here() && !one.is_chosen_here() => continue,
            Some((before, _)) if !before.is_chosen_here() && one.is_chosen_here() => named.spans.clear(),
            Some((before, _)) if !before.same(one, endpoint) => {
                if before.is_chosen_here() {
                    return Err(Box::new(refused(config, Problem::MixedModels)));
                }
                named.strangers = true;
                continue;
            }
            Some(_) => {
                named.spans.push(span);
                continue;
            }
            None => {}
        }
        named.meant = Some((one, name));
        named.spans.push(span);
    }
    Ok(named)
}

/// Decides about a call that is no conversation, wherever it names its model: a virtual model becomes what the endpoint has,
/// else its profile's default model; a group one of its deployments; a model what its upstream calls it. None where nothing
/// of it is known here.
pub fn decide_other<'c>(
    config: &'c Config,
    call: &Call<'_>,
    context: &RequestContext<'_>,
) -> Option<Decision<'c>> {
    let in_path = PathModels::of(call.path, None);
    let Names { all: in_body, more, whole } = call.names(config);
    if config.operator.tenants.restricts(&context.client) {
        let mut named = in_body.iter().map(|(_, name)| name.as_str()).chain(in_path.asked.as_deref());
        if more || in_path.more {
            return Some(refused(config, Problem::TooManyModels));
        }
        if !whole || !may_name(config, &context.client, &mut named) {
            return Some(refused(config, Problem::NotAllowed));
        }
    }
    let endpoint = Meant::of_virtual(config, call.path);
    let Named { mut meant, spans, strangers } = match named_in(config, in_body, endpoint.is_some()) {
        Ok(named) => named,
        Err(problem) => return Some(*problem),
    };
    let mut path_spans = Vec::new();
    if let Some(name) = &in_path.asked {
        match find(config, name) {
            Some(Err(problem)) => return Some(*problem),
            Some(Ok(one)) => {
                path_spans.clone_from(&in_path.spans);
                meant.get_or_insert((one, name.clone()));
            }
            None => {}
        }
    }
    let (meant, name) = meant?;
    let decision = match (meant, endpoint) {
        (Meant::Virtual(_), Some(group)) => named::call(config, group, context, Cause::SidePath),
        (Meant::Virtual(profile), None) => to_default(profile, Cause::SidePath, Edit::None),
        (Meant::Group(group), _) => named::call(config, group, context, Cause::Group),
        // Several models by name in one call: nothing here speaks for all of them.
        (Meant::Model(_), _) if strangers => return None,
        (Meant::Model(_), _) => pinned(config, &name),
    };
    let decision = guard(config, &context.client, decision);
    let Some(model) = decision.choice.model else { return Some(decision) };
    if !meant.is_chosen_here() && model.upstream_model == name {
        return Some(decision);
    }
    if more || in_path.more {
        return Some(refused(config, Problem::TooManyModels));
    }
    let edit = Edit::of(path_edit(call.path, &path_spans, model), spans);
    Some(Decision { edit, ..decision })
}

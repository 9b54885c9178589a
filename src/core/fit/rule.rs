//! What is to be done with a parameter, and when.

use super::effort::{Form, Levels};

/// When a rule holds: all of its conditions have to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// The model is going to think, by what the request and the model's default say.
    Thinking(bool),
    /// The request says that the model is not to think.
    Off(bool),
    /// Tools are offered.
    Tools(bool),
    /// LiteLLM stands before the model.
    Litellm(bool),
    /// A parameter of this name is there.
    Has(Box<str>, bool),
}

/// What becomes of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It stays.
    Keep,
    /// The parameter is taken out.
    Drop,
    /// This JSON stands in its place.
    Json(Box<str>),
}

/// What is to be done with a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Nothing: it is known to be taken.
    Take,
    /// It is taken out.
    Drop,
    /// It gets another name, or is taken out where that is there already.
    Rename(Box<str>),
    /// A number beyond these becomes the nearer of them.
    Clamp(Option<f64>, Option<f64>),
    /// A number beyond the model's most output tokens becomes those.
    Limit,
    /// By its value: the text of a string or a number, `{X}` for an object whose `type` is X, `{}` for any object, `[]` for
    /// any list, `*` for all others. What is not listed stays.
    Values(Vec<(Box<str>, Answer)>),
    /// A reasoning effort becomes the nearest one that the model takes: one of these, which are the family's, where its own
    /// are not known.
    Effort(Levels),
    /// How much the model is to think is said in another form.
    Convert(Form),
    /// `thinking` with a budget needs one that is below the output limit.
    Budget,
    /// The model is asked not to think, where that is possible.
    Quiet,
    /// Instructions become the first turn of the conversation.
    Instruct,
    /// `thinking` with a budget becomes an adaptive one with an effort; where the model always thinks, a disabled one too.
    Adaptive,
    /// A list of strings loses this one.
    Without(Box<str>),
}

/// One rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// When it holds.
    pub when: Vec<When>,
    /// What is to be done.
    pub action: Action,
}

/// The rules of a parameter and of the parameters within it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {
    /// Those of the parameter itself, in order.
    pub rules: Vec<Rule>,
    /// By name, rising.
    inner: Vec<(Box<str>, Node)>,
}

impl Node {
    /// Whether there are no rules.
    pub const fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.inner.is_empty()
    }

    /// The rules of a parameter within this one.
    pub fn of(&self, name: &[u8]) -> Option<&Node> {
        let place = self.inner.binary_search_by(|(other, _)| (**other).as_bytes().cmp(name)).ok()?;
        self.inner.get(place).map(|(_, node)| node)
    }

    /// Whether any of its rules may change something.
    pub fn acts(&self) -> bool {
        self.rules.iter().any(|rule| rule.action != Action::Take)
            || self.inner.iter().any(|(_, node)| node.acts())
    }

    /// Whether there are rules of parameters within.
    pub const fn is_deep(&self) -> bool {
        !self.inner.is_empty()
    }

    /// Adds a rule of the parameter that a path, such as `text.verbosity`, leads to.
    pub fn add(&mut self, path: &str, rule: Rule) {
        let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
        let place = match self.inner.binary_search_by(|(other, _)| (**other).cmp(name)) {
            Ok(place) => place,
            Err(place) => {
                // A model's memory is for good: no room for more than there is.
                self.inner.reserve_exact(1);
                self.inner.insert(place, (name.into(), Node::default()));
                place
            }
        };
        let Some((_, node)) = self.inner.get_mut(place) else { return };
        match rest {
            Some(rest) => node.add(rest, rule),
            None => {
                node.rules.reserve_exact(1);
                node.rules.push(rule);
            }
        }
    }
}

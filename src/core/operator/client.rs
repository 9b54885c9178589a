//! What is known of who sends a request.

use super::{Hints, Operator};

/// Values of the headers that are looked at, by their place in [`Operator::headers`]; of several the first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Vec<Option<Vec<u8>>>);

impl Headers {
    /// Notes a header if it is looked at.
    pub fn look(&mut self, operator: &Operator, name: &str, value: &[u8]) {
        let Some(place) = operator.headers.iter().position(|known| known == name) else { return };
        if self.0.len() <= place {
            self.0.resize(place.saturating_add(1), None);
        }
        if let Some(slot) = self.0.get_mut(place)
            && slot.is_none()
        {
            *slot = Some(value.to_vec());
        }
    }

    /// The value of a header.
    pub fn get(&self, place: usize) -> Option<&[u8]> {
        self.0.get(place)?.as_deref()
    }
}

/// Who sends a request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Client<'r> {
    /// The headers that are looked at.
    pub headers: Option<&'r Headers>,
    /// What it wishes, where it is trusted.
    pub hints: Hints,
    /// What its tenant has spent today, in millionths of a USD, where it has a budget.
    pub spent: u64,
}

impl<'r> Client<'r> {
    /// The value of a header that is looked at.
    pub fn header(&self, place: usize) -> Option<&'r [u8]> {
        self.headers?.get(place)
    }
}

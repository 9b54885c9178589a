//! What a stream keeps of a request's headers until its body is whole.

use super::facts::{Betas, Facts};
use super::{property, spend};
use tiergate_core::chat::{Coding, Dialect, Steering};
use tiergate_core::config::Config;
use tiergate_core::live::{self, Credentials};
use tiergate_core::operator::{Client, Headers, Hints};

/// A request whose body has not come whole.
pub struct Waiting {
    /// None where it is no conversation.
    pub dialect: Option<Dialect>,
    pub coding: Coding,
    pub packed: bool,
    pub path: Vec<u8>,
    pub has_length: bool,
    pub body_size: usize,
    /// What the headers say of the conversation.
    pub session: Option<Vec<u8>>,
    /// Who asks.
    pub tenant: Vec<u8>,
    /// The boundary of its parts, where it is a form.
    pub boundary: Option<Vec<u8>>,
    /// What it asks one provider for.
    pub betas: Betas,
    /// What the client decides of it by headers.
    pub steering: Steering,
    /// What the operator's rules look at.
    pub watched: Headers,
    /// What a trusted client wishes.
    pub hints: Hints,
}

impl Waiting {
    pub fn of(config: &Config, facts: Facts, dialect: Option<Dialect>) -> Self {
        let trust = config.operator.trust.as_ref();
        let hints = trust.map(|trust| trust.hints(&facts.watched, property::client_address));
        let hints = hints.unwrap_or_default();
        let Facts {
            path,
            has_length,
            session,
            tenant,
            coding,
            packed,
            boundary,
            watched,
            betas,
            steering,
            ..
        } = facts;
        let body_size = 0;
        Self {
            dialect,
            coding,
            packed,
            path,
            has_length,
            body_size,
            session,
            tenant,
            boundary,
            betas,
            steering,
            watched,
            hints,
        }
    }

    /// Who asks, and what its tenant has spent.
    pub fn client(&self, config: &Config) -> Client<'_> {
        let client = Client { headers: Some(&self.watched), hints: self.hints, spent: 0 };
        Client { spent: spend::of(config, &client), ..client }
    }

    /// The number of the credential that asks; 0 where there is none, or limits do not depend on it.
    pub fn asker(&self, config: &Config) -> u64 {
        let apart = config.live.is_some_and(|live| live.settings.credentials != Credentials::Shared);
        if !apart || self.tenant.is_empty() {
            return 0;
        }
        live::session(0, [&b"asker"[..], &self.tenant]).max(1)
    }

    /// The body lies in the proxy's buffer as the client wrote it, so long.
    pub fn is_unpacked(&mut self, size: usize) {
        (self.coding, self.packed, self.body_size) = (Coding::Identity, false, size);
    }

    /// How a whole body of this kind ends.
    pub fn ends(&self, body: &[u8]) -> bool {
        let end: &[u8] = if self.boundary.is_some() { b"--" } else { b"}" };
        body.trim_ascii_end().ends_with(end)
    }
}

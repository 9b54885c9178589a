//! What an attempt changes of the body, so that it names and fits the model of this attempt.

use std::sync::Arc;

use proxy_wasm::hostcalls;
use proxy_wasm::types::BufferType;

use super::AttemptStream;
use crate::WorkerState;
use crate::edit::{replace, set_request_header};
use crate::extra::Extra;
use tiergate_core::chat::{self, Dialect};
use tiergate_core::engine::Call;
use tiergate_core::fit;
use tiergate_core::route::Model;

pub(super) struct Rewrite {
    pub model: Arc<Model>,
    /// None where it is no conversation.
    pub dialect: Option<Dialect>,
    /// The boundary of its parts, where it is a form.
    pub boundary: Option<Vec<u8>>,
    pub path: Vec<u8>,
    pub has_length: bool,
    pub body_size: usize,
}

impl AttemptStream {
    /// The body is whole: it names the model of this attempt. Every attempt gets the body that the first one got, and
    /// the headers that the last one left, so that the length is set again.
    pub(super) fn rewrite(&mut self) {
        let (Some(shared), Some(rewrite)) = (&self.shared, self.rewrite.take()) else { return };
        let size = rewrite.body_size;
        let Ok(Some(body)) = hostcalls::get_buffer(BufferType::HttpRequestBody, 0, size) else { return };
        let size = body.len();
        let (changes, extra) = self.changes(shared, &rewrite, &body);
        self.extra = extra;
        let spliced = chat::splice_changes(body, changes);
        let replaced = spliced.and_then(|prefix| replace(&prefix, size).ok());
        if rewrite.has_length {
            let length = replaced.map_or_else(|| size.to_string(), |length| length.to_string());
            set_request_header("content-length", length.as_bytes());
        }
    }

    /// Whether the model is the one that the request was decided for, and that one needed no change.
    pub(super) fn as_it_went(&self, model: &Model) -> bool {
        self.run.as_ref().is_some_and(|run| !run.plan.fits && run.plan.model == *model.key())
    }

    /// What has to change of the client's own body, of which the position among the listener's filters has changed the model
    /// alone.
    fn changes(&self, shared: &WorkerState, rewrite: &Rewrite, body: &[u8]) -> (Vec<chat::Change>, Extra) {
        let (config, model) = (&shared.config, &rewrite.model);
        let Some(dialect) = rewrite.dialect else {
            let first = self.run.as_ref().and_then(|run| config.table.keyed(&run.plan.model));
            let call = Call { path: &rewrite.path, body, boundary: rewrite.boundary.as_deref() };
            let changes = first.map(|first| call.renamed(config, first, model)).unwrap_or_default();
            return (changes, Extra::default());
        };
        let view = chat::view(body, &rewrite.path, dialect, &config.limits, &mut ());
        let mut changes = chat::named(&view.model_spans, &model.upstream_model, &[]).unwrap_or_default();
        // What needed nothing, and what may not be edited, goes again as it went.
        if self.as_it_went(model) {
            return (changes, Extra::default());
        }
        let fitted = fit::fit(body, &view, dialect, &model.takes, config.fit, !config.several_sign);
        changes.extend(fitted.changes);
        (changes, Extra::new(fitted.extra_usage))
    }
}

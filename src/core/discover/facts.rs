//! What is known of a model, whoever says it.

use super::name::Size;

/// What is known of a model. Prices are USD per million tokens.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// Of a million input tokens.
    pub input_price: Option<f64>,
    /// Of a million output tokens.
    pub output_price: Option<f64>,
    /// Most input tokens.
    pub context_window: Option<u64>,
    /// Most output tokens.
    pub max_output: Option<u64>,
    /// Whether it takes tools.
    pub tools: Option<bool>,
    /// Whether it takes images.
    pub vision: Option<bool>,
    /// Whether it reads PDFs.
    pub pdf: Option<bool>,
    /// Whether it thinks before it answers.
    pub reasoning: Option<bool>,
    /// Whether it is made for code.
    pub coder: bool,
    /// Its parameters.
    pub size: Option<Size>,
    /// What it is for, in LiteLLM's words: chat, embedding and so on.
    pub mode: Option<String>,
    /// The day on which its provider ends it.
    pub ends: Option<String>,
}

impl Facts {
    /// These, and where they say nothing the others.
    #[must_use]
    pub fn over(self, other: &Facts) -> Facts {
        Facts {
            input_price: self.input_price.or(other.input_price),
            output_price: self.output_price.or(other.output_price),
            context_window: self.context_window.or(other.context_window),
            max_output: self.max_output.or(other.max_output),
            tools: self.tools.or(other.tools),
            vision: self.vision.or(other.vision),
            pdf: self.pdf.or(other.pdf),
            reasoning: self.reasoning.or(other.reasoning),
            coder: self.coder || other.coder,
            size: self.size.or(other.size),
            mode: self.mode.or_else(|| other.mode.clone()),
            ends: self.ends.or_else(|| other.ends.clone()),
        }
    }

    /// What holds whichever of two deployments answers: the dearer price, the smaller window, what both can do.
    #[must_use]
    pub fn and(self, other: Facts) -> Facts {
        let dearer = |a: Option<f64>, b: Option<f64>| a.map_or(b, |a| Some(b.map_or(a, |b| a.max(b))));
        let smaller = |a: Option<u64>, b: Option<u64>| a.map_or(b, |a| Some(b.map_or(a, |b| a.min(b))));
        let both = |a: Option<bool>, b: Option<bool>| match (a, b) {
            (Some(a), Some(b)) => Some(a && b),
            (one, None) | (None, one) => one,
        };
        Facts {
            input_price: dearer(self.input_price, other.input_price),
            output_price: dearer(self.output_price, other.output_price),
            context_window: smaller(self.context_window, other.context_window),
            max_output: smaller(self.max_output, other.max_output),
            tools: both(self.tools, other.tools),
            vision: both(self.vision, other.vision),
            pdf: both(self.pdf, other.pdf),
            reasoning: both(self.reasoning, other.reasoning),
            coder: self.coder && other.coder,
            size: match (self.size, other.size) {
                (Some(a), Some(b)) => Some(if a.total <= b.total { a } else { b }),
                (one, None) | (None, one) => one,
            },
            mode: self.mode.or(other.mode),
            // Where one goes on, the name does.
            ends: self.ends.zip(other.ends).map(|(a, b)| a.max(b)),
        }
    }

    /// One number for both prices: three input tokens for one of output, about what chats have. `None` where a price
    /// is not known.
    pub fn blended(&self) -> Option<f64> {
        Some((3.0 * self.input_price? + self.output_price?) / 4.0)
    }

    /// What it can do, in words.
    pub fn abilities(&self) -> String {
        let mut words: Vec<String> = Vec::new();
        match self.tools {
            Some(true) => words.push("tools".to_owned()),
            Some(false) => words.push("no tools".to_owned()),
            None => {}
        }
        if self.vision == Some(true) {
            words.push("images".to_owned());
        }
        if self.pdf == Some(true) {
            words.push("PDFs".to_owned());
        }
        if self.reasoning == Some(true) {
            words.push("reasoning".to_owned());
        }
        if self.coder {
            words.push("made for code".to_owned());
        }
        if let Some(window) = self.context_window {
            words.push(format!("window {window}"));
        }
        words.join(", ")
    }
}

/// A number with so many digits after the point at most.
pub fn rounded(number: f64, digits: i32) -> f64 {
    let scale = 10f64.powi(digits);
    (number * scale).round() / scale
}

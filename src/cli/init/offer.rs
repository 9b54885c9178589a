//! What a source of models offers, whatever its format.

/// What is known of a model. Prices are USD per million tokens.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub input_price: Option<f64>,
    pub output_price: Option<f64>,
    pub context_window: Option<u64>,
    pub max_output: Option<u64>,
    pub tools: Option<bool>,
    pub vision: Option<bool>,
    pub reasoning: Option<bool>,
    /// What it is for, in LiteLLM's words: chat, embedding and so on.
    pub mode: Option<String>,
    /// The day on which its provider ends it.
    pub ends: Option<String>,
}

impl Facts {
    /// These, and where they say nothing the others.
    pub fn over(self, other: &Facts) -> Facts {
        Facts {
            input_price: self.input_price.or(other.input_price),
            output_price: self.output_price.or(other.output_price),
            context_window: self.context_window.or(other.context_window),
            max_output: self.max_output.or(other.max_output),
            tools: self.tools.or(other.tools),
            vision: self.vision.or(other.vision),
            reasoning: self.reasoning.or(other.reasoning),
            mode: self.mode.or_else(|| other.mode.clone()),
            ends: self.ends.or_else(|| other.ends.clone()),
        }
    }

    /// What holds whichever of two deployments answers: the dearer price, the smaller window, what both can do.
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
            reasoning: both(self.reasoning, other.reasoning),
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
        if self.reasoning == Some(true) {
            words.push("reasoning".to_owned());
        }
        if let Some(window) = self.context_window {
            words.push(format!("window {window}"));
        }
        words.join(", ")
    }
}

/// A model that can be put into the document.
#[derive(Debug, Default)]
pub struct Offer {
    /// What the upstream calls it.
    pub name: String,
    /// Other names that it answers to.
    pub aliases: Vec<String>,
    pub facts: Facts,
    /// What tiers go by: the blended price, or the size. Where there is none, `unranked` says why.
    pub rank: Option<f64>,
    pub unranked: String,
    /// When it came out, in seconds since 1970, where that is known.
    pub created: Option<u64>,
    /// What a reader of the document should know.
    pub remarks: Vec<String>,
}

/// What models are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// USD per million tokens, blended.
    Price,
    /// Parameters.
    Size,
}

impl Measure {
    /// A rank in words.
    pub fn shown(self, rank: f64) -> String {
        match self {
            Measure::Price => format!("{} USD/M blended", rounded(rank, 3)),
            Measure::Size if rank >= 1e9 => format!("{}B parameters", rounded(rank / 1e9, 1)),
            Measure::Size => format!("{}M parameters", rounded(rank / 1e6, 1)),
        }
    }
}

/// A number with so many digits after the point at most.
pub fn rounded(number: f64, digits: i32) -> f64 {
    let scale = 10f64.powi(digits);
    (number * scale).round() / scale
}

/// All of a source.
pub struct Found {
    pub offers: Vec<Offer>,
    /// What is not in the document at all, and why.
    pub left_out: Vec<(String, String)>,
    /// What else a reader should know.
    pub notes: Vec<String>,
    pub measure: Measure,
    /// Whether models without a tier get an entry too: those that clients may ask for by name.
    pub declare_all: bool,
}

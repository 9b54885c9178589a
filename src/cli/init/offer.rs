//! What a source of models offers, whatever its format.

use super::family::Kin;
use tiergate_core::discover::{Facts, rounded};

/// A model that can be put into the document.
#[derive(Debug, Default)]
pub struct Offer {
    /// What the upstream calls it.
    pub name: String,
    /// Other names that it answers to.
    pub aliases: Vec<String>,
    pub facts: Facts,
    /// What it is known to take of a request.
    pub kin: Option<Kin>,
    /// Why it is in no tier whatever it costs.
    pub barred: Option<String>,
    /// What to do about its price, where it has none.
    pub priceless: String,
    /// What tiers go by, once that is settled. Where there is none, `unranked` says why.
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
    /// Thousand millions of parameters.
    Size,
    /// The order in which they were named.
    Order,
}

impl Measure {
    /// A rank in words.
    pub fn shown(self, rank: f64, facts: &Facts) -> String {
        match self {
            Measure::Price => format!("{} USD/M blended", rounded(rank, 3)),
            Measure::Size => facts.size.map(|size| size.to_string()).unwrap_or_default(),
            Measure::Order => "neither price nor size known".to_owned(),
        }
    }

    /// What it goes by, in words.
    pub const fn by(self) -> &'static str {
        match self {
            Measure::Price => "price",
            Measure::Size => "size",
            Measure::Order => "the order of --model",
        }
    }
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

impl Found {
    /// Nothing yet.
    pub const fn new(declare_all: bool) -> Self {
        Self {
            offers: Vec::new(),
            left_out: Vec::new(),
            notes: Vec::new(),
            measure: Measure::Price,
            declare_all,
        }
    }

    /// Settles what tiers go by, and ranks the models by it: prices where any is above 0, else sizes, else the order in
    /// which models were named.
    pub fn rank(&mut self, wanted: &[String]) {
        let may = || self.offers.iter().filter(|offer| offer.barred.is_none());
        self.measure = if may().any(|offer| offer.facts.blended().is_some_and(|price| price > 0.0)) {
            Measure::Price
        } else if may().any(|offer| offer.facts.size.is_some()) {
            Measure::Size
        } else if wanted.is_empty() {
            Measure::Price
        } else {
            Measure::Order
        };
        for offer in &mut self.offers {
            if let Some(why) = &offer.barred {
                offer.unranked.clone_from(why);
                continue;
            }
            #[expect(clippy::cast_precision_loss, reason = "few models are named")]
            let place = || wanted.iter().position(|name| *name == offer.name).map(|at| at as f64);
            (offer.rank, offer.unranked) = match self.measure {
                Measure::Price => (offer.facts.blended(), offer.priceless.clone()),
                Measure::Size => {
                    let why = "its size is unknown: neither its name nor the list gives it";
                    (offer.facts.size.map(|size| size.total), why.to_owned())
                }
                Measure::Order => (place(), String::new()),
            };
        }
    }
}

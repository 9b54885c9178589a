//! How hard what a person typed is.

use super::chores::{self, Setting};
use super::followups::{Followup, followup};
use super::phrases::Found;
use super::sections::{Typed, typed};
use super::tables::{Tables, concept, has};
use super::wordings::{PROBE, PROBE_END, Read, Wordings};
use super::{Asks, Budget, Rules, lines, quotes};
use crate::chat::{self, Span, View};
use crate::score::{self, Ask, Basis, Length, Reply, Score, Scorer};
use crate::tier::Tier;

/// Why an ask has its tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The scorer says so.
    Scored(Basis),
    /// It is a short reply, or goes on from notes: the tier of the work that it is about.
    History,
    /// It says that what was given is wrong: more than the work's tier.
    Correction,
    /// A client asks for it by itself.
    Chore,
}

/// An ask, judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// Its score. The tier is that of the work where it is about work.
    pub score: Score,
    /// Why that tier.
    pub why: Why,
    /// Estimated.
    pub tokens: u64,
}

/// Working memory, kept from request to request.
#[derive(Debug, Default)]
pub struct Scratch {
    /// The text that was judged last.
    pub text: String,
    /// What the scorer found in it.
    pub score: score::Scratch,
    /// How long it is.
    pub length: Length,
    /// Where it stands in the body.
    parts: Vec<Span>,
    /// Quotations were left out of it.
    unquoted: bool,
    /// The text that words were looked up in last.
    read: Read,
    folded: score::Folded,
}

impl Scratch {
    /// The ask that was judged last, for whoever reads no more of it than `longest` bytes: of one that is longer than twice
    /// as much, that much of its beginning and of its end. Quotations that were not judged are left out of a whole one.
    pub fn ask(&self, body: &[u8], longest: usize) -> String {
        let mut ask = String::new();
        let read = chat::excerpt(body, &self.parts, longest, longest, &mut ask);
        let whole = self.unquoted && read == length(&self.parts);
        if whole && let Some(left) = quotes::without(&ask) { left } else { ask }
    }
}

/// What a request is judged by.
#[derive(Debug)]
pub struct Judge<'r> {
    /// What counts as the ask.
    pub rules: &'r Rules,
    /// How hard a text is.
    pub scorer: &'r Scorer,
    /// How much of a text is read.
    pub limits: &'r chat::Limits,
    /// The request.
    pub body: &'r [u8],
    /// Room to work in.
    pub scratch: &'r mut Scratch,
}

impl Judge<'_> {
    /// Judges the newest ask; none where nobody asks. `answered`: the model has answered in this conversation.
    pub fn judge(
        &mut self,
        view: &View<'_>,
        asks: &Asks,
        answered: bool,
        budget: &mut Budget,
    ) -> Option<Judged> {
        // What was read is of another request.
        self.scratch.read.parts.clear();
        let turn = self.behind_notes(&asks.newest);
        let mut newest = self.typed(turn, asks.cut, budget);
        let texts = if newest.behind_task || newest.tagged { &newest.parts } else { turn };
        let found = self.chore(view, asks, texts, answered, newest.material);
        if found.is_chore {
            let mut judged = self.alone(&newest.parts)?;
            judged.score.tier = self.rules.chore_tier;
            return Some(Judged { why: Why::Chore, ..judged });
        }
        if newest.cut && length(&newest.parts) == 0 {
            newest.parts = turn.to_vec();
        }
        let mut own = self.alone(&newest.parts)?;
        if own.score.tier > Tier::Simple
            && self.wants_little(found.concepts, newest.material || newest.cut, own.why)
        {
            own.score.tier = Tier::Simple;
        }
        if asks.earlier.is_empty() {
            let notes = !newest.tagged && chores::is_notes(found.concepts, length(turn));
            return if notes { self.notes(turn, own) } else { Some(own) };
        }
        if !newest.tagged && self.is_notes(turn) {
            return self.work(asks, own, true, budget).or(Some(own));
        }
        if !self.is_short() {
            return Some(own);
        }
        let kind = self.followup();
        let unknown = matches!(own.why, Why::Scored(Basis::Abstained | Basis::Ambiguous));
        match kind {
            Followup::New | Followup::Closes => Some(own),
            Followup::Chore => {
                let tier = own.score.tier.min(Tier::Medium);
                Some(Judged { score: Score { tier, ..own.score }, ..own })
            }
            Followup::Continues => {
                self.work(asks, own, unknown, budget).or_else(|| self.alone(&newest.parts))
            }
            Followup::Corrects => {
                let work = self.work(asks, own, true, budget).or_else(|| self.alone(&newest.parts))?;
                let tier = work.score.tier.raised(self.rules.correction_raises);
                Some(Judged { score: Score { tier, ..work.score }, why: Why::Correction, ..work })
            }
        }
    }

    /// The hardest of the asks that a reply may be about. None where none is harder than the reply itself; `unknown`: nothing
    /// is known of the reply, so that what is known of the work counts, be it less than the unknown tier.
    fn work(&mut self, asks: &Asks, own: Judged, unknown: bool, budget: &mut Budget) -> Option<Judged> {
        let mut least = if unknown { Tier::Simple } else { own.score.tier };
        let mut best = None;
        for place in 0..asks.earlier.len() {
            let texts = asks.earlier.get(place);
            let notes = self.is_notes(texts);
            if notes && place + 1 < asks.earlier.len() {
                continue;
            }
            let parts = if notes {
                self.inside(texts)
            } else {
                self.typed(texts, asks.earlier.is_cut(place), budget).parts
            };
            let Some(earlier) = self.alone(&parts) else { continue };
            let ended = self.is_short() && matches!(self.followup(), Followup::Closes);
            let tier = earlier.score.tier.lowered(self.rules.history_decay * place as f64);
            if tier > least || unknown && best.is_none() {
                (best, least) = (Some(parts), tier);
            }
            if ended {
                break;
            }
        }
        // Once more, for the explanation is that of the last ask that was judged.
        let found = self.alone(&best?)?;
        Some(Judged { score: Score { tier: least, ..found.score }, why: Why::History, tokens: own.tokens })
    }

    fn typed(&mut self, texts: &[Span], cut: bool, budget: &mut Budget) -> Typed {
        let body = self.body;
        typed(body, texts, cut, &mut self.words(), budget)
    }

    fn words(&mut self) -> Wordings<'_> {
        Wordings { tables: &self.rules.tables, read: &mut self.scratch.read }
    }

    fn chore(
        &mut self,
        view: &View<'_>,
        asks: &Asks,
        texts: &[Span],
        answered: bool,
        material: bool,
    ) -> chores::Found {
        let body = self.body;
        let setting = Setting { system: &view.system, tools: view.tools, answered, material };
        // Some clients say what they want in one turn and what it is made of in the next.
        let alone = answered || asks.earlier.len() != 1;
        let first = if alone { &[] } else { asks.earlier.get(0) };
        let turns: Vec<Span> = first.iter().chain(texts).copied().collect();
        chores::find(body, &turns, &setting, &mut self.words())
    }

    /// Whether a turn is a summary that stands for a conversation.
    fn is_notes(&mut self, texts: &[Span]) -> bool {
        let (body, length) = (self.body, length(texts));
        length >= chores::SHORTEST_NOTES && chores::is_notes(self.words().concepts(body, texts), length)
    }

    /// The texts of a turn, without a first one that is a summary where others follow: what a person typed stands behind it.
    fn behind_notes<'t>(&mut self, texts: &'t [Span]) -> &'t [Span] {
        match texts {
            [first, rest @ ..] if !rest.is_empty() && self.is_notes(std::slice::from_ref(first)) => rest,
            _ => texts,
        }
    }

    /// Notes between the lines of the client's template, which are the first and the last; all of them where they are no more.
    fn inside(&self, texts: &[Span]) -> Vec<Span> {
        let mut inside = texts.to_vec();
        if let Some(first) = inside.first_mut() {
            first.start = lines::first(self.body, *first).end;
        }
        if let Some(last) = inside.last_mut() {
            last.end = lines::last(self.body, *last).start.max(last.start);
        }
        if length(&inside) == 0 { texts.to_vec() } else { inside }
    }

    /// Judges notes that no turn stands before: the work goes on that they describe. `own`: how all of them were judged.
    fn notes(&mut self, texts: &[Span], own: Judged) -> Option<Judged> {
        let inside = self.inside(texts);
        let work = self.alone(&inside)?;
        Some(Judged { why: Why::History, tokens: own.tokens, ..work })
    }

    /// Whether the short ask that was judged last wants little, and nothing harder: a few words to call something by, one fact of
    /// a text beside it; or the scorer has too little to judge by, and it greets, asks for a fact, or is about a quotation.
    /// `concepts`: those of the whole turn.
    fn wants_little(&mut self, concepts: u32, material: bool, why: Why) -> bool {
        const LONGEST: usize = 240;
        let abstained = why == Why::Scored(Basis::Abstained);
        let may = has(concepts, concept::TITLE) || material || abstained;
        let Scratch { folded, text, length, unquoted, .. } = &mut *self.scratch;
        if !may || length.read < length.ask || text.len() > LONGEST {
            return false;
        }
        folded.set(text);
        let (mut all, mut hard, mut named) = (0, false, false);
        self.rules.tables.words.find(&folded.text, 0, |found| match found {
            // What a title is for may sound hard: only what stands before it, or in another sentence, is asked too.
            Found::Concept(concept::HARD) => hard |= !named,
            Found::Concept(number) => {
                named |= number == concept::TITLE;
                all |= 1u32.checked_shl(u32::from(number)).unwrap_or_default();
            }
            Found::SentenceEnd => named = false,
        });
        let fact = has(all, concept::FACT) && (material || abstained);
        let greets = has(all, concept::GREETING) && abstained;
        !hard && (has(all, concept::TITLE) || fact || greets || *unquoted && abstained)
    }

    /// Judges one ask by itself; none where it has no text.
    fn alone(&mut self, parts: &[Span]) -> Option<Judged> {
        let bytes = length(parts);
        if bytes == 0 {
            return None;
        }
        let (head, tail) = (self.limits.scan_head_bytes, self.limits.scan_tail_bytes);
        let scratch = &mut *self.scratch;
        // Most often words were looked up in the same text just before.
        let known = (head, tail) == (PROBE, PROBE_END) && scratch.read.parts == parts;
        let read = if known {
            scratch.text.clone_from(&scratch.read.text);
            scratch.read.bytes
        } else {
            scratch.text.clear();
            chat::excerpt(self.body, parts, head, tail, &mut scratch.text)
        };
        self.unquote();
        let length = Length { ask: bytes, read };
        let scratch = &mut *self.scratch;
        scratch.length = length;
        scratch.parts.clear();
        scratch.parts.extend_from_slice(parts);
        let folded = Some(&scratch.read.folded).filter(|_| known && !scratch.unquoted);
        let ask = Ask { text: &scratch.text, tokens: tokens(bytes), length };
        let score = self.scorer.score_folded(&ask, folded, &mut scratch.score);
        Some(Judged { score, why: Why::Scored(score.verdict), tokens: ask.tokens })
    }

    /// Leaves out of the text what an ask about a quotation quotes.
    fn unquote(&mut self) {
        self.scratch.unquoted = false;
        let Some(left) = quotes::without(&self.scratch.text) else { return };
        self.scratch.folded.set(&left);
        if self.rules.tables.is_about(&self.scratch.folded.text) {
            self.scratch.text = left;
            self.scratch.unquoted = true;
        }
    }

    /// Whether the ask that was judged last is short enough for a reply.
    fn is_short(&self) -> bool {
        let length = self.scratch.length;
        length.read == length.ask && self.scratch.text.len() <= self.rules.reply_bytes
    }

    /// What the ask that was judged last is to the work before it.
    fn followup(&mut self) -> Followup {
        let tables: &Tables = &self.rules.tables;
        let scratch = &mut *self.scratch;
        scratch.folded.set(&scratch.text);
        let reply: Reply = self.scorer.reply(&scratch.score);
        followup(tables, &scratch.folded.text, reply)
    }
}

/// Whether a system text demands an answer in JSON or by a schema: in one sentence, and not as the name of a file.
pub fn demands_structure(
    rules: &Rules,
    scorer: &Scorer,
    body: &[u8],
    system: &[Span],
    limits: &chat::Limits,
    scratch: &mut Scratch,
) -> bool {
    let Scratch { read: Read { text, parts, .. }, folded, .. } = scratch;
    parts.clear();
    text.clear();
    chat::excerpt(body, system, limits.scan_head_bytes, limits.scan_tail_bytes, text);
    if !scorer.mentions_structure(text) {
        return false;
    }
    folded.set(text);
    super::structure::is_demanded(&rules.tables, &folded.text)
}

/// Bytes of a text in parts.
fn length(parts: &[Span]) -> usize {
    parts.iter().map(|part| part.len()).sum()
}

/// Tokens of so many bytes of an ask, as the rules measure its length: four bytes a token, in any script. Their
/// numbers were set with that; cost and room go by the estimate of [`chat::Tokens`].
fn tokens(bytes: usize) -> u64 {
    u64::try_from(bytes.div_ceil(4)).unwrap_or(u64::MAX)
}

//! How much of the traffic is routed: all of it, nothing (shadow), or a part of each profile's conversations.

use std::collections::BTreeMap;
use std::hash::Hasher;

use siphasher::sip::SipHasher13;

/// Places that conversations fall on: a percentage has two decimals.
const PLACES: u64 = 10_000;

/// Why a decision is recorded and not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotRouted {
    /// No decision is carried out.
    Shadow,
    /// The conversation is not in its profile's part.
    Control,
}

/// What becomes of a request whose decision is not carried out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Control {
    /// The profile's default model serves it.
    #[default]
    DefaultModel,
    /// It goes on as the client sent it, the model's name too.
    Unchanged,
}

/// One profile's part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// Conversations that are routed, in percent.
    pub percent: f64,
    /// What becomes of the others.
    pub control: Control,
}

impl Part {
    /// Everything is routed.
    pub const WHOLE: Part = Part { percent: 100.0, control: Control::DefaultModel };
}

/// How much is routed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rollout {
    shadow: bool,
    parts: BTreeMap<String, Part>,
}

impl Rollout {
    /// `shadow`: nothing is. Profiles that `parts` does not name are routed whole.
    pub const fn new(shadow: bool, parts: BTreeMap<String, Part>) -> Self {
        Self { shadow, parts }
    }

    /// Gives a profile the part of another.
    pub fn copy(&mut self, from: &str, to: &str) {
        if let Some(part) = self.parts.get(from).copied() {
            self.parts.insert(to.to_owned(), part);
        }
    }

    /// What becomes of a profile's requests that are not routed.
    pub fn control(&self, profile: &str) -> Control {
        self.part(profile).control
    }

    /// Why no request of a profile is routed, whatever its conversation; none where some are.
    pub fn holds_all(&self, profile: &str) -> Option<NotRouted> {
        match self.part(profile).percent {
            _ if self.shadow => Some(NotRouted::Shadow),
            percent if share(percent) == 0 => Some(NotRouted::Control),
            _ => None,
        }
    }

    /// Why a request is not routed; none where it is. `conversation`: bytes that all requests of a conversation have in
    /// common. They are read only where they matter.
    pub fn holds<'b, I>(&self, profile: &str, conversation: impl FnOnce() -> I) -> Option<NotRouted>
    where
        I: IntoIterator<Item = &'b [u8]>,
    {
        if let Some(held) = self.holds_all(profile) {
            return Some(held);
        }
        let share = share(self.part(profile).percent);
        (share < PLACES && place(profile, conversation()) >= share).then_some(NotRouted::Control)
    }

    fn part(&self, profile: &str) -> Part {
        self.parts.get(profile).copied().unwrap_or(Part::WHOLE)
    }
}

/// How many of the places are routed.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 10,000")]
fn share(percent: f64) -> u64 {
    (percent.clamp(0.0, 100.0) * 100.0).round() as u64
}

/// A conversation's place, from 0 to below [`PLACES`]: the same in every build, worker and process, so that a
/// conversation stays where it is, and one that is routed at 10 % is at 20 %. Each profile has an order of its own.
fn place<'b>(profile: &str, conversation: impl IntoIterator<Item = &'b [u8]>) -> u64 {
    // Its keys are zeros, which is as good as others: a client that knows them gains no more than a choice of two
    // models, both of which it may ask for by name.
    let mut hasher = SipHasher13::new();
    let mut add = |part: &[u8]| {
        // So that it matters where a part ends.
        hasher.write(&(part.len() as u64).to_le_bytes());
        hasher.write(part);
    };
    add(profile.as_bytes());
    conversation.into_iter().for_each(add);
    hasher.finish() % PLACES
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rollout(shadow: bool, percent: f64) -> Rollout {
        Rollout::new(shadow, [("auto".to_owned(), Part { percent, ..Part::WHOLE })].into())
    }

    fn held(rollout: &Rollout, profile: &str, conversation: usize) -> Option<NotRouted> {
        let text = format!("conversation {conversation}");
        rollout.holds(profile, || [text.as_bytes()])
    }

    fn routed(percent: f64) -> Vec<usize> {
        let rollout = rollout(false, percent);
        (0..10_000).filter(|n| held(&rollout, "auto", *n).is_none()).collect()
    }

    #[test]
    fn nothing_and_everything_are_exact() {
        assert_eq!(routed(0.0).len(), 0);
        assert_eq!(routed(100.0).len(), 10_000);
    }

    #[test]
    fn a_part_is_about_as_large_as_it_says() {
        // Four times the standard deviation of a fair choice.
        for (percent, slack) in [(1.0, 40), (10.0, 120), (50.0, 200), (99.0, 40)] {
            let wanted = (percent * 100.0) as usize;
            let found = routed(percent).len();
            assert!(found.abs_diff(wanted) <= slack, "{percent} %: {found} of 10,000");
        }
    }

    #[test]
    fn who_is_in_stays_in_when_the_part_grows() {
        let small = routed(10.0);
        let large = routed(20.0);
        assert!(small.iter().all(|n| large.contains(n)));
    }

    #[test]
    fn in_shadow_mode_nothing_is_routed() {
        assert_eq!(held(&rollout(true, 100.0), "auto", 1), Some(NotRouted::Shadow));
        assert_eq!(held(&rollout(true, 100.0), "other", 1), Some(NotRouted::Shadow));
    }

    #[test]
    fn profiles_choose_for_themselves() {
        let parts = ["a", "b"].map(|name| (name.to_owned(), Part { percent: 50.0, ..Part::WHOLE }));
        let rollout = Rollout::new(false, parts.into());
        let both = (0..1000).filter(|n| held(&rollout, "a", *n) == held(&rollout, "b", *n)).count();
        assert!((400..600).contains(&both), "as often as chance has it: {both} of 1,000");
        assert_eq!(held(&rollout, "c", 1), None, "a profile that says nothing is routed whole");
    }

    #[test]
    fn where_parts_begin_matters() {
        let rollout = rollout(false, 50.0);
        let differ = (0..64_u8).filter(|n| {
            let (one, two) = ([*n, 1], [2]);
            rollout.holds("auto", || [&one[..], &two[..]])
                != rollout.holds("auto", || [&one[..1], &[1, 2][..]])
        });
        assert!(differ.count() > 0);
    }

    /// A new version may not move the conversations of the old one. The places were computed by another implementation
    /// of SipHash-1-3.
    #[test]
    fn places_are_the_same_for_ever() {
        for (profile, parts, expected) in PLACES_KNOWN {
            assert_eq!(
                place(profile, parts.iter().map(|part| part.as_bytes())),
                *expected,
                "{profile} {parts:?}"
            );
        }
    }

    const PLACES_KNOWN: &[(&str, &[&str], u64)] = &[
        ("auto", &[], 8902),
        ("auto", &["", "Hello!"], 8762),
        ("auto", &["user-1", "Hello!"], 344),
        ("agentic", &["", "Fix the failing test."], 8133),
    ];
}

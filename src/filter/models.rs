//! Models that the upstream lists: fetched in the background, and made into another configuration when they change.

use std::rc::Rc;

use super::WorkerState;
use super::fetch::{Fetcher, Subject};
use tiergate_core::discover::list::{self, Listed};
use tiergate_core::discover::read::Mistakes;
use tiergate_core::refresh::{FetchKind, RefreshOutcome};

/// Reads lists of models.
pub struct Lists;

impl Subject for Lists {
    type Read = Vec<Listed>;

    const KIND: FetchKind = FetchKind::Models;
    const NOUN: &'static str = "list of models";

    fn read(&self, body: &[u8]) -> Result<(Vec<Listed>, String), (RefreshOutcome, String)> {
        let value =
            serde_json::from_slice(body).map_err(|error| (RefreshOutcome::NotJson, error.to_string()))?;
        let mut mistakes = Mistakes::default();
        let listed = list::read(&value, &mut mistakes);
        let all = listed.len();
        let chats: Vec<Listed> = listed.into_iter().filter(|listed| listed.other.is_none()).collect();
        if chats.is_empty() {
            let what = format!("the list has {all} models and none that answers chats");
            return Err((RefreshOutcome::Contract, what));
        }
        let what = format!("{} models answer chats, of {all}", chats.len());
        Ok((chats, what))
    }
}

/// What a worker knows about the upstream's list.
pub struct Models {
    fetcher: Fetcher<Lists>,
    /// The list that the configuration in use was made of.
    used: Option<Rc<Vec<Listed>>>,
    /// Whether this worker may fetch; where it may not, it takes what others have fetched.
    may_fetch: bool,
}

impl Models {
    /// Looks after the list of a configuration, where it wants one.
    pub fn start(shared: &Rc<WorkerState>, may_fetch: bool) -> Option<Self> {
        let settings = shared.config.discover.as_ref()?;
        let fetcher = Fetcher::start(Lists, shared, &settings.endpoint, settings.schedule);
        Some(Self { fetcher, used: None, may_fetch })
    }

    /// Takes what is new, and fetches where that is due.
    pub fn tick(&mut self) {
        self.fetcher.tick(self.may_fetch);
    }

    /// The answer of a call. False where it is somebody else's.
    pub fn answer(&mut self, token: u32, headers: usize, body_size: usize) -> bool {
        self.fetcher.answer(token, headers, body_size)
    }

    /// The list, where it is another than the one in use. It is not given a second time.
    pub fn changed(&mut self) -> Option<Rc<Vec<Listed>>> {
        let list = self.fetcher.usable()?;
        let same = self.used.as_ref().is_some_and(|used| Rc::ptr_eq(used, &list) || **used == *list);
        self.used = Some(list.clone());
        (!same).then_some(list)
    }

    /// Metrics belong to another configuration from now on.
    pub fn rebind(&mut self, shared: &Rc<WorkerState>) {
        self.fetcher.rebind(Lists, shared);
    }
}

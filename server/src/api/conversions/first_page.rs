//! First pages of lists, as they were sent, for as long as nothing in them changes: what programs that poll
//! ask for all the time.
//!
//! Whether a page still holds is asked of the database each time, which costs one row; so a page is as fresh
//! as one that is read, whichever server made the change.

use std::time::Duration;

use bytes::Bytes;
use domain::{id::OrganizationId, sales::Filter};
use moka::sync::Cache;
use store::sales::Mark;

/// How much memory the pages take at most, in bytes.
const ROOM: u64 = 32 * 1024 * 1024;
/// What an entry takes beside its page, in bytes.
const ENTRY: usize = 512;
/// How long a page is kept at most: the bound on a name's age if every notice of its change were lost.
const MAX_AGE: Duration = Duration::from_mins(1);

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Asked {
    pub(super) organization_id: OrganizationId,
    pub(super) filter: Filter,
    pub(super) take: u16,
}

impl Asked {
    /// How many words its filter lists: each takes a byte.
    fn words(&self) -> usize {
        let filter = &self.filter;
        filter.statuses.len() + filter.kinds.len() + filter.sources.len()
    }
}

/// A page, and of which moment it is.
#[derive(Clone)]
struct Kept {
    mark: Mark,
    body: Bytes,
}

/// The pages of all organizations.
pub(crate) struct FirstPages {
    kept: Cache<Asked, Kept>,
}

impl FirstPages {
    pub(crate) fn new() -> Self {
        let weight = |asked: &Asked, kept: &Kept| {
            let size = ENTRY + asked.words() + kept.body.len();
            u32::try_from(size).unwrap_or(u32::MAX)
        };
        Self {
            kept: Cache::builder()
                .weigher(weight)
                .max_capacity(ROOM)
                .time_to_live(MAX_AGE)
                .build(),
        }
    }

    /// The page, if it was kept with this mark.
    pub(super) fn get(&self, asked: &Asked, mark: Mark) -> Option<Bytes> {
        let kept = self.kept.get(asked)?;
        (kept.mark == mark).then_some(kept.body)
    }

    /// Keeps a page that was read after its mark.
    pub(super) fn keep(&self, asked: Asked, mark: Mark, body: Bytes) {
        self.kept.insert(asked, Kept { mark, body });
    }
}

//! First pages of lists, as they were sent, for as long as nothing in them changes: what programs that poll
//! ask for all the time.
//!
//! Whether a page still holds is asked of the database each time, which costs one row; so a page is as fresh
//! as one that is read, whichever server made the change.

use bytes::Bytes;
use domain::{id::OrganizationId, sales::Filter};
use moka::sync::Cache;
use store::sales::Mark;

/// How much memory the pages take at most, in bytes.
const ROOM: u64 = 32 * 1024 * 1024;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Asked {
    pub(super) organization_id: OrganizationId,
    pub(super) filter: Filter,
    pub(super) take: u16,
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
        let weight = |_: &Asked, kept: &Kept| u32::try_from(kept.body.len()).unwrap_or(u32::MAX);
        Self {
            kept: Cache::builder().weigher(weight).max_capacity(ROOM).build(),
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

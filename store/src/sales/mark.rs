//! How an organization's sales stand: what tells a list that was kept from one that has changed.

use domain::id::OrganizationId;

use crate::{Store, StoreError};

/// Another one as soon as a row of a list, or a name that is shown beside one, may have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    position: i64,
    generation: u64,
}

impl Store {
    /// The mark of this moment, for whatever is read after it: what changes in between has a mark of its own.
    pub async fn sales_mark(&self, organization_id: OrganizationId) -> Result<Mark, StoreError> {
        let generation = self.directory.generation(organization_id);
        let position = sqlx::query_scalar!(
            "select position from organization_position where organization_id = $1",
            organization_id.0,
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(Mark {
            position,
            generation,
        })
    }
}

//! What was done to a payout, and by whom.

use domain::id::{OrganizationId, PayoutId};

use super::TABLE;
use crate::{
    Store, StoreError,
    story::{AuditLine, audit_in},
};

impl Store {
    /// What was done to a payout, oldest first.
    ///
    /// # Errors
    /// Below.
    pub async fn payout_steps(
        &self,
        organization_id: OrganizationId,
        id: PayoutId,
    ) -> Result<Vec<AuditLine>, StoreError> {
        let mut db = self.pool.acquire().await?;
        audit_in(&mut db, organization_id, (TABLE, id.0)).await
    }
}

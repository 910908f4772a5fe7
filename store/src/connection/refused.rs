//! Deliveries that were turned away: of each connection the last one and why, and nothing of what was in
//! it. An owner with a wrong secret sees it there.

use chrono::{DateTime, Utc};

use super::Connection;
use crate::{Store, StoreError};

/// A delivery that was not signed as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// When it came.
    pub at: DateTime<Utc>,
    /// What was wrong with its signature, in words.
    pub reason: String,
}

impl Store {
    /// Notes that a delivery at a connection was turned away. Anybody can send such: callers note few of
    /// them.
    ///
    /// # Errors
    /// Below.
    pub async fn delivery_refused(
        &self,
        connection: &Connection,
        reason: &str,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "insert into refused_delivery (organization_id, connection_id, refused_at, reason)
             values ($1, $2, $3, $4)
             on conflict (organization_id, connection_id) do update
             set refused_at = excluded.refused_at, reason = excluded.reason",
            connection.organization_id.0,
            connection.id.0,
            self.now(),
            reason,
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

//! Conversions that a payout paid become Paid.

use domain::id::{OrganizationId, PayoutId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    batch::Desk,
    decide::Writes,
    rows::{Rows, Why},
    write::write_in,
};
use crate::{StoreError, audit::Actor, sales::by_ids_in};

/// A payout that was made.
pub(crate) struct PaidOut<'a> {
    /// Which.
    pub(crate) payout_id: PayoutId,
    /// Who made it.
    pub(crate) actor: Actor,
    /// How, in words.
    pub(crate) why: &'a str,
}

/// Makes these conversions Paid; tells the organization's new position when that changed any. The caller has the
/// organization's lock ([`super::lock_in`]).
pub(crate) async fn paid_out_in(
    db: &mut PgConnection,
    desk: &Desk,
    organization_id: OrganizationId,
    position: i64,
    conversions: &[Uuid],
    paid: &PaidOut<'_>,
) -> Result<Option<i64>, StoreError> {
    let now = desk.clock.now();
    let found = by_ids_in(db, organization_id, conversions, &[]).await?;
    let mut rows = Rows::default();
    rows.lay_down(found.clone());
    let why = Why::new(paid.actor, paid.why);
    for one in found.iter().filter(|one| conversions.contains(&one.id.0)) {
        rows.replace(one.paid_out(paid.payout_id, now), &why);
    }
    let writes = Writes {
        rows: rows.into_writes(),
        ..Writes::default()
    };
    write_in(db, desk, organization_id, position, &writes).await
}

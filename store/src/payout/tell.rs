//! What of payouts merchants' own programs are told.

use domain::{id::OrganizationId, payout::PayoutStatus, webhook::Topic};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{PayoutView, by_ids_in};
use crate::{
    StoreError,
    intake::Desk,
    outbox::{self, Happening, Snapshot},
};

/// These were made, or one has come to where it stands.
pub(super) async fn tell_in(
    db: &mut PgConnection,
    desk: &Desk,
    organization_id: OrganizationId,
    ids: &[Uuid],
) -> Result<(), StoreError> {
    let mut views = by_ids_in(db, organization_id, ids).await?;
    views.sort_by_key(|view| view.payout.id);
    let told: Vec<Happening> = views.into_iter().map(happening).collect();
    outbox::tell_in(db, &desk.random, organization_id, desk.clock.now(), &told).await
}

fn happening(view: PayoutView) -> Happening {
    let campaign_id = view.payout.campaign_id;
    Happening {
        topic: match view.payout.status {
            PayoutStatus::Pending => Topic::PayoutCreated,
            PayoutStatus::Processing => Topic::PayoutProcessing,
            PayoutStatus::Completed => Topic::PayoutCompleted,
            PayoutStatus::Failed => Topic::PayoutFailed,
        },
        campaign_id,
        campaigns: campaign_id.into_iter().collect(),
        snapshot: Snapshot::Payout {
            payout: Box::new(view),
        },
    }
}

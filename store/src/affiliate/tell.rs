//! What of affiliates merchants' own programs are told.

use domain::{
    affiliate::{Affiliate, AffiliateStatus},
    id::{AffiliateId, CampaignId, OrganizationId},
    webhook::Topic,
};
use sqlx::PgConnection;

use super::by_ids_in;
use crate::{
    StoreError,
    intake::Desk,
    outbox::{self, Happening, Snapshot},
};

/// A new affiliate joins, and may earn at once.
pub(super) fn of_created(affiliate: &Affiliate) -> Vec<Happening> {
    let primary = affiliate.primary_campaign();
    [Topic::AffiliateJoined, Topic::AffiliateApproved]
        .map(|topic| happening(topic, affiliate, None, primary))
        .into()
}

/// What became of one who changed.
pub(super) fn of_change(before: &Affiliate, after: &Affiliate) -> Vec<Happening> {
    let is_new = |id: &CampaignId| before.enrollment(*id).is_none();
    let joined = after.enrollments.iter().map(|joined| joined.campaign_id);
    let joined = joined
        .filter(is_new)
        .map(|id| (Topic::AffiliateJoined, Some(id)));
    let primary = after.primary_campaign();
    let blocked = AffiliateStatus::Blocked;
    let turned = match (before.status, after.status) {
        (from, to) if from == to => None,
        (_, to) if to == blocked => Some(Topic::AffiliateBlocked),
        (from, _) if from == blocked => Some(Topic::AffiliateUnblocked),
        _ => None,
    };
    let topics = std::iter::once(Topic::AffiliateUpdated).chain(turned);
    let all = joined.chain(topics.map(|topic| (topic, primary)));
    all.map(|(topic, campaign)| happening(topic, after, Some(before), campaign))
        .collect()
}

/// A confirmed flag has blocked one.
pub(crate) async fn tell_blocked_in(
    db: &mut PgConnection,
    desk: &Desk,
    organization_id: OrganizationId,
    id: AffiliateId,
) -> Result<(), StoreError> {
    let found = by_ids_in(db, organization_id, &[id.0]).await?;
    let told = found.iter().flat_map(|affiliate| {
        let primary = affiliate.primary_campaign();
        [Topic::AffiliateUpdated, Topic::AffiliateBlocked]
            .map(|topic| happening(topic, affiliate, None, primary))
    });
    let told: Vec<Happening> = told.collect();
    outbox::tell_in(db, &desk.random, organization_id, desk.clock.now(), &told).await
}

fn happening(
    topic: Topic,
    affiliate: &Affiliate,
    before: Option<&Affiliate>,
    campaign_id: Option<CampaignId>,
) -> Happening {
    let campaigns = affiliate
        .enrollments
        .iter()
        .map(|joined| joined.campaign_id);
    // Who joins one campaign is no news to the others.
    let concerns = |id: &CampaignId| topic != Topic::AffiliateJoined || campaign_id == Some(*id);
    Happening {
        topic,
        campaign_id,
        campaigns: campaigns.filter(concerns).collect(),
        snapshot: Snapshot::Affiliate {
            affiliate: Box::new(affiliate.clone()),
            before: before.cloned().map(Box::new),
        },
    }
}

//! What of campaigns merchants' own programs are told.

use domain::{
    campaign::{Campaign, CampaignStatus},
    webhook::Topic,
};

use crate::outbox::{Happening, Snapshot};

pub(super) fn of_created(campaign: &Campaign) -> Happening {
    happening(Topic::ProgramCreated, campaign, None)
}

/// Nothing when nothing changed.
pub(super) fn of_change(before: &Campaign, after: &Campaign) -> Vec<Happening> {
    if before == after {
        return Vec::new();
    }
    let is_closed = |campaign: &Campaign| campaign.status == CampaignStatus::Archived;
    let archived = is_closed(after) && !is_closed(before);
    let archived = archived.then_some(Topic::ProgramArchived);
    let topics = std::iter::once(Topic::ProgramUpdated).chain(archived);
    topics
        .map(|topic| happening(topic, after, Some(before)))
        .collect()
}

fn happening(topic: Topic, campaign: &Campaign, before: Option<&Campaign>) -> Happening {
    let snapshot = Snapshot::Campaign {
        campaign: Box::new(campaign.clone()),
        before: before.cloned().map(Box::new),
    };
    Happening::of(campaign.id, topic, snapshot)
}

//! Clicks: visits through affiliates' links, how long they count, and which of several does.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    campaign::AttributionModel,
    id::{AffiliateId, CampaignId, ClickId},
};

/// What counts for attribution about one recorded visit. Its id is the click token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Click {
    /// Which click; the token.
    pub id: ClickId,
    /// Through whose link.
    pub affiliate_id: AffiliateId,
    /// Into which campaign.
    pub campaign_id: CampaignId,
    /// When.
    pub clicked_at: DateTime<Utc>,
}

impl Click {
    /// Does it count at `at`, when clicks count for so many days? The last instant of the window counts.
    /// A payment may be a little older than its click: the two clocks are different ones.
    pub fn counts(&self, at: DateTime<Utc>, cookie_days: u16) -> bool {
        let window = Duration::days(cookie_days.into());
        (-CLOCK_SKEW..=window).contains(&(at - self.clicked_at))
    }

    /// Its age in whole days at `at`.
    pub fn age_days(&self, at: DateTime<Utc>) -> i64 {
        (at - self.clicked_at).num_days()
    }
}

/// How far a processor's clock may be behind ours.
const CLOCK_SKEW: Duration = Duration::minutes(5);

impl AttributionModel {
    /// The click that counts, of those that all do.
    pub fn pick(self, clicks: impl IntoIterator<Item = Click>) -> Option<Click> {
        let place = |click: &Click| (click.clicked_at, click.id);
        match self {
            Self::LastTouch => clicks.into_iter().max_by_key(place),
            Self::FirstTouch => clicks.into_iter().min_by_key(place),
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).expect("in range")
    }

    fn click(number: u128, clicked: i64) -> Click {
        Click {
            id: ClickId(Uuid::from_u128(number)),
            affiliate_id: AffiliateId(Uuid::from_u128(1)),
            campaign_id: CampaignId(Uuid::from_u128(2)),
            clicked_at: at(clicked),
        }
    }

    #[test]
    fn a_click_counts_inside_the_window_and_no_longer() {
        let day = 24 * 60 * 60;
        let click = click(1, 0);
        assert!(click.counts(at(0), 60) && click.counts(at(60 * day), 60));
        assert!(!click.counts(at(60 * day + 1), 60));
        assert!(click.counts(at(-300), 60) && !click.counts(at(-301), 60));
        assert_eq!(click.age_days(at(73 * day + 5)), 73);
    }

    #[test]
    fn first_or_last_touch() {
        let clicks = [click(1, 5), click(2, 9), click(3, 0)];
        assert_eq!(AttributionModel::LastTouch.pick(clicks), Some(clicks[1]));
        assert_eq!(AttributionModel::FirstTouch.pick(clicks), Some(clicks[2]));
        assert_eq!(AttributionModel::LastTouch.pick([]), None);
    }
}

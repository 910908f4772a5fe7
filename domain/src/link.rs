//! Affiliates' links: which campaign a visit is led into, and whether it counts.

use crate::{
    affiliate::{Affiliate, AffiliateStatus},
    campaign::{Campaign, CampaignStatus},
    id::CampaignId,
    slug::Slug,
};

/// Where a visit is led.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route<'a> {
    /// Into which campaign.
    pub campaign: &'a Campaign,
    /// For whom it counts; nobody's: it is only sent on.
    pub affiliate: Option<&'a Affiliate>,
}

impl Affiliate {
    /// Does a visit into this campaign count for him?
    pub fn earns_in(&self, campaign: &Campaign) -> bool {
        self.status == AffiliateStatus::Active
            && campaign.status == CampaignStatus::Active
            && self.enrollment(campaign.id).is_some()
    }
}

/// Where the link of `affiliate` leads: into the campaign that it names, else into his primary one. Links of
/// nobody lead into the campaign that they name, else into the organization's oldest open one.
pub fn route<'a>(
    campaigns: impl Iterator<Item = &'a Campaign> + Clone,
    affiliate: Option<&'a Affiliate>,
    named: Option<&Slug>,
) -> Option<Route<'a>> {
    let find = |fits: &dyn Fn(&Campaign) -> bool| campaigns.clone().find(|campaign| fits(campaign));
    let named = named.and_then(|slug| find(&|campaign| campaign.slug == *slug));
    let primary = affiliate.and_then(Affiliate::primary_campaign);
    let primary = || primary.and_then(|id| find(&|campaign| campaign.id == id));
    let open = campaigns
        .clone()
        .filter(|campaign| campaign.status == CampaignStatus::Active);
    let oldest = || open.min_by_key(|campaign| campaign.id);
    let campaign = named.or_else(primary).or_else(oldest)?;
    Some(Route {
        campaign,
        affiliate: affiliate.filter(|affiliate| affiliate.earns_in(campaign)),
    })
}

/// The campaign, of several that a page belongs to, into which a visit of that page counts for the affiliate: the
/// one that he joined first.
pub fn campaign_on_page<'a>(
    affiliate: &Affiliate,
    on_page: impl Iterator<Item = &'a Campaign>,
) -> Option<&'a Campaign> {
    let joined = |id: CampaignId| {
        let own = affiliate.enrollments.iter();
        own.map(|enrollment| enrollment.campaign_id)
            .position(|campaign| campaign == id)
    };
    on_page
        .filter(|campaign| affiliate.earns_in(campaign))
        .min_by_key(|campaign| joined(campaign.id))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;
    use crate::{
        affiliate::Enrollment,
        campaign::Terms,
        commission::{Duration, Plan, Rate},
        email::Email,
        id::AffiliateId,
        money::Currency,
        text::Name,
    };

    fn campaign(number: u128, slug: &str, status: CampaignStatus) -> Campaign {
        let plan = Plan {
            rate: Rate::Fixed(100),
            duration: Duration::Recurring,
        };
        Campaign {
            id: CampaignId(Uuid::from_u128(number)),
            name: Name::parse(slug).expect("a name"),
            slug: Slug::parse(slug).expect("a slug"),
            status,
            terms: Terms::new(Currency::USD, plan),
            created_at: DateTime::UNIX_EPOCH,
        }
    }

    fn affiliate(status: AffiliateStatus, joined: &[u128]) -> Affiliate {
        let joined = joined.iter().map(|number| Enrollment {
            campaign_id: CampaignId(Uuid::from_u128(*number)),
            plan: None,
        });
        Affiliate {
            id: AffiliateId(Uuid::from_u128(9)),
            name: Name::parse("Sarah").expect("a name"),
            email: Email::parse("sarah@example.com").expect("an e-mail"),
            slug: Slug::parse("sarah").expect("a slug"),
            status,
            recruiter_id: None,
            stripe_account_id: None,
            enrollments: joined.collect(),
            created_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_link_leads_into_the_named_or_the_primary_campaign() {
        use {
            AffiliateStatus as Who,
            CampaignStatus::{Active, Archived},
        };
        let all = [
            campaign(3, "three", Active),
            campaign(1, "one", Active),
            campaign(2, "two", Archived),
            campaign(4, "four", Active),
        ];
        for (who, joined, named, into, counts) in [
            (Some(Who::Active), &[3, 1][..], None, "three", true),
            (Some(Who::Active), &[3, 1], Some("one"), "one", true),
            (Some(Who::Active), &[3, 1], Some("four"), "four", false),
            (Some(Who::Active), &[2, 1], None, "two", false),
            (Some(Who::Active), &[3], Some("nothing"), "three", true),
            (Some(Who::Paused), &[3], None, "three", false),
            (Some(Who::Blocked), &[3], None, "three", false),
            (Some(Who::Removed), &[3], None, "three", false),
            (Some(Who::Active), &[], None, "one", false),
            (None, &[], None, "one", false),
            (None, &[], Some("four"), "four", false),
        ] {
            let affiliate = who.map(|status| affiliate(status, joined));
            let named = named.map(|slug| Slug::parse(slug).expect("a slug"));
            let route = route(all.iter(), affiliate.as_ref(), named.as_ref()).expect("a route");
            assert_eq!(
                (route.campaign.slug.as_str(), route.affiliate.is_some()),
                (into, counts),
                "{who:?} {joined:?} {named:?}"
            );
        }
        assert_eq!(route([].iter(), None, None), None);
    }

    #[test]
    fn on_a_page_of_several_campaigns_the_one_joined_first_counts() {
        use CampaignStatus::{Active, Archived};
        let all = [
            campaign(1, "one", Active),
            campaign(2, "two", Active),
            campaign(3, "three", Archived),
        ];
        let on_page = |joined: &[u128]| {
            let affiliate = affiliate(AffiliateStatus::Active, joined);
            campaign_on_page(&affiliate, all.iter()).map(|campaign| campaign.slug.to_string())
        };
        assert_eq!(on_page(&[3, 2, 1]).as_deref(), Some("two"));
        assert_eq!(on_page(&[3]), None);
        assert_eq!(on_page(&[]), None);
    }
}

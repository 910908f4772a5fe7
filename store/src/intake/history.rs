//! What was credited to the batch's payers before, and when they first paid.

use std::collections::HashMap;

use domain::{
    attribution::PastCredit,
    commission::Paid,
    conversion::ConversionType,
    fact::SubjectKind,
    id::{AffiliateId, CampaignId, ClickId, ConversionId, OrganizationId},
};
use sqlx::PgConnection;

use super::keys::{Keys, list};
use crate::{StoreError, error::readable};

/// A customer by one of the names rules know him under.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Payer {
    Customer(String),
    Email(String),
    Subscription(String),
}

/// How many of a payer's newest credits are looked at: enough to find the one before a late event.
const NEWEST_CREDITS: i64 = 20;

/// Credits of payers, oldest first; of a subscription only the first.
pub(super) type Credits = HashMap<Payer, Vec<PastCredit>>;
/// When a payer first paid in a campaign.
pub(super) type FirstPaid = HashMap<(Payer, CampaignId), Paid>;

/// Who was credited for these payers before, and when they first paid.
pub(super) async fn history_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    keys: &Keys,
) -> Result<(Credits, FirstPaid), StoreError> {
    let subscriptions = keys.of_kind(SubjectKind::Subscription);
    if subscriptions.is_empty() && keys.customers.is_empty() && keys.emails.is_empty() {
        return Ok((HashMap::new(), HashMap::new()));
    }
    let rows = sqlx::query!(
        r#"select 'subscription' as "arm!", key as "key!", c.conversion_id as "conversion_id!",
               c.affiliate_id as "affiliate_id!", c.campaign_id as "campaign_id!",
               c.occurred_at as "occurred_at!", c.kind as "kind!", c.external_event_id, c.click_id
           from unnest($2::text[]) key cross join lateral (
               select * from conversion where organization_id = $1 and subscription_id = key
                   and parent_conversion_id is null and kind <> 'lead'
               order by occurred_at, coalesce(external_event_id, '~' || conversion_id) collate "C" limit 1) c
           union all
           select 'customer', key, c.conversion_id, c.affiliate_id, c.campaign_id, c.occurred_at, c.kind,
               c.external_event_id, c.click_id
           from unnest($3::text[]) key cross join lateral (
               select * from conversion where organization_id = $1 and customer_id = key
                   and parent_conversion_id is null
               order by occurred_at desc limit $5) c
           union all
           select 'email', key, c.conversion_id, c.affiliate_id, c.campaign_id, c.occurred_at, c.kind,
               c.external_event_id, c.click_id
           from unnest($4::text[]) key cross join lateral (
               select * from conversion where organization_id = $1 and customer_email = key
                   and parent_conversion_id is null
               order by occurred_at desc limit $5) c
           union all
           select 'first_by_customer', key, c.conversion_id, c.affiliate_id, c.campaign_id, c.occurred_at,
               c.kind, c.external_event_id, c.click_id
           from unnest($3::text[]) key cross join campaign g cross join lateral (
               select * from conversion where organization_id = $1 and customer_id = key
                   and campaign_id = g.campaign_id and parent_conversion_id is null and kind <> 'lead'
               order by occurred_at, coalesce(external_event_id, '~' || conversion_id) collate "C" limit 1) c
           where g.organization_id = $1
           union all
           select 'first_by_email', key, c.conversion_id, c.affiliate_id, c.campaign_id, c.occurred_at,
               c.kind, c.external_event_id, c.click_id
           from unnest($4::text[]) key cross join campaign g cross join lateral (
               select * from conversion where organization_id = $1 and customer_email = key
                   and campaign_id = g.campaign_id and parent_conversion_id is null and kind <> 'lead'
               order by occurred_at, coalesce(external_event_id, '~' || conversion_id) collate "C" limit 1) c
           where g.organization_id = $1"#,
        organization_id.0,
        &subscriptions,
        &list(&keys.customers),
        &list(&keys.emails),
        NEWEST_CREDITS,
    )
    .fetch_all(db)
    .await?;
    let (mut credits, mut first_paid) = (Credits::new(), FirstPaid::new());
    for row in rows {
        let kind = readable(ConversionType::parse(&row.kind), "conversion", "kind")?;
        let credit = PastCredit {
            conversion_id: ConversionId(row.conversion_id),
            affiliate_id: AffiliateId(row.affiliate_id),
            campaign_id: CampaignId(row.campaign_id),
            occurred_at: row.occurred_at,
            what: what(kind, row.external_event_id.as_deref()),
            click_id: row.click_id.map(ClickId),
        };
        let external_id = row.external_event_id.as_deref();
        let when = Paid::new(row.occurred_at, external_id, Some(credit.conversion_id));
        let payer = match row.arm.as_str() {
            "subscription" => Payer::Subscription(row.key),
            "customer" | "first_by_customer" => Payer::Customer(row.key),
            _ => Payer::Email(row.key),
        };
        if row.arm.starts_with("first") {
            paid(&mut first_paid, payer, kind, &credit, when);
        } else {
            remember(&mut credits, &mut first_paid, payer, kind, &credit, when);
        }
    }
    Ok((credits, first_paid))
}

/// The names under which a payer is remembered.
pub(super) fn payers(
    subscription: Option<String>,
    customer: Option<String>,
    email: Option<String>,
) -> impl Iterator<Item = Payer> {
    let subscription = subscription.map(Payer::Subscription);
    let customer = customer.map(Payer::Customer);
    [subscription, customer, email.map(Payer::Email)]
        .into_iter()
        .flatten()
}

/// A past credit in words: "lead", "sale in_1".
pub(super) fn what(kind: ConversionType, external_id: Option<&str>) -> String {
    match external_id {
        Some(id) => format!("{} {id}", kind.as_str()),
        None => kind.as_str().to_owned(),
    }
}

/// Adds a credit to what is known of a payer.
pub(super) fn remember(
    credits: &mut Credits,
    first_paid: &mut FirstPaid,
    payer: Payer,
    kind: ConversionType,
    credit: &PastCredit,
    when: Paid,
) {
    let owns = kind != ConversionType::Lead || !matches!(payer, Payer::Subscription(_));
    if owns {
        let list = credits.entry(payer.clone()).or_default();
        let place = list.partition_point(|known| known.occurred_at <= credit.occurred_at);
        list.insert(place, credit.clone());
    }
    paid(first_paid, payer, kind, credit, when);
}

/// A payer has one more name: what is known of him under the first is known under the other.
pub(super) fn also_known_as(
    credits: &mut Credits,
    first_paid: &mut FirstPaid,
    payer: &Payer,
    other: &Payer,
) {
    let own = credits.get(payer).cloned().unwrap_or_default();
    let known = credits.entry(other.clone()).or_default();
    for credit in own {
        if known
            .iter()
            .all(|one| one.conversion_id != credit.conversion_id)
        {
            let place = known.partition_point(|one| one.occurred_at <= credit.occurred_at);
            known.insert(place, credit);
        }
    }
    let own: Vec<_> = first_paid
        .iter()
        .filter(|((one, _), _)| one == payer)
        .map(|((_, campaign), when)| (*campaign, when.clone()))
        .collect();
    for (campaign, when) in own {
        move_back(first_paid, (other.clone(), campaign), when);
    }
}

/// Moves a payer's first payment in a campaign back, if this one is earlier.
fn paid(
    first_paid: &mut FirstPaid,
    payer: Payer,
    kind: ConversionType,
    credit: &PastCredit,
    when: Paid,
) {
    if kind != ConversionType::Lead {
        move_back(first_paid, (payer, credit.campaign_id), when);
    }
}

fn move_back(first_paid: &mut FirstPaid, of: (Payer, CampaignId), when: Paid) {
    let first = first_paid.entry(of).or_insert_with(|| when.clone());
    if when < *first {
        *first = when;
    }
}

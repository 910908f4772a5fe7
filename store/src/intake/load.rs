//! What the database knows about a batch, read in a handful of queries whatever its size.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    attribution::Book,
    connection::Processor,
    conversion::Conversion,
    event::Outcome,
    exchange::Rates,
    fact::{Clue, ClueKind, Fact, Payment, Subject, SubjectKind},
    fraud::Flag,
    id::{
        AffiliateId, CampaignId, ConnectionId, ConversionId, EventId, FlagId, OrganizationId,
        PayoutId,
    },
    money::Currency,
    transfer::Carried,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Content, EventReceipt, Item,
    batch::Desk,
    flags,
    history::{Credits, FirstPaid, Payer, history_in},
    keys::{Keys, list},
    links::of_conversion,
    money::{Backs, backs_in, ends_in},
    paid::{PaidDays, paid_in},
    replay::{Stored, stored_in},
    rows::Rows,
};
use crate::{StoreError, click, directory::Names, error::readable, exchange::rates_in, payout};

/// A payment that waits for somebody to credit.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) payment: Payment,
    pub(super) connection_id: ConnectionId,
    /// What the connection says of its payments.
    pub(super) processor: Processor,
    pub(super) connection_campaign: Option<CampaignId>,
    /// The events that told of it.
    pub(super) event_ids: Vec<EventId>,
}

/// A customer's description.
#[derive(Clone, Debug)]
pub(super) struct KnownCustomer {
    pub(super) email: Option<String>,
    pub(super) name: Option<String>,
    pub(super) described_at: DateTime<Utc>,
}

/// Everything the rules may need for one batch.
pub(super) struct Known {
    pub(super) events: HashMap<(ConnectionId, String), EventReceipt>,
    /// Stored events that are to be taken in again.
    pub(super) stored: HashMap<EventId, Stored>,
    pub(super) rows: Rows,
    pub(super) waiting: HashMap<String, Waiting>,
    pub(super) customers: HashMap<String, KnownCustomer>,
    pub(super) clues: HashMap<Subject, Vec<(Clue, DateTime<Utc>)>>,
    pub(super) credits: Credits,
    pub(super) first_paid: FirstPaid,
    pub(super) book: Book,
    pub(super) names: Names,
    pub(super) backs: Backs,
    pub(super) rates: Rates,
    /// All flags of the sales that are asked about.
    pub(super) flags: BTreeMap<FlagId, Flag>,
    pub(super) paid: PaidDays,
    /// Payouts whose transfers were seen.
    pub(super) payouts: BTreeMap<PayoutId, Carried>,
}

/// Puts this batch in line behind all others of the organization and tells the position so far.
pub(crate) async fn lock_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
) -> Result<i64, StoreError> {
    let position = sqlx::query_scalar!(
        "select position from organization_position where organization_id = $1 for update",
        organization_id.0,
    )
    .fetch_one(db)
    .await?;
    Ok(position)
}

/// Reads everything the rules may ask about these items.
pub(super) async fn known_in(
    db: &mut PgConnection,
    desk: &Desk,
    organization_id: OrganizationId,
    items: &[Item],
) -> Result<Known, StoreError> {
    let mut keys = Keys::of(items);
    let events = events_in(db, organization_id, items).await?;
    let stored = stored_in(db, organization_id, items).await?;
    let waiting = waiting_in(db, organization_id, &mut keys).await?;
    let customers = customers_in(db, organization_id, &mut keys).await?;
    let clues = clues_in(db, organization_id, &mut keys).await?;
    let promotion_codes = promotion_codes_in(db, organization_id, &keys, items).await?;
    let (credits, first_paid) = history_in(db, organization_id, &keys).await?;
    let flags = flags::known_in(db, organization_id, &mut keys, items).await?;
    let unnamed = flags::unnamed_in(db, organization_id, items, &customers).await?;
    let mut backs = backs_in(db, organization_id, &mut keys).await?;
    let mut flaggable = flags::asked_about(items, &flags);
    flaggable.extend(unnamed.iter().map(|sale| sale.id.0));
    backs.add_of_in(db, organization_id, &flaggable).await?;
    let mut rows = Rows::default();
    rows.lay_down(unnamed);
    rows.lay_down(named_in(db, organization_id, &keys).await?);
    rows.lay_down(leads_in(db, organization_id, &keys).await?);
    rows.lay_down(later_in(db, organization_id, &keys, &first_paid).await?);
    for row in rows.iter() {
        backs.links.join(&of_conversion(row));
    }
    backs.ends = ends_in(db, organization_id, &keys, &rows).await?;
    let clicks = click::by_tokens_in(db, organization_id, &keys.clues).await?;
    let credited: BTreeSet<AffiliateId> = rows
        .iter()
        .map(|conversion| conversion.affiliate_id)
        .chain(clicks.values().map(|click| click.affiliate_id))
        .chain(credits.values().flatten().map(|credit| credit.affiliate_id))
        .chain(keys.affiliates.iter().copied())
        .collect();
    let credited: Vec<_> = credited.into_iter().collect();
    let mut book = desk
        .directory
        .book_in(db, organization_id, &keys.clues, &credited, promotion_codes)
        .await?;
    book.clicks = clicks;
    let rates = foreign_in(db, organization_id, &keys, &rows, &book).await?;
    let affiliates: Vec<_> = book.affiliates.keys().copied().collect();
    let paid = paid_in(db, organization_id, &keys, items, &affiliates).await?;
    let payouts: Vec<Uuid> = keys.payouts.iter().map(|id| id.0).collect();
    let payouts = payout::seen_in(db, organization_id, &payouts).await?;
    let names = desk
        .directory
        .names_in(db, organization_id, &affiliates)
        .await?;
    Ok(Known {
        events,
        stored,
        rows,
        waiting,
        customers,
        clues,
        credits,
        first_paid,
        book,
        names,
        backs,
        rates,
        flags,
        paid,
        payouts,
    })
}

/// Deliveries that were stored before.
async fn events_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    items: &[Item],
) -> Result<HashMap<(ConnectionId, String), EventReceipt>, StoreError> {
    let mut ids = Vec::new();
    let mut times = Vec::new();
    for item in items {
        if let Item::Event(event) = item {
            ids.push(event.external_id.clone());
            times.push(event.occurred_at);
        }
    }
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query!(
        "select connection_id, external_id, event_id, outcome, conversion_id from event
         where organization_id = $1 and external_id = any($2) and occurred_at = any($3)",
        organization_id.0,
        &ids,
        &times,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let receipt = EventReceipt {
                event_id: EventId(row.event_id),
                outcome: readable(Outcome::parse(&row.outcome), "event", "outcome")?,
                conversion_id: row.conversion_id.map(ConversionId),
            };
            Ok(((ConnectionId(row.connection_id), row.external_id), receipt))
        })
        .collect()
}

/// Payments without credit that share anything with the batch; their own names join the keys.
async fn waiting_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    keys: &mut Keys,
) -> Result<HashMap<String, Waiting>, StoreError> {
    let rows = sqlx::query!(
        r#"select u.external_event_id, u.connection_id, u.event_ids, u.fact::text as "fact!", c.processor,
               c.campaign_id
           from unattributed_payment u
           join connection c on c.organization_id = u.organization_id and c.connection_id = u.connection_id
           where u.organization_id = $1 and (external_event_id = any($2) or customer_id = any($3)
               or customer_email = any($4) or subscription_id = any($5) or invoice_id = any($6)
               or payment_intent_id = any($7) or session_id = any($8) or promotion_codes && $9
               or customer_id = any(select k.external_id from customer k
                   where k.organization_id = $1 and k.email = any($4))
               or invoice_id = any(select subject_id from referral_clue
                   where organization_id = $1 and value = any($9) and subject_kind = 'invoice')
               or payment_intent_id = any(select subject_id from referral_clue
                   where organization_id = $1 and value = any($9) and subject_kind = 'payment_intent')
               or subscription_id = any(select subject_id from referral_clue
                   where organization_id = $1 and value = any($9) and subject_kind = 'subscription'))"#,
        organization_id.0,
        &list(&keys.external_ids),
        &list(&keys.customers),
        &list(&keys.emails),
        &keys.of_kind(SubjectKind::Subscription),
        &keys.of_kind(SubjectKind::Invoice),
        &keys.of_kind(SubjectKind::PaymentIntent),
        &keys.of_kind(SubjectKind::Session),
        &list(&keys.promotion_codes),
    )
    .fetch_all(db)
    .await?;
    let mut waiting = HashMap::with_capacity(rows.len());
    for row in rows {
        let payment: Payment = readable(
            serde_json::from_str(&row.fact).ok(),
            "unattributed_payment",
            "fact",
        )?;
        keys.payment(&payment);
        let kept = Waiting {
            payment,
            connection_id: ConnectionId(row.connection_id),
            processor: readable(Processor::parse(&row.processor), "connection", "processor")?,
            connection_campaign: row.campaign_id.map(CampaignId),
            event_ids: row.event_ids.into_iter().map(EventId).collect(),
        };
        waiting.insert(row.external_event_id, kept);
    }
    Ok(waiting)
}

/// Descriptions of the batch's customers; their e-mails join the keys.
async fn customers_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    keys: &mut Keys,
) -> Result<HashMap<String, KnownCustomer>, StoreError> {
    if keys.customers.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query!(
        "select external_id, email, name, described_at from customer
         where organization_id = $1 and external_id = any($2)",
        organization_id.0,
        &list(&keys.customers),
    )
    .fetch_all(db)
    .await?;
    let mut customers = HashMap::with_capacity(rows.len());
    for row in rows {
        keys.emails.extend(row.email.clone());
        let known = KnownCustomer {
            email: row.email,
            name: row.name,
            described_at: row.described_at,
        };
        customers.insert(row.external_id, known);
    }
    Ok(customers)
}

type CluesBySubject = HashMap<Subject, Vec<(Clue, DateTime<Utc>)>>;

/// Clues kept for the things the batch is about; what they name joins the keys.
async fn clues_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    keys: &mut Keys,
) -> Result<CluesBySubject, StoreError> {
    if keys.subjects.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<String> = keys
        .subjects
        .iter()
        .map(|subject| subject.id.clone())
        .collect();
    let rows = sqlx::query!(
        "select subject_kind, subject_id, clue_kind, value, place, occurred_at from referral_clue
         where organization_id = $1 and subject_id = any($2)
         order by occurred_at, clue_kind, value",
        organization_id.0,
        &ids,
    )
    .fetch_all(db)
    .await?;
    let mut found = CluesBySubject::new();
    for row in rows {
        const TABLE: &str = "referral_clue";
        let clue = Clue {
            kind: readable(ClueKind::parse(&row.clue_kind), TABLE, "clue_kind")?,
            value: row.value,
            place: row.place,
        };
        let subject = Subject {
            kind: readable(SubjectKind::parse(&row.subject_kind), TABLE, "subject_kind")?,
            id: row.subject_id,
        };
        keys.clues(std::slice::from_ref(&clue));
        found
            .entry(subject)
            .or_default()
            .push((clue, row.occurred_at));
    }
    Ok(found)
}

/// The words behind promotion code ids: kept ones, and those this very batch describes.
async fn promotion_codes_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    keys: &Keys,
    items: &[Item],
) -> Result<HashMap<String, String>, StoreError> {
    if keys.promotion_codes.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query!(
        "select external_id, code from promotion_code where organization_id = $1 and external_id = any($2)",
        organization_id.0,
        &list(&keys.promotion_codes),
    )
    .fetch_all(db)
    .await?;
    let mut codes: HashMap<String, String> = rows
        .into_iter()
        .map(|row| (row.external_id, row.code))
        .collect();
    for item in items {
        let Some(Content::Facts(facts)) = item.event().map(|event| &event.content) else {
            continue;
        };
        for fact in facts {
            if let Fact::PromotionCode(seen) = fact {
                codes.insert(seen.external_id.clone(), seen.code.clone());
            }
        }
    }
    Ok(codes)
}

/// The exchange rates that the batch's sales may need; none are read when all are in the campaigns'
/// currency.
async fn foreign_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    keys: &Keys,
    rows: &Rows,
    book: &Book,
) -> Result<Rates, StoreError> {
    let campaigns = book.campaigns.values();
    let own: Vec<Currency> = campaigns.map(|campaign| campaign.terms.currency).collect();
    // Also of those that nothing is due for now: a restored one may need it.
    let awaiting = rows
        .iter()
        .filter(|row| row.exchange.is_none() && row.parent_conversion_id.is_none())
        .map(|row| (row.currency(), row.occurred_at));
    let paid = keys.paid.iter().copied();
    let foreign: Vec<(Currency, NaiveDate)> = awaiting
        .chain(paid)
        .filter(|(currency, _)| own.iter().any(|other| other != currency))
        .map(|(currency, at)| (currency, at.date_naive()))
        .collect();
    let days = foreign.iter().map(|(_, day)| *day);
    let (Some(first), Some(last)) = (days.clone().min(), days.max()) else {
        return Ok(Rates::default());
    };
    let currencies = foreign.iter().map(|(currency, _)| *currency);
    let currencies = currencies.chain(own).collect();
    rates_in(db, organization_id, (first, last), &currencies).await
}

/// Conversions that the batch names: by the ids of their payments, by their own, or by a subscription
/// that ends.
async fn named_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    keys: &Keys,
) -> Result<Vec<Conversion>, StoreError> {
    let mut found = Vec::new();
    let names: Vec<String> = keys.external_ids.union(&keys.payments).cloned().collect();
    if !names.is_empty() {
        found = crate::sales::by_external_ids_in(db, organization_id, &names).await?;
    }
    if !keys.ended.is_empty() {
        let ended = list(&keys.ended);
        found.extend(crate::sales::of_payers_in(db, organization_id, &ended, &[], &[]).await?);
    }
    let own: Vec<Uuid> = keys.conversions.iter().map(|id| id.0).collect();
    let parents: Vec<Uuid> = found.iter().map(|one| one.id.0).collect();
    if !own.is_empty() || !parents.is_empty() {
        found.extend(crate::sales::by_ids_in(db, organization_id, &own, &parents).await?);
    }
    Ok(found)
}

/// What payers paid before one of the batch's payments was known that was paid even earlier: it may
/// not have been the first payment after all.
async fn later_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    keys: &Keys,
    first_paid: &FirstPaid,
) -> Result<Vec<Conversion>, StoreError> {
    let (mut subscriptions, mut customers, mut emails) = (Vec::new(), Vec::new(), Vec::new());
    for ((payer, _), first) in first_paid {
        let earliest = keys.earliest_paid.as_ref();
        if earliest.is_none_or(|paid| first <= paid) {
            continue;
        }
        match payer {
            Payer::Subscription(id) => subscriptions.push(id.clone()),
            Payer::Customer(id) => customers.push(id.clone()),
            Payer::Email(email) => emails.push(email.clone()),
        }
    }
    if subscriptions.is_empty() && customers.is_empty() && emails.is_empty() {
        return Ok(Vec::new());
    }
    let mut later =
        crate::sales::of_payers_in(db, organization_id, &subscriptions, &customers, &emails)
            .await?;
    // Their recruiters' shares follow them.
    let parents: Vec<Uuid> = later.iter().map(|one| one.id.0).collect();
    later.extend(crate::sales::by_ids_in(db, organization_id, &[], &parents).await?);
    Ok(later)
}

async fn leads_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    keys: &Keys,
) -> Result<Vec<Conversion>, StoreError> {
    if keys.signed_up.is_empty() {
        return Ok(Vec::new());
    }
    crate::sales::leads_in(
        db,
        organization_id,
        &list(&keys.customers),
        &list(&keys.emails),
    )
    .await
}

//! Everything about one conversion: what a reader needs to see why it is what it is.

use chrono::{DateTime, Utc};
use domain::{
    computation::{Step, computation},
    conversion::Conversion,
    event::Outcome,
    fraud::Flag,
    id::{ClickId, ConversionId, EventId, OrganizationId, PayoutId},
    ledger::EntryKind,
    lifecycle::{Refusal, Transition},
    money::{Currency, Money},
    payout::Payout,
    refund::{Back, BackKind, BackStatus, MoneyBack, Share, Whole},
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Store, StoreError,
    error::readable,
    flag, payout,
    refund::of_conversions_in,
    sales::{Row, by_ids_in},
    transaction::begin_moment,
};

/// A conversion and all that happened to it, of one moment. Lists are oldest first.
#[derive(Clone, Debug)]
pub struct Story {
    /// The conversion, with its trail.
    pub row: Row,
    /// Of a recruiter's share: the sale it follows.
    pub parent: Option<Row>,
    /// Of a sale: the recruiter's share of it.
    pub share: Option<Row>,
    /// The visit that brought the customer, where one did.
    pub click: Option<ClickLine>,
    /// Money that went back, and disputes. Of a share: those of the sale it follows.
    pub backs: Vec<BackLine>,
    /// What was written to the affiliate's account.
    pub ledger: Vec<LedgerLine>,
    /// Payouts that took it, those included that gave it back.
    pub payouts: Vec<PayoutLine>,
    /// What was suspected of it. Of a share: of the sale it follows.
    pub flags: Vec<Flag>,
    /// Who changed it.
    pub audit: Vec<AuditLine>,
    /// The events that made, met or changed it.
    pub events: Vec<EventLine>,
}

/// A visit through an affiliate's link, as far as a story tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClickLine {
    /// Which; the token.
    pub id: ClickId,
    /// The page that was visited.
    pub page_url: Option<String>,
    /// Where the visitor came from.
    pub referrer: Option<String>,
    /// When.
    pub clicked_at: DateTime<Utc>,
}

/// A refund or dispute as last told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackLine {
    /// The processor's id of it, or the caller's.
    pub external_id: String,
    /// What kind of fact it is.
    pub kind: BackKind,
    /// Where it stands.
    pub status: BackStatus,
    /// How much of what went back no other line tells; of one that does not count, what it is about.
    pub amount: Money,
    /// Was it told by an imported file, of all that went back until then?
    pub is_imported: bool,
    /// Is the amount part of what went back of the sale? Not while it has not gone back, and not in another
    /// currency than the sale's.
    pub is_counted: bool,
    /// When it was made.
    pub occurred_at: DateTime<Utc>,
    /// When its status was told.
    pub told_at: DateTime<Utc>,
    /// Why, in the teller's words.
    pub reason: Option<String>,
}

/// An entry on the affiliate's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerLine {
    /// Why it was written.
    pub kind: EntryKind,
    /// How much, with its sign.
    pub amount: Money,
    /// Why, in words.
    pub reason: String,
    /// The payout that takes it.
    pub payout_id: Option<PayoutId>,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// A payout, as far as a story tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayoutLine {
    /// The payout.
    pub payout: Payout,
    /// How much of it this conversion is, or was; a debit is negative.
    pub amount: Money,
}

/// Who made a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// A member: the e-mail.
    Member(String),
    /// A program: its key's name.
    Key(String),
    /// A processor's event.
    Event(EventId),
    /// The server itself.
    System,
}

/// A line of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditLine {
    /// When.
    pub created_at: DateTime<Utc>,
    /// Who.
    pub who: Who,
    /// What was done.
    pub action: String,
    /// From what to what, and why.
    pub detail: String,
}

/// An event as far as a story tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventLine {
    /// Which.
    pub id: EventId,
    /// The processor's name for its type.
    pub kind: String,
    /// The processor's id of it.
    pub external_id: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Why, in words.
    pub detail: String,
    /// When it came in.
    pub received_at: DateTime<Utc>,
}

/// What keeps conversions from a step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Obstacles {
    /// Those that the organization does not have.
    pub unknown: Vec<ConversionId>,
    /// Those that can't take it from where they stand.
    pub refused: Vec<(ConversionId, Refusal)>,
}

impl Story {
    /// How the commission came about, line by line.
    pub fn computation(&self) -> Vec<Step> {
        let parent = self.parent.as_ref().map(|row| &row.conversion);
        computation(&self.row.conversion, parent)
    }
}

impl Store {
    /// Everything about one conversion; `None` when the organization has no such one.
    pub async fn story(
        &self,
        organization_id: OrganizationId,
        id: ConversionId,
    ) -> Result<Option<Story>, StoreError> {
        let mut moment = begin_moment(&self.pool).await?;
        let family = family_in(&mut moment, organization_id, id).await?;
        let Some(conversion) = family.iter().find(|one| one.id == id) else {
            return Ok(None);
        };
        let root = conversion.parent_conversion_id.unwrap_or(id);
        let sale = family.iter().find(|one| one.id == root);
        let whole = sale.unwrap_or(conversion).whole();
        let click = match conversion.click_id {
            Some(click) => click_in(&mut moment, organization_id, click).await?,
            None => None,
        };
        let backs = backs_in(&mut moment, organization_id, root, whole).await?;
        let flags = flag::of_conversions_in(&mut moment, organization_id, &[root.0]).await?;
        let ledger = ledger_in(&mut moment, organization_id, id).await?;
        let payouts = payouts_in(&mut moment, organization_id, id).await?;
        let audit = audit_in(&mut moment, organization_id, ("conversion", id.0)).await?;
        let events = events_in(&mut moment, organization_id, root, &audit).await?;
        moment.commit().await?;
        let mut db = self.pool.acquire().await?;
        // Names are looked up afterwards: of an earlier moment, they must not get into the cache.
        let rows = self.rows_in(&mut db, organization_id, family).await?;
        let (mut row, mut parent, mut share) = (None, None, None);
        for one in rows {
            if one.conversion.id == id {
                row = Some(one);
            } else if one.conversion.parent_conversion_id == Some(id) {
                share = Some(one);
            } else {
                parent = Some(one);
            }
        }
        Ok(row.map(|row| Story {
            row,
            parent,
            share,
            click,
            backs,
            ledger,
            payouts,
            flags,
            audit,
            events,
        }))
    }

    /// Which of these conversions can't take a step now, all of them, where [`Store::decide`] names
    /// the first.
    pub async fn obstacles(
        &self,
        organization_id: OrganizationId,
        ids: &[ConversionId],
        step: Transition,
    ) -> Result<Obstacles, StoreError> {
        let mut db = self.pool.acquire().await?;
        let plain: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        let known = by_ids_in(&mut db, organization_id, &plain, &[]).await?;
        let (now, mut obstacles) = (self.clock.now(), Obstacles::default());
        for id in ids {
            match known.iter().find(|one| one.id == *id) {
                None => obstacles.unknown.push(*id),
                Some(one) => {
                    let refusal = one.after(step, now).err();
                    obstacles
                        .refused
                        .extend(refusal.map(|refusal| (*id, refusal)));
                }
            }
        }
        Ok(obstacles)
    }
}

/// The conversion, its recruiter's share, and what it is a share of.
async fn family_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    id: ConversionId,
) -> Result<Vec<Conversion>, StoreError> {
    let mut family = by_ids_in(db, organization_id, &[id.0], &[]).await?;
    let parent = family
        .iter()
        .find(|one| one.id == id)
        .and_then(|one| one.parent_conversion_id);
    if let Some(parent) = parent {
        let found = by_ids_in(db, organization_id, &[parent.0], &[]).await?;
        family.extend(found.into_iter().filter(|one| one.id == parent));
    }
    Ok(family)
}

async fn click_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    id: ClickId,
) -> Result<Option<ClickLine>, StoreError> {
    let row = sqlx::query!(
        "select page_url, referrer, clicked_at from click where organization_id = $1 and click_id = $2",
        organization_id.0,
        id.0,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| ClickLine {
        id,
        page_url: row.page_url,
        referrer: row.referrer,
        clicked_at: row.clicked_at,
    }))
}

async fn backs_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    id: ConversionId,
    whole: Whole,
) -> Result<Vec<BackLine>, StoreError> {
    let met = of_conversions_in(db, organization_id, &[id.0]).await?;
    let facts: Vec<&MoneyBack> = met.iter().map(|held| &held.back).collect();
    let shares = Back::shares(whole, &facts);
    let line = |(back, share): (&MoneyBack, Share)| BackLine {
        amount: Money::new(share.minor, back.currency.unwrap_or(whole.amount.currency)),
        is_counted: share.is_counted,
        is_imported: back.is_imported(),
        external_id: back.name().to_owned(),
        kind: back.kind,
        status: back.status,
        occurred_at: back.occurred_at,
        told_at: back.told_at,
        reason: back.reason.clone(),
    };
    let shown = facts.into_iter().zip(shares);
    let shown = shown.filter_map(|(back, share)| Some((back, share?)));
    Ok(shown.map(line).collect())
}

async fn ledger_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    id: ConversionId,
) -> Result<Vec<LedgerLine>, StoreError> {
    const TABLE: &str = "ledger_entry";
    let rows = sqlx::query!(
        r#"select e.kind, e.amount_minor, e.currency, e.reason, e.created_at, t.payout_id as "payout_id?"
           from ledger_entry e
           left join payout_entry t on t.organization_id = e.organization_id
               and t.ledger_entry_id = e.ledger_entry_id and t.released_at is null
           where e.organization_id = $1 and e.conversion_id = $2 order by e.ledger_entry_id"#,
        organization_id.0,
        id.0,
    )
    .fetch_all(db)
    .await?;
    let mut lines = Vec::with_capacity(rows.len());
    for row in rows {
        let currency = readable(Currency::parse(&row.currency).ok(), TABLE, "currency")?;
        lines.push(LedgerLine {
            kind: readable(EntryKind::parse(&row.kind), TABLE, "kind")?,
            amount: Money::new(row.amount_minor, currency),
            reason: row.reason,
            payout_id: row.payout_id.map(PayoutId),
            created_at: row.created_at,
        });
    }
    Ok(lines)
}

async fn payouts_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    id: ConversionId,
) -> Result<Vec<PayoutLine>, StoreError> {
    let rows = sqlx::query!(
        r#"select t.payout_id, sum(e.amount_minor)::bigint as "minor!"
           from ledger_entry e
           join payout_entry t on t.organization_id = e.organization_id and t.ledger_entry_id = e.ledger_entry_id
           where e.organization_id = $1 and e.conversion_id = $2
           group by t.payout_id order by t.payout_id"#,
        organization_id.0,
        id.0,
    )
    .fetch_all(&mut *db)
    .await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.payout_id).collect();
    let payouts = payout::by_ids_in(db, organization_id, &ids).await?;
    let mut lines = Vec::with_capacity(rows.len());
    for row in rows {
        let found = payouts
            .iter()
            .find(|view| view.payout.id.0 == row.payout_id);
        let payout = readable(found, "payout_entry", "payout_id")?.payout.clone();
        let amount = Money::new(row.minor, payout.amount.currency);
        lines.push(PayoutLine { payout, amount });
    }
    Ok(lines)
}

/// What was done to a thing, the table's name and its id, oldest first.
pub(crate) async fn audit_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    (subject, id): (&str, Uuid),
) -> Result<Vec<AuditLine>, StoreError> {
    let rows = sqlx::query!(
        r#"select a.created_at, a.actor_kind, a.actor_id, a.action, a.detail, p.email as "email?", k.name as "key?"
           from audit_entry a
           left join person p on a.actor_kind = 'person' and p.person_id = a.actor_id
           left join api_key k on a.actor_kind = 'key' and k.organization_id = a.organization_id
               and k.api_key_id = a.actor_id
           where a.organization_id = $1 and a.subject_id = $2 and a.subject_kind = $3
           order by a.audit_entry_id"#,
        organization_id.0,
        id,
        subject,
    )
    .fetch_all(db)
    .await?;
    let lines = rows.into_iter().map(|row| {
        let who = match (row.actor_kind.as_str(), row.actor_id) {
            ("person", _) => Who::Member(row.email.unwrap_or_default()),
            ("key", _) => Who::Key(row.key.unwrap_or_default()),
            ("event", Some(id)) => Who::Event(EventId(id)),
            _ => Who::System,
        };
        AuditLine {
            created_at: row.created_at,
            who,
            action: row.action,
            detail: row.detail,
        }
    });
    Ok(lines.collect())
}

/// Events that name the conversion, and those that the audit log says changed it.
async fn events_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    id: ConversionId,
    audit: &[AuditLine],
) -> Result<Vec<EventLine>, StoreError> {
    let changed_by = audit.iter().filter_map(|line| match line.who {
        Who::Event(id) => Some(id.0),
        _ => None,
    });
    let changed_by: Vec<Uuid> = changed_by.collect();
    let rows = sqlx::query!(
        "select event_id, kind, external_id, outcome, detail, received_at from event
         where organization_id = $1 and (conversion_id = $2 or event_id = any($3))
         order by received_at, event_id",
        organization_id.0,
        id.0,
        &changed_by,
    )
    .fetch_all(db)
    .await?;
    let mut lines = Vec::with_capacity(rows.len());
    for row in rows {
        lines.push(EventLine {
            id: EventId(row.event_id),
            kind: row.kind,
            external_id: row.external_id,
            outcome: readable(Outcome::parse(&row.outcome), "event", "outcome")?,
            detail: row.detail,
            received_at: row.received_at,
        });
    }
    Ok(lines)
}

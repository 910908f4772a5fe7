//! Payouts: what is due, runs that pay it, and how each payout ends.
//!
//! Whatever changes a payout has the organization's lock, the same that stands in front of every sale: so two runs at
//! once make one payout, and what a refund changes in a pending one is part of the refund. Which entries of the ledger
//! a payout takes is written down in `payout_entry`, where no entry is taken twice.

mod carry;
mod due;
mod list;
mod open;
mod rail;
mod revise;
mod step;
mod tell;
mod timeline;

use chrono::{DateTime, Utc};
use domain::{
    id::{AffiliateId, CampaignId, ConnectionId, OrganizationId, PayoutBatchId, PayoutId},
    money::{Currency, Money, MoneyError},
    payout::{CarriedOver, Payout, PayoutMethod, PayoutRefusal, PayoutStatus},
};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use thiserror::Error;
use uuid::Uuid;

pub(crate) use self::carry::{carried_in, seen_in};
pub use self::due::Payable;
pub use self::list::{
    PaidRow, PayoutCursor, PayoutFilter, PayoutPage, PayoutRows, PayoutStart, PayoutSums,
};
pub use self::open::{Batch, PayoutOrder};
pub use self::rail::{DueTransfer, Ending};
pub(crate) use self::revise::revised_in;
pub use self::step::PayoutDecision;
use crate::{
    StoreError,
    audit::{self, Actor},
    error::readable,
    intake::Desk,
};

const TABLE: &str = "payout";

/// A payout with the names of whom it pays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayoutView {
    /// The payout.
    pub payout: Payout,
    /// Who is paid.
    pub affiliate_name: String,
    /// His referral code.
    pub affiliate_slug: String,
    /// His address.
    pub affiliate_email: String,
    /// The campaign's name, of a payout that is of one.
    pub campaign_name: Option<String>,
}

/// Why nothing was paid, or nothing changed.
#[derive(Debug, Error)]
pub enum PayoutError {
    /// There is no such payout in the organization.
    #[error("there is no such payout")]
    NotFound,
    /// It can't take the step from where it stands.
    #[error(transparent)]
    Refused(#[from] PayoutRefusal),
    /// Nothing is paid: why, and what is due.
    #[error("{}", carried_words(*.why, *.due, *.threshold))]
    CarriedOver {
        /// Why.
        why: CarriedOver,
        /// What is due; below zero, what is owed.
        due: Money,
        /// The smallest payout.
        threshold: Money,
    },
    /// The named affiliate is not the organization's.
    #[error("there is no such affiliate")]
    NoAffiliate(AffiliateId),
    /// The named campaign is not the organization's.
    #[error("there is no such campaign")]
    NoCampaign,
    /// A sum does not fit.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// Below.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for PayoutError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

fn carried_words(why: CarriedOver, due: Money, threshold: Money) -> String {
    match why {
        CarriedOver::BelowThreshold => {
            format!(
                "{due} is due, and the smallest payout is {threshold}: wait until more is approved"
            )
        }
        CarriedOver::InDebt => format!(
            "nothing is due: {} is owed",
            Money::new(-due.minor, due.currency)
        ),
        CarriedOver::NothingDue => {
            "nothing is due: nothing is approved that no payout has taken".to_owned()
        }
        CarriedOver::NoAccount => {
            "the affiliate has no Stripe account: add one, or pay by hand (manual)".to_owned()
        }
        CarriedOver::NotActive => {
            "the affiliate is blocked or removed: name him in affiliateIds to pay him".to_owned()
        }
    }
}

struct PayoutRow {
    payout_id: Uuid,
    payout_batch_id: Option<Uuid>,
    affiliate_id: Uuid,
    campaign_id: Option<Uuid>,
    currency: String,
    amount_minor: i64,
    status: String,
    method: String,
    account: Option<String>,
    connection_id: Option<Uuid>,
    transfer_id: Option<String>,
    failure: Option<String>,
    note: Option<String>,
    attempts: i32,
    next_attempt_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    processing_at: Option<DateTime<Utc>>,
    completed_at: Option<DateTime<Utc>>,
    failed_at: Option<DateTime<Utc>>,
    affiliate_name: String,
    affiliate_slug: String,
    affiliate_email: String,
    campaign_name: Option<String>,
}

impl TryFrom<PayoutRow> for PayoutView {
    type Error = StoreError;

    fn try_from(row: PayoutRow) -> Result<Self, StoreError> {
        let currency = readable(Currency::parse(&row.currency).ok(), TABLE, "currency")?;
        let payout = Payout {
            id: PayoutId(row.payout_id),
            batch_id: row.payout_batch_id.map(PayoutBatchId),
            affiliate_id: AffiliateId(row.affiliate_id),
            campaign_id: row.campaign_id.map(CampaignId),
            amount: Money::new(row.amount_minor, currency),
            status: readable(PayoutStatus::parse(&row.status), TABLE, "status")?,
            method: readable(PayoutMethod::parse(&row.method), TABLE, "method")?,
            account: row.account,
            connection_id: row.connection_id.map(ConnectionId),
            transfer_id: row.transfer_id,
            failure: row.failure,
            note: row.note,
            attempts: row.attempts,
            next_attempt_at: row.next_attempt_at,
            created_at: row.created_at,
            processing_at: row.processing_at,
            completed_at: row.completed_at,
            failed_at: row.failed_at,
        };
        Ok(Self {
            payout,
            affiliate_name: row.affiliate_name,
            affiliate_slug: row.affiliate_slug,
            affiliate_email: row.affiliate_email,
            campaign_name: row.campaign_name,
        })
    }
}

/// A checked query of [`PayoutRow`]s; what follows is everything after `where p.organization_id = $1 and`.
macro_rules! payouts {
    ($rest:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            $crate::payout::PayoutRow,
            "select p.payout_id, p.payout_batch_id, p.affiliate_id, p.campaign_id, p.currency, p.amount_minor, p.status,
                 p.method, p.account, p.connection_id, p.transfer_id, p.failure, p.note, p.attempts, p.next_attempt_at, p.created_at,
                 p.processing_at, p.completed_at, p.failed_at, a.name as affiliate_name, a.slug as affiliate_slug,
                 a.email as affiliate_email, c.name as \"campaign_name?\"
             from payout p
             join affiliate a on a.organization_id = p.organization_id and a.affiliate_id = p.affiliate_id
             left join campaign c on c.organization_id = p.organization_id and c.campaign_id = p.campaign_id
             where p.organization_id = $1 and " + $rest,
            $($argument),+
        )
    };
}
use payouts;

/// These payouts, newest first.
pub(crate) async fn by_ids_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    ids: &[Uuid],
) -> Result<Vec<PayoutView>, StoreError> {
    let rows = payouts!(
        "p.payout_id = any($2) order by p.payout_id desc",
        organization_id.0,
        ids,
    );
    let rows = rows.fetch_all(db).await?;
    rows.into_iter().map(PayoutView::try_from).collect()
}

/// Puts down what a payout is now, and who made it so. Every step of every payout comes through here.
async fn change_in(
    db: &mut PgConnection,
    desk: &Desk,
    organization_id: OrganizationId,
    payout: &Payout,
    actor: Actor,
    why: &str,
) -> Result<(), StoreError> {
    let before = sqlx::query_scalar!(
        "select status from payout where organization_id = $1 and payout_id = $2",
        organization_id.0,
        payout.id.0,
    )
    .fetch_one(&mut *db)
    .await?;
    sqlx::query!(
        "update payout set status = $3, amount_minor = $4, processing_at = $5, completed_at = $6, failed_at = $7,
             transfer_id = $8, failure = $9, note = $10, next_attempt_at = $11
         where organization_id = $1 and payout_id = $2",
        organization_id.0,
        payout.id.0,
        payout.status.as_str(),
        payout.amount.minor,
        payout.processing_at,
        payout.completed_at,
        payout.failed_at,
        payout.transfer_id,
        payout.failure,
        payout.note,
        payout.next_attempt_at,
    )
    .execute(&mut *db)
    .await?;
    let entry = audit::Entry {
        actor: actor.manages()?,
        subject: TABLE,
        subject_id: payout.id.0,
        action: "changed",
        detail: &format!("{}, {}: {why}", payout.status, payout.amount),
    };
    audit::write_in(
        &mut *db,
        &desk.random,
        organization_id,
        desk.clock.now(),
        entry,
    )
    .await?;
    if before == payout.status.as_str() {
        return Ok(());
    }
    tell::tell_in(db, desk, organization_id, &[payout.id.0]).await
}

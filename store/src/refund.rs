//! How rows of `refund` are read: one list of columns, one way into the domain type.

use chrono::{DateTime, Utc};
use domain::{
    id::{ConversionId, EventId, OrganizationId},
    money::Currency,
    refund::{BackKind, BackStatus, MoneyBack},
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{StoreError, error::readable};

const TABLE: &str = "refund";

/// A refund or dispute, and what it met.
#[derive(Clone, Debug)]
pub(crate) struct HeldBack {
    pub(crate) back: MoneyBack,
    /// The sale it is of; `None`: parked.
    pub(crate) conversion_id: Option<ConversionId>,
    /// The events that told of it.
    pub(crate) event_ids: Vec<EventId>,
}

/// The columns of `refund` that make a [`HeldBack`].
struct RefundRecord {
    external_id: String,
    kind: String,
    status: String,
    amount_minor: i64,
    net_minor: Option<i64>,
    currency: Option<String>,
    occurred_at: DateTime<Utc>,
    told_at: DateTime<Utc>,
    failed_at: Option<DateTime<Utc>>,
    payment: Vec<String>,
    reason: Option<String>,
    conversion_id: Option<Uuid>,
    event_ids: Vec<Uuid>,
}

/// A checked query of [`RefundRecord`]s; what follows is everything after `where organization_id = $1`.
macro_rules! refunds {
    ($rest:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            RefundRecord,
            "select external_id, kind, status, amount_minor, net_minor, currency, occurred_at, told_at, failed_at, payment,
                 reason, conversion_id, event_ids
             from refund where organization_id = $1 and " + $rest,
            $($argument),+
        )
    };
}

impl TryFrom<RefundRecord> for HeldBack {
    type Error = StoreError;

    fn try_from(record: RefundRecord) -> Result<Self, StoreError> {
        let currency = match record.currency {
            Some(code) => Some(readable(Currency::parse(&code).ok(), TABLE, "currency")?),
            None => None,
        };
        let back = MoneyBack {
            external_id: record.external_id,
            kind: readable(BackKind::parse(&record.kind), TABLE, "kind")?,
            amount_minor: record.amount_minor,
            net_minor: record.net_minor,
            currency,
            status: readable(BackStatus::parse(&record.status), TABLE, "status")?,
            occurred_at: record.occurred_at,
            told_at: record.told_at,
            failed_at: record.failed_at,
            payment: record.payment,
            reason: record.reason,
        };
        Ok(Self {
            back,
            conversion_id: record.conversion_id.map(ConversionId),
            event_ids: record.event_ids.into_iter().map(EventId).collect(),
        })
    }
}

/// Those with these ids.
pub(crate) async fn by_ids_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    ids: &[String],
) -> Result<Vec<HeldBack>, StoreError> {
    let found = refunds!("external_id = any($2)", organization_id.0, ids);
    read_all(found.fetch_all(db).await?)
}

/// Those that have met these conversions, oldest first.
pub(crate) async fn of_conversions_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    conversions: &[Uuid],
) -> Result<Vec<HeldBack>, StoreError> {
    let met = refunds!(
        "conversion_id = any($2) order by occurred_at, external_id",
        organization_id.0,
        conversions,
    );
    read_all(met.fetch_all(db).await?)
}

/// All of them, or the first that can't be read.
fn read_all(records: Vec<RefundRecord>) -> Result<Vec<HeldBack>, StoreError> {
    records.into_iter().map(HeldBack::try_from).collect()
}

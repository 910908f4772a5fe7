//! How a row of `conversion` is read: one list of columns, one way into the domain type.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    connection::Processor,
    conversion::{CommissionState, Conversion, ConversionType, ProcessorIds, Source},
    exchange::ExchangeRate,
    id::{AffiliateId, CampaignId, ClickId, ConnectionId, ConversionId, PayoutId},
    lifecycle::Status,
    money::{Currency, Money},
    refund::HeldBy,
};
use uuid::Uuid;

use crate::{StoreError, error::readable, plan::PlanColumns};

const TABLE: &str = "conversion";

/// The columns of `conversion` that make a [`Conversion`]; JSON as text.
#[derive(Clone, Debug)]
pub(crate) struct ConversionRecord {
    pub(crate) conversion_id: Uuid,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) occurred_at: DateTime<Utc>,
    pub(crate) kind: String,
    pub(crate) source: String,
    pub(crate) status: String,
    pub(crate) affiliate_id: Uuid,
    pub(crate) campaign_id: Uuid,
    pub(crate) coupon_code: Option<String>,
    pub(crate) click_id: Option<Uuid>,
    pub(crate) amount_minor: i64,
    pub(crate) base_minor: i64,
    pub(crate) refunded_minor: i64,
    pub(crate) currency: String,
    pub(crate) commission_minor: i64,
    pub(crate) commission_currency: String,
    pub(crate) commission_state: String,
    pub(crate) plan_percent_bp: Option<i32>,
    pub(crate) plan_fixed_minor: Option<i64>,
    pub(crate) plan_duration: String,
    pub(crate) plan_months: Option<i32>,
    pub(crate) is_covered: bool,
    pub(crate) exchange_numerator: Option<i64>,
    pub(crate) exchange_denominator: Option<i64>,
    pub(crate) exchange_day: Option<NaiveDate>,
    pub(crate) external_event_id: Option<String>,
    pub(crate) processor: String,
    pub(crate) connection_id: Option<Uuid>,
    pub(crate) customer_id: Option<String>,
    pub(crate) subscription_id: Option<String>,
    pub(crate) invoice_id: Option<String>,
    pub(crate) payment_intent_id: Option<String>,
    pub(crate) charge_id: Option<String>,
    pub(crate) session_id: Option<String>,
    pub(crate) customer_email: Option<String>,
    pub(crate) customer_name: Option<String>,
    pub(crate) hold_until: DateTime<Utc>,
    pub(crate) held_by: Option<String>,
    pub(crate) is_flagged: bool,
    pub(crate) released_at: Option<DateTime<Utc>>,
    pub(crate) denied_at: Option<DateTime<Utc>>,
    pub(crate) cancelled_at: Option<DateTime<Utc>>,
    pub(crate) approved_at: Option<DateTime<Utc>>,
    pub(crate) paid_at: Option<DateTime<Utc>>,
    pub(crate) payout_id: Option<Uuid>,
    pub(crate) refunded_at: Option<DateTime<Utc>>,
    pub(crate) parent_conversion_id: Option<Uuid>,
    pub(crate) metadata: String,
    pub(crate) trail: String,
}

/// A checked query of [`ConversionRecord`]s. `$trail` is the trail's expression (`'[]'` where nobody
/// reads it: it is the longest column), then follows everything from `from` on, in which the row's
/// table is called `c`.
macro_rules! conversions {
    ($trail:literal, $($rest:literal)+, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            $crate::sales::ConversionRecord,
            "select c.conversion_id, c.created_at, c.occurred_at, c.kind, c.source, c.status,
                 c.affiliate_id, c.campaign_id, c.coupon_code, c.click_id, c.amount_minor, c.base_minor,
                 c.refunded_minor, c.currency, c.commission_minor, c.commission_currency,
                 c.commission_state, c.plan_percent_bp, c.plan_fixed_minor, c.plan_duration, c.plan_months,
                 c.is_covered, c.exchange_numerator, c.exchange_denominator, c.exchange_day,
                 c.external_event_id, c.processor, c.connection_id, c.customer_id, c.subscription_id,
                 c.invoice_id, c.payment_intent_id, c.charge_id, c.session_id, c.customer_email,
                 c.customer_name, c.hold_until, c.held_by, c.is_flagged, c.released_at, c.denied_at, c.cancelled_at,
                 c.approved_at, c.paid_at, c.payout_id, c.refunded_at,
                 c.parent_conversion_id, c.metadata::text as \"metadata!\", "
                + $trail + " as \"trail!\" " $(+ $rest)+,
            $($argument),+
        )
    };
}
pub(super) use conversions;

impl TryFrom<ConversionRecord> for Conversion {
    type Error = StoreError;

    fn try_from(record: ConversionRecord) -> Result<Self, StoreError> {
        let plan = PlanColumns {
            percent_bp: record.plan_percent_bp,
            fixed_minor: record.plan_fixed_minor,
            duration: Some(record.plan_duration),
            months: record.plan_months,
        };
        let currency = currency(&record.currency, "currency")?;
        let commission_currency =
            self::currency(&record.commission_currency, "commission_currency")?;
        Ok(Self {
            id: ConversionId(record.conversion_id),
            created_at: record.created_at,
            occurred_at: record.occurred_at,
            kind: readable(ConversionType::parse(&record.kind), TABLE, "kind")?,
            source: readable(Source::parse(&record.source), TABLE, "source")?,
            status: readable(Status::parse(&record.status), TABLE, "status")?,
            affiliate_id: AffiliateId(record.affiliate_id),
            campaign_id: CampaignId(record.campaign_id),
            coupon_code: record.coupon_code,
            click_id: record.click_id.map(ClickId),
            amount: Money::new(record.amount_minor, currency),
            base_minor: record.base_minor,
            refunded_minor: record.refunded_minor,
            commission: Money::new(record.commission_minor, commission_currency),
            commission_state: readable(
                CommissionState::parse(&record.commission_state),
                TABLE,
                "commission_state",
            )?,
            plan: readable(plan.read(TABLE)?, TABLE, "plan_duration")?,
            is_covered: record.is_covered,
            exchange: exchange(
                record.exchange_numerator,
                record.exchange_denominator,
                record.exchange_day,
            ),
            external_event_id: record.external_event_id,
            processor: readable(Processor::parse(&record.processor), TABLE, "processor")?,
            connection_id: record.connection_id.map(ConnectionId),
            ids: ProcessorIds {
                customer: record.customer_id,
                subscription: record.subscription_id,
                invoice: record.invoice_id,
                payment_intent: record.payment_intent_id,
                charge: record.charge_id,
                session: record.session_id,
            },
            customer_email: record.customer_email,
            customer_name: record.customer_name,
            hold_until: record.hold_until,
            held_by: match record.held_by {
                Some(word) => Some(readable(HeldBy::parse(&word), TABLE, "held_by")?),
                None => None,
            },
            is_flagged: record.is_flagged,
            released_at: record.released_at,
            denied_at: record.denied_at,
            cancelled_at: record.cancelled_at,
            approved_at: record.approved_at,
            paid_at: record.paid_at,
            payout_id: record.payout_id.map(PayoutId),
            refunded_at: record.refunded_at,
            parent_conversion_id: record.parent_conversion_id.map(ConversionId),
            metadata: record.metadata,
            trail: readable(serde_json::from_str(&record.trail).ok(), TABLE, "trail")?,
        })
    }
}

/// All of them, or the first that can't be read.
pub(super) fn read_all(records: Vec<ConversionRecord>) -> Result<Vec<Conversion>, StoreError> {
    records.into_iter().map(Conversion::try_from).collect()
}

fn currency(code: &str, column: &'static str) -> Result<Currency, StoreError> {
    readable(Currency::parse(code).ok(), TABLE, column)
}

fn exchange(
    numerator: Option<i64>,
    denominator: Option<i64>,
    day: Option<NaiveDate>,
) -> Option<ExchangeRate> {
    Some(ExchangeRate {
        numerator: numerator?,
        denominator: denominator?,
        day: day?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> ConversionRecord {
        ConversionRecord {
            conversion_id: Uuid::from_u128(1),
            created_at: DateTime::UNIX_EPOCH,
            occurred_at: DateTime::UNIX_EPOCH,
            kind: "sale".to_owned(),
            source: "coupon".to_owned(),
            status: "pending".to_owned(),
            affiliate_id: Uuid::from_u128(2),
            campaign_id: Uuid::from_u128(3),
            coupon_code: Some("SARAH20".to_owned()),
            click_id: None,
            amount_minor: 4900,
            base_minor: 4900,
            refunded_minor: 0,
            currency: "USD".to_owned(),
            commission_minor: 980,
            commission_currency: "USD".to_owned(),
            commission_state: "ready".to_owned(),
            plan_percent_bp: Some(2000),
            plan_fixed_minor: None,
            plan_duration: "recurring".to_owned(),
            plan_months: None,
            is_covered: true,
            exchange_numerator: None,
            exchange_denominator: None,
            exchange_day: None,
            external_event_id: Some("in_1".to_owned()),
            processor: "stripe".to_owned(),
            connection_id: None,
            customer_id: None,
            subscription_id: None,
            invoice_id: None,
            payment_intent_id: None,
            charge_id: None,
            session_id: None,
            customer_email: None,
            customer_name: None,
            hold_until: DateTime::UNIX_EPOCH,
            held_by: None,
            is_flagged: false,
            released_at: None,
            denied_at: None,
            cancelled_at: None,
            approved_at: None,
            paid_at: None,
            payout_id: None,
            refunded_at: None,
            parent_conversion_id: None,
            metadata: "{}".to_owned(),
            trail: r#"[{"verdict":"answered","text":"Coupon SARAH20 belongs to Sarah"}]"#
                .to_owned(),
        }
    }

    fn unreadable(change: impl FnOnce(&mut ConversionRecord)) -> Option<&'static str> {
        let mut record = record();
        change(&mut record);
        match Conversion::try_from(record) {
            Err(StoreError::Corrupt {
                table: TABLE,
                column,
            }) => Some(column),
            _ => None,
        }
    }

    #[test]
    fn a_row_becomes_a_conversion() {
        let conversion = Conversion::try_from(record()).expect("readable");
        assert_eq!(conversion.amount, Money::new(4900, Currency::USD));
        assert_eq!(conversion.trail.len(), 1);
    }

    #[test]
    fn what_can_not_be_read_is_named() {
        assert_eq!(unreadable(|row| row.kind = "gift".to_owned()), Some("kind"));
        assert_eq!(unreadable(|row| row.status = String::new()), Some("status"));
        assert_eq!(
            unreadable(|row| row.currency = "ZZZ".to_owned()),
            Some("currency")
        );
        assert_eq!(
            unreadable(|row| row.plan_months = Some(3)),
            Some("plan_duration")
        );
        assert_eq!(unreadable(|row| row.trail = "{}".to_owned()), Some("trail"));
    }
}

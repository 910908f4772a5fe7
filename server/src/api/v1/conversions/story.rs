//! The whole story of a sale: its row, and everything that led to it.

use chrono::{DateTime, Utc};
use domain::{
    attribution::TrailStep,
    computation::{Step, StepKind},
    conversion::CommissionState,
    event::Outcome,
    id::{ClickId, EventId, PayoutId},
    ledger::EntryKind,
    refund::{BackKind, BackStatus},
};
use serde::Serialize;
use store::story::{AuditLine, BackLine, ClickLine, EventLine, LedgerLine, Story, Who};
use utoipa::ToSchema;

use super::row::ConversionRow;
use crate::api::v1::flags::FlagRow;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ConversionStory)]
pub(super) struct WholeStory<'a> {
    #[serde(flatten)]
    row: ConversionRow<'a>,
    commission_state: CommissionState,
    computation: Vec<Line>,
    trail: &'a [TrailStep],
    click: Option<Click<'a>>,
    refunds: Vec<Refund<'a>>,
    ledger: Vec<Entry<'a>>,
    audit: Vec<Audit<'a>>,
    flags: Vec<FlagRow<'a>>,
    events: Vec<Event<'a>>,
}

/// A line of the computation; the last one is the commission.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ComputationLine)]
struct Line {
    kind: StepKind,
    text: String,
    amount_cents: Option<i64>,
    currency: Option<&'static str>,
}

/// The visit that brought the customer.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StoryClick)]
struct Click<'a> {
    id: ClickId,
    page_url: Option<&'a str>,
    referrer: Option<&'a str>,
    clicked_at: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StoryRefund)]
struct Refund<'a> {
    id: &'a str,
    kind: BackKind,
    amount_cents: i64,
    currency: &'static str,
    status: BackStatus,
    /// Is it part of `refundedCents`?
    counted: bool,
    reason: Option<&'a str>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LedgerEntry)]
struct Entry<'a> {
    kind: EntryKind,
    amount_cents: i64,
    currency: &'static str,
    reason: &'a str,
    /// The payout that takes it, also before it is paid.
    payout_id: Option<PayoutId>,
    created_at: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuditEntry)]
struct Audit<'a> {
    created_at: DateTime<Utc>,
    actor: Actor<'a>,
    action: &'a str,
    detail: &'a str,
}

/// Who changed it: a member by e-mail, a key by name, an event by id.
#[derive(Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "camelCase")]
#[schema(as = AuditActor)]
enum Actor<'a> {
    Member {
        email: &'a str,
    },
    Key {
        name: &'a str,
    },
    #[serde(rename_all = "camelCase")]
    Event {
        event_id: EventId,
    },
    System,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StoryEvent)]
struct Event<'a> {
    id: EventId,
    #[serde(rename = "type")]
    kind: &'a str,
    external_id: &'a str,
    outcome: Outcome,
    detail: &'a str,
    received_at: DateTime<Utc>,
}

impl<'a> From<&'a Story> for WholeStory<'a> {
    fn from(story: &'a Story) -> Self {
        Self {
            row: ConversionRow::from(&story.row),
            commission_state: story.row.conversion.commission_state,
            computation: story.computation().into_iter().map(Line::from).collect(),
            trail: &story.row.conversion.trail,
            click: story.click.as_ref().map(Click::from),
            refunds: story.backs.iter().map(Refund::from).collect(),
            ledger: story.ledger.iter().map(Entry::from).collect(),
            audit: story.audit.iter().map(Audit::from).collect(),
            flags: story.flags.iter().map(FlagRow::from).collect(),
            events: story.events.iter().map(Event::from).collect(),
        }
    }
}

impl From<Step> for Line {
    fn from(step: Step) -> Self {
        Self {
            kind: step.kind,
            text: step.text,
            amount_cents: step.amount.map(|amount| amount.minor),
            currency: step.amount.map(|amount| amount.currency.code()),
        }
    }
}

impl<'a> From<&'a ClickLine> for Click<'a> {
    fn from(line: &'a ClickLine) -> Self {
        Self {
            id: line.id,
            page_url: line.page_url.as_deref(),
            referrer: line.referrer.as_deref(),
            clicked_at: line.clicked_at,
        }
    }
}

impl<'a> From<&'a BackLine> for Refund<'a> {
    fn from(line: &'a BackLine) -> Self {
        Self {
            id: &line.external_id,
            // What a charge says was refunded is a refund too, and a warning of a dispute one.
            kind: match line.kind {
                BackKind::Refund | BackKind::ChargeTotal => BackKind::Refund,
                BackKind::Dispute | BackKind::Warning => BackKind::Dispute,
                reversal => reversal,
            },
            amount_cents: line.amount.minor,
            currency: line.amount.currency.code(),
            status: line.status,
            counted: line.is_counted,
            reason: line.reason.as_deref(),
            created_at: line.occurred_at,
            updated_at: line.told_at,
        }
    }
}

impl<'a> From<&'a LedgerLine> for Entry<'a> {
    fn from(line: &'a LedgerLine) -> Self {
        Self {
            kind: line.kind,
            amount_cents: line.amount.minor,
            currency: line.amount.currency.code(),
            reason: &line.reason,
            payout_id: line.payout_id,
            created_at: line.created_at,
        }
    }
}

impl<'a> From<&'a AuditLine> for Audit<'a> {
    fn from(line: &'a AuditLine) -> Self {
        Self {
            created_at: line.created_at,
            actor: match &line.who {
                Who::Member(email) => Actor::Member { email },
                Who::Key(name) => Actor::Key { name },
                Who::Event(id) => Actor::Event { event_id: *id },
                Who::System => Actor::System,
            },
            action: &line.action,
            detail: &line.detail,
        }
    }
}

impl<'a> From<&'a EventLine> for Event<'a> {
    fn from(line: &'a EventLine) -> Self {
        Self {
            id: line.id,
            kind: &line.kind,
            external_id: &line.external_id,
            outcome: line.outcome,
            detail: &line.detail,
            received_at: line.received_at,
        }
    }
}

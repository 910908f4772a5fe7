//! Where facts enter: processor events and server-to-server calls become conversions.
//!
//! Everything that comes in goes through one group-commit writer. A batch is four steps: `load` (with
//! `history`) reads what the database knows about the batch, `decide` (with `credit`, `revise` and `tally`) lets
//! the domain's rules turn it into decisions one after the other, `write` (with `keep`) puts all of them down with
//! one statement per table, and the writer commits and tells the live streams.

mod batch;
mod carry_out;
mod clicks;
mod credit;
mod days;
mod decide;
mod flags;
mod history;
mod imported;
mod keep;
mod keys;
mod learn;
mod links;
mod load;
mod look_up;
mod money;
mod order;
mod paid;
mod paid_out;
mod replay;
mod revise;
mod rows;
mod settle;
mod share;
mod suspect;
mod tally;
mod tell;
mod transfer;
mod write;

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use domain::{
    affiliate::AffiliateStatus,
    attribution::TrailStep,
    conversion::ConversionType,
    event::Outcome,
    fact::{Fact, Payment, Signup},
    fraud::FlagRefusal,
    id::{CampaignId, ConversionId, EventId, OrganizationId},
    lifecycle::Refusal,
    money::MoneyError,
};
use thiserror::Error;

pub use self::look_up::{LookedUp, Unmatched};
pub use self::order::{Decision, MAX_DECIDED, ManualSale, Refunded, ServerRefund};
use self::replay::Replay;
pub(crate) use self::{
    batch::{Desk, imported_in, tried_in},
    clicks::HoursClicks,
    imported::ImportedSale,
    load::lock_in,
    paid_out::{PaidOut, paid_out_in},
};
use crate::{
    Store, StoreError,
    connection::Connection,
    flag::{FlagDecision, Flagging},
    sales::Row,
};

/// What a processor's event holds for us.
#[derive(Clone, Debug)]
pub enum Content {
    /// Facts to act on.
    Facts(Vec<Fact>),
    /// Nothing: why, in words.
    Ignored(String),
    /// A known type that could not be read: why, in words.
    Failed(String),
}

/// A verified event of a processor.
#[derive(Clone, Debug)]
pub struct IncomingEvent {
    /// Through which connection it came.
    pub connection: Arc<Connection>,
    /// The processor's id of it.
    pub external_id: String,
    /// The processor's name for its type.
    pub kind: String,
    /// When it happened at the processor.
    pub occurred_at: DateTime<Utc>,
    /// The body as received.
    pub payload: Bytes,
    /// What was read in it.
    pub content: Content,
}

/// What became of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventReceipt {
    /// Our id of it.
    pub event_id: EventId,
    /// Its outcome; that of the first delivery when it came again.
    pub outcome: Outcome,
    /// The conversion it made or met.
    pub conversion_id: Option<ConversionId>,
}

/// A sale told by the merchant's server.
#[derive(Clone, Debug)]
pub struct ServerSale {
    /// The payment.
    pub payment: Payment,
    /// The type, when the caller names it.
    pub kind: Option<ConversionType>,
    /// The campaign, when the caller names it.
    pub campaign_id: Option<CampaignId>,
}

/// A lead told by the merchant's server.
#[derive(Clone, Debug)]
pub struct ServerLead {
    /// The signup.
    pub signup: Signup,
    /// The campaign, when the caller names it.
    pub campaign_id: Option<CampaignId>,
}

/// A conversion, and whether this call made it.
#[derive(Clone, Debug)]
pub enum Recorded {
    /// This call made it.
    New(Box<Row>),
    /// It was there; nothing changed.
    Existing(Box<Row>),
}

/// Why something was not recorded.
#[derive(Debug, Error)]
pub enum IntakeError {
    /// No rule names an affiliate who may be credited; the trail says what was looked at.
    #[error("nobody to credit")]
    NobodyToCredit(Vec<TrailStep>),
    /// The plan does not cover this payment: why.
    #[error("no commission is due: {0}")]
    NotDue(String),
    /// There is no such conversion in the organization.
    #[error("there is no such sale")]
    NoConversion(ConversionId),
    /// A conversion can't take the step from where it stands.
    #[error("{refusal}")]
    Refused {
        /// Which one.
        conversion_id: ConversionId,
        /// Why.
        refusal: Refusal,
    },
    /// There is no such flag in the organization.
    #[error("there is no such flag")]
    NoFlag,
    /// A flag can't be resolved, or put on a sale: why.
    #[error(transparent)]
    Flag(#[from] FlagRefusal),
    /// The named affiliate is not the organization's.
    #[error("there is no such affiliate")]
    NoAffiliate,
    /// The named affiliate gets no new credit.
    #[error("this affiliate is {}: set the affiliate to active first", .0.as_str())]
    NotActive(AffiliateStatus),
    /// The named affiliate is not in the named campaign.
    #[error("the affiliate is not in this campaign")]
    NotEnrolled,
    /// The named campaign is not the organization's.
    #[error("there is no such campaign")]
    NoCampaign,
    /// It was paid longer ago than may be entered.
    #[error("this time is more than 400 days ago")]
    TooLongAgo,
    /// What is to be refunded is a lead.
    #[error("this is a lead: nothing was paid that could be refunded")]
    NothingPaid,
    /// The commission does not fit.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// Too much is waiting to be written, or the database is away: try again shortly.
    #[error("the ledger can't keep up right now")]
    Unavailable,
    /// Below.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for IntakeError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// One thing to write.
#[derive(Clone, Debug)]
pub(crate) enum Item {
    Event(IncomingEvent),
    Sale(ServerSale),
    Lead(ServerLead),
    Refund(ServerRefund),
    Manual(ManualSale),
    Imported(ImportedSale),
    Decide(Decision),
    HoldPassed(Vec<ConversionId>),
    Flag(Flagging),
    Resolve(FlagDecision),
    /// The rates of these may have come.
    Price(Vec<ConversionId>),
    Replay(Replay),
    LookedUp(LookedUp),
    Clicks(HoursClicks),
}

impl Item {
    /// The event it is, come in now or before.
    fn event(&self) -> Option<&IncomingEvent> {
        match self {
            Self::Event(event) | Self::Replay(Replay { event, .. }) => Some(event),
            _ => None,
        }
    }

    /// The same event as one that could not be taken in, and why.
    fn failed(&self, why: String) -> Self {
        let mut failed = self.clone();
        if let Self::Event(event) | Self::Replay(Replay { event, .. }) = &mut failed {
            event.content = Content::Failed(why);
        }
        failed
    }
}

/// What its sender is told.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Event(EventReceipt),
    Conversion(Recorded),
    Refunded(Refunded),
    Decided(Vec<Row>),
}

impl Store {
    /// Stores a processor's event and acts on it, both or neither; the same event again changes nothing.
    pub async fn receive_event(&self, event: IncomingEvent) -> Result<EventReceipt, IntakeError> {
        let organization_id = event.connection.organization_id;
        match self
            .writer
            .submit(organization_id, Item::Event(event))
            .await?
        {
            Answer::Event(receipt) => Ok(receipt),
            _ => Err(IntakeError::Unavailable),
        }
    }

    /// Records a sale told by the merchant's server; the same external id again is the first sale.
    pub async fn record_sale(
        &self,
        organization_id: OrganizationId,
        sale: ServerSale,
    ) -> Result<Recorded, IntakeError> {
        self.record(organization_id, Item::Sale(sale)).await
    }

    /// Records a lead told by the merchant's server; one per customer and campaign.
    pub async fn record_lead(
        &self,
        organization_id: OrganizationId,
        lead: ServerLead,
    ) -> Result<Recorded, IntakeError> {
        self.record(organization_id, Item::Lead(lead)).await
    }

    async fn record(
        &self,
        organization_id: OrganizationId,
        item: Item,
    ) -> Result<Recorded, IntakeError> {
        match self.writer.submit(organization_id, item).await? {
            Answer::Conversion(recorded) => Ok(recorded),
            _ => Err(IntakeError::Unavailable),
        }
    }
}

//! One item after the other: the domain's rules decide, later items see what earlier ones did.
//!
//! Nothing here touches the database; a [`Clerk`] works on what was loaded and leaves [`Writes`].

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::{
    attribution::TrailStep,
    connection::Processor,
    conversion::{Conversion, ConversionType},
    event::Outcome,
    fact::{Clue, Fact, Payment, PromotionCodeSeen, Subject},
    id::{CampaignId, ConnectionId, ConversionId, EventId},
    transfer::TransferSeen,
};

use super::{
    Answer, Content, EventReceipt, IncomingEvent, IntakeError, Item, Recorded, ServerLead,
    ServerSale,
    flags::FlagWrites,
    imported::Before,
    load::{Known, KnownCustomer, Waiting},
    paid::{PaidDay, PaidKey},
    replay::Replayed,
    rows::RowWrites,
    tally::{Tally, reason},
};
use crate::{Random, audit::Actor, refund::HeldBack, sales::Row};

/// Everything a batch leaves to be written.
#[derive(Default)]
pub(super) struct Writes {
    pub(super) events: Vec<EventLine>,
    /// Stored events that were taken in again.
    pub(super) replays: BTreeMap<EventId, Replayed>,
    pub(super) rows: RowWrites,
    pub(super) customers: BTreeMap<String, KnownCustomer>,
    /// Those of them whose e-mail was not known before: what they bought may lack it.
    pub(super) named: BTreeSet<String>,
    pub(super) clues: Vec<(Subject, Clue, DateTime<Utc>)>,
    pub(super) promotion_codes: BTreeMap<String, PromotionCodeSeen>,
    /// New or repeated payments without credit, by external id.
    pub(super) waiting: BTreeMap<String, (Waiting, String)>,
    /// Payments that wait no longer.
    pub(super) credited: Vec<String>,
    /// Stored events whose payment this batch found to be somebody's, or nobody's for good.
    pub(super) settled: Vec<Settled>,
    /// Refunds and disputes to keep, by their ids.
    pub(super) backs: BTreeSet<String>,
    /// What they are now.
    pub(super) kept_backs: Vec<HeldBack>,
    /// Ids that name one payment, pair by pair.
    pub(super) links: BTreeSet<(String, String)>,
    /// Which payments may be of which invoices.
    pub(super) references: BTreeSet<(String, String)>,
    /// Suspicions, and what became of them.
    pub(super) flags: FlagWrites,
    /// When subscriptions ended.
    pub(super) ends: BTreeMap<String, DateTime<Utc>>,
    /// How many clicks and leads came and were paid for.
    pub(super) paid: Vec<(PaidKey, PaidDay)>,
    /// Transfers that say something new of their payouts, and who told of them.
    pub(super) transfers: Vec<(TransferSeen, Actor)>,
}

impl Writes {
    /// Is there nothing to put down?
    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty()
            && self.replays.is_empty()
            && self.rows.is_empty()
            && self.customers.is_empty()
            && self.clues.is_empty()
            && self.promotion_codes.is_empty()
            && self.waiting.is_empty()
            && self.credited.is_empty()
            && self.settled.is_empty()
            && self.backs.is_empty()
            && self.links.is_empty()
            && self.references.is_empty()
            && self.flags.is_empty()
            && self.ends.is_empty()
            && self.paid.is_empty()
            && self.transfers.is_empty()
    }

    /// An event that waited says what came of it.
    pub(super) fn settle(
        &mut self,
        event_id: EventId,
        outcome: Outcome,
        detail: &str,
        conversion_id: Option<ConversionId>,
    ) {
        self.settled.push(Settled {
            event_id,
            outcome,
            detail: detail.to_owned(),
            conversion_id,
        });
    }
}

/// An event with its outcome.
pub(super) struct EventLine {
    pub(super) event: IncomingEvent,
    pub(super) receipt: EventReceipt,
    pub(super) detail: String,
}

/// What came of an event whose payment had waited.
pub(super) struct Settled {
    pub(super) event_id: EventId,
    pub(super) outcome: Outcome,
    pub(super) detail: String,
    pub(super) conversion_id: Option<ConversionId>,
}

/// Where a payment came from.
#[derive(Clone, Copy, Default)]
pub(super) struct Origin {
    pub(super) processor: Option<Processor>,
    pub(super) connection_id: Option<ConnectionId>,
    pub(super) connection_campaign: Option<CampaignId>,
    pub(super) named_campaign: Option<CampaignId>,
    pub(super) named_kind: Option<ConversionType>,
    /// Who entered it by hand, or the event that brought it or its affiliate.
    pub(super) told_by: Option<Actor>,
    /// What had become of it elsewhere.
    pub(super) before: Before,
}

impl Origin {
    /// Of what a processor's event brings.
    fn of(event: &IncomingEvent, event_id: EventId) -> Self {
        Self {
            processor: Some(event.connection.processor),
            connection_id: Some(event.connection.id),
            connection_campaign: event.connection.campaign_id,
            told_by: Some(Actor::Event(event_id)),
            ..Self::default()
        }
    }

    /// Who changes what has to change because of it.
    pub(super) fn actor(&self) -> Actor {
        self.told_by.unwrap_or(Actor::System)
    }
}

/// What became of a payment or signup.
pub(super) enum Done {
    New(Box<Conversion>),
    Existing(Box<Conversion>),
    NotDue(String),
    /// Nobody yet: what comes later may tell.
    Nobody(Vec<TrailStep>),
    /// Nobody, whatever comes: it belongs to an affiliate who gets no new credit.
    Barred(Vec<TrailStep>),
}

/// Works through a batch.
pub(super) struct Clerk<'a> {
    pub(super) known: Known,
    pub(super) writes: Writes,
    pub(super) random: &'a Random,
    pub(super) now: DateTime<Utc>,
}

impl<'a> Clerk<'a> {
    pub(super) fn new(known: Known, random: &'a Random, now: DateTime<Utc>) -> Self {
        Self {
            known,
            writes: Writes::default(),
            random,
            now,
        }
    }

    pub(super) fn finish(self) -> Writes {
        let mut held = self.known.backs.held;
        let ids = self.writes.backs.iter();
        Writes {
            kept_backs: ids.filter_map(|id| held.remove(id)).collect(),
            rows: self.known.rows.into_writes(),
            paid: self.known.paid.into_writes(),
            ..self.writes
        }
    }

    /// Handles one item.
    pub(super) fn take(&mut self, item: &Item) -> Result<Answer, IntakeError> {
        match item {
            Item::Event(event) => Ok(Answer::Event(self.event(event))),
            Item::Replay(replay) => self.replay(replay).map(Answer::Event),
            Item::Sale(sale) => self.sale(sale).map(Answer::Conversion),
            Item::Lead(lead) => self.lead(lead).map(Answer::Conversion),
            Item::Refund(refund) => self.server_refund(refund).map(Answer::Refunded),
            Item::Manual(sale) => self.manual(sale).map(Answer::Conversion),
            Item::Imported(sale) => self.imported(sale).map(Answer::Conversion),
            Item::Decide(decision) => self.decision(decision).map(Answer::Decided),
            Item::HoldPassed(ids) => {
                self.hold_passed(ids);
                Ok(Answer::Decided(Vec::new()))
            }
            Item::Price(ids) => {
                self.price(ids);
                Ok(Answer::Decided(Vec::new()))
            }
            Item::Flag(flagging) => self.flag_by_hand(flagging).map(Answer::Decided),
            Item::Resolve(decision) => self.resolve(decision).map(Answer::Decided),
            Item::Clicks(clicks) => {
                self.clicks(clicks)?;
                Ok(Answer::Decided(Vec::new()))
            }
            Item::LookedUp(found) => {
                self.tie(&found.ids, Actor::System, &found.why);
                Ok(Answer::Decided(Vec::new()))
            }
        }
    }

    fn sale(&mut self, sale: &ServerSale) -> Result<Recorded, IntakeError> {
        self.check_campaign(sale.campaign_id)?;
        let origin = Origin {
            named_campaign: sale.campaign_id,
            named_kind: sale.kind,
            ..Origin::default()
        };
        let done = self.payment(&sale.payment, origin)?;
        if matches!(done, Done::New(_)) {
            self.revisit(None);
        }
        self.answer(done)
    }

    fn lead(&mut self, lead: &ServerLead) -> Result<Recorded, IntakeError> {
        self.check_campaign(lead.campaign_id)?;
        let origin = Origin {
            named_campaign: lead.campaign_id,
            ..Origin::default()
        };
        let done = self.signup(&lead.signup, origin);
        if matches!(done, Done::New(_)) {
            self.revisit(None);
        }
        self.answer(done)
    }

    pub(super) fn answer(&self, done: Done) -> Result<Recorded, IntakeError> {
        match done {
            Done::New(conversion) => Ok(Recorded::New(Box::new(self.row(*conversion)))),
            Done::Existing(conversion) => Ok(Recorded::Existing(Box::new(self.row(*conversion)))),
            Done::NotDue(reason) => Err(IntakeError::NotDue(reason)),
            Done::Nobody(trail) | Done::Barred(trail) => Err(IntakeError::NobodyToCredit(trail)),
        }
    }

    pub(super) fn row(&self, conversion: Conversion) -> Row {
        Row::new(conversion, &self.known.names)
    }

    pub(super) fn check_campaign(&self, named: Option<CampaignId>) -> Result<(), IntakeError> {
        match named {
            Some(id) if !self.known.book.campaigns.contains_key(&id) => {
                Err(IntakeError::NoCampaign)
            }
            _ => Ok(()),
        }
    }

    fn event(&mut self, event: &IncomingEvent) -> EventReceipt {
        let key = (event.connection.id, event.external_id.clone());
        if let Some(receipt) = self.known.events.get(&key) {
            return receipt.clone();
        }
        let event_id = EventId(self.random.uuid_v7(self.now));
        let (outcome, detail, conversion_id) = self.outcome_of(event, event_id);
        let receipt = EventReceipt {
            event_id,
            outcome,
            conversion_id,
        };
        self.known.events.insert(key, receipt.clone());
        self.writes.events.push(EventLine {
            event: event.clone(),
            receipt: receipt.clone(),
            detail,
        });
        receipt
    }

    /// Takes an event's facts in; tells what came of them and why.
    pub(super) fn outcome_of(
        &mut self,
        event: &IncomingEvent,
        event_id: EventId,
    ) -> (Outcome, String, Option<ConversionId>) {
        let mut tally = Tally::default();
        match &event.content {
            Content::Ignored(why) => tally.add(Outcome::Ignored, why.clone(), None),
            Content::Failed(why) => tally.add(Outcome::Failed, why.clone(), None),
            Content::Facts(facts) => self.facts(event, event_id, facts, &mut tally),
        }
        tally.close()
    }

    /// What an event teaches comes first, so that its own payment can use it.
    fn facts(
        &mut self,
        event: &IncomingEvent,
        event_id: EventId,
        facts: &[Fact],
        tally: &mut Tally,
    ) {
        for fact in facts {
            match fact {
                Fact::Customer(seen) => self.customer(seen),
                Fact::PromotionCode(seen) => self.promotion_code(seen),
                Fact::Referral(referral) => self.referral(referral),
                _ => {}
            }
        }
        let origin = Origin::of(event, event_id);
        for fact in facts {
            match fact {
                Fact::Payment(payment) => self.event_payment(payment, event, event_id, tally),
                Fact::Signup(signup) => {
                    let done = self.signup(signup, origin);
                    tally.signup(done);
                }
                Fact::Back(back) => self.back(back, Some(event_id), tally),
                Fact::Linked { ids } => self.linked(ids, event_id, tally),
                Fact::Refers { id, to } => self.refers(id, to, event_id, tally),
                Fact::Ended(end) => self.ended(end, event_id, tally),
                Fact::Transfer(seen) => self.transfer(seen, event_id, tally),
                _ => {}
            }
        }
        for (external_id, conversion_id) in self.revisit(origin.told_by) {
            tally.add(
                Outcome::Recorded,
                format!("{external_id} found its affiliate"),
                Some(conversion_id),
            );
        }
    }

    fn event_payment(
        &mut self,
        payment: &Payment,
        event: &IncomingEvent,
        event_id: EventId,
        tally: &mut Tally,
    ) {
        let external_id = &payment.external_event_id;
        let origin = Origin::of(event, event_id);
        match self.payment(payment, origin) {
            Ok(Done::New(made)) => {
                tally.add(
                    Outcome::Recorded,
                    format!("recorded {external_id}"),
                    Some(made.id),
                );
            }
            Ok(Done::Existing(met)) => {
                tally.add(
                    Outcome::Deduped,
                    format!("{external_id} was recorded before"),
                    Some(met.id),
                );
            }
            Ok(Done::NotDue(why)) => {
                tally.add(Outcome::Stored, format!("{external_id}: {why}"), None);
            }
            Ok(Done::Nobody(trail)) => {
                let why = reason(&trail);
                let waiting = Waiting {
                    payment: payment.clone(),
                    connection_id: event.connection.id,
                    processor: event.connection.processor,
                    connection_campaign: event.connection.campaign_id,
                    event_ids: vec![event_id],
                };
                self.wait(waiting, why.clone());
                self.revise_later_than(payment, origin.actor());
                tally.add(Outcome::Unattributed, why, None);
            }
            Ok(Done::Barred(trail)) => tally.add(Outcome::Unattributed, reason(&trail), None),
            Err(error) => tally.add(Outcome::Failed, format!("{external_id}: {error}"), None),
        }
    }

    /// Keeps a payment until somebody can be credited, with every event that told of it.
    fn wait(&mut self, waiting: Waiting, why: String) {
        let id = waiting.payment.external_event_id.clone();
        let told_before = self.known.waiting.get(&id).is_some_and(|known| {
            let told = &known.event_ids;
            waiting.event_ids.iter().all(|event| told.contains(event))
        });
        if told_before {
            return;
        }
        match self.known.waiting.get_mut(&id) {
            Some(known) => known.event_ids.extend(&waiting.event_ids),
            None => drop(self.known.waiting.insert(id.clone(), waiting.clone())),
        }
        match self.writes.waiting.get_mut(&id) {
            Some((noted, _)) => noted.event_ids.extend(&waiting.event_ids),
            None => drop(self.writes.waiting.insert(id, (waiting, why))),
        }
    }

    /// Tries every waiting payment again, oldest first, until nothing moves: a credit can be the
    /// evidence for the next one. `told_by`: what brought the news.
    pub(super) fn revisit(&mut self, told_by: Option<Actor>) -> Vec<(String, ConversionId)> {
        let mut credited = Vec::new();
        loop {
            let mut waiting: Vec<Waiting> = self.known.waiting.values().cloned().collect();
            waiting.sort_by_cached_key(|waiting| waiting.payment.paid());
            let before = credited.len();
            for waiting in waiting {
                let id = waiting.payment.external_event_id.clone();
                let origin = Origin {
                    processor: Some(waiting.processor),
                    connection_id: Some(waiting.connection_id),
                    connection_campaign: waiting.connection_campaign,
                    told_by,
                    ..Origin::default()
                };
                match self.payment(&waiting.payment, origin) {
                    Ok(Done::New(made)) => credited.push((id, made.id)),
                    Ok(Done::Existing(met)) => {
                        self.forget_waiting(&id);
                        let detail = format!("{id} was recorded before");
                        self.settle(&waiting, Outcome::Deduped, &detail, Some(met.id));
                    }
                    Ok(Done::NotDue(why)) => {
                        self.settle(&waiting, Outcome::Stored, &format!("{id}: {why}"), None);
                    }
                    _ => {}
                }
            }
            if credited.len() == before {
                return credited;
            }
        }
    }

    /// Every event that told of a payment says what came of it.
    pub(super) fn settle(
        &mut self,
        waiting: &Waiting,
        outcome: Outcome,
        detail: &str,
        conversion_id: Option<ConversionId>,
    ) {
        for event_id in &waiting.event_ids {
            self.writes
                .settle(*event_id, outcome, detail, conversion_id);
        }
    }
}

//! One item after the other: the domain's rules decide, later items see what earlier ones did.
//!
//! Nothing here touches the database; a [`Clerk`] works on what was loaded and leaves [`Writes`].

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::{
    attribution::{CUSTOMER_REACH_BACK, Case, Credit, PastCredit, TrailStep, decide},
    commission::{Duration, Earned, Plan, Position, Rate},
    connection::Processor,
    conversion::{CommissionState, Conversion, ConversionType, Source},
    event::Outcome,
    fact::{Clue, CustomerSeen, Fact, Payment, PromotionCodeSeen, Referral, Signup, Subject, SubjectKind},
    id::{CampaignId, ConnectionId, ConversionId, EventId},
    lifecycle::{first_status, hold_until},
    money::Money,
};

use super::{
    Answer, Content, EventReceipt, IncomingEvent, IntakeError, Item, Recorded, ServerLead, ServerSale,
    load::{Known, KnownCustomer, Payer, Waiting, email_key, payers, remember, subjects_of, what},
};
use crate::{Random, sales::Row};

/// Everything a batch leaves to be written.
#[derive(Default)]
pub(super) struct Writes {
    pub(super) events: Vec<EventLine>,
    pub(super) conversions: Vec<Conversion>,
    pub(super) customers: BTreeMap<String, KnownCustomer>,
    pub(super) clues: Vec<(Subject, Clue, DateTime<Utc>)>,
    pub(super) promotion_codes: BTreeMap<String, PromotionCodeSeen>,
    /// New or repeated payments without credit, by external id.
    pub(super) waiting: BTreeMap<String, (Waiting, String)>,
    /// Payments that wait no longer.
    pub(super) credited: Vec<String>,
    /// Stored events whose payment was credited later, by this batch.
    pub(super) settled: Vec<(EventId, ConversionId)>,
}

/// An event with its outcome.
pub(super) struct EventLine {
    pub(super) event: IncomingEvent,
    pub(super) receipt: EventReceipt,
    pub(super) detail: String,
}

/// Where a payment came from.
#[derive(Clone, Copy, Default)]
struct Origin {
    processor: Option<Processor>,
    connection_id: Option<ConnectionId>,
    connection_campaign: Option<CampaignId>,
    named_campaign: Option<CampaignId>,
    named_kind: Option<ConversionType>,
}

/// What became of a payment or signup.
enum Done {
    New(Box<Conversion>),
    Existing(Box<Conversion>),
    NotDue(String),
    Nobody(Vec<TrailStep>),
}

/// Works through a batch.
pub(super) struct Clerk<'a> {
    known: Known,
    writes: Writes,
    random: &'a Random,
    now: DateTime<Utc>,
}

impl<'a> Clerk<'a> {
    pub(super) fn new(known: Known, random: &'a Random, now: DateTime<Utc>) -> Self {
        Self { known, writes: Writes::default(), random, now }
    }

    pub(super) fn finish(self) -> Writes {
        self.writes
    }

    /// Handles one item.
    pub(super) fn take(&mut self, item: &Item) -> Result<Answer, IntakeError> {
        match item {
            Item::Event(event) => Ok(Answer::Event(self.event(event))),
            Item::Sale(sale) => self.sale(sale).map(Answer::Conversion),
            Item::Lead(lead) => self.lead(lead).map(Answer::Conversion),
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
        self.answer(done)
    }

    fn lead(&mut self, lead: &ServerLead) -> Result<Recorded, IntakeError> {
        self.check_campaign(lead.campaign_id)?;
        let origin = Origin { named_campaign: lead.campaign_id, ..Origin::default() };
        let done = self.signup(&lead.signup, origin)?;
        if matches!(done, Done::New(_)) {
            self.revisit();
        }
        self.answer(done)
    }

    fn answer(&self, done: Done) -> Result<Recorded, IntakeError> {
        match done {
            Done::New(conversion) => Ok(Recorded::New(Box::new(self.row(*conversion)))),
            Done::Existing(conversion) => Ok(Recorded::Existing(Box::new(self.row(*conversion)))),
            Done::NotDue(reason) => Err(IntakeError::NotDue(reason)),
            Done::Nobody(trail) => Err(IntakeError::NobodyToCredit(trail)),
        }
    }

    fn row(&self, conversion: Conversion) -> Row {
        Row::new(conversion, &self.known.names)
    }

    fn check_campaign(&self, named: Option<CampaignId>) -> Result<(), IntakeError> {
        match named {
            Some(id) if !self.known.book.campaigns.contains_key(&id) => Err(IntakeError::NoCampaign),
            _ => Ok(()),
        }
    }

    fn event(&mut self, event: &IncomingEvent) -> EventReceipt {
        let key = (event.connection.id, event.external_id.clone());
        if let Some(receipt) = self.known.events.get(&key) {
            return receipt.clone();
        }
        let event_id = EventId(self.random.uuid_v7(self.now));
        let mut tally = Tally::default();
        match &event.content {
            Content::Ignored(why) => tally.add(Outcome::Ignored, why.clone(), None),
            Content::Failed(why) => tally.add(Outcome::Failed, why.clone(), None),
            Content::Facts(facts) => self.facts(event, event_id, facts, &mut tally),
        }
        let (outcome, detail, conversion_id) = tally.close();
        let receipt = EventReceipt { event_id, outcome, conversion_id };
        self.known.events.insert(key, receipt.clone());
        self.writes.events.push(EventLine { event: event.clone(), receipt: receipt.clone(), detail });
        receipt
    }

    /// What an event teaches comes first, so that its own payment can use it.
    fn facts(&mut self, event: &IncomingEvent, event_id: EventId, facts: &[Fact], tally: &mut Tally) {
        for fact in facts {
            match fact {
                Fact::Customer(seen) => self.customer(seen),
                Fact::PromotionCode(seen) => self.promotion_code(seen),
                Fact::Referral(referral) => self.referral(referral),
                Fact::Payment(_) | Fact::Signup(_) => {}
            }
        }
        let origin = Origin {
            processor: Some(event.connection.processor),
            connection_id: Some(event.connection.id),
            connection_campaign: event.connection.campaign_id,
            ..Origin::default()
        };
        for fact in facts {
            match fact {
                Fact::Payment(payment) => self.event_payment(payment, origin, event_id, tally),
                Fact::Signup(signup) => {
                    let done = self.signup(signup, origin);
                    tally.signup(done);
                }
                _ => {}
            }
        }
        for (external_id, conversion_id) in self.revisit() {
            tally.add(Outcome::Recorded, format!("{external_id} found its affiliate"), Some(conversion_id));
        }
    }

    fn event_payment(&mut self, payment: &Payment, origin: Origin, event_id: EventId, tally: &mut Tally) {
        let external_id = &payment.external_event_id;
        match self.payment(payment, origin) {
            Ok(Done::New(made)) => {
                tally.add(Outcome::Recorded, format!("recorded {external_id}"), Some(made.id));
            }
            Ok(Done::Existing(met)) => {
                tally.add(Outcome::Deduped, format!("{external_id} was recorded before"), Some(met.id));
            }
            Ok(Done::NotDue(why)) => tally.add(Outcome::Stored, format!("{external_id}: {why}"), None),
            Ok(Done::Nobody(trail)) => {
                let why = reason(&trail);
                let connection_id = origin.connection_id.unwrap_or(ConnectionId(event_id.0));
                let waiting = Waiting { payment: payment.clone(), connection_id, event_id };
                self.wait(waiting, why.clone());
                tally.add(Outcome::Unattributed, why, None);
            }
            Err(error) => tally.add(Outcome::Failed, format!("{external_id}: {error}"), None),
        }
    }

    fn wait(&mut self, waiting: Waiting, why: String) {
        let id = waiting.payment.external_event_id.clone();
        self.known.waiting.entry(id.clone()).or_insert_with(|| waiting.clone());
        self.writes.waiting.entry(id).or_insert((waiting, why));
    }

    fn customer(&mut self, seen: &CustomerSeen) {
        let known = self.known.customers.get(&seen.external_id);
        if known.is_some_and(|known| known.described_at > seen.occurred_at) {
            return;
        }
        let customer = KnownCustomer {
            email: email_key(seen.email.as_deref()).or_else(|| known.and_then(|known| known.email.clone())),
            name: seen.name.clone().or_else(|| known.and_then(|known| known.name.clone())),
            described_at: seen.occurred_at,
        };
        self.known.customers.insert(seen.external_id.clone(), customer.clone());
        self.writes.customers.insert(seen.external_id.clone(), customer);
    }

    fn promotion_code(&mut self, seen: &PromotionCodeSeen) {
        self.known
            .book
            .promotion_codes
            .insert(seen.external_id.clone(), seen.code.clone());
        self.writes
            .promotion_codes
            .insert(seen.external_id.clone(), seen.clone());
    }

    fn referral(&mut self, referral: &Referral) {
        for subject in &referral.subjects {
            let kept = self.known.clues.entry(subject.clone()).or_default();
            for clue in &referral.clues {
                if kept.iter().any(|(known, _)| known.kind == clue.kind && known.value == clue.value) {
                    continue;
                }
                kept.push((clue.clone(), referral.occurred_at));
                self.writes.clues.push((subject.clone(), clue.clone(), referral.occurred_at));
            }
        }
    }

    /// Tries every waiting payment again, oldest first, until nothing moves: a credit can be the
    /// evidence for the next one.
    fn revisit(&mut self) -> Vec<(String, ConversionId)> {
        let mut credited = Vec::new();
        loop {
            let mut waiting: Vec<Waiting> = self.known.waiting.values().cloned().collect();
            waiting.sort_by_key(|waiting| waiting.payment.paid_at);
            let before = credited.len();
            for waiting in waiting {
                let id = waiting.payment.external_event_id.clone();
                let origin = Origin {
                    processor: Some(Processor::Stripe),
                    connection_id: Some(waiting.connection_id),
                    ..Origin::default()
                };
                if let Ok(Done::New(made)) = self.payment(&waiting.payment, origin) {
                    self.writes.settled.push((waiting.event_id, made.id));
                    credited.push((id, made.id));
                }
            }
            if credited.len() == before {
                return credited;
            }
        }
    }

    /// Decides about a payment and, when somebody earned it, records it.
    fn payment(&mut self, payment: &Payment, origin: Origin) -> Result<Done, IntakeError> {
        if let Some(known) = self.known.by_external_id.get(&payment.external_event_id) {
            return Ok(Done::Existing(Box::new(known.clone())));
        }
        let email = self.email(&payment.ids.customer, payment.email.as_deref());
        let case = self.case(payment, email.clone(), origin);
        let decision = decide(&case, &self.known.book);
        let Some(credit) = decision.credit else {
            return Ok(Done::Nobody(decision.trail));
        };
        let position = Position {
            paid_at: payment.paid_at,
            first_paid_at: self.first_paid(payment, email.as_deref(), credit.campaign_id),
        };
        let Some((plan, terms)) = self.terms(&credit) else {
            return Ok(Done::Nobody(decision.trail));
        };
        let base = Money::new(payment.base_minor, payment.amount.currency);
        let earned = match plan.earned(base, terms.currency, position)? {
            Earned::Nothing(reason) => {
                self.forget_waiting(&payment.external_event_id);
                return Ok(Done::NotDue(reason));
            }
            other => other,
        };
        let kind = origin.named_kind.unwrap_or_else(|| self.kind_of(payment));
        let draft = Draft { kind, credit, plan, earned, trail: decision.trail, email };
        Ok(self.record(payment, origin, draft, terms.hold_days, terms.currency))
    }

    /// A later payment on a subscription is Recurring; "later" is by the time it was paid.
    fn kind_of(&self, payment: &Payment) -> ConversionType {
        let Some(subscription) = &payment.ids.subscription else {
            return ConversionType::Sale;
        };
        let payer = Payer::Subscription(subscription.clone());
        let credited = self.known.credits.get(&payer).and_then(|credits| credits.first());
        let waiting = self.known.waiting.values().map(|waiting| &waiting.payment);
        let earlier = waiting
            .filter(|other| other.ids.subscription.as_ref() == Some(subscription))
            .filter(|other| other.external_event_id != payment.external_event_id)
            .map(|other| other.paid_at)
            .chain(credited.map(|credit| credit.occurred_at))
            .any(|paid_at| paid_at < payment.paid_at);
        if earlier { ConversionType::Recurring } else { ConversionType::Sale }
    }

    fn case(&self, payment: &Payment, email: Option<String>, origin: Origin) -> Case {
        let owner = payment.ids.subscription.clone().and_then(|subscription| {
            let credits = self.known.credits.get(&Payer::Subscription(subscription.clone()))?;
            Some((subscription, credits.first()?.clone()))
        });
        Case {
            occurred_at: payment.paid_at,
            owner,
            clues: self.clues(&payment.clues, &subjects_of(&payment.ids), payment.paid_at),
            by_customer: self.credit_of(payment.ids.customer.clone().map(Payer::Customer), payment.paid_at),
            by_email: self.credit_of(email.map(Payer::Email), payment.paid_at),
            named_campaign: origin.named_campaign,
            connection_campaign: origin.connection_campaign,
            server: origin.processor.is_none(),
        }
    }

    /// The payment's own clues, then those kept for what it belongs to. A clue about the customer
    /// does not claim what was bought long before it came.
    fn clues(&self, own: &[Clue], subjects: &[Subject], paid_at: DateTime<Utc>) -> Vec<Clue> {
        let mut clues = own.to_vec();
        for subject in subjects {
            let in_time = |at: DateTime<Utc>| subject.kind != SubjectKind::Customer || at <= paid_at + CUSTOMER_REACH_BACK;
            let kept = self.known.clues.get(subject).into_iter().flatten();
            for (clue, at) in kept {
                if in_time(*at) && !clues.iter().any(|known| known.kind == clue.kind && known.value == clue.value) {
                    clues.push(clue.clone());
                }
            }
        }
        clues
    }

    /// The newest credit of a payer that is not from after the payment.
    fn credit_of(&self, payer: Option<Payer>, paid_at: DateTime<Utc>) -> Option<PastCredit> {
        let credits = self.known.credits.get(&payer?)?;
        let in_time = |credit: &&PastCredit| credit.occurred_at <= paid_at + CUSTOMER_REACH_BACK;
        credits.iter().rev().find(in_time).cloned()
    }

    fn first_paid(&self, payment: &Payment, email: Option<&str>, campaign_id: CampaignId) -> Option<DateTime<Utc>> {
        let ids = &payment.ids;
        payers(ids.subscription.clone(), ids.customer.clone(), email.map(str::to_owned))
            .filter_map(|payer| self.known.first_paid.get(&(payer, campaign_id)).copied())
            .min()
    }

    fn email(&self, customer: &Option<String>, given: Option<&str>) -> Option<String> {
        let described = || self.known.customers.get(customer.as_ref()?)?.email.clone();
        email_key(given).or_else(described)
    }

    fn terms(&self, credit: &Credit) -> Option<(Plan, domain::campaign::Terms)> {
        let terms = self.known.book.campaigns.get(&credit.campaign_id)?.terms.clone();
        let affiliate = self.known.book.affiliates.get(&credit.affiliate_id)?;
        let own = affiliate.enrollment(credit.campaign_id).and_then(|enrollment| enrollment.plan);
        Some((own.unwrap_or(terms.plan), terms))
    }

    /// Decides about a signup; one lead per customer and campaign.
    fn signup(&mut self, signup: &Signup, origin: Origin) -> Result<Done, IntakeError> {
        let external_id = signup.external_event_id.as_ref();
        if let Some(known) = external_id.and_then(|id| self.known.by_external_id.get(id)) {
            return Ok(Done::Existing(Box::new(known.clone())));
        }
        let email = self.email(&signup.ids.customer, signup.email.as_deref());
        let server = origin.processor.is_none();
        let matched = |payer: Option<Payer>| self.credit_of(payer.filter(|_| server), signup.occurred_at);
        let case = Case {
            occurred_at: signup.occurred_at,
            owner: None,
            clues: self.clues(&signup.clues, &subjects_of(&signup.ids), signup.occurred_at),
            by_customer: matched(signup.ids.customer.clone().map(Payer::Customer)),
            by_email: matched(email.clone().map(Payer::Email)),
            named_campaign: origin.named_campaign,
            connection_campaign: origin.connection_campaign,
            server,
        };
        let decision = decide(&case, &self.known.book);
        let credited = decision.credit.and_then(|credit| Some((self.terms(&credit)?.1, credit)));
        let Some((terms, credit)) = credited else {
            return Ok(Done::Nobody(decision.trail));
        };
        if let Some(known) = self.known_lead(&credit, &signup.ids.customer, email.as_ref()) {
            return Ok(Done::Existing(Box::new(known)));
        }
        let plan = Plan { rate: Rate::Fixed(terms.lead_commission_minor), duration: Duration::OneTime };
        let earned = Earned::Ready(Money::new(terms.lead_commission_minor, terms.currency));
        let credit = Credit { source: Source::Lead, ..credit };
        let draft = Draft { kind: ConversionType::Lead, credit, plan, earned, trail: decision.trail, email };
        let payment = Payment {
            external_event_id: signup.external_event_id.clone().unwrap_or_default(),
            amount: Money::zero(terms.currency),
            base_minor: 0,
            paid_at: signup.occurred_at,
            ids: signup.ids.clone(),
            email: signup.email.clone(),
            name: signup.name.clone(),
            clues: Vec::new(),
            metadata: signup.metadata.clone(),
        };
        Ok(self.record(&payment, origin, draft, terms.hold_days, terms.currency))
    }

    fn known_lead(&self, credit: &Credit, customer: &Option<String>, email: Option<&String>) -> Option<Conversion> {
        let same = |lead: &&Conversion| {
            let by_id = customer.is_some() && lead.ids.customer == *customer;
            let by_email = email.is_some() && lead.customer_email.as_ref() == email;
            lead.campaign_id == credit.campaign_id && (by_id || by_email)
        };
        self.known.leads.iter().find(same).cloned()
    }

    fn record(
        &mut self,
        payment: &Payment,
        origin: Origin,
        draft: Draft,
        hold_days: u16,
        currency: domain::money::Currency,
    ) -> Done {
        let (commission, commission_state) = match draft.earned {
            Earned::Ready(commission) => (commission, CommissionState::Ready),
            _ => (Money::zero(currency), CommissionState::AwaitingRate),
        };
        let status = first_status(draft.kind, commission.minor);
        let external = Some(payment.external_event_id.clone()).filter(|id| !id.is_empty());
        let described = payment.ids.customer.as_ref().and_then(|id| self.known.customers.get(id));
        let conversion = Conversion {
            id: ConversionId(self.random.uuid_v7(self.now)),
            created_at: self.now,
            occurred_at: payment.paid_at,
            kind: draft.kind,
            source: draft.credit.source,
            status,
            affiliate_id: draft.credit.affiliate_id,
            campaign_id: draft.credit.campaign_id,
            coupon_code: draft.credit.coupon_code,
            amount: payment.amount,
            base_minor: payment.base_minor,
            refunded_minor: 0,
            commission,
            commission_state,
            plan: draft.plan,
            external_event_id: external,
            processor: origin.processor.unwrap_or(Processor::Server),
            connection_id: origin.connection_id,
            ids: payment.ids.clone(),
            customer_email: draft.email,
            customer_name: payment.name.clone().or_else(|| described.and_then(|known| known.name.clone())),
            hold_until: hold_until(payment.paid_at, hold_days),
            approved_at: (status == domain::lifecycle::Status::Approved).then_some(self.now),
            paid_at: None,
            refunded_at: None,
            parent_conversion_id: None,
            metadata: payment.metadata.clone(),
            trail: draft.trail,
        };
        self.keep(&conversion);
        Done::New(Box::new(conversion))
    }

    /// Makes a new conversion known to the items that follow.
    fn keep(&mut self, conversion: &Conversion) {
        let credit = PastCredit {
            conversion_id: conversion.id,
            affiliate_id: conversion.affiliate_id,
            campaign_id: conversion.campaign_id,
            occurred_at: conversion.occurred_at,
            what: what(conversion.kind, conversion.external_event_id.as_deref()),
        };
        let ids = &conversion.ids;
        let email = conversion.customer_email.clone();
        for payer in payers(ids.subscription.clone(), ids.customer.clone(), email) {
            let known = &mut self.known;
            remember(&mut known.credits, &mut known.first_paid, payer, conversion.kind, &credit);
        }
        if let Some(id) = &conversion.external_event_id {
            self.forget_waiting(id);
            self.known.by_external_id.insert(id.clone(), conversion.clone());
        }
        if conversion.kind == ConversionType::Lead {
            self.known.leads.push(conversion.clone());
        }
        self.writes.conversions.push(conversion.clone());
    }

    fn forget_waiting(&mut self, external_id: &str) {
        if self.known.waiting.remove(external_id).is_some() {
            self.writes.waiting.remove(external_id);
            self.writes.credited.push(external_id.to_owned());
        }
    }
}

/// A conversion in the making.
struct Draft {
    kind: ConversionType,
    credit: Credit,
    plan: Plan,
    earned: Earned,
    trail: Vec<TrailStep>,
    email: Option<String>,
}

/// Why nobody is credited, in one line.
fn reason(trail: &[TrailStep]) -> String {
    if trail.is_empty() {
        return "nothing on the payment names an affiliate, and the customer is not known".to_owned();
    }
    trail.iter().map(|step| step.text.as_str()).collect::<Vec<_>>().join("; ")
}

/// The outcome of an event is that of its weightiest fact.
#[derive(Default)]
struct Tally {
    lines: Vec<(Outcome, String, Option<ConversionId>)>,
}

impl Tally {
    fn add(&mut self, outcome: Outcome, detail: String, conversion_id: Option<ConversionId>) {
        self.lines.push((outcome, detail, conversion_id));
    }

    /// A signup that nobody is credited for is the normal case and not worth a word.
    fn signup(&mut self, done: Result<Done, IntakeError>) {
        match done {
            Ok(Done::New(lead)) => self.add(Outcome::Recorded, "recorded a lead".to_owned(), Some(lead.id)),
            Ok(Done::Existing(lead)) => {
                self.add(Outcome::Deduped, "the lead was recorded before".to_owned(), Some(lead.id));
            }
            Ok(_) => {}
            Err(error) => self.add(Outcome::Failed, error.to_string(), None),
        }
    }

    fn close(self) -> (Outcome, String, Option<ConversionId>) {
        let weight = |outcome: Outcome| match outcome {
            Outcome::Failed => 0,
            Outcome::Recorded => 1,
            Outcome::Unattributed => 2,
            Outcome::Deduped => 3,
            Outcome::Parked => 4,
            Outcome::Ignored => 5,
            Outcome::Stored => 6,
        };
        let first = self.lines.into_iter().min_by_key(|(outcome, ..)| weight(*outcome));
        first.unwrap_or((Outcome::Stored, "kept what it says for payments to come".to_owned(), None))
    }
}

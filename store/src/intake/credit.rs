//! Who earned a payment or signup, how much, and the conversion that results.

use chrono::{DateTime, Utc};
use domain::{
    attribution::{CUSTOMER_REACH_BACK, Case, Credit, PastCredit, TrailStep, decide},
    campaign::Terms,
    commission::{Duration, Earned, Paid, Plan, Position, Rate},
    connection::Processor,
    conversion::{CommissionState, Conversion, ConversionType, ProcessorIds, Source},
    event::Outcome,
    exchange::ExchangeRate,
    fact::{Clue, Payment, Signup, Subject, SubjectKind},
    id::{CampaignId, ConversionId},
    lifecycle::{Status, first_status, hold_until},
    money::{Currency, Money},
};

use crate::audit::Actor;

use super::{
    IntakeError,
    decide::{Clerk, Done, Origin},
    history::{Payer, payers, remember, what},
    keys::{email_key, subjects_of},
    links::{of_conversion, of_payment, pairs},
    load::Waiting,
    rows::PAID_BEFORE,
};

/// A conversion in the making.
pub(super) struct Draft {
    pub(super) kind: ConversionType,
    pub(super) credit: Credit,
    pub(super) plan: Plan,
    pub(super) exchange: Option<ExchangeRate>,
    pub(super) earned: Earned,
    pub(super) trail: Vec<TrailStep>,
    pub(super) email: Option<String>,
}

impl Clerk<'_> {
    /// Decides about a payment and, when somebody earned it, records it.
    pub(super) fn payment(
        &mut self,
        payment: &Payment,
        origin: Origin,
    ) -> Result<Done, IntakeError> {
        let ids = of_payment(payment);
        self.known.backs.links.join(&ids);
        self.writes.links.extend(pairs(&ids));
        let external_id = &payment.external_event_id;
        let known = self.known.rows.of_external_id(external_id);
        if let Some(known) = known.or_else(|| self.sale_of(external_id)).cloned() {
            // It may name an id by which a refund finds it.
            let why = "which payment it is of became known";
            let now = self.settle_sale(external_id, origin.actor(), why);
            return Ok(Done::Existing(Box::new(now.unwrap_or(known))));
        }
        let email = self.email(payment.ids.customer.as_ref(), payment.email.as_deref());
        let case = self.case(payment, email.clone(), origin);
        let decision = decide(&case, &self.known.book);
        let Some(credit) = decision.credit else {
            return Ok(if case.owner.is_some() {
                Done::Barred(decision.trail)
            } else {
                Done::Nobody(decision.trail)
            });
        };
        let position = Position {
            paid: payment.paid(),
            first: self.first_paid(&payment.ids, email.as_deref(), credit.campaign_id),
        };
        let Some((plan, terms)) = self.terms(&credit) else {
            return Ok(Done::Nobody(decision.trail));
        };
        let base = Money::new(payment.base_minor, payment.amount.currency);
        let exchange = self.rate(base.currency, terms.currency, payment.paid_at);
        let earned = match plan.earned(base, terms.currency, exchange, position)? {
            Earned::Nothing(reason) => {
                self.forget_waiting(&payment.external_event_id);
                return Ok(Done::NotDue(reason));
            }
            other => other,
        };
        let kind = origin
            .named_kind
            .unwrap_or_else(|| self.kind_of(payment.ids.subscription.as_ref(), &payment.paid()));
        let draft = Draft {
            kind,
            credit,
            plan,
            exchange,
            earned,
            trail: decision.trail,
            email,
        };
        let done = self.record(payment, origin, draft, terms.hold_days, terms.currency);
        self.revise_later_than(payment, origin.actor());
        Ok(done)
    }

    /// A later payment on a subscription is Recurring; "later" is by the time it was paid.
    pub(super) fn kind_of(&self, subscription: Option<&String>, paid: &Paid) -> ConversionType {
        let Some(subscription) = subscription else {
            return ConversionType::Sale;
        };
        let payer = Payer::Subscription(subscription.clone());
        let firsts = self.known.first_paid.iter();
        let credited = firsts.filter(|((of, _), _)| *of == payer);
        let is_credited_before = credited.into_iter().any(|(_, first)| first < paid);
        let waiting = self.known.waiting.values().map(|waiting| &waiting.payment);
        let is_later_than = |other: &Payment| {
            other.ids.subscription.as_ref() == Some(subscription) && other.paid() < *paid
        };
        if is_credited_before || waiting.into_iter().any(is_later_than) {
            ConversionType::Recurring
        } else {
            ConversionType::Sale
        }
    }

    /// What one unit of a sale's currency was in a campaign's on the day of the sale; `None` for the same
    /// currency, and while it is not known.
    pub(super) fn rate(
        &self,
        from: Currency,
        to: Currency,
        paid_at: DateTime<Utc>,
    ) -> Option<ExchangeRate> {
        if from == to {
            return None;
        }
        self.known.rates.find(from, to, paid_at.date_naive())
    }

    fn case(&self, payment: &Payment, email: Option<String>, origin: Origin) -> Case {
        let owner = payment.ids.subscription.clone().and_then(|subscription| {
            let credits = self
                .known
                .credits
                .get(&Payer::Subscription(subscription.clone()))?;
            Some((subscription, credits.first()?.clone()))
        });
        Case {
            occurred_at: payment.paid_at,
            owner,
            clues: self.clues(&payment.clues, &subjects_of(&payment.ids), payment.paid_at),
            by_customer: self.credit_of(
                payment.ids.customer.clone().map(Payer::Customer),
                payment.paid_at,
            ),
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
            let in_time = |at: DateTime<Utc>| {
                subject.kind != SubjectKind::Customer || at <= paid_at + CUSTOMER_REACH_BACK
            };
            let kept = self.known.clues.get(subject).into_iter().flatten();
            for (clue, at) in kept {
                if in_time(*at)
                    && !clues
                        .iter()
                        .any(|known| known.kind == clue.kind && known.value == clue.value)
                {
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

    /// When this payer first paid in this campaign, as far as is known.
    pub(super) fn first_paid(
        &self,
        ids: &ProcessorIds,
        email: Option<&str>,
        campaign_id: CampaignId,
    ) -> Option<Paid> {
        payers(
            ids.subscription.clone(),
            ids.customer.clone(),
            email.map(str::to_owned),
        )
        .filter_map(|payer| self.known.first_paid.get(&(payer, campaign_id)).cloned())
        .min()
    }

    pub(super) fn email(&self, customer: Option<&String>, given: Option<&str>) -> Option<String> {
        let described = || self.known.customers.get(customer?)?.email.clone();
        email_key(given).or_else(described)
    }

    pub(super) fn terms(&self, credit: &Credit) -> Option<(Plan, Terms)> {
        let terms = self
            .known
            .book
            .campaigns
            .get(&credit.campaign_id)?
            .terms
            .clone();
        let affiliate = self.known.book.affiliates.get(&credit.affiliate_id)?;
        let own = affiliate
            .enrollment(credit.campaign_id)
            .and_then(|enrollment| enrollment.plan);
        Some((own.unwrap_or(terms.plan), terms))
    }

    /// Decides about a signup; one lead per customer and campaign.
    pub(super) fn signup(&mut self, signup: &Signup, origin: Origin) -> Done {
        let external_id = signup.external_event_id.as_ref();
        if let Some(known) = external_id.and_then(|id| self.known.rows.of_external_id(id)) {
            return Done::Existing(Box::new(known.clone()));
        }
        let email = self.email(signup.ids.customer.as_ref(), signup.email.as_deref());
        let server = origin.processor.is_none();
        let matched =
            |payer: Option<Payer>| self.credit_of(payer.filter(|_| server), signup.occurred_at);
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
        let credited = decision
            .credit
            .and_then(|credit| Some((self.terms(&credit)?.1, credit)));
        let Some((terms, credit)) = credited else {
            return Done::Nobody(decision.trail);
        };
        if let Some(known) = self.known_lead(&credit, signup.ids.customer.as_ref(), email.as_ref())
        {
            return Done::Existing(Box::new(known));
        }
        let (minor, capped) = self.lead_pay(signup, &credit, &terms);
        let plan = Plan {
            rate: Rate::Fixed(minor),
            duration: Duration::OneTime,
        };
        let earned = Earned::Ready(Money::new(minor, terms.currency));
        let credit = Credit {
            source: Source::Lead,
            ..credit
        };
        let draft = Draft {
            kind: ConversionType::Lead,
            credit,
            plan,
            exchange: None,
            earned,
            trail: decision.trail.into_iter().chain(capped).collect(),
            email,
        };
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
        self.record(&payment, origin, draft, terms.hold_days, terms.currency)
    }

    fn known_lead(
        &self,
        credit: &Credit,
        customer: Option<&String>,
        email: Option<&String>,
    ) -> Option<Conversion> {
        let same = |lead: &&Conversion| {
            let by_id = customer.is_some() && lead.ids.customer.as_ref() == customer;
            let by_email = email.is_some() && lead.customer_email.as_ref() == email;
            lead.campaign_id == credit.campaign_id && (by_id || by_email)
        };
        let mut leads = self
            .known
            .rows
            .iter()
            .filter(|row| row.kind == ConversionType::Lead);
        leads.find(same).cloned()
    }

    pub(super) fn record(
        &mut self,
        payment: &Payment,
        origin: Origin,
        draft: Draft,
        hold_days: u16,
        currency: Currency,
    ) -> Done {
        let (commission, commission_state) = match draft.earned {
            Earned::Ready(commission) => (commission, CommissionState::Ready),
            _ => (Money::zero(currency), CommissionState::AwaitingRate),
        };
        let status = first_status(draft.kind, commission.minor);
        let external = Some(payment.external_event_id.clone()).filter(|id| !id.is_empty());
        let described = payment
            .ids
            .customer
            .as_ref()
            .and_then(|id| self.known.customers.get(id));
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
            click_id: draft.credit.click_id,
            amount: payment.amount,
            base_minor: payment.base_minor,
            refunded_minor: origin.before.refunded_minor,
            commission,
            commission_state,
            plan: draft.plan,
            is_covered: true,
            exchange: draft.exchange,
            external_event_id: external,
            processor: origin.processor.unwrap_or(Processor::Server),
            connection_id: origin.connection_id,
            ids: payment.ids.clone(),
            customer_email: draft.email,
            customer_name: payment
                .name
                .clone()
                .or_else(|| described.and_then(|known| known.name.clone())),
            hold_until: hold_until(payment.paid_at, hold_days),
            held_by: None,
            is_flagged: false,
            released_at: None,
            denied_at: origin.before.denied,
            cancelled_at: None,
            approved_at: (status == Status::Approved)
                .then_some(self.now)
                .or(origin.before.approved),
            paid_at: origin.before.paid,
            payout_id: None,
            refunded_at: None,
            parent_conversion_id: None,
            metadata: payment.metadata.clone(),
            trail: draft.trail,
        };
        let conversion = match conversion.source {
            // It may have been decided about elsewhere.
            Source::Imported => conversion.restated(self.now).unwrap_or(conversion),
            _ => conversion,
        };
        if let (Source::Manual, Some(actor)) = (conversion.source, origin.told_by) {
            self.known.rows.entered(&conversion, actor);
        }
        self.keep(&conversion, origin.actor());
        let now = self.known.rows.get(conversion.id).cloned();
        Done::New(Box::new(now.unwrap_or(conversion)))
    }

    /// Makes a new conversion known to the items that follow.
    fn keep(&mut self, conversion: &Conversion, actor: Actor) {
        let credit = PastCredit {
            conversion_id: conversion.id,
            affiliate_id: conversion.affiliate_id,
            campaign_id: conversion.campaign_id,
            occurred_at: conversion.occurred_at,
            what: what(conversion.kind, conversion.external_event_id.as_deref()),
            click_id: conversion.click_id,
        };
        let ids = &conversion.ids;
        let email = conversion.customer_email.clone();
        for payer in payers(ids.subscription.clone(), ids.customer.clone(), email) {
            let known = &mut self.known;
            remember(
                &mut known.credits,
                &mut known.first_paid,
                payer,
                conversion.kind,
                &credit,
                conversion.paid(),
            );
        }
        let external_id = conversion.external_event_id.as_ref();
        if let Some(waited) = external_id.and_then(|id| self.forget_waiting(id)) {
            let detail = "its affiliate was found by a later event";
            self.settle(&waited, Outcome::Recorded, detail, Some(conversion.id));
        }
        let reason = reason(conversion);
        self.known.rows.create(conversion.clone(), reason);
        if conversion.paid_at.is_some() {
            self.known
                .rows
                .paid_before(conversion, PAID_BEFORE.to_owned());
        }
        if let Some(share) = self.share(conversion) {
            let reason = format!("a recruiter's share: {}", self::reason(conversion));
            self.known.rows.create(share, reason);
        }
        self.meet_what_came_first(conversion, actor);
    }

    /// Money may have gone back, or the subscription have ended, before its sale was known.
    fn meet_what_came_first(&mut self, conversion: &Conversion, actor: Actor) {
        let ids = of_conversion(conversion);
        self.known.backs.links.join(&ids);
        if let Some(id) = ids.first() {
            let (told_by, why) = self.came_first(conversion, id);
            self.settle_sale(id, told_by.unwrap_or(actor), &why);
        }
        self.cancel(conversion.id, actor);
    }

    /// A payment waits no longer; tells how it waited.
    pub(super) fn forget_waiting(&mut self, external_id: &str) -> Option<Waiting> {
        let waited = self.known.waiting.remove(external_id)?;
        self.writes.waiting.remove(external_id);
        self.writes.credited.push(external_id.to_owned());
        Some(waited)
    }
}

fn reason(conversion: &Conversion) -> String {
    match (conversion.kind, &conversion.external_event_id) {
        (ConversionType::Lead, _) if conversion.source == Source::Click => "clicks".to_owned(),
        (ConversionType::Lead, _) => "a lead".to_owned(),
        (_, Some(id)) => format!("commission on {id}"),
        (_, None) => "commission".to_owned(),
    }
}

//! Sales that another platform kept, taken in as it left them.

use chrono::{DateTime, Utc};
use domain::{
    attribution::{Credit, TrailStep, Verdict},
    commission::{Duration, Earned, Plan, Position, Rate, Remaining},
    conversion::Source,
    exchange::ExchangeRate,
    fact::Payment,
    id::{AffiliateId, CampaignId, EventId},
    import::Standing,
    money::Money,
    refund::{BackKind, BackStatus, MoneyBack},
};

use super::{
    IntakeError, Recorded,
    credit::Draft,
    decide::{Clerk, Origin},
    links::{of_payment, pairs},
    tally::Tally,
};
use crate::audit::Actor;

/// A sale of another platform.
#[derive(Clone, Debug)]
pub(crate) struct ImportedSale {
    /// The payment; all of it earns.
    pub(crate) payment: Payment,
    /// Who earned it.
    pub(crate) affiliate_id: AffiliateId,
    /// In which campaign; the affiliate must be in it.
    pub(crate) campaign_id: CampaignId,
    /// What was earned, in the campaign's currency; `None`: what the plan gives.
    pub(crate) commission: Option<Money>,
    /// What went back, in minor units of the amount's currency.
    pub(crate) refunded_minor: i64,
    /// Where it stood there.
    pub(crate) standing: Standing,
    /// Where it comes from, in words.
    pub(crate) told: String,
    /// Who imports it.
    pub(crate) actor: Actor,
}

impl ImportedSale {
    /// The id of what is refunded of it.
    pub(super) fn refund_id(&self) -> String {
        MoneyBack::imported_id(&self.payment.external_event_id)
    }

    /// What of it earns still; of what is all back, all.
    fn remaining(&self) -> Remaining {
        let of = self.payment.amount.minor;
        match of - self.refunded_minor {
            left if left > 0 => Remaining { left, of },
            _ => Remaining::ALL,
        }
    }

    /// A commission as a plan that gives it, whatever was paid before: the campaign's share or another, so that later
    /// refunds take their part of it; else an amount, which stays until all is back.
    fn plan_of(&self, commission: Money, own: Rate, exchange: Option<ExchangeRate>) -> Plan {
        let payment = &self.payment;
        let base = Money::new(payment.base_minor, payment.amount.currency);
        let remaining = self.remaining();
        let gives = |rate: &Rate| {
            rate.due(base, remaining, commission.currency, exchange) == Ok(Some(commission))
        };
        let share = match own {
            Rate::Percent(_) => Some(own)
                .filter(gives)
                .or_else(|| Rate::giving(commission, base, remaining, exchange)),
            Rate::Fixed(_) => None,
        };
        Plan {
            rate: share.unwrap_or(Rate::Fixed(commission.minor)),
            duration: Duration::Recurring,
        }
    }

    fn trail(&self) -> Vec<TrailStep> {
        vec![TrailStep {
            verdict: Verdict::Answered,
            text: self.told.clone(),
        }]
    }
}

/// Where a new conversion stands that did not begin here.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Before {
    pub(super) approved: Option<DateTime<Utc>>,
    pub(super) paid: Option<DateTime<Utc>>,
    pub(super) denied: Option<DateTime<Utc>>,
    /// What went back, in minor units of the amount's currency.
    pub(super) refunded_minor: i64,
}

impl Before {
    fn of(sale: &ImportedSale, now: DateTime<Utc>) -> Self {
        let before = Self {
            refunded_minor: sale.refunded_minor,
            ..Self::default()
        };
        match sale.standing {
            Standing::Pending | Standing::Refunded => before,
            Standing::Approved => Self {
                approved: Some(now),
                ..before
            },
            Standing::Paid(at) => Self {
                approved: Some(at.unwrap_or(now)),
                paid: Some(at.unwrap_or(now)),
                ..before
            },
            Standing::Denied => Self {
                denied: Some(now),
                ..before
            },
        }
    }
}

impl Clerk<'_> {
    /// Takes a sale of another platform in, once.
    pub(super) fn imported(&mut self, sale: &ImportedSale) -> Result<Recorded, IntakeError> {
        let payment = &sale.payment;
        let ids = of_payment(payment);
        self.known.backs.links.join(&ids);
        let external_id = &payment.external_event_id;
        let known = self.known.rows.of_external_id(external_id);
        if let Some(known) = known.or_else(|| self.sale_of(external_id)) {
            return Ok(Recorded::Existing(Box::new(self.row(known.clone()))));
        }
        let affiliate = self.known.book.affiliates.get(&sale.affiliate_id);
        let affiliate = affiliate.ok_or(IntakeError::NoAffiliate)?;
        if affiliate.enrollment(sale.campaign_id).is_none() {
            return Err(IntakeError::NotEnrolled);
        }
        let draft = self.draft_of(sale)?;
        let (_, terms) = self.terms(&draft.credit).ok_or(IntakeError::NoCampaign)?;
        self.writes.links.extend(pairs(&ids));
        let origin = Origin {
            told_by: Some(sale.actor),
            before: Before::of(sale, self.now),
            ..Origin::default()
        };
        self.take_back(sale);
        let done = self.record(payment, origin, draft, terms.hold_days, terms.currency);
        self.revise_later_than(payment, sale.actor);
        self.revisit(Some(sale.actor));
        self.answer(done)
    }

    fn draft_of(&self, sale: &ImportedSale) -> Result<Draft, IntakeError> {
        let payment = &sale.payment;
        let credit = Credit {
            affiliate_id: sale.affiliate_id,
            campaign_id: sale.campaign_id,
            source: Source::Imported,
            coupon_code: None,
            click_id: None,
        };
        let (plan, terms) = self.terms(&credit).ok_or(IntakeError::NoCampaign)?;
        let email = self.email(payment.ids.customer.as_ref(), payment.email.as_deref());
        let exchange = self.rate(payment.amount.currency, terms.currency, payment.paid_at);
        let (plan, earned) = if let Some(commission) = sale.commission {
            let plan = sale.plan_of(commission, plan.rate, exchange);
            (plan, Earned::Ready(commission))
        } else {
            let position = Position {
                paid: payment.paid(),
                first: self.first_paid(&payment.ids, email.as_deref(), sale.campaign_id),
            };
            let base = Money::new(payment.base_minor, payment.amount.currency);
            let earned = plan.earned(base, terms.currency, exchange, position)?;
            (plan, earned)
        };
        let plan = match (sale.standing, &earned) {
            (_, Earned::Nothing(reason)) => return Err(IntakeError::NotDue(reason.clone())),
            // What was paid out for it stays, whatever else turns out to have been paid earlier.
            (Standing::Paid(_), Earned::Ready(_)) => Plan {
                duration: Duration::Recurring,
                ..plan
            },
            _ => plan,
        };
        Ok(Draft {
            kind: self.kind_of(payment.ids.subscription.as_ref(), &payment.paid()),
            credit,
            plan,
            exchange,
            earned,
            trail: sale.trail(),
            email,
        })
    }

    /// What went back before it came here, in all: the processor may tell of the same refunds one by one, before or
    /// after. Known first, it is never earned.
    fn take_back(&mut self, sale: &ImportedSale) {
        if sale.refunded_minor == 0 {
            return;
        }
        let back = MoneyBack {
            external_id: sale.refund_id(),
            kind: BackKind::ChargeTotal,
            amount_minor: sale.refunded_minor,
            net_minor: None,
            currency: Some(sale.payment.amount.currency),
            status: BackStatus::Succeeded,
            occurred_at: sale.payment.paid_at,
            told_at: self.now,
            failed_at: None,
            payment: vec![sale.payment.external_event_id.clone()],
            reason: Some(sale.told.clone()),
        };
        self.back(&back, None::<EventId>, &mut Tally::default());
    }
}

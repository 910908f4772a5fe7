//! Carrying out what members, programs and jobs ask of the ledger.

use domain::{
    affiliate::AffiliateStatus,
    attribution::{Credit, TrailStep, Verdict},
    commission::{Earned, Position},
    conversion::{Conversion, ConversionType, ProcessorIds, Source},
    fact::Payment,
    id::{ConversionId, EventId},
    ledger::EntryKind,
    lifecycle::{Refusal, Transition},
    money::MAX_MINOR,
    refund::{BackKind, BackStatus, MoneyBack},
};

use super::{
    IntakeError, Recorded,
    credit::Draft,
    decide::{Clerk, Origin},
    order::{Decision, MAX_AGE, ManualSale, Refunded, ServerRefund},
    rows::Why,
    tally::Tally,
};
use crate::{audit::Actor, sales::Row};

/// Why what nobody decided about is approved.
const HOLD_PASSED: &str = "the hold has passed";

impl Clerk<'_> {
    /// A step for all of these conversions, or for none.
    pub(super) fn decision(&mut self, decision: &Decision) -> Result<Vec<Row>, IntakeError> {
        let mut next = Vec::with_capacity(decision.conversion_ids.len());
        for id in &decision.conversion_ids {
            let row = self.known.rows.get(*id);
            let row = row.ok_or(IntakeError::NoConversion(*id))?;
            next.push(self.stepped(row, decision.step)?);
        }
        let mut rows = Vec::with_capacity(next.len());
        for after in next {
            let why = Why {
                actor: decision.actor,
                text: self.text(decision, &after),
                entry: (decision.step == Transition::Deny).then_some(EntryKind::Denial),
            };
            let mut after = self.replace(after, &why);
            if decision.step == Transition::Restore && self.cancel(after.id, decision.actor) {
                // As if it had never been denied: then the end of its subscription had taken it back.
                after = self.known.rows.get(after.id).cloned().unwrap_or(after);
            }
            rows.push(self.row(after));
        }
        Ok(rows)
    }

    /// What is done and why, for the ledger and the audit log.
    fn text(&self, decision: &Decision, row: &Conversion) -> String {
        let what = match decision.step {
            Transition::HoldPassed => HOLD_PASSED,
            Transition::ApproveEarly if row.hold_until > self.now => {
                "approved before the hold ended"
            }
            // With a reason, though it needed none.
            Transition::ApproveEarly => "approved",
            Transition::Deny => "denied",
            Transition::Restore => "restored",
        };
        match &decision.reason {
            Some(reason) => format!("{what}: {reason}"),
            None => what.to_owned(),
        }
    }

    fn stepped(&self, row: &Conversion, step: Transition) -> Result<Conversion, IntakeError> {
        let refused = |refusal| IntakeError::Refused {
            conversion_id: row.id,
            refusal,
        };
        if row.parent_conversion_id.is_some() {
            return Err(refused(Refusal::FollowsItsSale));
        }
        let next = row.after(step, self.now).map_err(refused)?;
        Ok(next.restated(self.now)?)
    }

    /// Approves those whose hold has passed by now; the others are left as they are.
    pub(super) fn hold_passed(&mut self, ids: &[ConversionId]) {
        let why = Why::new(Actor::System, HOLD_PASSED);
        for id in ids {
            let row = self.known.rows.get(*id);
            let next = row.and_then(|row| self.stepped(row, Transition::HoldPassed).ok());
            if let Some(after) = next {
                self.replace(after, &why);
            }
        }
    }

    /// Computes commissions whose rate has come.
    pub(super) fn price(&mut self, ids: &[ConversionId]) {
        for id in ids {
            let Some(row) = self.known.rows.get(*id) else {
                continue;
            };
            if row.exchange.is_some() {
                continue;
            }
            let priced = self.priced(row.clone());
            if let Some(rate) = priced.exchange {
                let why = Why {
                    actor: Actor::System,
                    text: format!("the exchange rate of {} became known", rate.day),
                    entry: Some(EntryKind::Accrual),
                };
                self.replace(priced, &why);
            }
        }
    }

    pub(super) fn server_refund(&mut self, refund: &ServerRefund) -> Result<Refunded, IntakeError> {
        let named = self.known.rows.of_external_id(&refund.sale);
        if named.is_some_and(|row| row.kind == ConversionType::Lead) {
            return Err(IntakeError::NothingPaid);
        }
        let external_id = refund.external_id();
        let is_known = self.known.backs.held.contains_key(&external_id);
        if !is_known {
            let back = MoneyBack {
                external_id,
                kind: BackKind::Refund,
                // More than is left counts as all that is left.
                amount_minor: refund.amount_minor.unwrap_or(MAX_MINOR),
                net_minor: None,
                currency: None,
                status: BackStatus::Succeeded,
                occurred_at: refund.at,
                told_at: refund.at,
                failed_at: None,
                payment: vec![refund.sale.clone()],
                reason: None,
            };
            self.back(&back, None::<EventId>, &mut Tally::default());
        }
        let sale = self.sale_for_back(&refund.sale).cloned();
        Ok(Refunded {
            row: sale.map(|sale| Box::new(self.row(sale))),
            is_known,
        })
    }

    pub(super) fn manual(&mut self, sale: &ManualSale) -> Result<Recorded, IntakeError> {
        let external_id = sale.external_event_id.as_ref();
        let known = external_id.and_then(|id| {
            let exact = self.known.rows.of_external_id(id);
            exact.or_else(|| self.sale_of(id))
        });
        if let Some(known) = known {
            return Ok(Recorded::Existing(Box::new(self.row(known.clone()))));
        }
        if sale.paid_at < self.now - MAX_AGE {
            return Err(IntakeError::TooLongAgo);
        }
        self.check_campaign(Some(sale.campaign_id))?;
        let affiliate = self.known.book.affiliates.get(&sale.affiliate_id);
        let affiliate = affiliate.ok_or(IntakeError::NoAffiliate)?;
        if affiliate.status != AffiliateStatus::Active {
            return Err(IntakeError::NotActive(affiliate.status));
        }
        if affiliate.enrollment(sale.campaign_id).is_none() {
            return Err(IntakeError::NotEnrolled);
        }
        let credit = Credit {
            affiliate_id: sale.affiliate_id,
            campaign_id: sale.campaign_id,
            source: Source::Manual,
            coupon_code: None,
            click_id: None,
        };
        let payment = Payment {
            external_event_id: external_id.cloned().unwrap_or_default(),
            amount: sale.amount,
            base_minor: sale.amount.minor,
            paid_at: sale.paid_at,
            ids: ProcessorIds::default(),
            email: sale.email.clone(),
            name: None,
            clues: Vec::new(),
            metadata: "{}".to_owned(),
        };
        let trail = vec![TrailStep {
            verdict: Verdict::Answered,
            text: format!("Entered by hand: {}", sale.note),
        }];
        let (plan, terms) = self.terms(&credit).ok_or(IntakeError::NoCampaign)?;
        let exchange = self.rate(sale.amount.currency, terms.currency, sale.paid_at);
        let email = self.email(None, sale.email.as_deref());
        let position = Position {
            paid: payment.paid(),
            first: self.first_paid(&payment.ids, email.as_deref(), sale.campaign_id),
        };
        let earned = match plan.earned(sale.amount, terms.currency, exchange, position)? {
            Earned::Nothing(reason) => return Err(IntakeError::NotDue(reason)),
            other => other,
        };
        let draft = Draft {
            kind: ConversionType::Sale,
            credit,
            plan,
            exchange,
            earned,
            trail,
            email,
        };
        let origin = Origin {
            told_by: Some(sale.actor),
            ..Origin::default()
        };
        let done = self.record(&payment, origin, draft, terms.hold_days, terms.currency);
        self.revise_later_than(&payment, sale.actor);
        self.revisit(Some(sale.actor));
        self.answer(done)
    }
}

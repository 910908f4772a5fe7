//! Conversions that are not what they seemed, because a payment made before them came after them.

use domain::{
    attribution::{TrailStep, Verdict},
    commission::Position,
    conversion::{Conversion, ConversionType},
    fact::Payment,
};

use super::{decide::Clerk, rows::Why};
use crate::audit::Actor;

impl Clerk<'_> {
    /// Types and computes anew what the payer of this payment paid later: "first" is decided by the
    /// paid date, not by arrival (domain rules, section 3.3).
    pub(super) fn revise_later_than(&mut self, earlier: &Payment, actor: Actor) {
        let email = self.email(earlier.ids.customer.as_ref(), earlier.email.as_deref());
        let same_payer = |row: &&Conversion| {
            let same = |own: &Option<String>, other: &Option<String>| own.is_some() && own == other;
            same(&row.ids.subscription, &earlier.ids.subscription)
                || same(&row.ids.customer, &earlier.ids.customer)
                || same(&row.customer_email, &email)
        };
        let paid = earlier.paid();
        let is_later = |row: &&Conversion| {
            row.kind != ConversionType::Lead
                && row.parent_conversion_id.is_none()
                && row.paid() > paid
        };
        let later = self.known.rows.iter().filter(same_payer).filter(is_later);
        let later: Vec<Conversion> = later.cloned().collect();
        for row in later {
            if let Some(revised) = self.revised(&row, &earlier.external_event_id) {
                let reason = format!("{} was paid earlier", earlier.external_event_id);
                self.replace(revised, &Why::new(actor, &reason));
            }
        }
    }

    /// What a conversion is now that everything known is taken into account; `None`: what it was.
    fn revised(&self, row: &Conversion, earlier: &str) -> Option<Conversion> {
        let mut revised = row.clone();
        if row.kind == ConversionType::Sale {
            revised.kind = self.kind_of(row.ids.subscription.as_ref(), &row.paid());
        }
        let exclusion = self.exclusion(row);
        revised.is_covered = exclusion.is_none();
        if (revised.kind, revised.is_covered) == (row.kind, row.is_covered) {
            return None;
        }
        let mut text = format!("{earlier} was paid earlier");
        if let Some(why) = exclusion {
            text = format!("{text}: {why}");
        }
        revised.trail.push(TrailStep {
            verdict: Verdict::Revised,
            text,
        });
        revised.restated(self.now).ok()
    }

    /// Why the plan does not cover the conversion, if so.
    fn exclusion(&self, row: &Conversion) -> Option<String> {
        let email = row.customer_email.as_deref();
        row.plan.duration.excludes(Position {
            paid: row.paid(),
            first: self.first_paid(&row.ids, email, row.campaign_id),
        })
    }
}

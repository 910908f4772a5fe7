//! What an event teaches beside payments: who a customer is, what a promotion code says, who brought whom.

use domain::fact::{CustomerSeen, PromotionCodeSeen, Referral};

use super::{
    decide::Clerk,
    history::{Payer, also_known_as},
    keys::email_key,
    load::KnownCustomer,
};

impl Clerk<'_> {
    /// An older description never replaces a newer one.
    pub(super) fn customer(&mut self, seen: &CustomerSeen) {
        let known = self.known.customers.get(&seen.external_id);
        if known.is_some_and(|known| known.described_at > seen.occurred_at) {
            return;
        }
        let customer = KnownCustomer {
            email: email_key(seen.email.as_deref())
                .or_else(|| known.and_then(|known| known.email.clone())),
            name: seen
                .name
                .clone()
                .or_else(|| known.and_then(|known| known.name.clone())),
            described_at: seen.occurred_at,
        };
        let is_named = known.is_none_or(|known| known.email.is_none());
        if let Some(email) = customer.email.clone().filter(|_| is_named) {
            let (id, email) = (
                Payer::Customer(seen.external_id.clone()),
                Payer::Email(email),
            );
            also_known_as(
                &mut self.known.credits,
                &mut self.known.first_paid,
                &id,
                &email,
            );
            self.writes.named.insert(seen.external_id.clone());
        }
        self.known
            .customers
            .insert(seen.external_id.clone(), customer.clone());
        self.writes
            .customers
            .insert(seen.external_id.clone(), customer);
    }

    /// Which words stand for an id.
    pub(super) fn promotion_code(&mut self, seen: &PromotionCodeSeen) {
        self.known
            .book
            .promotion_codes
            .insert(seen.external_id.clone(), seen.code.clone());
        self.writes
            .promotion_codes
            .insert(seen.external_id.clone(), seen.clone());
    }

    /// Clues for what they belong to, each once.
    pub(super) fn referral(&mut self, referral: &Referral) {
        for subject in &referral.subjects {
            let kept = self.known.clues.entry(subject.clone()).or_default();
            for clue in &referral.clues {
                if kept
                    .iter()
                    .any(|(known, _)| known.kind == clue.kind && known.value == clue.value)
                {
                    continue;
                }
                kept.push((clue.clone(), referral.occurred_at));
                self.writes
                    .clues
                    .push((subject.clone(), clue.clone(), referral.occurred_at));
            }
        }
    }
}

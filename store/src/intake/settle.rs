//! Money that went back meets its sale, whichever of them comes first; ends of subscriptions too.

use std::collections::BTreeSet;

use domain::{
    conversion::{CommissionState, Conversion, ConversionType, Source},
    event::Outcome,
    fact::{SubscriptionEnd, refund_id},
    id::{ConversionId, EventId},
    ledger::EntryKind,
    money::{Currency, Money},
    refund::{Back, BackKind, MoneyBack},
};

use super::{
    decide::Clerk,
    links::{of_back, pairs},
    rows::{PAID_BEFORE, Why},
    tally::Tally,
};
use crate::{audit::Actor, refund::HeldBack};

impl Clerk<'_> {
    /// Takes in a refund or dispute and computes its sale anew.
    pub(super) fn back(&mut self, back: &MoneyBack, event_id: Option<EventId>, tally: &mut Tally) {
        let is_news = self.learn(back, event_id);
        let actor = event_id.map_or(Actor::System, Actor::Event);
        // Kept also for others: of one refund the charge may lead to the payment, of the next only this one.
        let met = self.tie(&of_back(back), actor, &told(back));
        let (outcome, detail) = match &met {
            None if back.is_voided() => (
                Outcome::Stored,
                "no sale was recorded of it: there is nothing to take back".to_owned(),
            ),
            None => (
                Outcome::Parked,
                format!("{}: waits for the sale it is of", told(back)),
            ),
            Some(sale) if !back.is_in(sale.currency()) => {
                (Outcome::Parked, uncounted(back, sale.currency()))
            }
            Some(_) if !is_news => (Outcome::Deduped, format!("{} was known", told(back))),
            Some(sale) => (
                Outcome::Recorded,
                format!("{}: {} is due for it now", told(back), sale.commission),
            ),
        };
        tally.add(outcome, detail, met.map(|sale| sale.id));
    }

    /// Keeps all that is said of a refund or dispute; is it news?
    fn learn(&mut self, back: &MoneyBack, event_id: Option<EventId>) -> bool {
        let held = self
            .known
            .backs
            .held
            .entry(back.external_id.clone())
            .or_insert_with(|| HeldBack {
                back: back.clone(),
                conversion_id: None,
                event_ids: Vec::new(),
            });
        let known = held.back.and(back);
        let is_news = back.supersedes(&held.back)
            || known.failed_at != held.back.failed_at
            || held.event_ids.is_empty();
        held.back = known;
        let first_told = event_id.filter(|id| !held.event_ids.contains(id));
        held.event_ids.extend(first_told);
        self.writes.backs.insert(back.external_id.clone());
        is_news
    }

    /// An event named these ids of one payment together.
    pub(super) fn linked(&mut self, ids: &[String], event_id: EventId, tally: &mut Tally) {
        let why = "which payment it is of became known";
        if let Some(sale) = self.tie(ids, Actor::Event(event_id), why) {
            tally.add(
                Outcome::Stored,
                "kept what it says of a payment".to_owned(),
                Some(sale.id),
            );
        }
    }

    /// These ids name one payment, now and for good: what went back of it meets its sale, if there is one
    /// yet.
    pub(super) fn tie(&mut self, ids: &[String], actor: Actor, why: &str) -> Option<Conversion> {
        self.known.backs.links.join(ids);
        self.writes.links.extend(pairs(ids));
        self.settle_sale(ids.first()?, actor, why)
    }

    /// A payment refers to what may be the invoice it is of.
    pub(super) fn refers(&mut self, id: &str, to: &str, event_id: EventId, tally: &mut Tally) {
        self.known.backs.links.refer(id, to);
        self.writes
            .references
            .insert((id.to_owned(), to.to_owned()));
        let why = "which invoice its payment refers to became known";
        if let Some(sale) = self.settle_sale(id, Actor::Event(event_id), why) {
            let detail = "kept what it says of a payment".to_owned();
            tally.add(Outcome::Stored, detail, Some(sale.id));
        }
    }

    /// The sale of the payment that this is an id of.
    pub(super) fn sale_of(&self, id: &str) -> Option<&Conversion> {
        let names = self.known.backs.links.all(id);
        let named = names.iter().flat_map(|name| self.known.rows.named(name));
        let sales = named
            .filter(|row| row.kind != ConversionType::Lead && row.parent_conversion_id.is_none());
        sales.min_by_key(|row| row.id)
    }

    /// The sale that money back of this payment is of: the payment's own, else that of the one known invoice
    /// which it refers to.
    pub(super) fn sale_for_back(&self, id: &str) -> Option<&Conversion> {
        let referred = || {
            let links = &self.known.backs.links;
            let invoices = links.referred(links.root(id));
            let mut sales = invoices.iter().filter_map(|invoice| self.sale_of(invoice));
            let sale = sales.next()?;
            sales.all(|other| other.id == sale.id).then_some(sale)
        };
        self.sale_of(id).or_else(referred)
    }

    /// What went back of this payment, or of one that refers to it.
    fn held_about(&self, id: &str) -> impl Iterator<Item = &HeldBack> {
        let links = &self.known.backs.links;
        let root = links.root(id).to_owned();
        self.known.backs.held.values().filter(move |held| {
            let own = refund_id(&held.back.external_id);
            let own = links.root(&own);
            own == root || links.referred(own).contains(root.as_str())
        })
    }

    /// What went back of a payment before its sale was known, in words, and the event that told of it last.
    pub(super) fn came_first(&self, sale: &Conversion, id: &str) -> (Option<Actor>, String) {
        let is_of_it = |held: &&HeldBack| {
            let met = self.sale_for_back(&refund_id(&held.back.external_id));
            met.is_some_and(|met| met.id == sale.id)
        };
        let mut of_it: Vec<&HeldBack> = self.held_about(id).filter(is_of_it).collect();
        of_it.sort_by_key(|held| held.back.told_at);
        let last = of_it.last().and_then(|held| held.event_ids.last());
        let names: Vec<String> = of_it.iter().map(|held| told(&held.back)).collect();
        let why = format!("{} came before the sale", names.join(", "));
        (last.copied().map(Actor::Event), why)
    }

    /// Computes the sale of a payment anew from everything that went back of it, and any other that this is
    /// no longer of; `None`: there is no sale yet.
    pub(super) fn settle_sale(&mut self, id: &str, actor: Actor, why: &str) -> Option<Conversion> {
        let own = self.sale_for_back(id).map(|sale| sale.id);
        let mut sales: BTreeSet<ConversionId> = own.into_iter().collect();
        for (name, met) in self.moved(id) {
            let Some(held) = self.known.backs.held.get_mut(&name) else {
                continue;
            };
            let left = std::mem::replace(&mut held.conversion_id, met);
            sales.extend(left.into_iter().chain(met));
            self.writes.backs.insert(name);
            let currency = met.and_then(|id| Some(self.known.rows.get(id)?.currency()));
            let Some(currency) = currency else { continue };
            let (outcome, detail) = if held.back.is_in(currency) {
                (Outcome::Recorded, "its sale came later".to_owned())
            } else {
                (Outcome::Parked, uncounted(&held.back, currency))
            };
            for event_id in &held.event_ids {
                self.writes.settle(*event_id, outcome, &detail, met);
            }
        }
        for sale in sales {
            self.settled(sale, actor, why);
        }
        own.and_then(|id| self.known.rows.get(id).cloned())
    }

    /// Refunds and disputes about this payment that are of another sale than they were, and of which.
    fn moved(&self, id: &str) -> Vec<(String, Option<ConversionId>)> {
        let now = self.held_about(id).map(|held| {
            let sale = self.sale_for_back(&refund_id(&held.back.external_id));
            (held, sale.map(|sale| sale.id))
        });
        now.filter(|(held, met)| held.conversion_id != *met)
            .map(|(held, met)| (held.back.external_id.clone(), met))
            .collect()
    }

    /// Computes a sale anew from everything that it has met.
    fn settled(&mut self, id: ConversionId, actor: Actor, why: &str) {
        let Some(sale) = self.known.rows.get(id) else {
            return;
        };
        match sale.settled(self.gone_of(sale), self.now) {
            Ok(after) => drop(self.replace(after, &Why::new(actor, why))),
            Err(error) => tracing::error!(%error, "a sale could not be computed anew"),
        }
    }

    /// What went back of a sale, by everything that it has met.
    pub(super) fn gone_of(&self, sale: &Conversion) -> Back {
        let held = self.known.backs.held.values();
        let met = held.filter(|held| held.conversion_id == Some(sale.id));
        Back::of(sale.whole(), met.map(|held| &held.back))
    }

    /// A commission that awaits its rate, which may have come meanwhile.
    pub(super) fn priced(&self, row: Conversion) -> Conversion {
        if row.commission_state != CommissionState::AwaitingRate {
            return row;
        }
        let exchange = self.rate(row.currency(), row.commission.currency, row.occurred_at);
        let priced = Conversion {
            exchange,
            ..row.clone()
        };
        priced.restated(self.now).unwrap_or(row)
    }

    /// Replaces a conversion and lets the recruiter's share follow.
    pub(super) fn replace(&mut self, after: Conversion, why: &Why) -> Conversion {
        let after = self.priced(after);
        let before = self.known.rows.get(after.id);
        let is_first = before.is_some_and(|before| {
            before.exchange.is_none() && before.commission.minor < after.commission.minor
        });
        // What it earns became known only now, whatever the reason.
        let mut why = why.clone();
        let is_priced = is_first && after.exchange.is_some();
        if is_priced {
            why.entry = Some(EntryKind::Accrual);
        }
        let why = &why;
        self.known.rows.replace(after.clone(), why);
        if is_priced && after.source == Source::Imported && after.paid_at.is_some() {
            self.known.rows.paid_before(&after, PAID_BEFORE.to_owned());
        }
        let share = self
            .known
            .rows
            .iter()
            .find(|row| row.parent_conversion_id == Some(after.id))
            .cloned();
        if let Some(share) = share
            && let Ok(followed) = share.following(&after, self.now)
        {
            self.known.rows.replace(followed, why);
        }
        after
    }

    /// A subscription ended: what was pending then is taken back, where the campaign says so.
    pub(super) fn ended(&mut self, end: &SubscriptionEnd, event_id: EventId, tally: &mut Tally) {
        let known = self.known.backs.ends.get(&end.subscription).copied();
        let ended_at = known.map_or(end.ended_at, |known| known.min(end.ended_at));
        self.known
            .backs
            .ends
            .insert(end.subscription.clone(), ended_at);
        self.writes.ends.insert(end.subscription.clone(), ended_at);
        let of_it = |row: &&Conversion| row.ids.subscription.as_ref() == Some(&end.subscription);
        let ids: Vec<ConversionId> = self
            .known
            .rows
            .iter()
            .filter(of_it)
            .map(|row| row.id)
            .collect();
        let cancelled: Vec<ConversionId> = ids
            .into_iter()
            .filter(|id| self.cancel(*id, Actor::Event(event_id)))
            .collect();
        let detail = match cancelled.len() {
            0 => "no pending sale of the subscription was inside its hold".to_owned(),
            1 => "1 pending sale of the subscription was taken back".to_owned(),
            many => format!("{many} pending sales of the subscription were taken back"),
        };
        let outcome = if cancelled.is_empty() {
            Outcome::Stored
        } else {
            Outcome::Recorded
        };
        tally.add(outcome, detail, cancelled.first().copied());
    }

    /// Takes a conversion back if its subscription ended inside its hold.
    pub(super) fn cancel(&mut self, id: ConversionId, actor: Actor) -> bool {
        let Some(row) = self.known.rows.get(id).cloned() else {
            return false;
        };
        let ended_at = row
            .ids
            .subscription
            .as_ref()
            .and_then(|subscription| self.known.backs.ends.get(subscription).copied());
        let campaign = self.known.book.campaigns.get(&row.campaign_id);
        let takes_back = campaign.is_some_and(|campaign| campaign.terms.refund_on_cancel);
        let Some(ended_at) = ended_at.filter(|at| takes_back && row.is_cancelled_by_end(*at))
        else {
            return false;
        };
        if row.cancelled_at.is_some() || row.parent_conversion_id.is_some() {
            return false;
        }
        let cancelled = Conversion {
            cancelled_at: Some(ended_at),
            ..row
        };
        match cancelled.restated(self.now) {
            Ok(after) => {
                let why = Why::new(actor, "its subscription ended inside the hold");
                self.replace(after, &why);
                true
            }
            Err(error) => {
                tracing::error!(%error, "a sale could not be computed anew");
                false
            }
        }
    }
}

/// Why a refund or dispute takes nothing from a sale in this currency.
fn uncounted(back: &MoneyBack, currency: Currency) -> String {
    format!(
        "{}: the sale is in {currency}, so how much of it went back is not known; report the amount in {currency}",
        told(back)
    )
}

/// A refund or dispute in words: "refund re_1 of $10.00 (failed)".
fn told(back: &MoneyBack) -> String {
    let kind = match back.kind {
        BackKind::ChargeTotal if back.is_imported() => "refunded before",
        BackKind::ChargeTotal => "refunded on the charge",
        BackKind::Refund => "refund",
        BackKind::Dispute => "dispute",
        BackKind::Warning => "warning of a dispute",
        BackKind::DisputeReversal => "reversal of a dispute",
        BackKind::WarningReversal => "reversal of a warning",
    };
    let status = back.status.label().to_lowercase();
    let id = back.name();
    match back.currency {
        Some(currency) => {
            let amount = Money::new(back.amount_minor, currency);
            format!("{kind} {id} of {amount} ({status})")
        }
        None => format!("{kind} {id} ({status})"),
    }
}

//! The conversions on the desk: those read for a batch, those it makes, and what it changes in them.
//!
//! A change is never written as "plus" or "minus": the conversion is computed anew, and the ledger gets
//! the difference between what is due and what it holds (domain rules, section 7).

use std::collections::{BTreeMap, HashMap};

use domain::{
    conversion::Conversion,
    id::{AffiliateId, ConversionId},
    ledger::EntryKind,
    lifecycle::Status,
    money::Money,
};
use uuid::Uuid;

use super::links::of_conversion;
use crate::audit::Actor;

/// Why the ledger says that what an imported conversion earned was paid out.
pub(super) const PAID_BEFORE: &str = "paid out before it was imported";

/// A conversion as it was read, and as it is now.
struct Held {
    before: Option<Conversion>,
    now: Conversion,
}

/// A ledger entry to be written.
pub(super) struct Entry {
    pub(super) conversion_id: ConversionId,
    pub(super) affiliate_id: AffiliateId,
    pub(super) kind: EntryKind,
    pub(super) amount: Money,
    pub(super) reason: String,
}

/// Who changes a conversion, and why, in words.
#[derive(Clone, Debug)]
pub(super) struct Why {
    pub(super) actor: Actor,
    pub(super) text: String,
    /// What kind of entry the difference is; by default a clawback or a reinstatement.
    pub(super) entry: Option<EntryKind>,
}

impl Why {
    pub(super) fn new(actor: Actor, text: &str) -> Self {
        Self {
            actor,
            text: text.to_owned(),
            entry: None,
        }
    }
}

/// A line for the audit log.
pub(super) struct Note {
    pub(super) conversion_id: ConversionId,
    pub(super) actor: Actor,
    /// What was done: `created`, `changed`.
    pub(super) action: &'static str,
    pub(super) text: String,
}

/// A conversion before and after the batch.
pub(super) struct Change {
    pub(super) before: Conversion,
    pub(super) after: Conversion,
}

/// All of them, in the order of their ids.
#[derive(Default)]
pub(super) struct Rows {
    held: BTreeMap<ConversionId, Held>,
    by_external_id: HashMap<String, ConversionId>,
    /// By every id of their payments.
    by_name: HashMap<String, Vec<ConversionId>>,
    entries: Vec<Entry>,
    notes: Vec<Note>,
}

/// What of them is to be written.
#[derive(Default)]
pub(super) struct RowWrites {
    pub(super) created: Vec<Conversion>,
    pub(super) changed: Vec<Change>,
    pub(super) entries: Vec<Entry>,
    pub(super) notes: Vec<Note>,
}

/// What of conversions' commissions was paid out before they came here, in minor units.
pub(super) type Settled = HashMap<ConversionId, i64>;

impl RowWrites {
    /// What this batch enters as paid out before.
    pub(super) fn settled(&self) -> Settled {
        let mut settled = Settled::new();
        let payouts = self.entries.iter();
        for entry in payouts.filter(|entry| entry.kind == EntryKind::Payout) {
            *settled.entry(entry.conversion_id).or_default() -= entry.amount.minor;
        }
        settled
    }

    /// Changed conversions that a payout may hold: no payout holds what waits for the end of its hold.
    pub(super) fn payable(&self) -> Vec<Uuid> {
        let waited = |change: &&Change| change.before.status == Status::Pending;
        let changed = self.changed.iter().filter(|change| !waited(change));
        changed.map(|change| change.after.id.0).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.created.is_empty() && self.changed.is_empty()
    }

    /// How many conversions are written.
    pub(super) fn len(&self) -> usize {
        self.created.len() + self.changed.len()
    }
}

impl Rows {
    /// Puts conversions on the desk as the database holds them.
    pub(super) fn lay_down(&mut self, conversions: Vec<Conversion>) {
        for conversion in conversions {
            if !self.held.contains_key(&conversion.id) {
                self.hold(Some(conversion.clone()), conversion);
            }
        }
    }

    fn hold(&mut self, before: Option<Conversion>, now: Conversion) {
        if let (Some(id), None) = (&now.external_event_id, now.parent_conversion_id) {
            self.by_external_id.insert(id.clone(), now.id);
        }
        for name in of_conversion(&now) {
            self.by_name.entry(name).or_default().push(now.id);
        }
        self.held.insert(now.id, Held { before, now });
    }

    /// The conversions whose payment has this id.
    pub(super) fn named(&self, name: &str) -> impl Iterator<Item = &Conversion> {
        let ids = self.by_name.get(name).into_iter().flatten();
        ids.filter_map(|id| self.get(*id))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Conversion> {
        self.held.values().map(|held| &held.now)
    }

    pub(super) fn get(&self, id: ConversionId) -> Option<&Conversion> {
        self.held.get(&id).map(|held| &held.now)
    }

    pub(super) fn of_external_id(&self, id: &str) -> Option<&Conversion> {
        let held = self.held.get(self.by_external_id.get(id)?)?;
        Some(&held.now)
    }

    /// A new conversion, with the entry for what it earns.
    pub(super) fn create(&mut self, conversion: Conversion, reason: String) {
        self.enter(
            &conversion,
            EntryKind::Accrual,
            conversion.commission,
            reason,
        );
        self.hold(None, conversion);
    }

    /// What a new conversion earned was paid out before it came here.
    pub(super) fn paid_before(&mut self, conversion: &Conversion, reason: String) {
        let paid = Money::new(-conversion.commission.minor, conversion.commission.currency);
        self.enter(conversion, EntryKind::Payout, paid, reason);
    }

    /// Somebody enters a conversion by hand: why, its trail says. Events and calls tell of themselves.
    pub(super) fn entered(&mut self, conversion: &Conversion, actor: Actor) {
        let why = conversion.trail.first().map_or("", |step| &step.text);
        let (status, commission) = (conversion.status, conversion.commission);
        self.notes.push(Note {
            conversion_id: conversion.id,
            actor,
            action: "created",
            text: format!("{status}, {commission}: {why}"),
        });
    }

    /// Something is said of a conversion that changes nothing in it.
    pub(super) fn noted(&mut self, conversion_id: ConversionId, why: &Why) {
        self.notes.push(Note {
            conversion_id,
            actor: why.actor,
            action: "noted",
            text: why.text.clone(),
        });
    }

    /// Those that this batch makes.
    pub(super) fn created(&self) -> impl Iterator<Item = &Conversion> {
        let held = self.held.values().filter(|held| held.before.is_none());
        held.map(|held| &held.now)
    }

    /// Does this batch make it?
    pub(super) fn is_created(&self, id: ConversionId) -> bool {
        let held = self.held.get(&id);
        held.is_some_and(|held| held.before.is_none())
    }

    /// Replaces a conversion by what it is now; the ledger gets the difference, the audit log a line.
    pub(super) fn replace(&mut self, after: Conversion, why: &Why) {
        let Some(held) = self.held.get_mut(&after.id) else {
            return;
        };
        if held.now == after {
            return;
        }
        let before = std::mem::replace(&mut held.now, after.clone());
        self.notes.push(Note {
            conversion_id: after.id,
            actor: why.actor,
            action: "changed",
            text: difference(&before, &after, &why.text),
        });
        let difference = after.commission.minor - before.commission.minor;
        let kind = why.entry.unwrap_or(if difference < 0 {
            EntryKind::Clawback
        } else {
            EntryKind::Reinstatement
        });
        let amount = Money::new(difference, after.commission.currency);
        self.enter(&after, kind, amount, why.text.clone());
    }

    fn enter(&mut self, conversion: &Conversion, kind: EntryKind, amount: Money, reason: String) {
        if amount.minor != 0 {
            self.entries.push(Entry {
                conversion_id: conversion.id,
                affiliate_id: conversion.affiliate_id,
                kind,
                amount,
                reason,
            });
        }
    }

    pub(super) fn into_writes(self) -> RowWrites {
        let mut writes = RowWrites {
            entries: self.entries,
            notes: self.notes,
            ..RowWrites::default()
        };
        for Held { before, now } in self.held.into_values() {
            match before {
                None => writes.created.push(now),
                Some(before) if before != now => writes.changed.push(Change { before, after: now }),
                Some(_) => {}
            }
        }
        writes
    }
}

/// From what to what, and why: "Pending to Refunded, $9.80 to $0.00: refund re_1".
fn difference(before: &Conversion, after: &Conversion, why: &str) -> String {
    let mut changes = Vec::new();
    if before.kind != after.kind {
        changes.push(format!("{} to {}", before.kind, after.kind));
    }
    if before.status != after.status {
        changes.push(format!("{} to {}", before.status, after.status));
    }
    if before.commission != after.commission {
        changes.push(format!("{} to {}", before.commission, after.commission));
    }
    if changes.is_empty() {
        return why.to_owned();
    }
    format!("{}: {why}", changes.join(", "))
}

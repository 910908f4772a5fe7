//! The conversions on the desk: those read for a batch, those it makes, and what it changes in them.
//!
//! A change is never written as "plus" or "minus": the conversion is computed anew, and the ledger gets
//! the difference between what is due and what it holds (domain rules, section 7).

use std::collections::{BTreeMap, HashMap};

use domain::{
    conversion::Conversion,
    id::{AffiliateId, ConversionId},
    ledger::EntryKind,
    money::Money,
};

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
    entries: Vec<Entry>,
}

/// What of them is to be written.
#[derive(Default)]
pub(super) struct RowWrites {
    pub(super) created: Vec<Conversion>,
    pub(super) changed: Vec<Change>,
    pub(super) entries: Vec<Entry>,
}

impl RowWrites {
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
            self.hold(Some(conversion.clone()), conversion);
        }
    }

    fn hold(&mut self, before: Option<Conversion>, now: Conversion) {
        if let (Some(id), None) = (&now.external_event_id, now.parent_conversion_id) {
            self.by_external_id.insert(id.clone(), now.id);
        }
        self.held.insert(now.id, Held { before, now });
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Conversion> {
        self.held.values().map(|held| &held.now)
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

    /// Replaces a conversion by what it is now; the ledger gets the difference.
    pub(super) fn replace(&mut self, after: Conversion, reason: String) {
        let Some(held) = self.held.get_mut(&after.id) else {
            return;
        };
        let difference = after.commission.minor - held.now.commission.minor;
        held.now = after.clone();
        let kind = if difference < 0 {
            EntryKind::Clawback
        } else {
            EntryKind::Reinstatement
        };
        let amount = Money::new(difference, after.commission.currency);
        self.enter(&after, kind, amount, reason);
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

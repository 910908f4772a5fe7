//! Which ids name the same payment: an invoice, its payment intent, its charge, its refunds.
//!
//! Processors name a refund by the charge and a sale by the invoice; the events between them name a
//! pair at a time, in any order. Ids that are linked, directly or through others, are one payment.

use std::collections::{BTreeSet, HashMap};

use domain::{
    conversion::Conversion,
    fact::{Payment, refund_id},
    refund::MoneyBack,
};

/// Groups of ids, each a tree that leads to its root.
#[derive(Default)]
pub(super) struct Links {
    parents: HashMap<String, String>,
    /// The other way round.
    children: HashMap<String, Vec<String>>,
    /// Payments, and the invoices that they may be of.
    references: BTreeSet<(String, String)>,
}

impl Links {
    /// The id that stands for all ids of the payment.
    pub(super) fn root<'a>(&'a self, id: &'a str) -> &'a str {
        let mut id = id;
        while let Some(parent) = self.parents.get(id) {
            id = parent;
        }
        id
    }

    /// All of these are one payment.
    pub(super) fn join<'a>(&mut self, ids: impl IntoIterator<Item = &'a String>) {
        let mut ids = ids.into_iter();
        let Some(first) = ids.next() else { return };
        for id in ids {
            let (one, other) = (self.root(first).to_owned(), self.root(id).to_owned());
            if one != other {
                let children = self.children.entry(one.clone()).or_default();
                children.push(other.clone());
                self.parents.insert(other, one);
            }
        }
    }

    /// This payment may be of that invoice.
    pub(super) fn refer(&mut self, id: &str, to: &str) {
        self.references.insert((id.to_owned(), to.to_owned()));
    }

    /// The payments, by the ids that stand for them, that this one may be of.
    pub(super) fn referred(&self, root: &str) -> BTreeSet<&str> {
        let own = self
            .references
            .iter()
            .filter(|(id, _)| self.root(id) == root);
        own.map(|(_, to)| self.root(to)).collect()
    }

    /// All ids of the payment that this is an id of.
    pub(super) fn all<'a>(&'a self, id: &'a str) -> Vec<&'a str> {
        let mut all = vec![self.root(id)];
        let mut looked_at = 0;
        while let Some(one) = all.get(looked_at).copied() {
            let children = self.children.get(one).into_iter().flatten();
            all.extend(children.map(String::as_str));
            looked_at += 1;
        }
        all
    }
}

/// Every id under which a conversion's payment is known; the first is what makes it unique.
pub(super) fn of_conversion(one: &Conversion) -> Vec<String> {
    let ids = &one.ids;
    let known = [
        &one.external_event_id,
        &ids.invoice,
        &ids.payment_intent,
        &ids.charge,
        &ids.session,
    ];
    distinct(known.into_iter().flatten())
}

/// Every id under which a payment is known.
pub(super) fn of_payment(payment: &Payment) -> Vec<String> {
    let ids = &payment.ids;
    let known = [&ids.invoice, &ids.payment_intent, &ids.charge, &ids.session];
    let known = known.into_iter().flatten();
    distinct(std::iter::once(&payment.external_event_id).chain(known))
}

/// Every id under which the payment of a refund is known, and the refund's own: a credit note may name
/// the two together.
pub(super) fn of_back(back: &MoneyBack) -> Vec<String> {
    let own = refund_id(&back.external_id);
    distinct(std::iter::once(&own).chain(&back.payment))
}

/// A star is enough to find them all: the first with each of the others.
pub(super) fn pairs(ids: &[String]) -> impl Iterator<Item = (String, String)> {
    let first = ids.first();
    let others = ids.get(1..).unwrap_or_default().iter();
    others.filter_map(move |other| Some((first?.clone(), other.clone())))
}

fn distinct<'a>(ids: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    ids.filter(|id| seen.insert(id.as_str())).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_told_in_any_order_make_one_payment() {
        let text = |id: &str| id.to_owned();
        let mut links = Links::default();
        links.join(&[text("ch_1"), text("pi_1")]);
        links.join(&[text("in_1"), text("re_1")]);
        assert_ne!(links.root("ch_1"), links.root("in_1"));
        links.join(&[text("pi_1"), text("in_1")]);
        for id in ["ch_1", "pi_1", "in_1", "re_1"] {
            assert_eq!(links.root(id), links.root("in_1"), "{id}");
        }
        let mut all = links.all("pi_1");
        all.sort_unstable();
        assert_eq!(all, ["ch_1", "in_1", "pi_1", "re_1"]);
        assert_eq!(links.all("in_2"), ["in_2"]);
        assert_ne!(links.root("in_2"), links.root("in_1"));
        links.join(&[text("in_1"), text("re_1")]);
        assert_eq!(
            links.root("re_1"),
            links.root("ch_1"),
            "again changes nothing"
        );
    }
}

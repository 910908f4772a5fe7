//! Raising suspicions about what a batch recorded, and what people make of them (domain rules, section 9).

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::LazyLock;

use domain::{
    affiliate::AffiliateStatus,
    conversion::{Conversion, ConversionType, Source},
    email::Email,
    fraud::{Evidence, Facts, Flag, FlagRefusal, FlagRule, FlagStatus, Resolution, Traffic},
    id::{ConversionId, FlagId},
    ledger::EntryKind,
    lifecycle::Status,
};

use super::{IntakeError, decide::Clerk, flags::Link, rows::Why};
use crate::{
    audit::Actor,
    flag::{FlagDecision, Flagging},
    sales::Row,
};

/// Hosts that give out addresses to be thrown away, from the list that the crate `mailchecker` keeps.
static DISPOSABLE: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let listed = mailchecker::blacklist().into_iter();
    listed.filter(|host| !FORWARDERS.contains(host)).collect()
});

/// Listed there, but they forward to a mailbox that people keep.
const FORWARDERS: [&str; 3] = ["duck.com", "mozmail.com", "simplelogin.com"];

/// The part of an address's host that gives out disposable ones: itself, or what it is a subdomain of.
fn disposable_domain(email: &Email) -> Option<&str> {
    let mut host = email.host();
    loop {
        if DISPOSABLE.contains(host) {
            return Some(host);
        }
        let (_, parent) = host.split_once('.')?;
        host = parent;
    }
}

/// Did a click bring it?
fn link_of(sale: &Conversion) -> Option<Link> {
    let is_brought = sale.click_id.is_some()
        && sale.kind == ConversionType::Sale
        && sale.parent_conversion_id.is_none();
    is_brought.then_some((sale.affiliate_id, sale.campaign_id))
}

impl Clerk<'_> {
    /// Who brought sales of this batch by clicks, where the campaign wants them counted.
    pub(super) fn brought_by_clicks(&self) -> BTreeSet<Link> {
        let campaigns = &self.known.book.campaigns;
        let links = self.known.rows.created().filter_map(link_of);
        let counts = |(_, campaign): &Link| {
            let campaign = campaigns.get(campaign);
            campaign.is_some_and(|campaign| campaign.terms.flags.count_traffic())
        };
        links.filter(counts).collect()
    }

    /// Puts flags on what is suspicious of the batch's sales, and of those whose payer it names.
    pub(super) fn suspect(&mut self, traffic: &HashMap<Link, Traffic>) {
        let mut traffic = traffic.clone();
        let mut found: Vec<(ConversionId, Vec<Evidence>)> = Vec::new();
        // What another platform decided about is not suspected again.
        let is_decided =
            |sale: &&Conversion| sale.source == Source::Imported && sale.status != Status::Pending;
        for sale in self.known.rows.created().filter(|sale| !is_decided(sale)) {
            let counted = link_of(sale).and_then(|link| traffic.get_mut(&link));
            let counted = counted.map(|counted| {
                let is_fresh = sale.click_id.is_some_and(|click| counted.counts(click));
                counted.sales += i64::from(is_fresh);
                // What an old click brings says nothing about the new ones.
                let sales = if is_fresh { counted.sales } else { 0 };
                Traffic { sales, ..*counted }
            });
            found.push((sale.id, self.suspicions(sale, counted)));
        }
        for sale in self.known.rows.iter() {
            found.push((sale.id, self.suspicions_about_named(sale)));
        }
        for (id, evidence) in found {
            self.raise(id, evidence, Actor::System);
        }
    }

    fn suspicions(&self, sale: &Conversion, traffic: Option<Traffic>) -> Vec<Evidence> {
        let book = &self.known.book;
        let campaign = book.campaigns.get(&sale.campaign_id);
        let affiliate = book.affiliates.get(&sale.affiliate_id);
        let (Some(campaign), Some(affiliate)) = (campaign, affiliate) else {
            return Vec::new();
        };
        let customer = sale.ids.customer.as_ref();
        let email = self.email(customer, sale.customer_email.as_deref());
        let payer = email.and_then(|email| Email::parse(&email).ok());
        let facts = Facts {
            sale,
            customer_email: payer.as_ref(),
            affiliate_email: &affiliate.email,
            disposable_domain: payer.as_ref().and_then(disposable_domain),
            traffic,
            currency: campaign.terms.currency,
        };
        campaign.terms.flags.suspicions(&facts)
    }

    /// The same about a sale recorded before, whose payer this batch gives an address.
    fn suspicions_about_named(&self, sale: &Conversion) -> Vec<Evidence> {
        let customer = sale.ids.customer.as_ref();
        let is_named = customer.is_some_and(|id| self.writes.named.contains(id));
        let is_new = self.known.rows.is_created(sale.id);
        if is_new || !is_named || sale.customer_email.is_some() || sale.paid_at.is_some() {
            return Vec::new();
        }
        let mut found = self.suspicions(sale, None);
        found.retain(Evidence::is_about_payer);
        found
    }

    /// Puts flags on a sale and holds it.
    fn raise(&mut self, id: ConversionId, evidence: Vec<Evidence>, actor: Actor) {
        let Some(sale) = self.known.rows.get(id).filter(|_| !evidence.is_empty()) else {
            return;
        };
        let flagged = Conversion {
            is_flagged: true,
            ..sale.clone()
        };
        let told: Vec<String> = evidence.iter().map(told).collect();
        for evidence in evidence {
            let flag = Flag {
                id: FlagId(self.random.uuid_v7(self.now)),
                conversion_id: id,
                affiliate_id: flagged.affiliate_id,
                campaign_id: flagged.campaign_id,
                evidence,
                status: FlagStatus::Open,
                created_at: self.now,
                resolved_at: None,
                note: None,
            };
            self.known.flags.insert(flag.id, flag.clone());
            self.writes.flags.raised.push(flag);
        }
        let why = Why::new(actor, &format!("flagged, {}", told.join("; ")));
        self.held_anew(flagged, &why);
    }

    /// Computes a sale anew whose flags have changed.
    fn held_anew(&mut self, sale: Conversion, why: &Why) -> Conversion {
        let after = match sale.settled(self.gone_of(&sale), self.now) {
            Ok(after) => after,
            Err(error) => {
                tracing::error!(%error, "a sale could not be computed anew");
                sale
            }
        };
        if self.known.rows.get(after.id) == Some(&after) {
            self.known.rows.noted(after.id, why);
            return after;
        }
        self.replace(after, why)
    }

    /// A member wants a sale to be looked at.
    pub(super) fn flag_by_hand(&mut self, flagging: &Flagging) -> Result<Vec<Row>, IntakeError> {
        let id = flagging.conversion_id;
        let sale = self.known.rows.get(id);
        let sale = sale.ok_or(IntakeError::NoConversion(id))?;
        sale.check_flaggable()?;
        let mut flags = self.known.flags.values();
        let is_under_review = |flag: &Flag| {
            flag.conversion_id == id
                && flag.evidence.rule() == FlagRule::ManualReview
                && flag.status == FlagStatus::Open
        };
        if flags.any(is_under_review) {
            return Err(FlagRefusal::Flagged.into());
        }
        let evidence = Evidence::ByHand {
            note: flagging.note.clone(),
        };
        self.raise(id, vec![evidence], flagging.actor);
        let sale = self.known.rows.get(id).cloned();
        Ok(sale.map(|sale| self.row(sale)).into_iter().collect())
    }

    /// What a person makes of a flag.
    pub(super) fn resolve(&mut self, decision: &FlagDecision) -> Result<Vec<Row>, IntakeError> {
        let flag = self.known.flags.get(&decision.flag_id);
        let mut flag = flag.cloned().ok_or(IntakeError::NoFlag)?;
        flag.check_open()?;
        let is_confirmed = decision.resolution == Resolution::Confirmed;
        if decision.blocks_affiliate && !is_confirmed {
            return Err(FlagRefusal::BlocksUnconfirmed.into());
        }
        let sale = self.known.rows.get(flag.conversion_id);
        let sale = sale.ok_or(IntakeError::NoConversion(flag.conversion_id))?;
        let mut next = if is_confirmed {
            let denied = sale.after_confirmed_flag(self.now);
            denied.map_err(FlagRefusal::from)?
        } else {
            sale.clone()
        };
        flag.status = decision.resolution.into();
        flag.resolved_at = Some(self.now);
        flag.note.clone_from(&decision.note);
        self.known.flags.insert(flag.id, flag.clone());
        next.is_flagged = self.known.flags.values().any(|other| {
            other.conversion_id == flag.conversion_id && other.status == FlagStatus::Open
        });
        let why = Why {
            actor: decision.actor,
            text: resolved(&flag),
            entry: is_confirmed.then_some(EntryKind::Denial),
        };
        if decision.blocks_affiliate {
            self.block(&flag, decision.actor);
        }
        self.writes.flags.resolved.push((flag, decision.actor));
        let after = self.held_anew(next, &why);
        Ok(vec![self.row(after)])
    }

    fn block(&mut self, flag: &Flag, actor: Actor) {
        let affiliates = &mut self.known.book.affiliates;
        if let Some(affiliate) = affiliates.get_mut(&flag.affiliate_id) {
            affiliate.status = AffiliateStatus::Blocked;
        }
        self.writes.flags.blocked.push((flag.affiliate_id, actor));
    }
}

/// A suspicion in words: "self-referral: ann@example.com paid, ...".
fn told(evidence: &Evidence) -> String {
    format!("{}: {evidence}", evidence.rule().label().to_lowercase())
}

/// What became of it, in words.
fn resolved(flag: &Flag) -> String {
    let status = flag.status.label().to_lowercase();
    let told = told(&flag.evidence);
    match &flag.note {
        Some(note) => format!("flag {status}: {told} ({note})"),
        None => format!("flag {status}: {told}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disposable_hosts_are_known_with_their_subdomains() {
        for (address, domain) in [
            ("a@mailinator.com", Some("mailinator.com")),
            ("a@inbox.mailinator.com", Some("mailinator.com")),
            ("a@yopmail.com", Some("yopmail.com")),
            ("a@gmail.com", None),
            ("a@example.com", None),
            ("a@mailinator.com.example.com", None),
            ("a@duck.com", None),
        ] {
            let email = Email::parse(address).expect("an address");
            assert_eq!(disposable_domain(&email), domain, "{address}");
        }
    }
}

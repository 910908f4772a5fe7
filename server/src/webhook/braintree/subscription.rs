//! Subscriptions: their transactions, trials, and their end.
//!
//! Every notification repeats the newest transactions of its subscription whole, newest first. All that
//! were paid since the connection was made are taken in, whichever notification brings them, and what went back of any: the
//! ledger knows those that it has, and a delivery that was lost is made up for by the next.

use chrono::{DateTime, Utc};
use domain::{
    conversion::ProcessorIds,
    fact::{CustomerSeen, Fact, Referral, Signup, Subject, SubjectKind, SubscriptionEnd},
    refund::BackStatus,
};

use super::{
    Content, Element, Malformed, Told, clue, refund,
    transaction::{self, Kind, created_at},
};

/// `subscription_charged_successfully`: also for cycles that cost nothing, and in mid-cycle.
pub(super) fn charged(subscription: Element<'_>, told: Told) -> Result<Content, Malformed> {
    let mut made = Vec::new();
    for one in subscription.items("transactions", "transaction") {
        made.push(created_at(one, told)?);
    }
    let is_older = made.iter().max().is_some_and(|at| *at < told.connected_at);
    let why = if is_older {
        "paid before this connection was made"
    } else {
        "nothing was paid"
    };
    repeated(subscription, told, why)
}

/// A notification that is only of use for the transactions it repeats; without news, ignored for this reason.
pub(super) fn repeated(
    subscription: Element<'_>,
    told: Told,
    why: &str,
) -> Result<Content, Malformed> {
    let list = List::read(subscription, told)?;
    if list.money.is_empty() {
        return Ok(Content::Ignored(why.to_owned()));
    }
    Ok(Content::Facts(list.facts()))
}

/// `subscription_canceled`
pub(super) fn canceled(subscription: Element<'_>, told: Told) -> Result<Content, Malformed> {
    let end = SubscriptionEnd {
        subscription: subscription.needed_word("id")?,
        ended_at: told.at,
    };
    let mut facts = List::read(subscription, told)?.facts();
    facts.push(Fact::Ended(end));
    Ok(Content::Facts(facts))
}

/// `subscription_went_active`, `subscription_trial_ended`: somebody had a trial. He is a lead when a
/// discount of the subscription names an affiliate, or the customer is known.
pub(super) fn began(subscription: Element<'_>, told: Told) -> Result<Content, Malformed> {
    let list = List::read(subscription, told)?;
    let clues = clue::of_subscription(subscription);
    let nothing = clues.is_empty() && list.customer.is_none();
    let is_trial = subscription.is_true("trial_period") && !list.has_money && !nothing;
    let signup = is_trial.then(|| signup(subscription, &list, told));
    let signup = signup.transpose()?;
    if list.money.is_empty() && clues.is_empty() && signup.is_none() {
        let why = "nothing on the subscription names an affiliate";
        return Ok(Content::Ignored(why.to_owned()));
    }
    let mut facts = list.facts();
    facts.extend(signup.map(Fact::Signup));
    Ok(Content::Facts(facts))
}

fn signup(subscription: Element<'_>, list: &List, told: Told) -> Result<Signup, Malformed> {
    let id = subscription.needed_word("id")?;
    let customer = list.customer.as_ref();
    Ok(Signup {
        // Often nothing else tells that a second notification is of the same person.
        external_event_id: Some(format!("trial:{id}")),
        occurred_at: told.at,
        ids: ProcessorIds {
            customer: customer.map(|customer| customer.external_id.clone()),
            subscription: Some(id),
            ..ProcessorIds::default()
        },
        email: customer.and_then(|customer| customer.email.clone()),
        name: customer.and_then(|customer| customer.name.clone()),
        clues: clue::of_subscription(subscription),
        metadata: "{}".to_owned(),
    })
}

/// What a subscription's transactions tell.
struct List {
    customer: Option<CustomerSeen>,
    referrals: Vec<Referral>,
    /// Payments and what went back of them, oldest first.
    money: Vec<Fact>,
    /// Was there any, also before the connection was made?
    has_money: bool,
}

impl List {
    fn read(subscription: Element<'_>, told: Told) -> Result<Self, Malformed> {
        let id = subscription.needed_word("id")?;
        let mut all: Vec<(DateTime<Utc>, Element<'_>)> = Vec::new();
        for one in subscription.items("transactions", "transaction") {
            all.push((created_at(one, told)?, one));
        }
        all.sort_by_key(|(at, _)| *at);
        let mut list = Self {
            customer: None,
            referrals: Vec::new(),
            money: Vec::new(),
            has_money: false,
        };
        let own = clue::of_subscription(subscription);
        let subject = Subject {
            kind: SubjectKind::Subscription,
            id: id.clone(),
        };
        list.referrals.extend((!own.is_empty()).then(|| Referral {
            subjects: vec![subject],
            clues: own,
            occurred_at: told.at,
        }));
        for (_, one) in all {
            list.referrals.extend(clue::kept_for(&id, one, told));
            list.customer = transaction::customer(one, told)?.or(list.customer);
            list.take(one, subscription, told)?;
        }
        list.has_money = !list.money.is_empty();
        list.money
            .retain(|fact| !transaction::is_too_old(fact, told));
        list.forget_known_refunds();
        Ok(list)
    }

    fn take(
        &mut self,
        one: Element<'_>,
        subscription: Element<'_>,
        told: Told,
    ) -> Result<(), Malformed> {
        match Kind::of(one)? {
            Kind::Sale => {
                let facts = transaction::sale(one, Some(subscription), told)?;
                self.money.extend(facts);
            }
            Kind::Credit => self
                .money
                .extend(refund::of_list(one, told)?.map(Fact::Back)),
        }
        Ok(())
    }

    /// Of a refund that is in the list itself its id alone is no news.
    fn forget_known_refunds(&mut self) {
        let told = |fact: &Fact| match fact {
            Fact::Back(back) if back.status != BackStatus::Announced => {
                Some(back.external_id.clone())
            }
            _ => None,
        };
        let told: Vec<String> = self.money.iter().filter_map(told).collect();
        self.money.retain(|fact| match fact {
            Fact::Back(back) => {
                back.status != BackStatus::Announced || !told.contains(&back.external_id)
            }
            _ => true,
        });
    }

    fn facts(self) -> Vec<Fact> {
        let customer = self.customer.map(Fact::Customer);
        let referrals = self.referrals.into_iter().map(Fact::Referral);
        customer
            .into_iter()
            .chain(referrals)
            .chain(self.money)
            .collect()
    }
}

//! Random histories against a straightforward model of the rules: whatever was told in whatever order,
//! however often, and whoever decided in between, every sale ends as the model says and the ledger adds up.

mod call;
mod case;
mod model;
mod never;

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use domain::{
    affiliate::Affiliate,
    commission::{self, Plan, Rate},
    conversion::{CommissionState, Conversion, ConversionType, ProcessorIds},
    exchange::Quote,
    fact::{ClueKind, Fact, Payment, Referral, Subject, SubjectKind, SubscriptionEnd, refund_id},
    id::ConversionId,
    lifecycle::Transition,
    money::{Currency, Money},
    rate::BasisPoints,
    refund::{BackKind, BackStatus, MoneyBack},
};
use futures::{StreamExt, future::join_all, stream};
use proptest::strategy::{Strategy, ValueTree};
use sqlx::PgPool;
use store::{
    audit::Actor,
    exchange::DayRate,
    intake::{Decision, IntakeError},
};

use self::{
    call::by_call,
    case::{Case, Earns, MONEY, PHASES, Pays, Step, TERMS, Told, case},
    model::{Model, State},
    never::NEVER,
};
use crate::support::{Shop, clue, noon, percent, runner};

const CASES: usize = 500;
/// How many times a history that fails is made smaller.
const SMALLER: usize = 150;
/// Days between two rounds of histories: no rate of one is of use to the next.
const ROUND_DAYS: i64 = 100;

/// One history on its way through the store.
struct Run<'a> {
    shop: &'a Shop,
    case: &'a Case,
    affiliate: &'a Affiliate,
    name: String,
    start: DateTime<Utc>,
    model: Model<'a>,
    /// Where store and model first disagreed.
    difference: Option<String>,
}

/// With the affiliate of each of [`TERMS`].
async fn open(pool: PgPool) -> (Shop, Vec<Affiliate>) {
    let mut affiliates = Vec::new();
    let shop = Shop::open(pool).await;
    let recruiter = shop.affiliate("recruiter").await;
    for terms in TERMS {
        let campaign_id = shop
            .campaign(terms.slug, |own| {
                own.plan = Plan {
                    rate: match terms.earns {
                        Earns::Share(points) => percent(points),
                        Earns::Fixed(minor) => Rate::Fixed(minor),
                    },
                    duration: match terms.pays {
                        Pays::First => commission::Duration::OneTime,
                        Pays::Every => commission::Duration::Recurring,
                        Pays::OneMonth => commission::Duration::RecurringLimited(1),
                    },
                };
                own.hold_days = u16::try_from(terms.hold_days).expect("small");
                own.override_share = BasisPoints::new(terms.recruiter).expect("a share");
                own.refund_on_cancel = terms.refund_on_cancel;
            })
            .await;
        let affiliate = shop.affiliate_in(terms.slug, campaign_id).await;
        if terms.recruiter > 0 {
            shop.recruit(&affiliate, &recruiter).await;
        }
        affiliates.push(affiliate);
    }
    (shop, affiliates)
}

fn currency(code: &str) -> Currency {
    Currency::parse(code).expect("a currency")
}

impl Run<'_> {
    fn id(&self, prefix: &str, number: usize) -> String {
        format!("{prefix}_{}_{number}", self.name)
    }

    fn subscription(&self) -> Option<String> {
        self.case
            .is_subscription
            .then(|| format!("sub_{}", self.name))
    }

    fn payment(&self, number: usize) -> Payment {
        let paid = &self.case.payments[number];
        let named = self
            .case
            .is_named
            .then(|| clue(ClueKind::Slug, self.case.terms.slug));
        Payment {
            external_event_id: self.id("in", number),
            amount: Money::new(paid.amount, currency(MONEY[self.case.money].code)),
            base_minor: paid.base,
            paid_at: self.start + Duration::days(paid.day),
            ids: ProcessorIds {
                customer: Some(format!("cus_{}", self.name)),
                subscription: self.subscription(),
                invoice: Some(self.id("in", number)),
                ..ProcessorIds::default()
            },
            email: Some(format!("{}@example.com", self.name)),
            name: None,
            clues: named.into_iter().collect(),
            metadata: "{}".to_owned(),
        }
    }

    fn back(&self, number: usize, place: usize, telling: usize) -> Fact {
        let paid = &self.case.payments[number];
        let back = &paid.backs[place];
        let (status, minute) = back.tellings[telling];
        let at = |minute| self.start + Duration::days(paid.day) + Duration::minutes(minute);
        let names: &[&str] = match (paid.route, place) {
            (case::Route::Invoice, _) => &["in"],
            (case::Route::Bridge, 0) => &["ch", "pi"],
            _ => &["ch"],
        };
        let own = currency(MONEY[self.case.money].code);
        let other = currency("GBP");
        Fact::Back(MoneyBack {
            external_id: self.id(&format!("re{place}"), number),
            kind: if back.is_dispute {
                BackKind::Dispute
            } else {
                BackKind::Refund
            },
            amount_minor: back.amount,
            currency: match (back.is_foreign, place % 2) {
                (true, _) => Some(other),
                (false, 0) => Some(own),
                (false, _) => None,
            },
            status,
            occurred_at: at(back.made()),
            told_at: at(minute),
            failed_at: None,
            net_minor: None,
            payment: names.iter().map(|id| self.id(id, number)).collect(),
            reason: None,
        })
    }

    fn total(&self, number: usize, place: usize) -> Fact {
        let paid = &self.case.payments[number];
        let Fact::Back(refund) = self.back(number, place, 0) else {
            panic!("a refund")
        };
        Fact::Back(MoneyBack {
            external_id: self.id("total", number),
            kind: BackKind::ChargeTotal,
            amount_minor: paid.total_after(place),
            status: BackStatus::Succeeded,
            occurred_at: self.start + Duration::days(paid.day),
            told_at: refund.occurred_at,
            failed_at: None,
            ..refund
        })
    }

    fn fact(&self, told: &Told) -> Fact {
        match told {
            Told::Paid(number) => Fact::Payment(self.payment(*number)),
            Told::Back(number, place, telling) => self.back(*number, *place, *telling),
            Told::Total(number, place) => self.total(*number, *place),
            Told::Linked(number, ids) => {
                let id = |prefix: &&str| match *prefix {
                    "re0" => refund_id(&self.id("re0", *number)),
                    prefix => self.id(prefix, *number),
                };
                Fact::Linked {
                    ids: ids.iter().map(id).collect(),
                }
            }
            Told::Referral => Fact::Referral(Referral {
                subjects: vec![Subject {
                    kind: SubjectKind::Subscription,
                    id: format!("sub_{}", self.name),
                }],
                clues: vec![clue(ClueKind::Slug, self.case.terms.slug)],
                occurred_at: self.start,
            }),
            Told::Ended => Fact::Ended(SubscriptionEnd {
                subscription: format!("sub_{}", self.name),
                ended_at: self.start + Duration::days(self.case.ended.unwrap_or_default()),
            }),
        }
    }

    /// The same event again, or another one that says the same.
    async fn deliver(&self, told: &Told, times: usize) {
        if let Told::Paid(number) = told
            && by_call(self, *number).await
        {
            return;
        }
        let repeat = if times.is_multiple_of(2) { times } else { 0 };
        let event = format!("evt_{}_{told:?}_{repeat}", self.name);
        self.shop.event(&event, vec![self.fact(told)]).await;
    }

    async fn phase(&mut self, phase: usize) {
        let now = self.start + Duration::days(PHASES[phase]);
        let case = self.case;
        let is_message = |step: &Step| matches!(step, Step::Told(..));
        for steps in case.steps[phase]
            .chunk_by(|one, other| case.is_at_once && is_message(one) && is_message(other))
        {
            let mut deliveries = Vec::new();
            for step in steps {
                match step {
                    Step::Told(told, times) => {
                        self.model.tell(told);
                        deliveries.push((told, *times));
                    }
                    Step::Decide(number, step) => self.decide(*number, *step, now).await,
                }
            }
            join_all(
                deliveries
                    .iter()
                    .map(|(told, times)| self.deliver(told, *times)),
            )
            .await;
        }
    }

    async fn decide(&mut self, number: usize, step: Transition, now: DateTime<Utc>) {
        let expected = self.model.decide(number, step, now);
        let rows = self.shop.rows_of(&self.id("in", number)).await;
        let Some(sale) = rows.first() else {
            return self.note(expected.then(|| format!("no sale {number} to {step:?}")));
        };
        let decision = Decision {
            conversion_ids: vec![sale.id],
            step,
            actor: Actor::System,
            reason: Some("because".to_owned()),
        };
        let done = self
            .shop
            .store
            .decide(self.shop.organization_id, decision)
            .await;
        let is_done = match done {
            Ok(_) => true,
            Err(IntakeError::Refused { .. }) => false,
            Err(error) => panic!("{error}"),
        };
        let differs = is_done != expected;
        self.note(
            differs.then(|| {
                format!("{step:?} of sale {number}: {is_done}, the model says {expected}")
            }),
        );
    }

    fn note(&mut self, difference: Option<String>) {
        if self.difference.is_none() {
            self.difference = difference;
        }
    }

    fn compare(&mut self, rows: &HashMap<String, Vec<Conversion>>) {
        for number in 0..self.case.payments.len() {
            let found = rows
                .get(&self.id("in", number))
                .map_or(&[][..], Vec::as_slice);
            let expected = self.model.state(number);
            let difference = match state(found) {
                Ok(state) if state == expected => None,
                state => Some(format!(
                    "sale {number} is {state:?}\nthe model says {expected:?}"
                )),
            };
            self.note(difference);
        }
    }
}

/// The sale of a payment and its recruiter's share, in the model's words.
fn state(rows: &[Conversion]) -> Result<Option<State>, String> {
    let (sale, share) = match rows {
        [] => return Ok(None),
        [sale] => (sale, None),
        [sale, share] => (sale, Some(share)),
        _ => return Err(format!("{} rows", rows.len())),
    };
    if share.is_some_and(|share| share.status != sale.status || share.kind != sale.kind) {
        return Err("the share does not follow its sale".to_owned());
    }
    Ok(Some(State {
        status: sale.status,
        commission: sale.commission.minor,
        refunded: sale.refunded_minor,
        is_disputed: sale.held_by.is_some(),
        is_recurring: sale.kind == ConversionType::Recurring,
        awaits_rate: sale.commission_state == CommissionState::AwaitingRate,
        share: share.map_or(0, |share| share.commission.minor),
    }))
}

/// The rates that become known at the beginning of a phase.
fn rates_of(phase: usize, start: DateTime<Utc>) -> Vec<DayRate> {
    let mut rates = Vec::new();
    for money in &MONEY {
        for (_, day, text, ..) in money.rates.iter().filter(|rate| rate.0 == phase) {
            rates.push(DayRate {
                day: (start + Duration::days(*day)).date_naive(),
                base: currency(money.code),
                quote: Currency::USD,
                rate: Quote::parse(text).expect("a rate"),
            });
        }
    }
    rates
}

/// Lets all of these histories happen side by side; tells where each differs from the model.
async fn play(
    (shop, affiliates): &(Shop, Vec<Affiliate>),
    round: usize,
    cases: &[Case],
) -> Vec<Option<String>> {
    let days = ROUND_DAYS * i64::try_from(round).expect("small");
    let start = noon() + Duration::days(days);
    shop.clock.advance(start - shop.clock.now());
    let new_run = |(number, case)| Run {
        shop,
        case,
        affiliate: affiliates
            .iter()
            .find(|one| one.slug.as_str() == case.terms.slug)
            .expect("an affiliate"),
        name: format!("{round}-{number}"),
        start,
        model: Model::new(case, start),
        difference: None,
    };
    let mut runs: Vec<Run<'_>> = cases.iter().enumerate().map(new_run).collect();
    for (phase, day) in PHASES.into_iter().enumerate() {
        let now = start + Duration::days(day);
        shop.clock.advance(now - shop.clock.now());
        shop.store
            .publish_rates(&rates_of(phase, start))
            .await
            .expect("kept");
        for run in &mut runs {
            run.model.publish(phase);
        }
        stream::iter(&mut runs)
            .for_each_concurrent(64, |run| run.phase(phase))
            .await;
        shop.store.approve_due().await.expect("looks");
        for run in &mut runs {
            run.model.hold_passed(now);
        }
    }
    let mut rows: HashMap<String, Vec<Conversion>> = HashMap::new();
    for row in rows_of_round(shop, round).await {
        let id = row.external_event_id.clone().unwrap_or_default();
        rows.entry(id).or_default().push(row);
    }
    for run in &mut runs {
        run.compare(&rows);
    }
    runs.into_iter().map(|run| run.difference).collect()
}

/// The conversions of a round, shares after their sales.
async fn rows_of_round(shop: &Shop, round: usize) -> Vec<Conversion> {
    let ids: Vec<uuid::Uuid> = sqlx::query_scalar(
        "select conversion_id from conversion where external_event_id like $1
         order by parent_conversion_id is not null",
    )
    .bind(format!("in_{round}-%"))
    .fetch_all(&shop.pool)
    .await
    .expect("ids");
    let mut rows = Vec::new();
    for id in ids {
        let row = shop
            .store
            .sale(shop.organization_id, ConversionId(id))
            .await;
        rows.extend(row.expect("reads").map(|row| row.conversion));
    }
    rows
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn random_histories_end_as_the_rules_say(pool: PgPool) {
    let shop = open(pool.clone()).await;
    let mut runner = runner();
    let mut trees: Vec<_> = (0..CASES)
        .map(|_| case().new_tree(&mut runner).expect("a history"))
        .collect();
    let cases: Vec<Case> = trees.iter().map(|tree| tree.current()).collect();
    let differences = play(&shop, 0, &cases).await;
    let failed = differences
        .iter()
        .filter(|difference| difference.is_some())
        .count();
    if let Some(first) = differences.iter().position(Option::is_some) {
        let (case, difference) = smallest(&shop, &mut trees[first]).await;
        panic!("{failed} of {CASES} histories; the first, made small:\n{case:?}\n{difference}");
    }
    for (what, query) in NEVER {
        let found: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
            "select count(*) from ({query}) found"
        )))
        .fetch_one(&pool)
        .await
        .expect("counts");
        assert_eq!(found, 0, "{what}");
    }
    let recount = shop.0.store.recount().await.expect("counts");
    assert_eq!(recount.differences, Vec::<String>::new());
}

/// The smallest history like this one that still fails.
async fn smallest(
    shop: &(Shop, Vec<Affiliate>),
    tree: &mut impl ValueTree<Value = Case>,
) -> (Case, String) {
    let mut failing = None;
    for round in 1..=SMALLER {
        let case = tree.current();
        let mut differences = play(shop, round, std::slice::from_ref(&case)).await;
        let goes_on = match differences.pop().flatten() {
            Some(difference) => {
                failing = Some((case, difference));
                tree.simplify()
            }
            None => tree.complicate(),
        };
        if !goes_on {
            break;
        }
    }
    failing.expect("it fails alone, too")
}

//! Random histories: whatever goes back, is denied, held, paid or not paid in whatever order, the books are right at
//! every moment, and in the end everybody has what he earned.

use chrono::Duration;
use domain::{
    affiliate::Affiliate,
    id::CampaignId,
    lifecycle::{Status, Transition},
    payout::{Payout, PayoutStatus, Selection},
    rate::BasisPoints,
    refund::{BackKind, BackStatus},
};
use proptest::{prelude::*, sample::select, strategy::ValueTree};
use sqlx::PgPool;
use store::{
    audit::Actor,
    intake::{Decision, IntakeError},
    payout::{PayoutFilter, PayoutOrder, PayoutStart},
};

use super::{back, balance, complete, fail, now, process, recounted, run, sale};
use crate::support::{Shop, runner};

const HISTORIES: usize = 30;
const STEPS: usize = 40;
/// How many sales a history has.
const SALES: usize = 5;
/// What the customer pays for each, in cents.
const AMOUNT: i64 = 10_000;

#[derive(Clone, Debug)]
enum Step {
    /// A sale takes a step, if it can.
    Decide(usize, Transition),
    /// Money of a sale goes back, comes again, or may go back.
    Back(usize, BackKind, BackStatus, i64),
    /// The holds pass.
    Approve,
    Run,
    One,
    Process(usize),
    Complete(usize),
    Fail(usize),
}

fn step() -> impl Strategy<Value = Step> {
    use BackStatus::{Failed, Lost, Open, Succeeded, Won};
    use Transition::{ApproveEarly, Deny, Restore};
    let back = select(vec![
        (BackKind::Refund, Succeeded),
        (BackKind::Refund, Failed),
        (BackKind::Dispute, Open),
        (BackKind::Dispute, Won),
        (BackKind::Dispute, Lost),
    ]);
    let part = select(vec![1, 3333, AMOUNT]);
    prop_oneof![
        5 => (0..SALES, select(vec![ApproveEarly, ApproveEarly, Deny, Restore]))
            .prop_map(|(sale, step)| Step::Decide(sale, step)),
        4 => (0..SALES, back, part).prop_map(|(sale, (kind, status), minor)| Step::Back(sale, kind, status, minor)),
        1 => Just(Step::Approve),
        3 => Just(Step::Run),
        1 => Just(Step::One),
        3 => (0..8_usize).prop_map(Step::Process),
        3 => (0..8_usize).prop_map(Step::Complete),
        2 => (0..8_usize).prop_map(Step::Fail),
    ]
}

/// One history on its way through the store.
struct History<'a> {
    shop: &'a Shop,
    number: usize,
    affiliate: Affiliate,
    recruiter: Affiliate,
    campaign_id: CampaignId,
}

impl History<'_> {
    fn sale(&self, number: usize) -> String {
        format!("in_{}_{number}", self.number)
    }

    async fn payouts(&self) -> Vec<Payout> {
        let mut found = Vec::new();
        for affiliate in [&self.affiliate, &self.recruiter] {
            let filter = PayoutFilter {
                affiliate_id: Some(affiliate.id),
                ..PayoutFilter::default()
            };
            let organization_id = self.shop.organization_id;
            let start = PayoutStart::Offset(0);
            let page = self
                .shop
                .store
                .payouts(organization_id, filter, start, 200)
                .await;
            let views = page.expect("reads").payouts.into_iter();
            found.extend(views.map(|view| view.payout));
        }
        found
    }

    /// One of those that are not over.
    async fn open_payout(&self, number: usize) -> Option<Payout> {
        let mut open = self.payouts().await;
        open.retain(|payout| payout.completed_at.is_none() && payout.failed_at.is_none());
        let place = number.checked_rem(open.len())?;
        Some(open.swap_remove(place))
    }

    async fn take(&self, step: &Step) {
        let shop = self.shop;
        match step {
            Step::Decide(number, step) => self.decide(*number, *step).await,
            Step::Back(number, kind, status, minor) => {
                back(shop, &self.sale(*number), *kind, *status, *minor).await;
            }
            Step::Approve => {
                shop.clock.advance(Duration::days(31));
                shop.store.approve_due().await.expect("approves");
            }
            Step::Run => drop(run(shop).await),
            Step::One => self.one().await,
            Step::Process(number) => {
                if let Some(payout) = self.open_payout(*number).await {
                    let is_pending = payout.status == PayoutStatus::Pending;
                    assert_eq!(process(shop, &payout).await.is_ok(), is_pending);
                }
            }
            Step::Complete(number) => {
                if let Some(payout) = self.open_payout(*number).await {
                    complete(shop, &payout).await.expect("completes");
                }
            }
            Step::Fail(number) => {
                if let Some(payout) = self.open_payout(*number).await {
                    fail(shop, &payout).await.expect("fails");
                }
            }
        }
    }

    async fn decide(&self, number: usize, step: Transition) {
        let decision = Decision {
            conversion_ids: vec![now(self.shop, &self.sale(number)).await.id],
            step,
            actor: Actor::System,
            reason: Some("because".to_owned()),
        };
        let organization_id = self.shop.organization_id;
        let done = self.shop.store.decide(organization_id, decision).await;
        assert!(matches!(done, Ok(_) | Err(IntakeError::Refused { .. })));
    }

    async fn one(&self) {
        let order = PayoutOrder {
            affiliate_id: self.affiliate.id,
            campaign_id: self.campaign_id,
            method: None,
            note: None,
            actor: Actor::System,
        };
        let organization_id = self.shop.organization_id;
        drop(self.shop.store.create_payout(organization_id, order).await);
    }

    /// Disputes end, holds pass, and everything is paid: then nobody has anything to get, and what was paid and is not
    /// owed back is what all sales are worth.
    async fn end(&self) {
        for number in 0..SALES {
            let sale = self.sale(number);
            back(self.shop, &sale, BackKind::Dispute, BackStatus::Won, 1).await;
        }
        self.take(&Step::Approve).await;
        for payout in self.payouts().await {
            if payout.completed_at.is_none() && payout.failed_at.is_none() {
                complete(self.shop, &payout).await.expect("completes");
            }
        }
        let batch = run(self.shop).await;
        for view in &batch.payouts {
            if view.payout.completed_at.is_none() {
                complete(self.shop, &view.payout).await.expect("completes");
            }
        }
        for affiliate in [&self.affiliate, &self.recruiter] {
            let [pending, approved, paid, debt] = balance(self.shop, affiliate).await;
            assert_eq!((pending, approved), (0, 0), "nothing is left to pay");
            let mut worth = 0;
            for number in 0..SALES {
                let rows = self.shop.rows_of(&self.sale(number)).await;
                let own = rows.iter().filter(|row| row.affiliate_id == affiliate.id);
                for row in own {
                    assert!(row.status != Status::Approved, "{row:?}");
                    worth += row.commission.minor;
                }
            }
            assert_eq!(paid - debt, worth, "paid, and not owed back");
        }
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn everybody_gets_what_he_earned_whatever_happens(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let mut runner = runner();
    let steps = proptest::collection::vec(step(), STEPS);
    for number in 0..HISTORIES {
        let campaign_id = shop
            .campaign(&format!("campaign-{number}"), |own| {
                own.payout_threshold_minor = [0, 500, 3000][number % 3];
                own.override_share = BasisPoints::new(1000).expect("a share");
            })
            .await;
        let recruiter = format!("recruiter-{number}");
        let affiliate = format!("affiliate-{number}");
        let history = History {
            shop: &shop,
            number,
            recruiter: shop.affiliate_in(&recruiter, campaign_id).await,
            affiliate: shop.affiliate_in(&affiliate, campaign_id).await,
            campaign_id,
        };
        shop.recruit(&history.affiliate, &history.recruiter).await;
        for number in 0..SALES {
            let id = history.sale(number);
            sale(&shop, &id, &history.affiliate, AMOUNT).await;
        }
        let steps = steps.new_tree(&mut runner).expect("a history").current();
        for step in &steps {
            history.take(step).await;
        }
        recounted(&shop).await;
        let nothing = "update campaign set payout_threshold_minor = 0";
        let changed = sqlx::query(nothing).execute(&shop.pool).await;
        changed.expect("changed");
        history.end().await;
        recounted(&shop).await;
        let selection = Selection::default();
        let left = shop.store.preview_batch(shop.organization_id, &selection);
        let left = left.await.expect("reads");
        assert!(left.iter().all(|one| one.carried_over().is_some()));
    }
}

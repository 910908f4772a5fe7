//! The steps of a payout: it is processed, and then it is paid or it fails.

use domain::{
    id::{OrganizationId, PayoutId},
    payout::{Payout, PayoutMethod},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    PayoutError, PayoutView, by_ids_in, change_in, payouts,
    revise::{release_in, revised_in},
};
use crate::{
    Store, StoreError,
    audit::Actor,
    intake::{Desk, PaidOut, lock_in, paid_out_in},
    transaction::begin,
};

/// How many conversions become Paid with one statement.
const AT_A_TIME: usize = 1000;

/// What somebody says becomes of a payout.
#[derive(Clone, Debug)]
pub struct PayoutDecision {
    /// Which.
    pub payout_id: PayoutId,
    /// Why; kept as the reason of a failure.
    pub reason: Option<String>,
    /// What is said of it; kept with it.
    pub note: Option<String>,
    /// Who decides.
    pub actor: Actor,
}

/// What is done to an organization's payouts under its lock.
pub(super) struct Work<'a> {
    pub(super) desk: &'a Desk,
    pub(super) organization_id: OrganizationId,
    /// The number of the last change so far.
    pub(super) position: i64,
    /// Did conversions change?
    has_changed: bool,
    pub(super) actor: Actor,
}

impl<'a> Work<'a> {
    pub(super) fn new(
        desk: &'a Desk,
        organization_id: OrganizationId,
        position: i64,
        actor: Actor,
    ) -> Self {
        Self {
            desk,
            organization_id,
            position,
            has_changed: false,
            actor,
        }
    }

    /// The number of the last change, when conversions changed.
    pub(super) fn moved_to(&self) -> Option<i64> {
        self.has_changed.then_some(self.position)
    }

    /// After the commit: the live streams hear of conversions that changed.
    pub(super) fn tell(&self) {
        if let Some(position) = self.moved_to() {
            self.desk.live.changed(self.organization_id, position);
        }
    }
}

impl Store {
    /// Begins to pay a payout: nothing changes in it any more. One that Stripe pays is transferred now.
    ///
    /// # Errors
    /// [`PayoutError::NotFound`], and [`PayoutError::Refused`] when it is not pending.
    pub async fn process_payout(
        &self,
        organization_id: OrganizationId,
        decision: PayoutDecision,
    ) -> Result<PayoutView, PayoutError> {
        decision.actor.manages()?;
        let mut tx = begin(&self.pool).await?;
        lock_in(&mut tx, organization_id).await?;
        let payout = locked_in(&mut tx, organization_id, decision.payout_id).await?;
        let payout = noted(payout, &decision).processed(self.clock.now())?;
        let why = told("paying began", &decision);
        let desk = self.desk();
        change_in(
            &mut tx,
            &desk,
            organization_id,
            &payout,
            decision.actor,
            &why,
        )
        .await?;
        let view = view_in(&mut tx, organization_id, payout.id).await?;
        tx.commit().await?;
        Ok(view)
    }

    /// A payout is paid: its conversions become Paid.
    ///
    /// # Errors
    /// [`PayoutError::NotFound`], and [`PayoutError::Refused`] when it is over, or Stripe pays it.
    pub async fn complete_payout(
        &self,
        organization_id: OrganizationId,
        decision: PayoutDecision,
    ) -> Result<PayoutView, PayoutError> {
        decision.actor.manages()?;
        let mut tx = begin(&self.pool).await?;
        let position = lock_in(&mut tx, organization_id).await?;
        let payout = locked_in(&mut tx, organization_id, decision.payout_id).await?;
        let payout = noted(payout.by_hand()?, &decision).completed(self.clock.now())?;
        let desk = self.desk();
        let mut work = Work::new(&desk, organization_id, position, decision.actor);
        complete_in(&mut tx, &mut work, &payout, &told("paid", &decision)).await?;
        let view = view_in(&mut tx, organization_id, payout.id).await?;
        tx.commit().await?;
        work.tell();
        Ok(view)
    }

    /// A payout is not paid: what it took is payable again.
    ///
    /// # Errors
    /// [`PayoutError::NotFound`], and [`PayoutError::Refused`] when it is over, or Stripe pays it.
    pub async fn fail_payout(
        &self,
        organization_id: OrganizationId,
        decision: PayoutDecision,
    ) -> Result<PayoutView, PayoutError> {
        decision.actor.manages()?;
        let mut tx = begin(&self.pool).await?;
        lock_in(&mut tx, organization_id).await?;
        let payout = locked_in(&mut tx, organization_id, decision.payout_id).await?;
        let reason = decision.reason.clone();
        let payout = noted(payout.by_hand()?, &decision).failed(reason, self.clock.now())?;
        let why = told("not paid", &decision);
        let desk = self.desk();
        fail_in(
            &mut tx,
            &desk,
            organization_id,
            &payout,
            decision.actor,
            &why,
        )
        .await?;
        let view = view_in(&mut tx, organization_id, payout.id).await?;
        tx.commit().await?;
        Ok(view)
    }
}

fn noted(payout: Payout, decision: &PayoutDecision) -> Payout {
    Payout {
        note: decision.note.clone().or(payout.note),
        ..payout
    }
}

/// What was done and why, for the audit log.
fn told(what: &str, decision: &PayoutDecision) -> String {
    match decision.reason.as_ref().or(decision.note.as_ref()) {
        Some(why) => format!("{what}: {why}"),
        None => what.to_owned(),
    }
}

/// One payout, which nobody else changes until the transaction ends.
pub(super) async fn locked_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    id: PayoutId,
) -> Result<Payout, PayoutError> {
    let row = payouts!("p.payout_id = $2 for update of p", organization_id.0, id.0);
    let row = row.fetch_optional(db).await?;
    let view: PayoutView = row.ok_or(PayoutError::NotFound)?.try_into()?;
    Ok(view.payout)
}

pub(super) async fn view_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    id: PayoutId,
) -> Result<PayoutView, PayoutError> {
    let views = by_ids_in(db, organization_id, &[id.0]).await?;
    views.into_iter().next().ok_or(PayoutError::NotFound)
}

/// Puts a completed payout down: the entry that pays it, and its conversions become Paid.
pub(super) async fn complete_in(
    db: &mut PgConnection,
    work: &mut Work<'_>,
    payout: &Payout,
    why: &str,
) -> Result<(), StoreError> {
    let (desk, organization_id) = (work.desk, work.organization_id);
    change_in(db, desk, organization_id, payout, work.actor, why).await?;
    let told = match payout.method {
        _ if payout.amount.minor == 0 => "settled with what was owed",
        PayoutMethod::Stripe => "paid out by Stripe",
        PayoutMethod::Manual => "paid out by hand",
    };
    entry_in(db, desk, organization_id, payout, told).await?;
    let paid = paid_in(db, organization_id, payout.id).await?;
    let paid_out = PaidOut {
        payout_id: payout.id,
        actor: work.actor,
        why: told,
    };
    for ids in paid.chunks(AT_A_TIME) {
        let at = work.position;
        let moved_to = paid_out_in(db, desk, organization_id, at, ids, &paid_out).await?;
        if let Some(position) = moved_to {
            (work.position, work.has_changed) = (position, true);
        }
    }
    Ok(())
}

/// The conversions that a payout pays something.
async fn paid_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    id: PayoutId,
) -> Result<Vec<Uuid>, StoreError> {
    let ids = sqlx::query_scalar!(
        r#"select t.conversion_id as "conversion_id!" from payout_entry t
           join ledger_entry e on e.organization_id = $1 and e.ledger_entry_id = t.ledger_entry_id
           where t.organization_id = $1 and t.payout_id = $2 and t.released_at is null
               and t.conversion_id is not null
           group by t.conversion_id having sum(e.amount_minor) > 0 order by t.conversion_id"#,
        organization_id.0,
        id.0,
    )
    .fetch_all(db)
    .await?;
    Ok(ids)
}

/// The entry that takes what was paid off the account.
async fn entry_in(
    db: &mut PgConnection,
    desk: &Desk,
    organization_id: OrganizationId,
    payout: &Payout,
    reason: &str,
) -> Result<(), StoreError> {
    if payout.amount.minor == 0 {
        return Ok(());
    }
    let now = desk.clock.now();
    sqlx::query!(
        "insert into ledger_entry (organization_id, ledger_entry_id, affiliate_id, payout_id, kind, amount_minor,
             currency, reason, created_at)
         values ($1, $2, $3, $4, 'payout', $5, $6, $7, $8)",
        organization_id.0,
        desk.random.uuid_v7(now),
        payout.affiliate_id.0,
        payout.id.0,
        -payout.amount.minor,
        payout.amount.currency.code(),
        reason,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Puts a failed payout down: what it took is payable again.
pub(super) async fn fail_in(
    db: &mut PgConnection,
    desk: &Desk,
    organization_id: OrganizationId,
    payout: &Payout,
    actor: Actor,
    why: &str,
) -> Result<(), StoreError> {
    change_in(db, desk, organization_id, payout, actor, why).await?;
    // The same moment: by it the payout's page still finds what it gave back.
    let at = payout.failed_at.unwrap_or_else(|| desk.clock.now());
    let released = release_in(db, organization_id, payout.id, None, at).await?;
    // What went back while it was being paid is no debit any more: pending payouts that took it give it back.
    revised_in(db, desk, organization_id, &released).await
}

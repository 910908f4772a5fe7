//! What runs beside the requests, one small loop each.

mod deliver;
mod import;
mod look_up;
mod reconcile;
mod transfer;

use std::{sync::Arc, time::Duration};

use store::Store;
use tokio::time::{Interval, MissedTickBehavior, interval};

use self::{
    deliver::deliver_webhooks,
    import::run_imports,
    look_up::look_up_refunds,
    reconcile::{Lists, keep_reconciled},
    transfer::send_payouts,
};
use crate::{
    braintree_api::BraintreeApi, config::Config, rate_limit::Limits, rates::keep_published,
    stripe_api::StripeApi, webhook,
};

/// How often months are made ahead and quiet callers forgotten.
const HOUSEKEEPING: Duration = Duration::from_hours(1);

/// How often what has passed its hold is looked for: approvals come within 5 s of their time (domain
/// rules, section 6).
const APPROVALS: Duration = Duration::from_secs(2);

/// How often sales that wait for an exchange rate are looked at: new rates compute them at once, so this
/// only makes up for what was missed.
const PRICES: Duration = Duration::from_mins(10);

/// How often failed events that are due are looked for.
const RETRIES: Duration = Duration::from_secs(5);

/// How often hours whose clicks can be rolled up are looked for.
const ROLL_UPS: Duration = Duration::from_secs(30);

/// Starts all of them; they end with the process.
pub(crate) fn spawn(store: &Store, limits: &Arc<Limits>, config: &Config) {
    tokio::spawn({
        let store = store.clone();
        async move { store.listen(std::future::pending()).await }
    });
    let months = config.click_months;
    tokio::spawn(keep_house(store.clone(), Arc::clone(limits), months));
    tokio::spawn(approve_due(store.clone()));
    tokio::spawn(price_awaiting(store.clone()));
    tokio::spawn(roll_up_clicks(store.clone()));
    tokio::spawn(retry_events(store.clone()));
    tokio::spawn(run_imports(store.clone()));
    tokio::spawn(deliver_webhooks(store.clone(), config.public_url.clone()));
    tokio::spawn(keep_published(store.clone(), config.rates.clone()));
    let (stripe, every) = (StripeApi::new(&config.stripe_api), config.reconcile_every);
    let braintree = BraintreeApi::new(config.braintree_api.as_deref());
    for lists in [Lists::Stripe(stripe.clone()), Lists::Braintree(braintree)] {
        tokio::spawn(keep_reconciled(store.clone(), lists, every));
    }
    tokio::spawn(send_payouts(store.clone(), stripe.clone()));
    tokio::spawn(look_up_refunds(store.clone(), stripe, every));
}

/// Ticks at once, and then every so often; a round that takes longer than that puts the next ones off.
pub(crate) fn ticks(every: Duration) -> Interval {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

async fn approve_due(store: Store) {
    let mut tick = ticks(APPROVALS);
    loop {
        tick.tick().await;
        if let Err(error) = store.approve_due().await {
            tracing::warn!(%error, "approvals are late; tried again shortly");
        }
    }
}

async fn price_awaiting(store: Store) {
    let mut tick = ticks(PRICES);
    loop {
        tick.tick().await;
        if let Err(error) = store.price_awaiting().await {
            tracing::warn!(%error, "sales still wait for their rates; tried again in 10 minutes");
        }
    }
}

async fn roll_up_clicks(store: Store) {
    let mut tick = ticks(ROLL_UPS);
    loop {
        tick.tick().await;
        if let Err(error) = store.roll_up_clicks().await {
            tracing::warn!(%error, "clicks are rolled up late; tried again shortly");
        }
    }
}

async fn retry_events(store: Store) {
    let mut tick = ticks(RETRIES);
    loop {
        tick.tick().await;
        if let Err(error) = store.retry_events(webhook::intake::read_again).await {
            tracing::warn!(%error, "failed events were not tried again; tried shortly");
        }
    }
}

async fn drop_old_clicks(store: &Store, months: u32) {
    match store.drop_old_clicks(months).await {
        Ok(dropped) if dropped.is_empty() => {}
        Ok(dropped) => tracing::info!(?dropped, "months of clicks were kept long enough"),
        Err(error) => {
            tracing::warn!(%error, "old clicks could not be dropped; tried again in an hour");
        }
    }
}

async fn keep_house(store: Store, limits: Arc<Limits>, click_months: Option<u32>) {
    let mut tick = ticks(HOUSEKEEPING);
    loop {
        tick.tick().await;
        limits.tidy();
        if let Err(error) = store.tidy_idempotent_calls().await {
            tracing::warn!(%error, "old answers could not be removed; tried again in an hour");
        }
        if let Err(error) = store.tidy_sessions().await {
            tracing::warn!(%error, "old sessions could not be removed; tried again in an hour");
        }
        if let Err(error) = store.tidy_imports().await {
            tracing::warn!(%error, "old files could not be removed; tried again in an hour");
        }
        if let Err(error) = store.tidy_webhooks().await {
            tracing::warn!(%error, "old webhook messages could not be removed; tried again in an hour");
        }
        if let Err(error) = store.make_months().await {
            tracing::warn!(%error, "the months ahead could not be made; tried again in an hour");
        }
        if let Some(months) = click_months {
            drop_old_clicks(&store, months).await;
        }
    }
}

//! What of a batch merchants' own programs are told.

use chrono::{DateTime, Utc};
use domain::{
    conversion::{Conversion, Source},
    fraud::Flag,
    id::{AffiliateId, OrganizationId},
    lifecycle::Status,
    webhook::Topic,
};
use sqlx::PgConnection;

use super::{
    batch::Desk,
    flags::FlagWrites,
    rows::{Change, RowWrites},
};
use crate::{
    StoreError,
    directory::Names,
    outbox::{self, Happening, Snapshot},
    sales::Row,
};

/// Tells what became of sales and flags. `version` is the organization's of its endpoints, 0 when it never had one.
pub(super) async fn tell_in(
    db: &mut PgConnection,
    desk: &Desk,
    organization_id: OrganizationId,
    now: DateTime<Utc>,
    version: i64,
    (rows, flags): (&RowWrites, &FlagWrites),
) -> Result<(), StoreError> {
    if version == 0 {
        return Ok(());
    }
    let directory = &desk.directory;
    let listeners = directory.listeners_in(db, organization_id, version).await?;
    if listeners.is_empty() {
        return Ok(());
    }
    let sales = rows.created.iter();
    let sales = sales.chain(rows.changed.iter().map(|change| &change.after));
    let affiliates: Vec<AffiliateId> = sales.map(|sale| sale.affiliate_id).collect();
    let names = directory.names_in(db, organization_id, &affiliates).await?;
    let mut happenings: Vec<Happening> = Vec::new();
    for sale in &rows.created {
        happenings.extend(of_created(sale, &names));
    }
    for change in &rows.changed {
        happenings.extend(of_change(change, &names));
    }
    happenings.extend(of_flags(flags));
    outbox::tell_these_in(
        db,
        &desk.random,
        organization_id,
        now,
        &listeners,
        &happenings,
    )
    .await
}

/// What became of flags.
fn of_flags(flags: &FlagWrites) -> impl Iterator<Item = Happening> {
    let raised = flags.raised.iter().map(|flag| (Topic::FlagCreated, flag));
    let resolved = flags.resolved.iter();
    let resolved = resolved.map(|(flag, _)| (Topic::FlagResolved, flag));
    raised
        .chain(resolved)
        .map(|(topic, flag)| of_flag(topic, flag))
}

fn of_flag(topic: Topic, flag: &Flag) -> Happening {
    let snapshot = Snapshot::Flag {
        flag: Box::new(flag.clone()),
    };
    Happening::of(flag.campaign_id, topic, snapshot)
}

/// What an import brings happened long ago: nobody is told of it.
fn of_created(sale: &Conversion, names: &Names) -> Vec<Happening> {
    if sale.source == Source::Imported {
        return Vec::new();
    }
    let further = [
        (sale.status == Status::Approved, Topic::ConversionApproved),
        (is_money_back(sale), Topic::ConversionRefunded),
    ];
    let topics = std::iter::once(Topic::ConversionCreated).chain(those(further));
    topics
        .map(|topic| of_sale(topic, sale, None, names))
        .collect()
}

fn of_change(Change { before, after }: &Change, names: &Names) -> Vec<Happening> {
    let became = |status| after.status == status && before.status != status;
    let is_more_back = after.refunded_minor > before.refunded_minor;
    let further = [
        (
            became(Status::Approved) && before.status != Status::Paid,
            Topic::ConversionApproved,
        ),
        (
            is_more_back || became(Status::Refunded),
            Topic::ConversionRefunded,
        ),
        (became(Status::Denied), Topic::ConversionDenied),
    ];
    let topics = std::iter::once(Topic::ConversionUpdated).chain(those(further));
    topics
        .map(|topic| of_sale(topic, after, Some(before), names))
        .collect()
}

fn those<const COUNT: usize>(topics: [(bool, Topic); COUNT]) -> impl Iterator<Item = Topic> {
    let those = topics.into_iter().filter(|(is_so, _)| *is_so);
    those.map(|(_, topic)| topic)
}

fn is_money_back(sale: &Conversion) -> bool {
    sale.refunded_minor > 0 || sale.status == Status::Refunded
}

fn of_sale(
    topic: Topic,
    sale: &Conversion,
    before: Option<&Conversion>,
    names: &Names,
) -> Happening {
    let snapshot = Snapshot::Sale {
        row: Box::new(Row::new(untold(sale), names)),
        before: before.map(|before| Box::new(untold(before))),
    };
    Happening::of(sale.campaign_id, topic, snapshot)
}

/// Without the trail, which is the longest part of it and not in any list.
fn untold(sale: &Conversion) -> Conversion {
    Conversion {
        trail: Vec::new(),
        ..sale.clone()
    }
}

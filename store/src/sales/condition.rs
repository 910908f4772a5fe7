//! A filter as the text of an SQL condition, for the statements that must carry their values: `COPY`,
//! which takes no parameters, and lists by several filters, which have to be planned with them.
//!
//! Only ids and our own words go into the text, never a caller's.

use std::fmt::{Display, Write};

use domain::{
    conversion::{ConversionType, Source},
    id::OrganizationId,
    lifecycle::Status,
    sales::Filter,
};
use uuid::Uuid;

use super::bounds::Bounds;

/// A part went back and the rest earns: as the index of these sales says it.
const PARTLY_REFUNDED: &str =
    "c.refunded_minor > 0 and c.status in ('pending', 'approved', 'paid')";

/// The same filter, written in one way only: lists in order and without repetition, and empty when
/// they name everything there is.
pub(super) fn normalized(filter: &Filter) -> Filter {
    let mut filter = filter.clone();
    normalize(&mut filter.statuses, Status::ALL.len());
    normalize(&mut filter.kinds, ConversionType::ALL.len());
    normalize(&mut filter.sources, Source::ALL.len());
    filter
}

fn normalize<Word: Ord>(words: &mut Vec<Word>, all: usize) {
    words.sort_unstable();
    words.dedup();
    if words.len() == all {
        words.clear();
    }
}

/// What rows of `conversion c` must fulfil to be in the list.
pub(crate) fn condition(
    organization_id: OrganizationId,
    filter: &Filter,
    bounds: Bounds,
) -> String {
    let Bounds { lower, upper } = bounds;
    let mut text = format!(
        "c.organization_id = '{organization_id}' and c.conversion_id >= '{lower}' and c.conversion_id < '{upper}'"
    );
    one(
        &mut text,
        "affiliate_id",
        filter.affiliate_id.map(Uuid::from),
    );
    one(&mut text, "campaign_id", filter.campaign_id.map(Uuid::from));
    any(
        &mut text,
        "status",
        filter.statuses.iter().map(|word| word.as_str()),
    );
    any(
        &mut text,
        "kind",
        filter.kinds.iter().map(|word| word.as_str()),
    );
    any(
        &mut text,
        "source",
        filter.sources.iter().map(|word| word.as_str()),
    );
    match filter.partly_refunded {
        None => {}
        Some(true) => push(&mut text, format_args!(" and {PARTLY_REFUNDED}")),
        Some(false) => push(&mut text, format_args!(" and not ({PARTLY_REFUNDED})")),
    }
    text
}

fn one(text: &mut String, column: &str, id: Option<Uuid>) {
    if let Some(id) = id {
        push(text, format_args!(" and c.{column} = '{id}'"));
    }
}

fn any(text: &mut String, column: &str, words: impl Iterator<Item = &'static str>) {
    let list: Vec<String> = words.map(|word| format!("'{word}'")).collect();
    if !list.is_empty() {
        push(
            text,
            format_args!(" and c.{column} in ({})", list.join(", ")),
        );
    }
}

fn push(text: &mut String, part: impl Display) {
    write!(text, "{part}").unwrap_or_else(|_| unreachable!("a String takes everything"));
}

/// The statement that finds the newest or oldest `limit` ids of a list by several filters, after `skip` others: one
/// branch for each way through an index, merged.
pub(super) fn ids_statement(
    organization_id: OrganizationId,
    filter: &Filter,
    bounds: Bounds,
    order: &str,
    limit: i64,
    skip: i64,
) -> String {
    let reach = limit.saturating_add(skip);
    let mut rest = filter.clone();
    let ways = ways(&mut rest);
    let condition = condition(organization_id, &rest, bounds);
    let branch = |way: String| {
        format!(
            "(select c.conversion_id from conversion c where {condition} and {way}
              order by c.conversion_id {order} limit {reach})"
        )
    };
    let branches: Vec<String> = ways.into_iter().map(branch).collect();
    format!(
        "select f.conversion_id from ({}) f order by f.conversion_id {order} limit {limit} offset {skip}",
        branches.join(" union all ")
    )
}

/// Takes one filter out, as one condition per value. Common values are hidden from the planner behind
/// a subquery (`page.rs` says why). Rare ones stay in the open: there he chooses well.
fn ways(filter: &mut Filter) -> Vec<String> {
    if filter.partly_refunded == Some(true) {
        return vec!["true".to_owned()];
    }
    let statuses = std::mem::take(&mut filter.statuses);
    if !statuses.is_empty() {
        return statuses.into_iter().map(of_status).collect();
    }
    if filter.affiliate_id.is_some() {
        return vec!["true".to_owned()];
    }
    if let Some(id) = filter.campaign_id.take() {
        return vec![format!("c.campaign_id = (select '{id}'::uuid)")];
    }
    let sources = std::mem::take(&mut filter.sources);
    if sources.is_empty() {
        return vec!["true".to_owned()];
    }
    let of_source = |word: Source| format!("c.source = (select '{}')", word.as_str());
    sources.into_iter().map(of_source).collect()
}

fn of_status(status: Status) -> String {
    let word = status.as_str();
    match status {
        Status::Pending | Status::Approved | Status::Paid => {
            format!("c.status = (select '{word}')")
        }
        Status::Refunded | Status::Denied => format!("c.status = '{word}'"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::id::{AffiliateId, CampaignId};

    const NOBODY: OrganizationId = OrganizationId(Uuid::nil());

    fn filter() -> Filter {
        Filter {
            affiliate_id: Some(AffiliateId(Uuid::from_u128(1))),
            campaign_id: Some(CampaignId(Uuid::from_u128(2))),
            statuses: vec![Status::Paid, Status::Pending, Status::Paid],
            kinds: ConversionType::ALL.to_vec(),
            sources: vec![Source::CustomerMatch],
            ..Filter::default()
        }
    }

    #[test]
    fn one_filter_has_one_writing() {
        let normal = normalized(&filter());
        assert_eq!(normal.statuses, [Status::Pending, Status::Paid]);
        assert_eq!(normal.kinds, []);
        assert_eq!(normalized(&normal), normal);
    }

    #[test]
    fn the_text_holds_ids_and_words() {
        let filter = normalized(&filter());
        let text = condition(NOBODY, &filter, Bounds::of(&filter));
        let expected = "c.affiliate_id = '00000000-0000-0000-0000-000000000001' \
            and c.campaign_id = '00000000-0000-0000-0000-000000000002' \
            and c.status in ('pending', 'paid') and c.source in ('customer_match')";
        assert!(
            text.starts_with("c.organization_id = '00000000-0000-0000-0000-000000000000' and ")
        );
        assert!(text.ends_with(expected), "{text}");
    }

    #[test]
    fn common_values_are_hidden_and_rare_ones_are_not() {
        let text =
            |filter: &Filter| ids_statement(NOBODY, filter, Bounds::of(filter), "desc", 51, 100);
        let mut filter = normalized(&filter());
        filter.statuses = vec![Status::Paid, Status::Denied];
        let by_status = text(&filter);
        assert!(
            by_status.contains("c.status = (select 'paid')")
                && by_status.contains("c.status = 'denied'")
        );
        assert_eq!(
            by_status.matches("c.affiliate_id = '").count(),
            2,
            "in both branches"
        );

        filter.statuses.clear();
        assert_eq!(text(&filter).matches("conversion c where").count(), 1);
        filter.affiliate_id = None;
        assert!(text(&filter).contains("c.campaign_id = (select '"));
        filter.campaign_id = None;
        assert!(text(&filter).contains("c.source = (select 'customer_match')"));
        filter.sources.clear();
        let whole = text(&filter);
        assert!(
            whole.contains("limit 151)") && whole.ends_with("limit 51 offset 100"),
            "{whole}"
        );
        filter.partly_refunded = Some(true);
        assert!(text(&filter).contains("c.refunded_minor > 0 and c.status in ("));
    }
}

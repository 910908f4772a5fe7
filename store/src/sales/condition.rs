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

/// The statement that finds the newest or oldest `limit` ids of a list by several filters. One of them
/// leads: its values are handed over as rows, where the planner can't see them (`page.rs` says why);
/// the others are in the open.
pub(super) fn leading_ids(
    organization_id: OrganizationId,
    filter: &Filter,
    bounds: Bounds,
    order: &str,
    limit: i64,
) -> String {
    let mut rest = filter.clone();
    let (column, element, values) = lead(&mut rest);
    let condition = condition(organization_id, &rest, bounds);
    format!(
        "select f.conversion_id from unnest('{{{values}}}'::{element}[]) as wanted cross join lateral (
             select c.conversion_id from conversion c where {condition} and c.{column} = wanted
             order by c.conversion_id {order} limit {limit}) f
         order by f.conversion_id {order} limit {limit}"
    )
}

/// Takes the leading filter out: its column, type and values. Affiliates are the most selective;
/// statuses, which follow time, are the most treacherous for the planner.
fn lead(filter: &mut Filter) -> (&'static str, &'static str, String) {
    if let Some(id) = filter.affiliate_id.take() {
        return ("affiliate_id", "uuid", id.to_string());
    }
    if !filter.statuses.is_empty() {
        let words = std::mem::take(&mut filter.statuses);
        return ("status", "text", listed(words, Status::as_str));
    }
    if let Some(id) = filter.campaign_id.take() {
        return ("campaign_id", "uuid", id.to_string());
    }
    if !filter.sources.is_empty() {
        let words = std::mem::take(&mut filter.sources);
        return ("source", "text", listed(words, Source::as_str));
    }
    let words = std::mem::take(&mut filter.kinds);
    ("kind", "text", listed(words, ConversionType::as_str))
}

fn listed<Word>(words: Vec<Word>, text: impl Fn(Word) -> &'static str) -> String {
    let words: Vec<&str> = words.into_iter().map(text).collect();
    words.join(",")
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
        assert!(text.starts_with("c.organization_id = '00000000-0000-0000-0000-000000000000' and "));
        assert!(text.ends_with(expected), "{text}");
    }

    #[test]
    fn the_leading_filter_is_not_in_the_open() {
        let leads = |filter: &Filter| leading_ids(NOBODY, filter, Bounds::of(filter), "desc", 51);
        let mut filter = normalized(&filter());
        let text = leads(&filter);
        assert!(text.contains("unnest('{00000000-0000-0000-0000-000000000001}'::uuid[])"));
        assert!(text.contains("c.status in ('pending', 'paid')") && text.contains("c.affiliate_id = wanted"));

        filter.affiliate_id = None;
        let text = leads(&filter);
        assert!(text.contains("unnest('{pending,paid}'::text[])") && text.contains("c.status = wanted"));
        assert!(!text.contains("c.status in"));
    }
}

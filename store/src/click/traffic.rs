//! The traffic sources of a day. Their names come from anybody's address bar, and each is a row of the days'
//! counts: so many of them, and the rest are one.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::NaiveDate;
use domain::{id::OrganizationId, traffic::TrafficSource};
use moka::sync::Cache;

/// How many sources an organization's day has, for each server process.
const MAX_SOURCES: usize = 500;
/// Of how many organizations' days the sources are remembered.
const MAX_DAYS: u64 = 2000;

type Names = Arc<Mutex<HashSet<TrafficSource>>>;

/// What this process has named so far.
#[derive(Clone)]
pub(super) struct Sources {
    named: Cache<(OrganizationId, NaiveDate), Names>,
}

impl Sources {
    pub(super) fn new() -> Self {
        Self {
            named: Cache::new(MAX_DAYS),
        }
    }

    /// The source itself, or [`TrafficSource::other`] on a day that has too many.
    pub(super) fn named(
        &self,
        organization_id: OrganizationId,
        day: NaiveDate,
        source: TrafficSource,
    ) -> TrafficSource {
        let names = self.named.get_with((organization_id, day), Names::default);
        let mut names = names.lock().unwrap_or_else(PoisonError::into_inner);
        if names.contains(&source) {
            return source;
        }
        if names.len() >= MAX_SOURCES {
            return TrafficSource::other();
        }
        names.insert(source.clone());
        source
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_day_has_so_many_sources_and_no_more() {
        let sources = Sources::new();
        let (organization_id, day) = (OrganizationId(Uuid::from_u128(1)), NaiveDate::default());
        let source = |number: usize| {
            let page = format!("https://shop.example/?utm_source=s{number}");
            TrafficSource::of(Some(&page), None)
        };
        let named = |number, day| sources.named(organization_id, day, source(number));
        for number in 0..MAX_SOURCES {
            assert_eq!(named(number, day), source(number));
        }
        assert_eq!(named(MAX_SOURCES, day), TrafficSource::other());
        assert_eq!(named(7, day), source(7));
        let tomorrow = day.succ_opt().expect("a day");
        assert_eq!(named(MAX_SOURCES, tomorrow), source(MAX_SOURCES));
    }
}

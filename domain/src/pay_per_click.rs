//! Pay per click (domain rules, section 5): the clicks of an hour become one conversion per affiliate and campaign.
//!
//! What counts is one click per visitor and affiliate and day of UTC; bots are never recorded. A day's clicks are
//! always counted from its beginning, and an hour pays what has not been paid yet: a click that was written down late
//! is in the next hour's row, and none is in two.

use chrono::{DateTime, Duration, DurationRound, NaiveDate, Utc};

use crate::{
    attribution::{TrailStep, Verdict},
    cap::Capped,
    id::{AffiliateId, CampaignId},
};

/// An hour is rolled up so long after its end: what came in it has been written down by then.
pub const SETTLES_AFTER: Duration = Duration::minutes(5);

/// The beginning of the hour that `at` is in.
pub fn hour_of(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(Duration::hours(1)).unwrap_or(at)
}

/// Until when clicks can be rolled up: the end of the last hour that has settled.
pub fn settled_until(now: DateTime<Utc>) -> DateTime<Utc> {
    hour_of(now - SETTLES_AFTER)
}

/// An hour of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hour {
    /// When it begins.
    pub from: DateTime<Utc>,
}

impl Hour {
    /// Its end, which is not in it.
    pub fn until(self) -> DateTime<Utc> {
        self.from + Duration::hours(1)
    }

    /// Its day.
    pub fn day(self) -> NaiveDate {
        self.from.date_naive()
    }

    /// From when on clicks are looked at: its day's and, in the first hour of a day, also those of the day before
    /// that were written down late.
    pub fn counted_from(self) -> DateTime<Utc> {
        let before = (self.from - Duration::hours(1)).date_naive();
        before.and_time(chrono::NaiveTime::MIN).and_utc()
    }

    /// What makes its conversion the only one.
    pub fn external_id(self, affiliate: AffiliateId, campaign: CampaignId) -> String {
        format!(
            "clicks:{campaign}:{affiliate}:{}",
            self.from.format("%Y-%m-%dT%H")
        )
    }

    /// Why the conversion is the affiliate's, and what it leaves out.
    pub fn trail(self, came: u32, capped: Capped) -> Vec<TrailStep> {
        let (from, until) = (self.from.format("%H:%M"), self.until().format("%H:%M"));
        let (day, what) = (self.day(), clicks(came));
        let mut trail = vec![TrailStep {
            verdict: Verdict::Answered,
            text: format!(
                "{what} counted from {from} to {until} UTC on {day}: one per visitor and day, bots left out"
            ),
        }];
        trail.extend(capped.by.map(|cap| TrailStep {
            verdict: Verdict::Capped,
            text: format!(
                "{} qualifying {}, {} paid: the campaign's cap of {cap}",
                came,
                if came == 1 { "click" } else { "clicks" },
                capped.paid
            ),
        }));
        trail
    }
}

/// `1 click`, `2 clicks`.
pub(crate) fn clicks(number: u32) -> String {
    match number {
        1 => "1 click".to_owned(),
        _ => format!("{number} clicks"),
    }
}

/// What a conversion counts, as it stands in its metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Qualifying clicks.
    pub clicks: u32,
    /// Those that are paid for.
    pub paid: u32,
}

impl Counted {
    /// The metadata that says it.
    pub fn metadata(self) -> String {
        let Self { clicks, paid } = self;
        format!(r#"{{"clicks": {clicks}, "paidClicks": {paid}}}"#)
    }

    /// What metadata says.
    pub fn read(metadata: &str) -> Option<Self> {
        Some(Self {
            clicks: number(metadata, "clicks")?,
            paid: number(metadata, "paidClicks")?,
        })
    }
}

/// A number that we wrote into an object.
fn number(object: &str, name: &str) -> Option<u32> {
    let (_, value) = object.split_once(&format!("\"{name}\""))?;
    let value = value.trim_start_matches([':', ' ']);
    let end = value.find(|letter: char| !letter.is_ascii_digit())?;
    value.get(..end)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cap::Cap;
    use uuid::Uuid;

    fn at(time: &str) -> DateTime<Utc> {
        format!("2026-11-{time}Z").parse().expect("a time")
    }

    #[test]
    fn an_hour_settles_some_minutes_after_its_end() {
        assert_eq!(settled_until(at("20T14:04:59")), at("20T13:00:00"));
        assert_eq!(settled_until(at("20T14:05:00")), at("20T14:00:00"));
    }

    #[test]
    fn the_first_hour_of_a_day_looks_back_once_more() {
        let hour = |time| Hour { from: at(time) };
        assert_eq!(hour("20T00:00:00").counted_from(), at("19T00:00:00"));
        assert_eq!(hour("20T01:00:00").counted_from(), at("20T00:00:00"));
        assert_eq!(hour("20T23:00:00").counted_from(), at("20T00:00:00"));
        assert_eq!(hour("20T23:00:00").until(), at("21T00:00:00"));
    }

    #[test]
    fn a_conversion_says_what_it_counts() {
        let hour = Hour {
            from: at("20T13:00:00"),
        };
        let id = Uuid::nil();
        assert_eq!(
            hour.external_id(AffiliateId(id), CampaignId(id)),
            format!("clicks:{id}:{id}:2026-11-20T13")
        );
        let capped = Capped {
            paid: 100,
            by: Some(Cap::PerDay(100)),
        };
        let texts: Vec<String> = hour
            .trail(120, capped)
            .into_iter()
            .map(|step| step.text)
            .collect();
        assert_eq!(
            texts,
            [
                "120 clicks counted from 13:00 to 14:00 UTC on 2026-11-20: one per visitor and day, bots left out",
                "120 qualifying clicks, 100 paid: the campaign's cap of 100 per day"
            ]
        );
        let counted = Counted {
            clicks: 120,
            paid: 100,
        };
        assert_eq!(Counted::read(&counted.metadata()), Some(counted));
        assert_eq!(Counted::read("{}"), None);
    }
}

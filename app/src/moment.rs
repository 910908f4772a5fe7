//! Instants as people read them. The server writes UTC; once the page is hydrated, the viewer's zone
//! takes over. Nothing here asks for the time while rendering: that would tear server and browser apart.

use chrono::{DateTime, Datelike, NaiveDate, Timelike};
use leptos::prelude::*;

use crate::text::MONTHS;

/// Milliseconds since 1970.
pub type Millis = i64;

/// How often "Just now" is looked at again.
const TICK: std::time::Duration = std::time::Duration::from_secs(20);

/// The viewer's time; `None` until the page is hydrated.
#[derive(Clone, Copy)]
pub struct Clock(RwSignal<Option<Millis>>);

/// A date and time of day in some zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    year: i32,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
}

impl Clock {
    /// Starts the clock of this page, once it is hydrated.
    pub fn start() -> Self {
        let now = RwSignal::new(None);
        Effect::new(move |_| {
            let tick = move || now.set(Some(browser_now()));
            tick();
            if let Ok(interval) = set_interval_with_handle(tick, TICK) {
                on_cleanup(move || interval.clear());
            }
        });
        Self(now)
    }

    /// An instant in a few characters in the viewer's zone; `None` until that is known.
    pub fn short_here(self, at: Millis) -> Option<String> {
        let now = self.0.get()?;
        Some(short(Civil::local(at), Civil::local(now), now - at))
    }

    /// An instant in a few characters. `server_now` is when the server wrote it.
    pub fn short(self, at: Millis, server_now: Millis) -> String {
        match self.0.get() {
            None => short(Civil::utc(at), Civil::utc(server_now), server_now - at),
            Some(now) => short(Civil::local(at), Civil::local(now), now - at),
        }
    }

    /// The same as the server writes it.
    #[cfg(feature = "ssr")]
    pub fn short_utc(at: Millis, now: Millis) -> String {
        short(Civil::utc(at), Civil::utc(now), now - at)
    }
}

impl Civil {
    /// In UTC.
    pub fn utc(at: Millis) -> Self {
        let at = DateTime::from_timestamp_millis(at).unwrap_or_default();
        Self {
            year: at.year(),
            month: at.month(),
            day: at.day(),
            hour: at.hour(),
            minute: at.minute(),
            second: at.second(),
        }
    }

    /// In the browser's zone.
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds since 1970 fit 53 bits for 285,000 years"
    )]
    pub fn local(at: Millis) -> Self {
        let date = js_sys::Date::new(&wasm_bindgen::JsValue::from_f64(at as f64));
        Self {
            year: i32::try_from(date.get_full_year()).unwrap_or_default(),
            month: date.get_month() + 1,
            day: date.get_date(),
            hour: date.get_hours(),
            minute: date.get_minutes(),
            second: date.get_seconds(),
        }
    }

    /// `20 Nov 2026, 10:29:03`.
    pub fn plain(self) -> String {
        let Self {
            year,
            day,
            hour,
            minute,
            second,
            ..
        } = self;
        format!(
            "{day} {} {year}, {hour:02}:{minute:02}:{second:02}",
            self.month_name()
        )
    }

    fn month_name(self) -> &'static str {
        MONTHS
            .get(self.month as usize - 1)
            .copied()
            .unwrap_or_default()
    }

    /// `2026-11-20T10:29:03Z`, for machines; only for UTC.
    pub fn iso(self) -> String {
        let Self {
            year,
            month,
            day,
            hour,
            minute,
            second,
        } = self;
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }

    /// `20 Nov 2026, 10:29:03 UTC`; only for UTC.
    pub fn exact(self) -> String {
        format!("{} UTC", self.plain())
    }
}

/// A day in a few characters: `Nov 1`, with the year when it is not `this_year`'s.
pub fn short_day(day: NaiveDate, this_year: i32) -> String {
    let month = MONTHS
        .get(day.month0() as usize)
        .copied()
        .unwrap_or_default();
    if day.year() == this_year {
        return format!("{month} {}", day.day());
    }
    format!("{month} {}, {}", day.day(), day.year())
}

/// "Just now", `10:29` on the same day, `Nov 19` in the same year, else `Nov 19, 2025`.
fn short(at: Civil, now: Civil, age: Millis) -> String {
    if (at.year, at.month, at.day) == (now.year, now.month, now.day) {
        // A row that came in since the last tick is younger than now.
        if age.abs() < 60_000 {
            return crate::text::JUST_NOW.to_owned();
        }
        return format!("{:02}:{:02}", at.hour, at.minute);
    }
    if at.year == now.year {
        return format!("{} {}", at.month_name(), at.day);
    }
    format!("{} {}, {}", at.month_name(), at.day, at.year)
}

/// The browser's clock. Called in effects and event handlers only.
#[expect(
    clippy::cast_possible_truncation,
    reason = "whole milliseconds are wanted"
)]
fn browser_now() -> Millis {
    js_sys::Date::now() as Millis
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_as_short_as_it_can_be() {
        let now = 1_795_170_727_000; // 2026-11-20 10:32:07 UTC
        let text = |age: Millis| short(Civil::utc(now - age), Civil::utc(now), age);
        assert_eq!(text(5_000), "Just now");
        assert_eq!(text(180_000), "10:29");
        assert_eq!(text(86_400_000), "Nov 19");
        assert_eq!(text(365 * 86_400_000), "Nov 20, 2025");
        assert_eq!(Civil::utc(now).exact(), "20 Nov 2026, 10:32:07 UTC");
        assert_eq!(Civil::utc(now).iso(), "2026-11-20T10:32:07Z");
    }
}

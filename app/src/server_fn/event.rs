//! The inbox of events: a page of it, one event with its payload, and taking one in again.

use leptos::prelude::*;

use super::{Written, form::form};
use crate::{
    call::{Question, parameters},
    error::AppError,
};

form! {
    /// The event to take in again.
    ReplayForm { event }
}

/// A page of the inbox. Filters are as they stand in the address; empty ones count as missing. `since` and
/// `to` are the first and the last day, in UTC.
#[server(prefix = "/rpc", endpoint = "events", input = server_fn::codec::GetUrl)]
pub async fn load_events(
    outcome: String,
    kind: String,
    connection: String,
    since: String,
    to: String,
    cursor: String,
) -> Result<Written, AppError> {
    let caller = crate::request::reader()?;
    let asked = server::Asked::read([outcome, kind, connection, since, to]);
    let page = match asked {
        Ok(asked) => caller.events_page(&asked, &cursor).await,
        Err(error) => Err(error),
    };
    page.map_err(crate::request::refuse)
}

/// One event; `replayed` says that it was just taken in again.
#[server(prefix = "/rpc", endpoint = "event", input = server_fn::codec::GetUrl)]
pub async fn load_event(id: String, replayed: String) -> Result<Written, AppError> {
    let caller = crate::request::reader()?;
    let page = caller.event_page(&id, !replayed.is_empty()).await;
    page.map_err(crate::request::refuse)
}

/// Takes an event in again.
#[server(prefix = "/rpc", endpoint = "replay_event")]
pub async fn replay_event(form: ReplayForm) -> Result<(), AppError> {
    use crate::request::{manager, redirect, refuse};
    let caller = manager()?;
    let replayed = caller.replay_event(&form.event).await;
    let id = replayed.map_err(|error| refuse(error.keeping(form.kept())))?;
    redirect(&format!("/dashboard/events/{id}?replayed=1"));
    Ok(())
}

impl Question for LoadEvents {
    fn parameters(&self) -> String {
        parameters(&[
            ("outcome", &self.outcome),
            ("kind", &self.kind),
            ("connection", &self.connection),
            ("since", &self.since),
            ("to", &self.to),
            ("cursor", &self.cursor),
        ])
    }
}

impl Question for LoadEvent {
    fn parameters(&self) -> String {
        parameters(&[("id", &self.id), ("replayed", &self.replayed)])
    }
}

#[cfg(feature = "ssr")]
mod pretty;

#[cfg(feature = "ssr")]
mod server {
    use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
    use domain::{
        event::Outcome,
        id::{ConnectionId, EventId},
    };
    use leptos::prelude::*;
    use leptos_router::location::Url;
    use store::{
        event::{EventFilter, EventStart},
        intake::IntakeError,
    };

    use super::{AppError, ReplayEvent, Written, pretty::readable_payload};
    use crate::{
        part::{
            event,
            events::{Filter, Told, told},
            fields::Refused,
        },
        query::{format_day, parse_day},
        request::{Caller, Opened, ReadAgain},
        server_fn::Choice,
        text::events as words,
    };

    /// How many events a page lists.
    const PAGE: i64 = 50;

    /// Where the page lives.
    const HERE: &str = "/dashboard/events";

    /// When a day begins, in UTC.
    fn midnight(day: NaiveDate) -> DateTime<Utc> {
        day.and_time(NaiveTime::MIN).and_utc()
    }

    /// What the address asks for.
    pub(super) struct Asked {
        outcome: Option<Outcome>,
        kind: Option<String>,
        connection: Option<ConnectionId>,
        since: Option<NaiveDate>,
        to: Option<NaiveDate>,
    }

    impl Asked {
        /// From what the address says of outcome, type, connection, first and last day.
        pub(super) fn read(
            [outcome, kind, connection, since, to]: [String; 5],
        ) -> Result<Self, AppError> {
            let bad = |name| AppError::invalid("", words::bad_filter(name));
            let given = |text: String| Some(text).filter(|text| !text.is_empty());
            let day = |text: String, name| {
                let day = given(text).map(|text| parse_day(&text).ok_or_else(|| bad(name)));
                day.transpose()
            };
            let outcome = given(outcome)
                .map(|word| Outcome::parse(&word).ok_or_else(|| bad(words::OUTCOME)))
                .transpose()?;
            let connection = given(connection)
                .map(|id| id.parse().map_err(|_| bad(words::CONNECTION)))
                .transpose()?;
            Ok(Self {
                outcome,
                kind: given(kind),
                connection,
                since: day(since, words::SINCE)?,
                to: day(to, words::TO)?,
            })
        }

        fn filter(&self) -> EventFilter {
            EventFilter {
                outcome: self.outcome,
                kind: self.kind.clone(),
                connection_id: self.connection,
                since: self.since.map(midnight),
                until: self.to.and_then(|day| day.succ_opt()).map(midnight),
                ..EventFilter::default()
            }
        }

        /// The address of the page, at a place of its list.
        fn href(&self, cursor: Option<String>) -> String {
            let parameters = [
                ("outcome", self.outcome.map(|word| word.as_str().to_owned())),
                ("type", self.kind.clone()),
                ("connection", self.connection.map(|id| id.to_string())),
                ("since", self.since.map(format_day)),
                ("to", self.to.map(format_day)),
                ("cursor", cursor),
            ];
            let pairs: Vec<String> = parameters
                .into_iter()
                .filter_map(|(name, value)| Some(format!("{name}={}", Url::escape(&value?))))
                .collect();
            match pairs.join("&") {
                query if query.is_empty() => HERE.to_owned(),
                query => format!("{HERE}?{query}"),
            }
        }
    }

    impl Caller {
        pub(super) async fn events_page(
            &self,
            asked: &Asked,
            cursor: &str,
        ) -> Result<Written, AppError> {
            let (organization, filter) = (self.organization(), asked.filter());
            let start = if cursor.is_empty() {
                EventStart::Offset(0)
            } else {
                let opened = self.store.open_event_cursor(organization, &filter, cursor);
                let bad = |_| AppError::invalid("", words::bad_filter("cursor"));
                EventStart::Beside(opened.map_err(bad)?)
            };
            let page = self
                .store
                .events(organization, &filter, start, PAGE)
                .await?;
            let place = |cursor| {
                let sealed = self.store.seal_event_cursor(organization, &filter, cursor);
                asked.href(Some(sealed))
            };
            let newer = page.newer.map(place);
            let page = Told {
                filters: self.event_filters(asked).await?,
                days: [asked.since, asked.to].map(|day| day.map(format_day).unwrap_or_default()),
                is_filtered: filter != EventFilter::default(),
                steps: [
                    newer.is_some().then(|| asked.href(None)),
                    newer,
                    page.older.map(place),
                ],
                events: page.events,
                now: self.store.now().timestamp_millis(),
            };
            Ok(Written {
                html: told(page).to_html(),
            })
        }

        async fn event_filters(&self, asked: &Asked) -> Result<Vec<Filter>, AppError> {
            let organization = self.organization();
            let outcomes = Outcome::ALL
                .iter()
                .map(|word| (word.as_str().to_owned(), word.label().to_owned()));
            let kinds = self.store.event_kinds(organization).await?;
            let kinds = kinds.into_iter().map(|kind| (kind.clone(), kind));
            let connections = self.store.connections(organization).await?;
            let connections = connections
                .into_iter()
                .map(|one| (one.id.to_string(), one.name.to_string()));
            let outcome = asked.outcome.map(|word| word.as_str().to_owned());
            let connection = asked.connection.map(|id| id.to_string());
            Ok(vec![
                filter(
                    ("outcome", words::OUTCOME, words::ALL_OUTCOMES),
                    outcomes.collect(),
                    outcome,
                ),
                filter(
                    ("type", words::TYPE, words::ALL_TYPES),
                    kinds.collect(),
                    asked.kind.clone(),
                ),
                filter(
                    ("connection", words::CONNECTION, words::ALL_CONNECTIONS),
                    connections.collect(),
                    connection,
                ),
            ])
        }

        pub(super) async fn event_page(
            &self,
            id: &str,
            is_replayed: bool,
        ) -> Result<Written, AppError> {
            let id: EventId = id.parse().map_err(|_| AppError::NotFound)?;
            let Opened(opened) = expect_context();
            let stored = self.store.event(self.organization(), id).await?;
            let stored = stored.ok_or(AppError::NotFound)?;
            let (payload, is_cut) = readable_payload(&opened(&stored));
            let page = event::Told {
                event: stored.view,
                payload,
                is_cut,
                now: self.store.now(),
                is_replayed,
                refused: Refused::of::<ReplayEvent>(),
                may_edit: self.viewer.role.may_manage(),
            };
            Ok(Written {
                html: event::told(&page).to_html(),
            })
        }

        pub(super) async fn replay_event(&self, id: &str) -> Result<EventId, AppError> {
            let id: EventId = id.parse().map_err(|_| AppError::NotFound)?;
            let ReadAgain(read) = expect_context();
            let replayed = self
                .store
                .replay_event(self.actor(), self.organization(), id, read)
                .await;
            match replayed {
                Ok(receipt) => receipt.map(|_| id).ok_or(AppError::NotFound),
                Err(IntakeError::Store(error)) => Err(error.into()),
                Err(_) => Err(AppError::Unavailable),
            }
        }
    }

    /// A filter whose first choice is all, and which offers what is chosen even if there is no such
    /// thing any more.
    fn filter(
        (name, label, all): (&'static str, &'static str, &str),
        choices: Vec<(String, String)>,
        chosen: Option<String>,
    ) -> Filter {
        let chosen = chosen.unwrap_or_default();
        let mut choices: Vec<Choice> = std::iter::once((String::new(), all.to_owned()))
            .chain(choices)
            .map(|(id, name)| Choice { id, name })
            .collect();
        if !choices.iter().any(|choice| choice.id == chosen) {
            choices.push(Choice::new(&chosen, &chosen));
        }
        Filter {
            name,
            label,
            choices,
            chosen,
        }
    }
}

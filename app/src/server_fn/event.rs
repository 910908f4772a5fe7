//! The inbox of events: a page of it, one event with its payload, and taking one in again.

use domain::{
    event::Outcome,
    id::{ConversionId, EventId},
};
use leptos::prelude::*;
use leptos_router::location::Url;

use super::{Choice, form::form};
use crate::{call::Question, error::AppError, moment::Millis, wire::wire};

/// How many events a page lists.
pub const PAGE: i64 = 50;

wire! {
    /// A page of the inbox. Addresses are made by the server: the browser only shows them.
    EventsPage {
        /// Newest first.
        rows: Vec<EventRow>,
        /// The filters with what can be chosen.
        filters: Vec<Filter>,
        /// Does a filter leave something out?
        is_filtered: bool,
        /// Where the newest rows, newer ones and older ones are.
        steps: [Option<String>; 3],
        /// When this was answered.
        now: Millis,
    }
}

wire! {
    /// A filter: one of a list, or all.
    Filter {
        /// Its parameter in the address.
        name: String,
        /// What can be chosen.
        choices: Vec<Choice>,
        /// What is chosen; empty is all.
        chosen: String,
    }
}

wire! {
    /// One event of a list.
    EventRow {
        /// Which.
        id: EventId,
        /// The processor's name for its type.
        kind: String,
        /// The processor's id of it.
        external_id: String,
        /// What became of it.
        outcome: Outcome,
        /// Why, in words.
        detail: String,
        /// The sale it made or met.
        conversion_id: Option<ConversionId>,
        /// The connection it came through.
        connection: String,
        /// The processor's name.
        processor: String,
        /// Does the connection carry test events?
        is_test: bool,
        /// When it came in.
        received_at: Millis,
    }
}

wire! {
    /// One event with everything that is known of it.
    WholeEvent {
        /// As in the list.
        row: EventRow,
        /// When it happened at the processor.
        occurred_at: Millis,
        /// How often it was taken in.
        attempts: u32,
        /// When it is tried again by itself.
        next_attempt_at: Option<Millis>,
        /// The body as received; JSON is laid out to be read.
        payload: String,
        /// Is there more of it than is shown?
        is_cut: bool,
        /// When this was answered.
        now: Millis,
        /// May the viewer replay it?
        may_edit: bool,
    }
}

form! {
    /// The event to take in again.
    ReplayForm { event }
}

/// A page of the inbox. Filters are as they stand in the address; empty ones count as missing.
#[server(prefix = "/rpc", endpoint = "events", input = server_fn::codec::GetUrl)]
pub async fn load_events(
    outcome: String,
    kind: String,
    connection: String,
    cursor: String,
) -> Result<EventsPage, AppError> {
    let caller = crate::request::reader()?;
    let asked = server::Asked::read(outcome, kind, connection);
    let page = match asked {
        Ok(asked) => caller.events_page(&asked, &cursor).await,
        Err(error) => Err(error),
    };
    page.map_err(crate::request::refuse)
}

/// One event.
#[server(prefix = "/rpc", endpoint = "event", input = server_fn::codec::GetUrl)]
pub async fn load_event(id: String) -> Result<WholeEvent, AppError> {
    let caller = crate::request::reader()?;
    caller
        .whole_event(&id)
        .await
        .map_err(crate::request::refuse)
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
        format!(
            "outcome={}&kind={}&connection={}&cursor={}",
            Url::escape(&self.outcome),
            Url::escape(&self.kind),
            Url::escape(&self.connection),
            Url::escape(&self.cursor)
        )
    }
}

impl Question for LoadEvent {
    fn parameters(&self) -> String {
        format!("id={}", Url::escape(&self.id))
    }
}

#[cfg(feature = "ssr")]
mod pretty;

#[cfg(feature = "ssr")]
mod server {
    use domain::{
        connection::Mode,
        event::Outcome,
        id::{ConnectionId, EventId},
    };
    use leptos::prelude::expect_context;
    use leptos_router::location::Url;
    use store::{
        event::{EventFilter, EventStart, EventView},
        intake::IntakeError,
    };

    use super::{
        AppError, Choice, EventRow, EventsPage, Filter, PAGE, WholeEvent, pretty::readable_payload,
    };
    use crate::{
        request::{Caller, Opened, ReadAgain},
        text::events as words,
    };

    /// Where the page lives.
    const HERE: &str = "/dashboard/events";

    /// What the address asks for.
    pub(super) struct Asked {
        outcome: Option<Outcome>,
        kind: Option<String>,
        connection: Option<ConnectionId>,
    }

    impl Asked {
        pub(super) fn read(
            outcome: String,
            kind: String,
            connection: String,
        ) -> Result<Self, AppError> {
            let bad = |name| AppError::invalid("", words::bad_filter(name));
            let given = |text: String| Some(text).filter(|text| !text.is_empty());
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
            })
        }

        fn filter(&self) -> EventFilter {
            EventFilter {
                outcome: self.outcome,
                kind: self.kind.clone(),
                connection_id: self.connection,
                ..EventFilter::default()
            }
        }

        /// The address of the page, at a place of its list.
        fn href(&self, cursor: Option<String>) -> String {
            let parameters = [
                ("outcome", self.outcome.map(|word| word.as_str().to_owned())),
                ("type", self.kind.clone()),
                ("connection", self.connection.map(|id| id.to_string())),
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
        ) -> Result<EventsPage, AppError> {
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
            Ok(EventsPage {
                filters: self.event_filters(asked).await?,
                is_filtered: filter != EventFilter::default(),
                steps: [
                    newer.is_some().then(|| asked.href(None)),
                    newer,
                    page.older.map(place),
                ],
                rows: page.events.into_iter().map(EventRow::from).collect(),
                now: self.store.now().timestamp_millis(),
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
                filter("outcome", words::ALL_OUTCOMES, outcomes.collect(), outcome),
                filter(
                    "type",
                    words::ALL_TYPES,
                    kinds.collect(),
                    asked.kind.clone(),
                ),
                filter(
                    "connection",
                    words::ALL_CONNECTIONS,
                    connections.collect(),
                    connection,
                ),
            ])
        }

        pub(super) async fn whole_event(&self, id: &str) -> Result<WholeEvent, AppError> {
            let id: EventId = id.parse().map_err(|_| AppError::NotFound)?;
            let Opened(opened) = expect_context();
            let stored = self.store.event(self.organization(), id).await?;
            let stored = stored.ok_or(AppError::NotFound)?;
            let (payload, is_cut) = readable_payload(&opened(&stored));
            let view = stored.view;
            Ok(WholeEvent {
                occurred_at: view.occurred_at.timestamp_millis(),
                attempts: view.attempts,
                next_attempt_at: view.next_attempt_at.map(|at| at.timestamp_millis()),
                payload,
                is_cut,
                row: EventRow::from(view),
                now: self.store.now().timestamp_millis(),
                may_edit: self.viewer.role.may_manage(),
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
        name: &str,
        all: &str,
        choices: Vec<(String, String)>,
        chosen: Option<String>,
    ) -> Filter {
        let chosen = chosen.unwrap_or_default();
        let mut choices: Vec<Choice> = std::iter::once((String::new(), all.to_owned()))
            .chain(choices)
            .map(|(id, name)| Choice { id, name })
            .collect();
        if !choices.iter().any(|choice| choice.id == chosen) {
            choices.push(Choice {
                id: chosen.clone(),
                name: chosen.clone(),
            });
        }
        Filter {
            name: name.to_owned(),
            choices,
            chosen,
        }
    }

    impl From<EventView> for EventRow {
        fn from(view: EventView) -> Self {
            Self {
                id: view.id,
                kind: view.kind,
                external_id: view.external_id,
                outcome: view.outcome,
                detail: view.detail,
                conversion_id: view.conversion_id,
                connection: view.connection_name,
                processor: view.processor.label().to_owned(),
                is_test: view.mode == Mode::Test,
                received_at: view.received_at.timestamp_millis(),
            }
        }
    }
}

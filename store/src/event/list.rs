//! One page of the inbox, newest first: an index for every filter, in the list's order.
//!
//! The values of filters are hidden from the planner behind subqueries, for the reason that
//! `sales/page.rs` gives: nearly everything may be `recorded`, and yet none of the newest events.

use domain::{
    connection::Processor,
    event::Outcome,
    id::{ConnectionId, OrganizationId},
};
use sqlx::{PgConnection, Postgres, QueryBuilder, Row as _};
use uuid::Uuid;

use super::{EventCursor, EventFilter, EventRow, EventStart, EventView};
use crate::{Store, StoreError};

/// A page of events, newest first.
#[derive(Clone, Debug)]
pub struct EventPage {
    /// The events.
    pub events: Vec<EventView>,
    /// Where the list goes on; `None` at its end.
    pub older: Option<EventCursor>,
    /// Where the rows before the page are; `None` at the top.
    pub newer: Option<EventCursor>,
}

/// What to read.
struct Walk<'a> {
    organization_id: OrganizationId,
    filter: &'a EventFilter,
    /// The connections that the filter lets through; `None`: all.
    connections: Option<Vec<Uuid>>,
    start: EventStart,
    /// One more than asked for tells whether there are more.
    limit: i64,
}

impl Store {
    /// Events of an organization, newest first, `limit` of them.
    pub async fn events(
        &self,
        organization_id: OrganizationId,
        filter: &EventFilter,
        start: EventStart,
        limit: i64,
    ) -> Result<EventPage, StoreError> {
        let mut db = self.pool.acquire().await?;
        let walk = Walk {
            organization_id,
            filter,
            connections: connections_in(&mut db, organization_id, filter).await?,
            start,
            limit: limit.saturating_add(1),
        };
        let ids = walk.ids_in(&mut db).await?;
        let size = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = ids.len() > size;
        let ids = ids.get(..size).unwrap_or(&ids);
        let events = views_in(&mut db, organization_id, ids).await?;
        Ok(walk.page(events, more))
    }

    /// How many events the filter lets through.
    pub async fn count_events(
        &self,
        organization_id: OrganizationId,
        filter: &EventFilter,
    ) -> Result<i64, StoreError> {
        let mut db = self.pool.acquire().await?;
        let connections = connections_in(&mut db, organization_id, filter).await?;
        let mut sql = QueryBuilder::new("select count(*) from event e where e.organization_id = ");
        sql.push_bind(organization_id.0);
        if let Some(connections) = connections {
            sql.push(" and e.connection_id = any(")
                .push_bind(connections)
                .push(")");
        }
        condition(&mut sql, filter);
        Ok(sql.build_query_scalar().fetch_one(&mut *db).await?)
    }
}

impl Walk<'_> {
    /// The ids of the page in the order of reading.
    async fn ids_in(&self, db: &mut PgConnection) -> Result<Vec<Uuid>, StoreError> {
        let mut sql = self.statement();
        let rows = sql.build().fetch_all(db).await?;
        let ids: Result<Vec<Uuid>, _> = rows.iter().map(|row| row.try_get(0)).collect();
        Ok(ids?)
    }

    fn statement(&self) -> QueryBuilder<Postgres> {
        let (beside, offset) = match self.start {
            EventStart::Offset(rows) => (None, rows),
            EventStart::Beside(cursor) => (Some(cursor), 0),
        };
        let newer = beside.is_some_and(|cursor| cursor.newer);
        let order = if newer { "asc" } else { "desc" };
        let mut sql = QueryBuilder::new("select f.event_id from ");
        if let Some(connections) = &self.connections {
            // The first few of each connection, merged.
            sql.push("unnest(")
                .push_bind(connections)
                .push("::uuid[]) as wanted (connection_id) cross join lateral ");
        }
        sql.push("(select e.event_id, e.received_at from event e where e.organization_id = ")
            .push_bind(self.organization_id.0);
        if self.connections.is_some() {
            sql.push(" and e.connection_id = wanted.connection_id");
        }
        condition(&mut sql, self.filter);
        if let Some(cursor) = beside {
            sql.push(" and (e.received_at, e.event_id) ")
                .push(if newer { "> (" } else { "< (" })
                .push_bind(cursor.received_at)
                .push(", ")
                .push_bind(cursor.event_id.0)
                .push(")");
        }
        sql.push(format!(
            " order by e.received_at {order}, e.event_id {order} limit (select "
        ))
        .push_bind(self.limit.saturating_add(offset))
        .push(format!(
            "::bigint)) f order by f.received_at {order}, f.event_id {order} limit (select "
        ))
        .push_bind(self.limit)
        .push("::bigint) offset ")
        .push_bind(offset);
        sql
    }

    fn page(&self, events: Vec<EventView>, more: bool) -> EventPage {
        let seen = self.start.seen();
        let shown = i64::try_from(events.len()).unwrap_or(i64::MAX);
        let beside = |event: &EventView, newer: bool| EventCursor {
            newer,
            received_at: event.received_at,
            event_id: event.id,
            seen: if newer { 0 } else { seen.saturating_add(shown) },
        };
        // Where one came from, the list goes on.
        let (is_older, is_newer) = match self.start {
            EventStart::Offset(rows) => (more, rows > 0),
            EventStart::Beside(cursor) if cursor.newer => (true, more),
            EventStart::Beside(_) => (more, true),
        };
        let older = events.last().map(|last| beside(last, false));
        let newer = events.first().map(|first| beside(first, true));
        EventPage {
            older: older.filter(|_| is_older),
            newer: newer.filter(|_| is_newer),
            events,
        }
    }
}

/// The connections that the filter lets through, removed ones too; `None`: all.
async fn connections_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &EventFilter,
) -> Result<Option<Vec<Uuid>>, StoreError> {
    if filter.processor.is_none() && filter.connection_id.is_none() {
        return Ok(None);
    }
    let ids = sqlx::query_scalar!(
        "select connection_id from connection
         where organization_id = $1 and ($2::text is null or processor = $2)
             and ($3::uuid is null or connection_id = $3)",
        organization_id.0,
        filter.processor.map(Processor::as_str),
        filter.connection_id.map(|ConnectionId(id)| id),
    )
    .fetch_all(db)
    .await?;
    Ok(Some(ids))
}

/// What events must fulfil to be in the list, connections excepted.
fn condition(sql: &mut QueryBuilder<Postgres>, filter: &EventFilter) {
    if let Some(outcome) = filter.outcome {
        hidden(sql, "outcome", Outcome::as_str(outcome).to_owned());
    }
    if let Some(kind) = &filter.kind {
        hidden(sql, "kind", kind.clone());
    }
    if let Some(since) = filter.since {
        sql.push(" and e.received_at >= ").push_bind(since);
    }
    if let Some(until) = filter.until {
        sql.push(" and e.received_at < ").push_bind(until);
    }
}

fn hidden(sql: &mut QueryBuilder<Postgres>, column: &str, value: String) {
    sql.push(format!(" and e.{column} = (select "))
        .push_bind(value)
        .push("::text)");
}

async fn views_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    ids: &[Uuid],
) -> Result<Vec<EventView>, StoreError> {
    let rows = sqlx::query_as!(
        EventRow,
        "select e.event_id, e.connection_id, c.name as connection_name, c.processor, c.mode, e.external_id,
             e.kind, e.occurred_at, e.received_at, e.outcome, e.detail, e.conversion_id, e.attempts,
             e.next_attempt_at
         from event e
         join connection c on c.organization_id = e.organization_id and c.connection_id = e.connection_id
         where e.organization_id = $1 and e.event_id = any($2)
         order by e.received_at desc, e.event_id desc",
        organization_id.0,
        ids,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(EventView::try_from).collect()
}

-- The inbox: every event as it was received, before anything else is done with it.
--
-- Partitioned by the month in which the event happened at the processor. A redelivery carries the
-- same time, so it lands in the same partition and the unique key holds across all of them.
create table event (
    organization_id uuid not null,
    event_id uuid not null,
    connection_id uuid not null,
    external_id text not null,
    kind text not null,
    occurred_at timestamptz not null,
    received_at timestamptz not null,
    payload bytea not null,
    outcome text not null check (outcome in ('recorded', 'deduped', 'unattributed', 'parked',
        'ignored', 'failed', 'stored')),
    -- why, in words
    detail text not null,
    conversion_id uuid,
    attempts integer not null,
    -- set while a failed event is to be tried again
    next_attempt_at timestamptz,
    processed_at timestamptz,
    primary key (organization_id, event_id, occurred_at),
    constraint event_once unique (organization_id, connection_id, external_id, occurred_at)
) partition by range (occurred_at);

-- Months are made ahead of time; whatever falls outside of them is kept here.
create table event_default partition of event default;

-- The inbox is listed newest first; each of its filters has an index in that order.
create index event_received on event (organization_id, received_at desc, event_id desc);
create index event_by_connection on event (organization_id, connection_id, received_at desc, event_id desc);
create index event_by_kind on event (organization_id, kind, received_at desc, event_id desc);
create index event_by_outcome on event (organization_id, outcome, received_at desc, event_id desc);
create index event_by_conversion on event (organization_id, conversion_id) where conversion_id is not null;
create index event_due on event (organization_id, next_attempt_at) where next_attempt_at is not null;

-- Answers to calls that carried an Idempotency-Key, kept for a day. A row without status is a call
-- that is being answered right now, or was when its server died.
create table idempotent_call (
    organization_id uuid not null,
    api_key_id uuid not null,
    idempotency_key text not null,
    request_hash bytea not null,
    started_at timestamptz not null,
    status integer,
    body_sealed bytea,
    primary key (organization_id, api_key_id, idempotency_key)
);
create index idempotent_call_started on idempotent_call (organization_id, started_at);

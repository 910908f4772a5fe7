-- Outgoing webhooks: who is told what, and what became of it.

-- Where a merchant's own program is told what happens.
create table webhook_endpoint (
    organization_id uuid not null references organization,
    webhook_endpoint_id uuid not null,
    name text not null,
    url text not null,
    -- told of this campaign only
    campaign_id uuid,
    -- what it asks for
    topics text[] not null,
    -- the secret that signs, and the one before it while that signs too
    secrets_sealed bytea not null,
    -- the last characters of the one that signs, to tell it from others
    secret_hint text not null,
    -- until when the one before signs
    overlap_until timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    -- since when it has taken nothing; null while it takes what comes
    failing_since timestamptz,
    disabled_at timestamptz,
    -- why, in words; null when a person did it
    disabled_reason text,
    removed_at timestamptz,
    primary key (organization_id, webhook_endpoint_id),
    constraint webhook_endpoint_campaign foreign key (organization_id, campaign_id) references campaign
);

-- Something that happened, as it was when the transaction that did it was committed.
create table webhook_message (
    organization_id uuid not null,
    webhook_message_id uuid not null,
    created_at timestamptz not null,
    topic text not null,
    campaign_id uuid,
    snapshot json not null,
    primary key (organization_id, webhook_message_id)
);
create index webhook_message_by_age on webhook_message (created_at);

-- Telling one endpoint one of them.
create table webhook_delivery (
    organization_id uuid not null,
    webhook_delivery_id uuid not null,
    webhook_endpoint_id uuid not null,
    webhook_message_id uuid not null,
    status text not null check (status in ('pending', 'delivered', 'failed')),
    created_at timestamptz not null,
    -- when the first attempt was due; later when somebody sends it again
    first_due_at timestamptz not null,
    -- since then
    attempts integer not null,
    next_attempt_at timestamptz,
    -- while a server is at it: nobody else tries before this time
    claimed_until timestamptz,
    attempted_at timestamptz,
    -- of the last attempt: the status of the answer, why there was none or it was none that counts, and the
    -- beginning of its body
    answer_status integer,
    error text,
    answer text,
    duration_ms bigint,
    primary key (organization_id, webhook_delivery_id),
    constraint webhook_delivery_endpoint foreign key (organization_id, webhook_endpoint_id) references webhook_endpoint,
    constraint webhook_delivery_message foreign key (organization_id, webhook_message_id) references webhook_message,
    constraint webhook_delivery_waits check ((status = 'pending') = (next_attempt_at is not null))
);
create index webhook_delivery_due on webhook_delivery (next_attempt_at) where status = 'pending';
create index webhook_delivery_waiting on webhook_delivery (organization_id, webhook_endpoint_id, next_attempt_at)
    where status = 'pending';
create index webhook_delivery_by_endpoint on webhook_delivery (organization_id, webhook_endpoint_id, webhook_delivery_id desc);
create index webhook_delivery_by_message on webhook_delivery (organization_id, webhook_message_id);

-- Moves with every change of an organization's endpoints, so that whoever writes its sales, and has this row's lock,
-- knows without asking whether what he knows of them still holds. 0: there was never one.
alter table organization_position add column webhook_version bigint not null default 0;

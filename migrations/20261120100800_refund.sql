-- Money that went back, and what tells which payment it was of.

-- Ids that name one payment, each pair both ways round: a charge and its invoice. Every refund is linked with
-- its payment ("refund:re_1" and a charge), so that these lead to it.
create table payment_link (
    organization_id uuid not null,
    id text not null,
    other text not null,
    -- same: both name one payment; refers, referred: the one may be of the other, which only money that goes back and
    -- finds no sale may use
    relation text not null check (relation in ('same', 'refers', 'referred')),
    primary key (organization_id, id, other)
);

-- Refunds and disputes as last told, whether or not their sale is known.
create table refund (
    organization_id uuid not null,
    external_id text not null,
    kind text not null check (kind in ('refund', 'dispute', 'charge_total', 'warning', 'dispute_reversal', 'warning_reversal')),
    status text not null check (status in ('announced', 'pending', 'succeeded', 'failed', 'inquiry', 'open', 'lost', 'won')),
    amount_minor bigint not null check (amount_minor >= 0),
    -- how much of it is not tax; null: not told
    net_minor bigint check (net_minor between 0 and amount_minor),
    -- null: the sale's
    currency text,
    occurred_at timestamptz not null,
    -- when the status was told; an older telling never replaces a newer one
    told_at timestamptz not null,
    -- when it was first told that it had failed
    failed_at timestamptz,
    -- ids that name the payment
    payment text[] not null,
    reason text,
    -- null: parked until its sale comes
    conversion_id uuid,
    -- the events that told of it while it was parked
    event_ids uuid[] not null,
    -- when its payment is next looked up at the processor; null: there is nothing to ask
    next_lookup_at timestamptz,
    created_at timestamptz not null,
    primary key (organization_id, external_id),
    constraint refund_conversion foreign key (organization_id, conversion_id) references conversion
);
create index refund_by_conversion on refund (organization_id, conversion_id) where conversion_id is not null;
create index refund_unsettled on refund (organization_id, created_at)
    where kind = 'refund' and status in ('announced', 'pending');
create index refund_to_look_up on refund (organization_id, next_lookup_at)
    where conversion_id is null and next_lookup_at is not null;

-- Ends of subscriptions: their sales may come later.
create table subscription_end (
    organization_id uuid not null,
    subscription_id text not null,
    ended_at timestamptz not null,
    primary key (organization_id, subscription_id)
);

-- What waits for the end of its hold.
create index conversion_due on conversion (organization_id, hold_until, conversion_id)
    where status = 'pending' and held_by is null and commission_state = 'ready' and parent_conversion_id is null;

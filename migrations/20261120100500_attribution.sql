-- What attribution remembers between events that arrive in any order.

-- Clues that came apart from the payment, kept for the thing they were attached to.
create table referral_clue (
    organization_id uuid not null,
    subject_kind text not null check (subject_kind in ('customer', 'subscription', 'invoice',
        'payment_intent', 'session')),
    subject_id text not null,
    clue_kind text not null check (clue_kind in ('slug', 'click', 'coupon_code', 'promotion_code', 'discount')),
    value text not null,
    place text not null,
    occurred_at timestamptz not null,
    primary key (organization_id, subject_kind, subject_id, clue_kind, value)
);
create index referral_clue_value on referral_clue (organization_id, value);

-- Payments that nobody is credited for, yet.
create table unattributed_payment (
    organization_id uuid not null,
    external_event_id text not null,
    connection_id uuid not null,
    -- the events that told of it
    event_ids uuid[] not null,
    occurred_at timestamptz not null,
    customer_id text,
    customer_email text,
    subscription_id text,
    invoice_id text,
    payment_intent_id text,
    session_id text,
    -- ids on the payment whose words may be told later
    promotion_codes text[] not null,
    -- the payment as a domain fact
    fact json not null,
    reason text not null,
    created_at timestamptz not null,
    primary key (organization_id, external_event_id)
);
create index unattributed_customer on unattributed_payment (organization_id, customer_id)
    where customer_id is not null;
create index unattributed_email on unattributed_payment (organization_id, customer_email)
    where customer_email is not null;
create index unattributed_subscription on unattributed_payment (organization_id, subscription_id)
    where subscription_id is not null;
create index unattributed_invoice on unattributed_payment (organization_id, invoice_id)
    where invoice_id is not null;
create index unattributed_payment_intent on unattributed_payment (organization_id, payment_intent_id)
    where payment_intent_id is not null;
create index unattributed_promotion_codes on unattributed_payment using gin (promotion_codes);
create index unattributed_session on unattributed_payment (organization_id, session_id)
    where session_id is not null;

-- Customers as their processor last described them.
create table customer (
    organization_id uuid not null,
    external_id text not null,
    customer_id uuid not null,
    -- trimmed and in lower case
    email text,
    name text,
    described_at timestamptz not null,
    primary key (organization_id, external_id)
);
create index customer_email on customer (organization_id, email) where email is not null;

-- Which words stand for which of a processor's promotion code ids.
create table promotion_code (
    organization_id uuid not null,
    external_id text not null,
    code text not null,
    discount_id text,
    described_at timestamptz not null,
    primary key (organization_id, external_id)
);

-- Everything credited, and the money it earned.

-- Bumped by every transaction that changes conversions, as its first statement: the row's lock puts
-- an organization's writers in line, so a reader who knows position n has seen every change up to n.
create table organization_position (
    organization_id uuid primary key,
    position bigint not null
);

create table conversion (
    organization_id uuid not null,
    -- UUIDv7 of created_at: lists and cursors order by it alone
    conversion_id uuid not null,
    created_at timestamptz not null,
    occurred_at timestamptz not null,
    kind text not null check (kind in ('sale', 'recurring', 'lead')),
    source text not null check (source in ('coupon', 'link', 'customer_match', 'click', 'lead',
        'override', 'server', 'imported', 'manual')),
    status text not null check (status in ('pending', 'approved', 'paid', 'refunded', 'denied')),
    affiliate_id uuid not null,
    campaign_id uuid not null,
    coupon_code text,
    -- the click that brought the customer
    click_id uuid,
    amount_minor bigint not null check (amount_minor >= 0),
    base_minor bigint not null check (base_minor >= 0),
    refunded_minor bigint not null check (refunded_minor between 0 and amount_minor),
    currency text not null,
    -- due now, after refunds: what the ledger's entries of this conversion add up to
    commission_minor bigint not null check (commission_minor >= 0),
    commission_currency text not null,
    commission_state text not null check (commission_state in ('ready', 'awaiting_rate')),
    -- the plan, copied when the conversion was recorded
    plan_percent_bp integer,
    plan_fixed_minor bigint,
    plan_duration text not null,
    plan_months integer,
    -- false when the payment turned out to be past the plan's limit
    is_covered boolean not null default true,
    -- units of the commission's currency for units of the sale's, when they differ and it is known
    exchange_numerator bigint,
    exchange_denominator bigint,
    exchange_day date,
    external_event_id text,
    processor text not null,
    connection_id uuid,
    customer_id text,
    subscription_id text,
    invoice_id text,
    payment_intent_id text,
    charge_id text,
    session_id text,
    -- trimmed and in lower case
    customer_email text,
    customer_name text,
    hold_until timestamptz not null,
    -- what keeps it from approval and payout; null: nothing
    held_by text check (held_by in ('dispute', 'refund', 'flag', 'unknown_amount', 'warning')),
    -- has it an open flag? never a recruiter's row, which follows its sale
    is_flagged boolean not null default false,
    -- when a member approved it in spite of a warning or of a refund of unknown amount
    released_at timestamptz,
    denied_at timestamptz,
    cancelled_at timestamptz,
    approved_at timestamptz,
    paid_at timestamptz,
    refunded_at timestamptz,
    parent_conversion_id uuid,
    metadata json not null,
    trail json not null,
    -- organization_position at the last change; created and changed are told apart by revision
    change_position bigint not null,
    revision integer not null,
    primary key (organization_id, conversion_id),
    constraint conversion_affiliate foreign key (organization_id, affiliate_id) references affiliate,
    constraint conversion_campaign foreign key (organization_id, campaign_id) references campaign,
    constraint conversion_parent foreign key (organization_id, parent_conversion_id) references conversion
);

-- What makes a sale unique for ever. A recruiter's row shares its parent's id.
create unique index conversion_external_event on conversion (organization_id, external_event_id)
    where parent_conversion_id is null;
create unique index conversion_one_override on conversion (organization_id, parent_conversion_id)
    where parent_conversion_id is not null;
-- One lead per customer and campaign, whether known by id or by e-mail.
create unique index conversion_lead_customer on conversion (organization_id, campaign_id, customer_id)
    where kind = 'lead' and parent_conversion_id is null;
create unique index conversion_lead_email on conversion (organization_id, campaign_id, customer_email)
    where kind = 'lead' and parent_conversion_id is null;

-- One index for every filter that is offered, each ending in the list's order.
create index conversion_by_affiliate on conversion (organization_id, affiliate_id, conversion_id desc);
create index conversion_by_campaign on conversion (organization_id, campaign_id, conversion_id desc);
create index conversion_by_status on conversion (organization_id, status, conversion_id desc);
create index conversion_by_kind on conversion (organization_id, kind, conversion_id desc);
create index conversion_by_source on conversion (organization_id, source, conversion_id desc);

-- Of which a part went back: few, and the roll-ups don't know which.
create index conversion_partly_refunded on conversion (organization_id, conversion_id desc)
    where refunded_minor > 0 and status in ('pending', 'approved', 'paid');

-- Few at any time, and what they earned can't be paid out.
create index conversion_held on conversion (organization_id, affiliate_id) where held_by is not null;

-- What attribution looks up.
create index conversion_by_subscription on conversion (organization_id, subscription_id, occurred_at)
    where subscription_id is not null;
create index conversion_by_customer on conversion (organization_id, customer_id, occurred_at)
    where customer_id is not null;
create index conversion_by_email on conversion (organization_id, customer_email, occurred_at)
    where customer_email is not null;

-- What live streams catch up with.
create index conversion_by_change on conversion (organization_id, change_position);

create table ledger_entry (
    organization_id uuid not null,
    ledger_entry_id uuid not null,
    affiliate_id uuid not null,
    conversion_id uuid,
    kind text not null check (kind in ('accrual', 'clawback', 'reinstatement', 'denial', 'payout', 'adjustment')),
    amount_minor bigint not null,
    currency text not null,
    reason text not null,
    created_at timestamptz not null,
    primary key (organization_id, ledger_entry_id),
    constraint ledger_entry_conversion foreign key (organization_id, conversion_id) references conversion,
    constraint ledger_entry_affiliate foreign key (organization_id, affiliate_id) references affiliate
);
create index ledger_entry_by_conversion on ledger_entry (organization_id, conversion_id);
-- An account, newest first, and its balance without a look at the table.
create index ledger_entry_by_affiliate on ledger_entry (organization_id, affiliate_id, ledger_entry_id desc)
    include (currency, kind, amount_minor);

-- Sums per UTC day of recording, kept in the transaction that changes the rows they sum.
create table conversion_day (
    organization_id uuid not null,
    day date not null,
    campaign_id uuid not null,
    kind text not null,
    source text not null,
    status text not null,
    currency text not null,
    commission_currency text not null,
    conversions bigint not null,
    amount_minor bigint not null,
    refunded_minor bigint not null,
    commission_minor bigint not null,
    primary key (organization_id, day, campaign_id, kind, source, status, currency, commission_currency)
);

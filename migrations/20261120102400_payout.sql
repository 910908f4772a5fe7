-- Payouts: which ledger entries were paid to whom, and how.

-- A run that made many of them.
create table payout_batch (
    organization_id uuid not null,
    payout_batch_id uuid not null,
    -- what it was limited to; null: nothing
    campaign_id uuid,
    currency text,
    created_at timestamptz not null,
    primary key (organization_id, payout_batch_id)
);

create table payout (
    organization_id uuid not null,
    payout_id uuid not null,
    -- null: made by itself
    payout_batch_id uuid,
    affiliate_id uuid not null,
    -- null: it spans several
    campaign_id uuid,
    currency text not null,
    -- what its entries add up to; of one that failed, what they did
    amount_minor bigint not null check (amount_minor >= 0),
    status text not null check (status in ('pending', 'processing', 'completed', 'failed')),
    method text not null check (method in ('stripe', 'manual')),
    created_at timestamptz not null,
    processing_at timestamptz,
    completed_at timestamptz,
    failed_at timestamptz,
    -- the Stripe account that it goes to
    account text,
    transfer_id text,
    -- why it failed, or why its last transfer did
    failure text,
    note text,
    -- how often a transfer was tried, and when the next try is due: while one runs, when it is given up as lost
    attempts integer not null default 0,
    next_attempt_at timestamptz,
    primary key (organization_id, payout_id),
    constraint payout_of_batch foreign key (organization_id, payout_batch_id) references payout_batch,
    constraint payout_affiliate foreign key (organization_id, affiliate_id) references affiliate,
    constraint payout_campaign foreign key (organization_id, campaign_id) references campaign,
    constraint payout_completed check ((status = 'completed') = (completed_at is not null)),
    constraint payout_failed check ((status = 'failed') = (failed_at is not null)),
    constraint payout_account check (account is not null or method = 'manual')
);
create index payout_by_status on payout (organization_id, status, payout_id desc);
create index payout_by_affiliate on payout (organization_id, affiliate_id, payout_id desc);
create index payout_by_campaign on payout (organization_id, campaign_id, payout_id desc);
create index payout_by_batch on payout (organization_id, payout_batch_id) where payout_batch_id is not null;
create unique index payout_transfer on payout (organization_id, transfer_id) where transfer_id is not null;
-- Transfers that are to be made.
create index payout_due on payout (next_attempt_at) where status = 'processing' and next_attempt_at is not null;

-- Which entries a payout takes. No entry is in two of them: one that is released belongs to none.
create table payout_entry (
    organization_id uuid not null,
    payout_id uuid not null,
    ledger_entry_id uuid not null,
    -- the entry's; null: a correction
    conversion_id uuid,
    -- when the payout failed, or took it no more
    released_at timestamptz,
    primary key (organization_id, payout_id, ledger_entry_id),
    constraint payout_entry_payout foreign key (organization_id, payout_id) references payout,
    constraint payout_entry_entry foreign key (organization_id, ledger_entry_id) references ledger_entry
);
create unique index payout_entry_once on payout_entry (organization_id, ledger_entry_id) where released_at is null;
create index payout_entry_by_entry on payout_entry (organization_id, ledger_entry_id);
create index payout_entry_by_conversion on payout_entry (organization_id, conversion_id) where released_at is null;

-- The payout that an entry of the kind payout is of; null: paid out elsewhere.
alter table ledger_entry add column payout_id uuid;
create unique index ledger_entry_payout on ledger_entry (organization_id, payout_id) where payout_id is not null;

-- The payout that paid it, and what of its commission payouts took, those that are not settled included.
alter table conversion add column payout_id uuid, add column settled_minor bigint not null default 0;
-- What the next payout may take, or debit.
create index conversion_unsettled on conversion (organization_id, affiliate_id)
    where commission_minor <> settled_minor and status <> 'pending';

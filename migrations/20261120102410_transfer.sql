-- Payouts that Stripe carries: through which account, and how much of it came back.
alter table payout
    -- whose account was asked for the transfer first; no other ever is. Null: none yet
    add column connection_id uuid,
    -- of the transfer, as last told
    add column reversed_minor bigint not null default 0 check (reversed_minor >= 0);

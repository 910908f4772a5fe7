-- What an organization sets about itself. The defaults are what a new campaign starts with.
alter table organization add column time_zone text not null default 'UTC';
alter table organization add column default_hold_days integer not null default 30;
alter table organization add column default_cookie_days integer not null default 60;
-- in hundredths of the unit of whatever currency the campaign has
alter table organization add column default_payout_threshold bigint not null default 5000;
alter table organization add column default_requires_consent boolean not null default false;
-- when any of it, or the name, changed last
alter table organization add column changed_at timestamptz;

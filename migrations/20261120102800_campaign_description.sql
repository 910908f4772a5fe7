-- What a campaign is for, in the merchant's words.
alter table campaign add column description text;

-- Where a token was used last; written with the time, at most once a minute.
alter table tokens add column last_used_address text not null default '';

-- What a worker can hold, as it said with its last claim (0: it did not say), and what each
-- deployment that it builds has of it.
alter table workers add column slots bigint not null default 0;
alter table workers add column memory_bytes bigint not null default 0;
alter table deployments add column memory_bytes bigint not null default 0;

-- 0: the build uses nothing that earlier ones left.
alter table deployments add column use_caches bigint not null default 1;

-- What visitors of a project's sites did, as its edges counted it: one row per project and minute,
-- and one per project and hour. latency, paths and referrers are JSON.
create table traffic (
    project text not null,
    step_ms bigint not null,
    begin_ms bigint not null,
    requests bigint not null,
    bytes bigint not null,
    success bigint not null,
    redirects bigint not null,
    client_errors bigint not null,
    server_errors bigint not null,
    memory bigint not null,
    miss bigint not null,
    file bigint not null,
    not_modified bigint not null,
    made bigint not null,
    proxied bigint not null,
    latency text not null,
    paths text not null,
    referrers text not null,
    primary key (project, step_ms, begin_ms)
);
create index traffic_by_age on traffic (step_ms, begin_ms);

-- The last report of each edge that was counted: a repeated one is not counted again.
create table traffic_reports (
    edge text primary key,
    sequence bigint not null,
    at_ms bigint not null
);

-- What visitors did, by deployment: a key of a table cannot grow, so the rows move.
create table traffic_of_deployments (
    project text not null,
    deployment text not null,
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
    missing text not null,
    primary key (project, step_ms, begin_ms, deployment)
);
insert into traffic_of_deployments
    select project, '', step_ms, begin_ms, requests, bytes, success, redirects, client_errors,
           server_errors, memory, miss, file, not_modified, made, proxied, latency, paths,
           referrers, '[]'
    from traffic;
drop table traffic;
alter table traffic_of_deployments rename to traffic;
create index traffic_by_age on traffic (step_ms, begin_ms);

-- The push webhook of a project: its address has the id, its deliveries are signed with the secret.
create table webhooks (
    project text primary key references projects (id),
    id text not null unique,
    sealed_secret text not null,
    created_at_ms bigint not null,
    refused bigint not null default 0,
    refused_at_ms bigint
);

-- What Git hosts delivered, one row for each ref that was moved; the last ones of each project.
create table webhook_deliveries (
    id text primary key,
    project text not null references projects (id),
    provider text not null,
    event text not null,
    delivery_id text not null,
    part bigint not null,
    at_ms bigint not null,
    ref text not null,
    "commit" text not null,
    message text not null,
    pusher text not null,
    outcome text not null,
    reason text not null,
    deployment text,
    redelivery_of text,
    parsed text not null,
    unique (project, delivery_id, part)
);
create index webhook_deliveries_by_project on webhook_deliveries (project, id);
create index webhook_deliveries_received on webhook_deliveries (id) where outcome = 'received';

-- Deliveries that came once, by their id and by their body: longer than the rows above are kept.
create table webhook_marks (
    project text not null references projects (id),
    mark text not null,
    delivery_id text not null,
    seq bigint not null,
    primary key (project, mark)
);
create index webhook_marks_by_age on webhook_marks (project, seq);

-- Who may visit a project's sites. A project without a row: everybody. The generation is in every
-- visitor's pass: when it grows, all of them end.
create table site_access (
    project text primary key references projects (id),
    previews text not null,
    production text not null,
    password_hash text not null default '',
    generation bigint not null,
    revoked_links text not null default '[]'
);

-- Links that let whoever has them visit one host for a time. Only a hash of the token is kept.
create table share_links (
    id text primary key,
    project text not null references projects (id),
    host text not null,
    hash text not null unique,
    created_by text not null,
    created_at_ms bigint not null,
    expires_at_ms bigint not null,
    last_used_ms bigint,
    revoked_at_ms bigint
);
create index share_links_by_project on share_links (project);

-- One-use codes that carry a member's sign-in from the platform's host to a site's.
create table access_codes (
    hash text primary key,
    host text not null,
    expires_at_ms bigint not null
);

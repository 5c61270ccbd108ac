-- Machines that wait to be signed in from a browser (RFC 8628); rows go when they have ended.
create table device_logins (
    id text primary key,
    device_hash text not null unique,
    user_code text not null unique,
    name text not null,
    scope text not null,
    user_agent text not null,
    address text not null,
    state text not null,
    user_id text references users (id),
    interval_ms bigint not null,
    polled_at_ms bigint not null,
    created_at_ms bigint not null,
    expires_at_ms bigint not null
);

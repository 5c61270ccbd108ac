-- An authenticator app's secret, sealed; it asks for nothing until it is confirmed. Recovery codes are keyed hashes.
create table totp (
    user_id text primary key references users (id),
    sealed_secret text not null,
    created_at_ms bigint not null,
    confirmed_at_ms bigint,
    used_step bigint not null default 0
);
create table recovery_codes (
    user_id text not null references users (id),
    hash text not null,
    used_at_ms bigint,
    primary key (user_id, hash)
);

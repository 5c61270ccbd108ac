-- Passkeys and what they are asked to sign; bytes are base64url. A challenge is deleted by its use.
create table passkeys (
    id text primary key,
    user_id text not null references users (id),
    name text not null,
    credential text not null unique,
    algorithm bigint not null,
    public_key text not null,
    sign_count bigint not null,
    created_at_ms bigint not null,
    last_used_ms bigint
);
create index passkeys_by_user on passkeys (user_id);
create table passkey_challenges (
    challenge text primary key,
    user_id text not null,
    expires_at_ms bigint not null
);

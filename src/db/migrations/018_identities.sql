-- Who may say who somebody is: OpenID Connect providers and GitHub. The secret is sealed.
create table sign_in_providers (
    id text primary key,
    kind text not null,
    name text not null,
    issuer text not null,
    client_id text not null,
    sealed_secret text not null,
    new_people text not null,
    domains text not null,
    enabled bigint not null,
    version bigint not null,
    created_at_ms bigint not null
);

-- Whom a provider vouches for. A person is (issuer, subject); the address is shown, never asked for.
create table identities (
    id text primary key,
    user_id text not null references users (id),
    issuer text not null,
    subject text not null,
    email text not null,
    created_at_ms bigint not null,
    last_used_ms bigint,
    unique (issuer, subject)
);
create index identities_by_user on identities (user_id);

-- Browsers that are at a provider. Secrets are hashes; PKCE's verifier and the nonce come of the
-- browser's cookie. Spent: its code was sent on. Identity: known, and a second factor is waited for.
create table provider_logins (
    state_hash text primary key,
    browser_hash text not null,
    provider text not null,
    user_id text not null,
    spent bigint not null,
    identity text not null,
    expires_at_ms bigint not null
);

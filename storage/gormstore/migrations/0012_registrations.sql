-- What lets programs register clients, and which of them they registered.
CREATE TABLE initial_access_tokens (
    id TEXT PRIMARY KEY,
    hash TEXT NOT NULL,
    name TEXT NOT NULL,
    publisher_id TEXT NOT NULL,
    status TEXT NOT NULL,
    purposes TEXT NOT NULL,
    scopes TEXT NOT NULL,
    max_uses BIGINT NOT NULL,
    uses BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE TABLE registrations (
    id TEXT PRIMARY KEY,
    hash TEXT NOT NULL,
    token_id TEXT NOT NULL
);

-- What clients are to become, and what was approved before.
CREATE TABLE client_versions (
    id TEXT PRIMARY KEY,
    client_id TEXT NOT NULL,
    status TEXT NOT NULL,
    name TEXT NOT NULL,
    names TEXT NOT NULL,
    publisher_id TEXT NOT NULL,
    public BOOLEAN NOT NULL,
    redirect_uris TEXT NOT NULL,
    grant_types TEXT NOT NULL,
    token_types TEXT NOT NULL,
    token_endpoint_auth_method TEXT NOT NULL,
    scopes TEXT NOT NULL,
    subject_type TEXT NOT NULL,
    resource_server BOOLEAN NOT NULL,
    first_party BOOLEAN NOT NULL,
    pkce TEXT NOT NULL,
    id_token_alg TEXT NOT NULL,
    access_token_lifetime BIGINT NOT NULL,
    refresh_token_lifetime BIGINT NOT NULL,
    code_lifetime BIGINT NOT NULL,
    refresh_reuse_grace BIGINT NOT NULL,
    logo_uri TEXT NOT NULL,
    client_uri TEXT NOT NULL,
    policy_uri TEXT NOT NULL,
    tos_uri TEXT NOT NULL,
    contacts TEXT NOT NULL,
    post_logout_redirect_uris TEXT NOT NULL,
    initiate_login_uri TEXT NOT NULL,
    jwks TEXT NOT NULL,
    jwks_uri TEXT NOT NULL,
    webhook_uri TEXT NOT NULL,
    dialects TEXT NOT NULL,
    -- What it was made from, as JSON.
    base TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX client_versions_open ON client_versions (client_id) WHERE status IN ('draft', 'submitted', 'changes_requested');
CREATE INDEX client_versions_client ON client_versions (client_id, id);
CREATE INDEX client_versions_submitted ON client_versions (id) WHERE status = 'submitted';
CREATE TABLE review_notes (
    id TEXT PRIMARY KEY,
    client_id TEXT NOT NULL,
    author_kind TEXT NOT NULL,
    author_id TEXT NOT NULL,
    author_address TEXT NOT NULL,
    author_person TEXT NOT NULL,
    action TEXT NOT NULL,
    body TEXT NOT NULL,
    at BIGINT NOT NULL,
    digest TEXT NOT NULL
);
CREATE INDEX review_notes_client ON review_notes (client_id, id);
-- Changes when all codes, tokens and vouched sessions of a client end. Those that have another one are dead.
ALTER TABLE clients ADD COLUMN tokens_from BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tokens ADD COLUMN tokens_from BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN tokens_from BIGINT NOT NULL DEFAULT 0;
CREATE INDEX clients_submitted ON clients (id) WHERE status = 'submitted';
-- Keys of programs for the admin API.
CREATE TABLE api_keys (
    id TEXT PRIMARY KEY,
    hash TEXT NOT NULL,
    name TEXT NOT NULL,
    user_id TEXT NOT NULL,
    rights TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL
);
CREATE INDEX api_keys_user ON api_keys (user_id);
-- What calls of the admin API were answered, so that a repetition gets the same. sealed is encrypted, empty until there is an answer.
CREATE TABLE remembered_answers (
    id TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    began_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    done BOOLEAN NOT NULL,
    sealed BLOB NOT NULL
);
CREATE INDEX remembered_answers_expiry ON remembered_answers (expires_at);
-- Lists that operators and developers look through.
CREATE INDEX users_company ON users (company_id, id) WHERE company_id <> '';
CREATE INDEX deliveries_client ON deliveries (client_id, id);
CREATE INDEX deliveries_dead ON deliveries (id) WHERE state = 3;

CREATE TRIGGER audit_events_new BEFORE INSERT ON audit_events
WHEN NEW.sequence <> 0 OR NEW.hash <> ''
BEGIN
    SELECT RAISE(ABORT, 'audit events are never added with a place in the chain');
END

CREATE TRIGGER audit_events_once BEFORE INSERT ON audit_events
WHEN EXISTS (SELECT 1 FROM audit_events WHERE id = NEW.id OR rowid = NEW.rowid)
BEGIN
    SELECT RAISE(ABORT, 'audit events are never replaced');
END

CREATE TRIGGER audit_events_sealed_once BEFORE UPDATE ON audit_events
WHEN OLD.sequence <> 0 OR NEW.sequence <= 0 OR NEW.rowid <> OLD.rowid
    OR EXISTS (SELECT 1 FROM audit_events WHERE sequence = NEW.sequence AND sequence > 0)
    OR (NEW.id, NEW.at, NEW.actor_kind, NEW.actor_id, NEW.address, NEW.action, NEW.target_kind, NEW.target_id, NEW.detail)
    IS NOT (OLD.id, OLD.at, OLD.actor_kind, OLD.actor_id, OLD.address, OLD.action, OLD.target_kind, OLD.target_id, OLD.detail)
BEGIN
    SELECT RAISE(ABORT, 'audit events are never changed');
END

CREATE TRIGGER audit_events_stay BEFORE DELETE ON audit_events BEGIN
    SELECT RAISE(ABORT, 'audit events are never removed');
END

CREATE TABLE api_keys (
    id TEXT PRIMARY KEY,
    hash TEXT NOT NULL,
    name TEXT NOT NULL,
    user_id TEXT NOT NULL,
    rights TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL
)

CREATE TABLE audit_chain (
    id SMALLINT PRIMARY KEY CHECK (id = 1),
    sequence BIGINT NOT NULL,
    hash TEXT NOT NULL,
    mark TEXT NOT NULL
)

CREATE TABLE audit_events (
    id TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    address TEXT NOT NULL,
    action TEXT NOT NULL,
    target_kind TEXT NOT NULL,
    target_id TEXT NOT NULL,
    detail TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    hash TEXT NOT NULL
)

CREATE TABLE client_requests (
    client_id TEXT NOT NULL,
    id TEXT NOT NULL,
    at BIGINT NOT NULL,
    endpoint TEXT NOT NULL,
    format TEXT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT NOT NULL,
    proven BOOLEAN NOT NULL,
    request_id TEXT NOT NULL,
    PRIMARY KEY (client_id, id)
) WITHOUT ROWID

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
, submitted_at BIGINT NOT NULL DEFAULT 0)

CREATE TABLE client_words (
    word TEXT NOT NULL,
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    PRIMARY KEY (word, client_id)
) WITHOUT ROWID

CREATE TABLE clients (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    names TEXT NOT NULL,
    publisher_id TEXT NOT NULL,
    public BOOLEAN NOT NULL,
    secrets TEXT NOT NULL,
    redirect_uris TEXT NOT NULL,
    grant_types TEXT NOT NULL,
    token_types TEXT NOT NULL,
    token_endpoint_auth_method TEXT NOT NULL,
    scopes TEXT NOT NULL,
    subject_type TEXT NOT NULL,
    status TEXT NOT NULL,
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
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
, tokens_from BIGINT NOT NULL DEFAULT 0, secrets_end BIGINT NOT NULL DEFAULT 0, submitted_at BIGINT NOT NULL DEFAULT 0)

CREATE TABLE companies (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL
)

CREATE TABLE constants (
    name TEXT PRIMARY KEY,
    sealed BLOB NOT NULL
)

CREATE TABLE decisions (
    grant_id TEXT NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
    scope TEXT NOT NULL,
    allowed BOOLEAN NOT NULL,
    decided_at BIGINT NOT NULL,
    until BIGINT NOT NULL,
    purpose TEXT NOT NULL,
    PRIMARY KEY (grant_id, scope)
) WITHOUT ROWID

CREATE TABLE deliveries (
    id TEXT PRIMARY KEY,
    client_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    company_id TEXT NOT NULL,
    event TEXT NOT NULL,
    scope TEXT NOT NULL,
    state SMALLINT NOT NULL CHECK (state IN (1, 2, 3)),
    attempts INTEGER NOT NULL,
    due_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    settled_at BIGINT NOT NULL,
    failure TEXT NOT NULL
)

CREATE TABLE failure_salt (
    id SMALLINT PRIMARY KEY CHECK (id = 1),
    salt BLOB NOT NULL
)

CREATE TABLE failures (
    slot INTEGER PRIMARY KEY CHECK (slot >= 0 AND slot < 65536),
    key_hash BLOB NOT NULL,
    failures INTEGER NOT NULL,
    began_at BIGINT NOT NULL
)

CREATE TABLE family_revocations (
    family_id BLOB PRIMARY KEY,
    revoked_at BIGINT NOT NULL
) WITHOUT ROWID

CREATE TABLE grant_reads (
    grant_id TEXT PRIMARY KEY,
    read_at BIGINT NOT NULL
) WITHOUT ROWID

CREATE TABLE grants (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    company_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    state SMALLINT NOT NULL CHECK (state IN (1, 2)),
    version BIGINT NOT NULL,
    allowed_by TEXT NOT NULL,
    denials INTEGER NOT NULL,
    denied_at BIGINT NOT NULL,
    until BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL, succeeds TEXT NOT NULL DEFAULT '',
    CHECK ((user_id = '') <> (company_id = ''))
)

CREATE TABLE hourly_counts (
    hour BIGINT NOT NULL,
    counter TEXT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (hour, counter)
) WITHOUT ROWID

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
)

CREATE TABLE links (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
) WITHOUT ROWID

CREATE TABLE logos (
    hash TEXT NOT NULL,
    side INTEGER NOT NULL,
    png BLOB NOT NULL,
    look_at BIGINT NOT NULL,
    PRIMARY KEY (hash, side)
)

CREATE TABLE migrations (id TEXT PRIMARY KEY)

CREATE TABLE publishers (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    verified BOOLEAN NOT NULL,
    verified_at BIGINT NOT NULL,
    developers TEXT NOT NULL
)

CREATE TABLE registrations (
    id TEXT PRIMARY KEY,
    hash TEXT NOT NULL,
    token_id TEXT NOT NULL
)

CREATE TABLE remembered_answers (
    id TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    began_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    done BOOLEAN NOT NULL,
    sealed BLOB NOT NULL
)

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
)

CREATE TABLE revision (
    id SMALLINT PRIMARY KEY CHECK (id = 1),
    value BIGINT NOT NULL
)

CREATE TABLE schema_info (id SMALLINT PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL, min_compatible INTEGER NOT NULL)

CREATE TABLE scopes (
    name TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    claims TEXT NOT NULL,
    sensitive BOOLEAN NOT NULL,
    client BOOLEAN NOT NULL
)

CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    auth_time BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    user_agent TEXT NOT NULL,
    address TEXT NOT NULL
, vouched_by TEXT NOT NULL DEFAULT '', tokens_from BIGINT NOT NULL DEFAULT 0) WITHOUT ROWID

CREATE TABLE signing_keys (
    id TEXT PRIMARY KEY,
    generation INTEGER NOT NULL,
    algorithm TEXT NOT NULL,
    sealed BLOB NOT NULL,
    public BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    active_from BIGINT NOT NULL,
    retired_at BIGINT NOT NULL,
    UNIQUE (generation, algorithm)
)

CREATE TABLE "tokens" (
    family_id BLOB NOT NULL,
    kind SMALLINT NOT NULL,
    generation BIGINT NOT NULL,
    hash BLOB NOT NULL,
    client_id TEXT NOT NULL,
    grant_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    company_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    session BLOB NOT NULL,
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    state SMALLINT NOT NULL,
    spent_at BIGINT NOT NULL,
    secret_id TEXT NOT NULL,
    keep_until BIGINT NOT NULL,
    given_by BLOB,
    tokens_from BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (family_id, generation, kind)
) WITHOUT ROWID

CREATE TABLE users (
    id TEXT PRIMARY KEY,
    email TEXT UNIQUE,
    email_verified BOOLEAN NOT NULL,
    phone TEXT UNIQUE,
    phone_verified BOOLEAN NOT NULL,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    locale TEXT NOT NULL,
    company_id TEXT NOT NULL,
    roles TEXT NOT NULL,
    attributes TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    disabled BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
, test_publisher TEXT NOT NULL DEFAULT '')

CREATE INDEX api_keys_user ON api_keys (user_id)

CREATE INDEX audit_action ON audit_events (action, at, id)

CREATE INDEX audit_actor ON audit_events (actor_kind, actor_id, at, id, action)

CREATE UNIQUE INDEX audit_sealed ON audit_events (sequence) WHERE sequence > 0

CREATE INDEX audit_target ON audit_events (target_kind, target_id, at, id)

CREATE INDEX audit_time ON audit_events (at, id)

CREATE INDEX audit_unsealed ON audit_events (id) WHERE sequence = 0

CREATE INDEX client_requests_at ON client_requests (at)

CREATE INDEX client_versions_client ON client_versions (client_id, id)

CREATE INDEX client_versions_logo ON client_versions (substr(logo_uri, length(logo_uri) - 71, 64)) WHERE logo_uri <> ''

CREATE UNIQUE INDEX client_versions_open ON client_versions (client_id) WHERE status IN ('draft', 'submitted', 'changes_requested')

CREATE INDEX client_versions_queue ON client_versions (submitted_at, client_id) WHERE status = 'submitted'

CREATE INDEX client_words_client ON client_words (client_id, word)

CREATE INDEX clients_logo ON clients (substr(logo_uri, length(logo_uri) - 71, 64)) WHERE logo_uri <> ''

CREATE INDEX clients_publisher ON clients (publisher_id, id)

CREATE INDEX clients_queue ON clients (submitted_at, id) WHERE status = 'submitted'

CREATE INDEX clients_secrets_end ON clients (secrets_end) WHERE secrets_end > 0

CREATE INDEX clients_status ON clients (status, id)

CREATE INDEX deliveries_client ON deliveries (client_id, id)

CREATE INDEX deliveries_client_state ON deliveries (client_id, state, id)

CREATE INDEX deliveries_dead ON deliveries (id) WHERE state = 3

CREATE INDEX deliveries_delivered ON deliveries (id) WHERE state = 2

CREATE INDEX deliveries_due ON deliveries (client_id, due_at, id) WHERE state = 1

CREATE INDEX deliveries_order ON deliveries (client_id, user_id, company_id, id) WHERE state = 1

CREATE INDEX deliveries_pending ON deliveries (id) WHERE state = 1

CREATE INDEX deliveries_retried ON deliveries (created_at) WHERE state = 1 AND attempts > 0

CREATE INDEX deliveries_settled ON deliveries (state, settled_at) WHERE settled_at > 0

CREATE INDEX deliveries_turn ON deliveries (client_id, attempts, due_at, id) WHERE state = 1

CREATE INDEX family_revocations_age ON family_revocations (revoked_at)

CREATE UNIQUE INDEX grants_active ON grants (user_id, company_id, client_id) WHERE state = 1

CREATE INDEX grants_client ON grants (client_id, id) WHERE state = 1

CREATE INDEX grants_ended ON grants (updated_at) WHERE state = 2

CREATE INDEX grants_succeeds ON grants (succeeds) WHERE succeeds <> ''

CREATE INDEX links_user ON links (user_id)

CREATE INDEX logos_look ON logos (look_at)

CREATE INDEX remembered_answers_expiry ON remembered_answers (expires_at)

CREATE INDEX review_notes_client ON review_notes (client_id, id)

CREATE INDEX sessions_expiry ON sessions (expires_at) WHERE expires_at > 0

CREATE INDEX sessions_user ON sessions (user_id)

CREATE INDEX tokens_given ON tokens (given_by) WHERE given_by IS NOT NULL

CREATE INDEX tokens_keep ON tokens (keep_until) WHERE keep_until > 0

CREATE INDEX tokens_lasting ON tokens (grant_id) WHERE keep_until = 0

CREATE INDEX users_company ON users (company_id, id) WHERE company_id <> ''

CREATE INDEX users_company_email ON users (company_id, email) WHERE company_id <> ''

CREATE INDEX users_test_publisher ON users (test_publisher, id) WHERE test_publisher <> ''

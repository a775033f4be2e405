-- A program for schema 1 starts sessions without naming this column: those are of people who gave their credentials.
ALTER TABLE sessions ADD COLUMN vouched_by TEXT NOT NULL DEFAULT '';

-- Who a person is at another system.
CREATE TABLE links (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
) WITHOUT ROWID;
CREATE INDEX links_user ON links (user_id);

-- Finds the active grants of a client, page by page.
CREATE INDEX grants_client ON grants (client_id, id) WHERE state = 1;

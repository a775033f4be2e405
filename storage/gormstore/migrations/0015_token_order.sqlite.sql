-- What a refresh writes, the spent token and the pair after it, comes to stand side by side: one page to write instead of two.
CREATE TABLE tokens_in_order (
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
) WITHOUT ROWID;
INSERT INTO tokens_in_order (family_id, kind, generation, hash, client_id, grant_id, user_id, company_id, scope, session,
                             issued_at, expires_at, state, spent_at, secret_id, keep_until, given_by, tokens_from)
SELECT family_id, kind, generation, hash, client_id, grant_id, user_id, company_id, scope, session,
       issued_at, expires_at, state, spent_at, secret_id, keep_until, given_by, tokens_from
FROM tokens;
DROP TABLE tokens;
ALTER TABLE tokens_in_order RENAME TO tokens;
CREATE INDEX tokens_keep ON tokens (keep_until) WHERE keep_until > 0;
CREATE INDEX tokens_lasting ON tokens (grant_id) WHERE keep_until = 0;
CREATE INDEX tokens_given ON tokens (given_by) WHERE given_by IS NOT NULL;

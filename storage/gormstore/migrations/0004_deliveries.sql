-- What clients' servers have to be told, written in the transaction of what it is about (an outbox).
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
);
-- Each client's queue.
CREATE INDEX deliveries_due ON deliveries (client_id, due_at) WHERE state = 1;
CREATE INDEX deliveries_settled ON deliveries (state, settled_at) WHERE settled_at > 0;

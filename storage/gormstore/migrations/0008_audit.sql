-- What was done, by whom, on whom. Rows are only added; sequence and hash are set once, when an event is sealed: see the triggers.
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
);
CREATE INDEX audit_unsealed ON audit_events (id) WHERE sequence = 0;
CREATE UNIQUE INDEX audit_sealed ON audit_events (sequence) WHERE sequence > 0;
CREATE INDEX audit_actor ON audit_events (actor_kind, actor_id, id);
CREATE INDEX audit_action ON audit_events (action, id);
CREATE INDEX audit_target ON audit_events (target_kind, target_id, id);
-- The end of the chain, and the mark of who sealed it. Who holds its row may seal.
CREATE TABLE audit_chain (
    id SMALLINT PRIMARY KEY CHECK (id = 1),
    sequence BIGINT NOT NULL,
    hash TEXT NOT NULL,
    mark TEXT NOT NULL
);
INSERT INTO audit_chain (id, sequence, hash, mark) VALUES (1, 0, '', '');

-- Whatever a list is cut down to, an index has its order.

-- Since when what is submitted waits for a review; 0 for what does not wait.
ALTER TABLE clients ADD COLUMN submitted_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE client_versions ADD COLUMN submitted_at BIGINT NOT NULL DEFAULT 0;
UPDATE clients SET submitted_at = updated_at WHERE status = 'submitted';
UPDATE client_versions SET submitted_at = updated_at WHERE status = 'submitted';
CREATE INDEX clients_queue ON clients (submitted_at, id) WHERE status = 'submitted';
CREATE INDEX client_versions_queue ON client_versions (submitted_at, client_id) WHERE status = 'submitted';
DROP INDEX clients_submitted;
DROP INDEX client_versions_submitted;

CREATE INDEX clients_status ON clients (status, id);
DROP INDEX clients_publisher;
CREATE INDEX clients_publisher ON clients (publisher_id, id);

-- What clients are found by: the words of their names, and their IDs, folded.
CREATE TABLE client_words (
    word TEXT NOT NULL,
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    PRIMARY KEY (word, client_id)
) WITHOUT ROWID;
CREATE INDEX client_words_client ON client_words (client_id, word);

CREATE INDEX users_company_email ON users (company_id, email) WHERE company_id <> '';

-- Events are listed by when they happened.
CREATE INDEX audit_time ON audit_events (at, id);
DROP INDEX audit_actor;
DROP INDEX audit_action;
DROP INDEX audit_target;
CREATE INDEX audit_actor ON audit_events (actor_kind, actor_id, at, id, action); -- what somebody did of one kind is seen in the index
CREATE INDEX audit_action ON audit_events (action, at, id);
CREATE INDEX audit_target ON audit_events (target_kind, target_id, at, id);

CREATE INDEX deliveries_pending ON deliveries (id) WHERE state = 1;
CREATE INDEX deliveries_delivered ON deliveries (id) WHERE state = 2;
CREATE INDEX deliveries_client_state ON deliveries (client_id, state, id);

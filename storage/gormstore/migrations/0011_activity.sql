-- The last answers that each client got.
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
) WITHOUT ROWID;
CREATE INDEX client_requests_at ON client_requests (at);
-- How often something happened, by the hour.
CREATE TABLE hourly_counts (
    hour BIGINT NOT NULL,
    counter TEXT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (hour, counter)
) WITHOUT ROWID;
-- When the last of a client's secrets ends that ends at all; 0 where none does.
ALTER TABLE clients ADD COLUMN secrets_end BIGINT NOT NULL DEFAULT 0;
CREATE INDEX clients_secrets_end ON clients (secrets_end) WHERE secrets_end > 0;
CREATE INDEX deliveries_retried ON deliveries (created_at) WHERE state = 1 AND attempts > 0;

-- Which client has something due; each client's queue, in the order in which it is handed out; and what waits about an
-- owner, oldest first.
DROP INDEX deliveries_due;
CREATE INDEX deliveries_due ON deliveries (client_id, due_at, id) WHERE state = 1;
CREATE INDEX deliveries_turn ON deliveries (client_id, attempts, due_at, id) WHERE state = 1;
CREATE INDEX deliveries_order ON deliveries (client_id, user_id, company_id, id) WHERE state = 1;

-- Events are only added, unsealed; an event that is not sealed may be sealed, once.
CREATE FUNCTION audit_events_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit events are never changed or removed';
END $$;
CREATE TRIGGER audit_events_stay BEFORE DELETE OR TRUNCATE ON audit_events EXECUTE FUNCTION audit_events_stay();
CREATE TRIGGER audit_events_sealed_once BEFORE UPDATE ON audit_events FOR EACH ROW
WHEN (OLD.sequence <> 0 OR NEW.sequence <= 0
    OR (NEW.id, NEW.at, NEW.actor_kind, NEW.actor_id, NEW.address, NEW.action, NEW.target_kind, NEW.target_id, NEW.detail)
    IS DISTINCT FROM (OLD.id, OLD.at, OLD.actor_kind, OLD.actor_id, OLD.address, OLD.action, OLD.target_kind, OLD.target_id, OLD.detail))
EXECUTE FUNCTION audit_events_stay();
CREATE FUNCTION audit_events_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit events are never added with a place in the chain';
END $$;
CREATE TRIGGER audit_events_new BEFORE INSERT ON audit_events FOR EACH ROW
WHEN (NEW.sequence <> 0 OR NEW.hash <> '') EXECUTE FUNCTION audit_events_new();

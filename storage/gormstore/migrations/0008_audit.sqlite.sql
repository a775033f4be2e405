-- Events are only added, unsealed; an event that is not sealed may be sealed, once.
CREATE TRIGGER audit_events_new BEFORE INSERT ON audit_events
WHEN NEW.sequence <> 0 OR NEW.hash <> ''
BEGIN
    SELECT RAISE(ABORT, 'audit events are never added with a place in the chain');
END;
-- REPLACE removes what is in its way without the trigger below (https://sqlite.org/lang_conflict.html).
CREATE TRIGGER audit_events_once BEFORE INSERT ON audit_events
WHEN EXISTS (SELECT 1 FROM audit_events WHERE id = NEW.id OR rowid = NEW.rowid)
BEGIN
    SELECT RAISE(ABORT, 'audit events are never replaced');
END;
CREATE TRIGGER audit_events_stay BEFORE DELETE ON audit_events BEGIN
    SELECT RAISE(ABORT, 'audit events are never removed');
END;
CREATE TRIGGER audit_events_sealed_once BEFORE UPDATE ON audit_events
WHEN OLD.sequence <> 0 OR NEW.sequence <= 0 OR NEW.rowid <> OLD.rowid
    OR EXISTS (SELECT 1 FROM audit_events WHERE sequence = NEW.sequence AND sequence > 0)
    OR (NEW.id, NEW.at, NEW.actor_kind, NEW.actor_id, NEW.address, NEW.action, NEW.target_kind, NEW.target_id, NEW.detail)
    IS NOT (OLD.id, OLD.at, OLD.actor_kind, OLD.actor_id, OLD.address, OLD.action, OLD.target_kind, OLD.target_id, OLD.detail)
BEGIN
    SELECT RAISE(ABORT, 'audit events are never changed');
END;

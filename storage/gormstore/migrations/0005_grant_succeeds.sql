-- The public ID of the grant that this one took the place of; empty where it took none's.
ALTER TABLE grants ADD COLUMN succeeds TEXT NOT NULL DEFAULT '';
CREATE INDEX grants_succeeds ON grants (succeeds) WHERE succeeds <> '';

-- The family of the host app's token that an authorization was had with; NULL for all others.
ALTER TABLE tokens ADD COLUMN given_by BLOB;
CREATE INDEX tokens_given ON tokens (given_by) WHERE given_by IS NOT NULL;

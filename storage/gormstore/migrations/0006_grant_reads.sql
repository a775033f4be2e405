-- When a client last read what a grant lets it: beside the grant, so that a stamp never moves its version. grant_id is the
-- public ID, which stays when another grant takes the grant's place.
CREATE TABLE grant_reads (
    grant_id TEXT PRIMARY KEY,
    read_at BIGINT NOT NULL
) WITHOUT ROWID;

-- Logos of mini apps, as PNG files of several sizes. look_at is when to look whether a registration still names it.
CREATE TABLE logos (
    hash TEXT NOT NULL,
    side INTEGER NOT NULL,
    png BLOB NOT NULL,
    look_at BIGINT NOT NULL,
    PRIMARY KEY (hash, side)
);
CREATE INDEX logos_look ON logos (look_at);
-- By the hash in …/logo/HASH-192.png.
CREATE INDEX clients_logo ON clients (substr(logo_uri, length(logo_uri) - 71, 64)) WHERE logo_uri <> '';
CREATE INDEX client_versions_logo ON client_versions (substr(logo_uri, length(logo_uri) - 71, 64)) WHERE logo_uri <> '';

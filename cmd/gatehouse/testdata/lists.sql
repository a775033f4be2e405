-- What a large super app has, beside the fixtures of the tests, as PostgreSQL makes it quickly. :people and so on are numbers.

-- An ID that grows with the number n, like a time-ordered UUID.
CREATE FUNCTION pg_temp.ordered(n BIGINT, salt TEXT) RETURNS TEXT LANGUAGE SQL IMMUTABLE AS $$
    SELECT substr(h, 1, 8) || '-' || substr(h, 9, 4) || '-7' || substr(m, 1, 3) || '-8' || substr(m, 4, 3) || '-' || substr(m, 7, 12)
    FROM (SELECT lpad(to_hex(1700000000000 + n * 20000), 12, '0') AS h, md5(salt || n) AS m) AS parts
$$;
CREATE FUNCTION pg_temp.random_id(n BIGINT, salt TEXT) RETURNS TEXT LANGUAGE SQL IMMUTABLE AS $$ SELECT md5(salt || n)::uuid::text $$;
CREATE FUNCTION pg_temp.person(n BIGINT) RETURNS TEXT LANGUAGE SQL IMMUTABLE AS $$ SELECT md5('person' || n)::uuid::text $$;
CREATE FUNCTION pg_temp.client(n BIGINT) RETURNS TEXT LANGUAGE SQL IMMUTABLE AS $$ SELECT 'app-' || substr(md5('client' || n), 1, 12) $$;
CREATE FUNCTION pg_temp.company(n BIGINT) RETURNS TEXT LANGUAGE SQL IMMUTABLE AS $$ SELECT 'company-' || lpad(n::text, 4, '0') $$;
CREATE FUNCTION pg_temp.moment(n BIGINT) RETURNS BIGINT LANGUAGE SQL IMMUTABLE AS $$ SELECT 1700000000000000 + n * 20000000 $$;

INSERT INTO publishers (id, name, verified, verified_at, developers)
SELECT 'publisher-' || lpad(n::text, 4, '0'), 'Publisher ' || n, n % 2 = 0, CASE WHEN n % 2 = 0 THEN pg_temp.moment(n) ELSE 0 END,
       jsonb_build_array(CASE n WHEN 1 THEN 'ana@example.com' ELSE 'dev-' || n || '@example.com' END)::text
FROM generate_series(1, :publishers) AS n;

INSERT INTO companies (id, name) SELECT pg_temp.company(n), 'Company ' || n FROM generate_series(1, :companies) AS n;

-- A fifth are of the first publisher. 10 % wait for their first review.
INSERT INTO clients
SELECT r.* FROM clients p, generate_series(1, :clients) AS n, LATERAL (SELECT
    (ARRAY['Photo', 'City', 'Market', 'Smart', 'Family', 'Green', 'Super', 'Daily', 'Happy', 'Nova'])[1 + n % 10] || ' '
    || (ARRAY['Print', 'Travel', 'Games', 'Health', 'Food', 'Music', 'Books', 'Bank', 'School', 'Garden', 'Sports'])[1 + n % 11] || ' ' || n AS name,
    CASE WHEN n % 10 = 3 THEN 'submitted' WHEN n % 50 = 1 THEN 'draft' WHEN n % 100 = 2 THEN 'changes_requested' WHEN n % 200 = 4 THEN 'rejected'
         WHEN n % 100 = 5 THEN 'suspended' WHEN n % 200 = 6 THEN 'archived' ELSE 'approved' END AS status) AS v,
LATERAL jsonb_populate_record(p, jsonb_build_object(
    'id', pg_temp.client(n), 'name', v.name, 'names', jsonb_build_object('es', 'Aplicación ' || v.name), 'status', v.status,
    'publisher_id', 'publisher-' || lpad((CASE WHEN n % 5 = 0 THEN 1 ELSE 1 + n % :publishers END)::text, 4, '0'),
    'webhook_uri', '', 'client_uri', 'https://app-' || n || '.example/', 'redirect_uris', '["https://app-' || n || '.example/cb"]',
    'submitted_at', CASE v.status WHEN 'submitted' THEN pg_temp.moment(n * 37 % :clients) ELSE 0 END,
    'created_at', pg_temp.moment(n), 'updated_at', pg_temp.moment(n))) AS r
WHERE p.id = 'photoprint';

INSERT INTO client_words (word, client_id)
SELECT DISTINCT w.word, c.id FROM clients c,
LATERAL (SELECT lower(c.id) AS word UNION SELECT lower(part) FROM regexp_split_to_table(c.name || ' aplicacion', '[^[:alnum:]]+') AS part WHERE part <> '') AS w
ON CONFLICT DO NOTHING;

INSERT INTO client_versions
SELECT r.* FROM (SELECT c.*, row_number() OVER (ORDER BY id) AS n FROM clients c WHERE status = 'approved') AS c,
LATERAL jsonb_populate_record(NULL::client_versions, to_jsonb(c) || jsonb_build_object(
    'id', pg_temp.ordered(c.n, 'version'), 'client_id', c.id, 'base', '',
    'status', CASE WHEN c.n > :versions THEN 'approved' WHEN c.n % 2 = 0 THEN 'submitted' WHEN c.n % 3 = 0 THEN 'changes_requested' ELSE 'draft' END,
    'submitted_at', CASE WHEN c.n <= :versions AND c.n % 2 = 0 THEN pg_temp.moment(c.n) ELSE 0 END)) AS r;

INSERT INTO review_notes (id, client_id, author_kind, author_id, author_address, author_person, action, body, digest, at)
SELECT pg_temp.ordered(n, 'note'), pg_temp.client(1 + n % :clients), 'user', pg_temp.person(1 + n % 9), '192.0.2.1', '',
       (ARRAY['submit', 'request-changes', ''])[1 + n % 3], 'Please say more about what the data are for.', '', pg_temp.moment(n)
FROM generate_series(1, 3 * :clients) AS n;

-- 30 % belong to a company; a third of them to the first one.
INSERT INTO users (id, email, email_verified, phone, phone_verified, first_name, last_name, locale, company_id, roles, attributes, password_hash, disabled,
                   created_at, updated_at)
SELECT pg_temp.person(n), substr(md5('mail' || n), 1, 6) || n || '@example.com', n % 3 > 0, '+1555' || lpad(n::text, 8, '0'), false, 'First ' || n, 'Last', 'en',
       CASE WHEN n % 10 = 0 THEN pg_temp.company(1) WHEN n % 10 < 3 THEN pg_temp.company(1 + n % :companies) ELSE '' END,
       'null', '{"points":' || n || '}', '', n % 1000 = 0, pg_temp.moment(n), pg_temp.moment(n)
FROM generate_series(1, :people) AS n;

INSERT INTO sessions (id, user_id, auth_time, created_at, seen_at, expires_at, user_agent, address, vouched_by)
SELECT md5('session' || n) || md5('s' || n), pg_temp.person(1 + n * 7 % :people), pg_temp.moment(n), pg_temp.moment(n), pg_temp.moment(n),
       CASE WHEN n % 20 = 0 THEN 1 ELSE 0 END, 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36', '192.0.2.7', ''
FROM generate_series(1, :sessions) AS n;

-- A fifth are for one client. Some are a company's, 5 % have ended.
INSERT INTO grants (id, user_id, company_id, client_id, state, version, allowed_by, denials, denied_at, until, created_at, updated_at, succeeds)
SELECT pg_temp.random_id(n, 'grant'), CASE WHEN n % 100 = 0 THEN '' ELSE pg_temp.person(n) END, CASE WHEN n % 100 = 0 THEN pg_temp.company(1 + n / 100 % 5) ELSE '' END,
       CASE WHEN n % 5 = 1 THEN 'photoprint' ELSE pg_temp.client(1 + n / 100 % :clients) END, CASE WHEN n % 20 = 7 THEN 2 ELSE 1 END, 1, '', 0, 0, 0,
       pg_temp.moment(n), pg_temp.moment(n), ''
FROM generate_series(1, :people) AS n
ON CONFLICT DO NOTHING;
-- One person has decided about many mini apps.
INSERT INTO grants (id, user_id, company_id, client_id, state, version, allowed_by, denials, denied_at, until, created_at, updated_at, succeeds)
SELECT pg_temp.random_id(n, 'many'), (SELECT id FROM users WHERE email = 'ana@example.com'), '', pg_temp.client(n), 1, 1, '', 0, 0, 0, pg_temp.moment(n), pg_temp.moment(n), ''
FROM generate_series(1, LEAST(500, :clients)) AS n;
INSERT INTO decisions (grant_id, scope, allowed, decided_at, until, purpose)
SELECT g.id, s.scope, s.scope = 'email', g.created_at, 0, '' FROM grants g, (VALUES ('email'), ('phone')) AS s (scope);

INSERT INTO audit_events (id, at, actor_kind, actor_id, address, action, target_kind, target_id, detail, sequence, hash)
SELECT pg_temp.ordered(n, 'event'), pg_temp.moment(n), CASE WHEN n % 5 = 0 THEN 'api_key' ELSE 'user' END,
       CASE WHEN n % 5 = 0 THEN 'importer' ELSE pg_temp.person(1 + n * 13 % :people) END, '192.0.2.1',
       CASE WHEN n % 1000 = 0 THEN 'client.approve' WHEN n % 5000 = 1 THEN 'client.suspend' WHEN n % 100000 = 2 THEN 'key.rotate'
            ELSE (ARRAY['session.start', 'session.end', 'grant.allow', 'grant.deny', 'user.update'])[1 + n % 5] END,
       CASE WHEN n % 1000 = 0 OR n % 5000 = 1 THEN 'client' ELSE 'user' END,
       CASE WHEN n % 1000 = 0 OR n % 5000 = 1 THEN pg_temp.client(1 + n % :clients) ELSE pg_temp.person(1 + n * 13 % :people) END,
       '{"client":"photoprint"}', n, encode(sha256(n::text::bytea), 'base64')
FROM generate_series(1, :events) AS n;
UPDATE audit_chain SET sequence = :events, hash = encode(sha256('end'), 'base64');

INSERT INTO deliveries (id, client_id, user_id, company_id, event, scope, state, attempts, due_at, created_at, settled_at, failure)
SELECT pg_temp.ordered(n, 'delivery'), CASE WHEN n % 5 = 0 THEN 'photoprint' ELSE pg_temp.client(1 + n % :clients) END, pg_temp.person(1 + n * 3 % :people), '',
       'grant_ended', '', CASE WHEN n % 100 = 1 THEN 1 WHEN n % 25 = 2 THEN 3 ELSE 2 END, 1, pg_temp.moment(n), pg_temp.moment(n),
       CASE WHEN n % 100 = 1 THEN 0 ELSE pg_temp.moment(n) END, CASE WHEN n % 25 = 2 THEN 'the server answered 500' ELSE '' END
FROM generate_series(1, :deliveries) AS n;

INSERT INTO api_keys (id, hash, name, user_id, rights, created_at, expires_at, seen_at)
SELECT substr(md5('key' || n), 1, 26), '', 'Key ' || n, pg_temp.person(n), '["client.read"]', pg_temp.moment(n), 0, 0 FROM generate_series(1, 500) AS n;

INSERT INTO scopes SELECT r.* FROM scopes s, generate_series(1, 100) AS n, LATERAL jsonb_populate_record(s, jsonb_build_object('name', 'own_' || n)) AS r
WHERE s.name = 'points_read';

-- Mini apps are older than what was sent to them: what is not was for an earlier one with the same ID.
UPDATE clients SET created_at = pg_temp.moment(0);

UPDATE revision SET value = value + 1;

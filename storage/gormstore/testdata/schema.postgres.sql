api_keys.01 id text COLLATE C NOT NULL
api_keys.02 hash text COLLATE C NOT NULL
api_keys.03 name text COLLATE C NOT NULL
api_keys.04 user_id text COLLATE C NOT NULL
api_keys.05 rights text COLLATE C NOT NULL
api_keys.06 created_at bigint NOT NULL
api_keys.07 expires_at bigint NOT NULL
api_keys.08 seen_at bigint NOT NULL
audit_chain.01 id smallint NOT NULL
audit_chain.02 sequence bigint NOT NULL
audit_chain.03 hash text COLLATE C NOT NULL
audit_chain.04 mark text COLLATE C NOT NULL
audit_events.01 id text COLLATE C NOT NULL
audit_events.02 at bigint NOT NULL
audit_events.03 actor_kind text COLLATE C NOT NULL
audit_events.04 actor_id text COLLATE C NOT NULL
audit_events.05 address text COLLATE C NOT NULL
audit_events.06 action text COLLATE C NOT NULL
audit_events.07 target_kind text COLLATE C NOT NULL
audit_events.08 target_id text COLLATE C NOT NULL
audit_events.09 detail text COLLATE C NOT NULL
audit_events.10 sequence bigint NOT NULL
audit_events.11 hash text COLLATE C NOT NULL
client_requests.01 client_id text COLLATE C NOT NULL
client_requests.02 id text COLLATE C NOT NULL
client_requests.03 at bigint NOT NULL
client_requests.04 endpoint text COLLATE C NOT NULL
client_requests.05 format text COLLATE C NOT NULL
client_requests.06 outcome text COLLATE C NOT NULL
client_requests.07 reason text COLLATE C NOT NULL
client_requests.08 proven boolean NOT NULL
client_requests.09 request_id text COLLATE C NOT NULL
client_versions.01 id text COLLATE C NOT NULL
client_versions.02 client_id text COLLATE C NOT NULL
client_versions.03 status text COLLATE C NOT NULL
client_versions.04 name text COLLATE C NOT NULL
client_versions.05 names text COLLATE C NOT NULL
client_versions.06 publisher_id text COLLATE C NOT NULL
client_versions.07 public boolean NOT NULL
client_versions.08 redirect_uris text COLLATE C NOT NULL
client_versions.09 grant_types text COLLATE C NOT NULL
client_versions.10 token_types text COLLATE C NOT NULL
client_versions.11 token_endpoint_auth_method text COLLATE C NOT NULL
client_versions.12 scopes text COLLATE C NOT NULL
client_versions.13 subject_type text COLLATE C NOT NULL
client_versions.14 resource_server boolean NOT NULL
client_versions.15 first_party boolean NOT NULL
client_versions.16 pkce text COLLATE C NOT NULL
client_versions.17 id_token_alg text COLLATE C NOT NULL
client_versions.18 access_token_lifetime bigint NOT NULL
client_versions.19 refresh_token_lifetime bigint NOT NULL
client_versions.20 code_lifetime bigint NOT NULL
client_versions.21 refresh_reuse_grace bigint NOT NULL
client_versions.22 logo_uri text COLLATE C NOT NULL
client_versions.23 client_uri text COLLATE C NOT NULL
client_versions.24 policy_uri text COLLATE C NOT NULL
client_versions.25 tos_uri text COLLATE C NOT NULL
client_versions.26 contacts text COLLATE C NOT NULL
client_versions.27 post_logout_redirect_uris text COLLATE C NOT NULL
client_versions.28 initiate_login_uri text COLLATE C NOT NULL
client_versions.29 jwks text COLLATE C NOT NULL
client_versions.30 jwks_uri text COLLATE C NOT NULL
client_versions.31 webhook_uri text COLLATE C NOT NULL
client_versions.32 dialects text COLLATE C NOT NULL
client_versions.33 base text COLLATE C NOT NULL
client_versions.34 created_at bigint NOT NULL
client_versions.35 updated_at bigint NOT NULL
client_versions.36 submitted_at bigint NOT NULL
client_words.01 word text COLLATE C NOT NULL
client_words.02 client_id text COLLATE C NOT NULL
clients.01 id text COLLATE C NOT NULL
clients.02 name text COLLATE C NOT NULL
clients.03 names text COLLATE C NOT NULL
clients.04 publisher_id text COLLATE C NOT NULL
clients.05 public boolean NOT NULL
clients.06 secrets text COLLATE C NOT NULL
clients.07 redirect_uris text COLLATE C NOT NULL
clients.08 grant_types text COLLATE C NOT NULL
clients.09 token_types text COLLATE C NOT NULL
clients.10 token_endpoint_auth_method text COLLATE C NOT NULL
clients.11 scopes text COLLATE C NOT NULL
clients.12 subject_type text COLLATE C NOT NULL
clients.13 status text COLLATE C NOT NULL
clients.14 resource_server boolean NOT NULL
clients.15 first_party boolean NOT NULL
clients.16 pkce text COLLATE C NOT NULL
clients.17 id_token_alg text COLLATE C NOT NULL
clients.18 access_token_lifetime bigint NOT NULL
clients.19 refresh_token_lifetime bigint NOT NULL
clients.20 code_lifetime bigint NOT NULL
clients.21 refresh_reuse_grace bigint NOT NULL
clients.22 logo_uri text COLLATE C NOT NULL
clients.23 client_uri text COLLATE C NOT NULL
clients.24 policy_uri text COLLATE C NOT NULL
clients.25 tos_uri text COLLATE C NOT NULL
clients.26 contacts text COLLATE C NOT NULL
clients.27 post_logout_redirect_uris text COLLATE C NOT NULL
clients.28 initiate_login_uri text COLLATE C NOT NULL
clients.29 jwks text COLLATE C NOT NULL
clients.30 jwks_uri text COLLATE C NOT NULL
clients.31 webhook_uri text COLLATE C NOT NULL
clients.32 dialects text COLLATE C NOT NULL
clients.33 created_at bigint NOT NULL
clients.34 updated_at bigint NOT NULL
clients.35 tokens_from bigint NOT NULL
clients.36 secrets_end bigint NOT NULL
clients.37 submitted_at bigint NOT NULL
companies.01 id text COLLATE C NOT NULL
companies.02 name text COLLATE C NOT NULL
constants.01 name text COLLATE C NOT NULL
constants.02 sealed bytea NOT NULL
decisions.01 grant_id text COLLATE C NOT NULL
decisions.02 scope text COLLATE C NOT NULL
decisions.03 allowed boolean NOT NULL
decisions.04 decided_at bigint NOT NULL
decisions.05 until bigint NOT NULL
decisions.06 purpose text COLLATE C NOT NULL
deliveries.01 id text COLLATE C NOT NULL
deliveries.02 client_id text COLLATE C NOT NULL
deliveries.03 user_id text COLLATE C NOT NULL
deliveries.04 company_id text COLLATE C NOT NULL
deliveries.05 event text COLLATE C NOT NULL
deliveries.06 scope text COLLATE C NOT NULL
deliveries.07 state smallint NOT NULL
deliveries.08 attempts integer NOT NULL
deliveries.09 due_at bigint NOT NULL
deliveries.10 created_at bigint NOT NULL
deliveries.11 settled_at bigint NOT NULL
deliveries.12 failure text COLLATE C NOT NULL
failure_salt.01 id smallint NOT NULL
failure_salt.02 salt bytea NOT NULL
failures.01 slot integer NOT NULL
failures.02 key_hash bytea NOT NULL
failures.03 failures integer NOT NULL
failures.04 began_at bigint NOT NULL
family_revocations.01 family_id bytea NOT NULL
family_revocations.02 revoked_at bigint NOT NULL
grant_reads.01 grant_id text COLLATE C NOT NULL
grant_reads.02 read_at bigint NOT NULL
grants.01 id text COLLATE C NOT NULL
grants.02 user_id text COLLATE C NOT NULL
grants.03 company_id text COLLATE C NOT NULL
grants.04 client_id text COLLATE C NOT NULL
grants.05 state smallint NOT NULL
grants.06 version bigint NOT NULL
grants.07 allowed_by text COLLATE C NOT NULL
grants.08 denials integer NOT NULL
grants.09 denied_at bigint NOT NULL
grants.10 until bigint NOT NULL
grants.11 created_at bigint NOT NULL
grants.12 updated_at bigint NOT NULL
grants.13 succeeds text COLLATE C NOT NULL
hourly_counts.01 hour bigint NOT NULL
hourly_counts.02 counter text COLLATE C NOT NULL
hourly_counts.03 n bigint NOT NULL
initial_access_tokens.01 id text COLLATE C NOT NULL
initial_access_tokens.02 hash text COLLATE C NOT NULL
initial_access_tokens.03 name text COLLATE C NOT NULL
initial_access_tokens.04 publisher_id text COLLATE C NOT NULL
initial_access_tokens.05 status text COLLATE C NOT NULL
initial_access_tokens.06 purposes text COLLATE C NOT NULL
initial_access_tokens.07 scopes text COLLATE C NOT NULL
initial_access_tokens.08 max_uses bigint NOT NULL
initial_access_tokens.09 uses bigint NOT NULL
initial_access_tokens.10 created_at bigint NOT NULL
initial_access_tokens.11 expires_at bigint NOT NULL
links.01 issuer text COLLATE C NOT NULL
links.02 subject text COLLATE C NOT NULL
links.03 user_id text COLLATE C NOT NULL
links.04 created_at bigint NOT NULL
logos.01 hash text COLLATE C NOT NULL
logos.02 side integer NOT NULL
logos.03 png bytea NOT NULL
logos.04 look_at bigint NOT NULL
migrations.01 id text COLLATE C NOT NULL
publishers.01 id text COLLATE C NOT NULL
publishers.02 name text COLLATE C NOT NULL
publishers.03 verified boolean NOT NULL
publishers.04 verified_at bigint NOT NULL
publishers.05 developers text COLLATE C NOT NULL
registrations.01 id text COLLATE C NOT NULL
registrations.02 hash text COLLATE C NOT NULL
registrations.03 token_id text COLLATE C NOT NULL
remembered_answers.01 id text COLLATE C NOT NULL
remembered_answers.02 fingerprint text COLLATE C NOT NULL
remembered_answers.03 began_at bigint NOT NULL
remembered_answers.04 expires_at bigint NOT NULL
remembered_answers.05 done boolean NOT NULL
remembered_answers.06 sealed bytea NOT NULL
review_notes.01 id text COLLATE C NOT NULL
review_notes.02 client_id text COLLATE C NOT NULL
review_notes.03 author_kind text COLLATE C NOT NULL
review_notes.04 author_id text COLLATE C NOT NULL
review_notes.05 author_address text COLLATE C NOT NULL
review_notes.06 author_person text COLLATE C NOT NULL
review_notes.07 action text COLLATE C NOT NULL
review_notes.08 body text COLLATE C NOT NULL
review_notes.09 at bigint NOT NULL
review_notes.10 digest text COLLATE C NOT NULL
revision.01 id smallint NOT NULL
revision.02 value bigint NOT NULL
schema_info.01 id smallint NOT NULL
schema_info.02 version integer NOT NULL
schema_info.03 min_compatible integer NOT NULL
scopes.01 name text COLLATE C NOT NULL
scopes.02 title text COLLATE C NOT NULL
scopes.03 description text COLLATE C NOT NULL
scopes.04 claims text COLLATE C NOT NULL
scopes.05 sensitive boolean NOT NULL
scopes.06 client boolean NOT NULL
sessions.01 id text COLLATE C NOT NULL
sessions.02 user_id text COLLATE C NOT NULL
sessions.03 auth_time bigint NOT NULL
sessions.04 created_at bigint NOT NULL
sessions.05 seen_at bigint NOT NULL
sessions.06 expires_at bigint NOT NULL
sessions.07 user_agent text COLLATE C NOT NULL
sessions.08 address text COLLATE C NOT NULL
sessions.09 vouched_by text COLLATE C NOT NULL
sessions.10 tokens_from bigint NOT NULL
signing_keys.01 id text COLLATE C NOT NULL
signing_keys.02 generation integer NOT NULL
signing_keys.03 algorithm text COLLATE C NOT NULL
signing_keys.04 sealed bytea NOT NULL
signing_keys.05 public bytea NOT NULL
signing_keys.06 created_at bigint NOT NULL
signing_keys.07 active_from bigint NOT NULL
signing_keys.08 retired_at bigint NOT NULL
tokens.01 family_id bytea NOT NULL
tokens.02 kind smallint NOT NULL
tokens.03 generation bigint NOT NULL
tokens.04 hash bytea NOT NULL
tokens.05 client_id text COLLATE C NOT NULL
tokens.06 grant_id text COLLATE C NOT NULL
tokens.07 user_id text COLLATE C NOT NULL
tokens.08 company_id text COLLATE C NOT NULL
tokens.09 scope text COLLATE C NOT NULL
tokens.10 session bytea NOT NULL
tokens.11 issued_at bigint NOT NULL
tokens.12 expires_at bigint NOT NULL
tokens.13 state smallint NOT NULL
tokens.14 spent_at bigint NOT NULL
tokens.15 secret_id text COLLATE C NOT NULL
tokens.16 keep_until bigint NOT NULL
tokens.17 given_by bytea
tokens.18 tokens_from bigint NOT NULL
users.01 id text COLLATE C NOT NULL
users.02 email text COLLATE C
users.03 email_verified boolean NOT NULL
users.04 phone text COLLATE C
users.05 phone_verified boolean NOT NULL
users.06 first_name text COLLATE C NOT NULL
users.07 last_name text COLLATE C NOT NULL
users.08 locale text COLLATE C NOT NULL
users.09 company_id text COLLATE C NOT NULL
users.10 roles text COLLATE C NOT NULL
users.11 attributes text COLLATE C NOT NULL
users.12 password_hash text COLLATE C NOT NULL
users.13 disabled boolean NOT NULL
users.14 created_at bigint NOT NULL
users.15 updated_at bigint NOT NULL
users.16 test_publisher text COLLATE C NOT NULL
api_keys api_keys_pkey PRIMARY KEY (id)
audit_chain audit_chain_id_check CHECK ((id = 1))
audit_chain audit_chain_pkey PRIMARY KEY (id)
audit_events audit_events_pkey PRIMARY KEY (id)
client_requests client_requests_pkey PRIMARY KEY (client_id, id)
client_versions client_versions_pkey PRIMARY KEY (id)
client_words client_words_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients(id) ON DELETE CASCADE
client_words client_words_pkey PRIMARY KEY (word, client_id)
clients clients_pkey PRIMARY KEY (id)
companies companies_pkey PRIMARY KEY (id)
constants constants_pkey PRIMARY KEY (name)
decisions decisions_grant_id_fkey FOREIGN KEY (grant_id) REFERENCES grants(id) ON DELETE CASCADE
decisions decisions_pkey PRIMARY KEY (grant_id, scope)
deliveries deliveries_pkey PRIMARY KEY (id)
deliveries deliveries_state_check CHECK ((state = ANY (ARRAY[1, 2, 3])))
failure_salt failure_salt_id_check CHECK ((id = 1))
failure_salt failure_salt_pkey PRIMARY KEY (id)
failures failures_pkey PRIMARY KEY (slot)
failures failures_slot_check CHECK (((slot >= 0) AND (slot < 65536)))
family_revocations family_revocations_pkey PRIMARY KEY (family_id)
grant_reads grant_reads_pkey PRIMARY KEY (grant_id)
grants grants_check CHECK (((user_id = ''::text) <> (company_id = ''::text)))
grants grants_pkey PRIMARY KEY (id)
grants grants_state_check CHECK ((state = ANY (ARRAY[1, 2])))
hourly_counts hourly_counts_pkey PRIMARY KEY (hour, counter)
initial_access_tokens initial_access_tokens_pkey PRIMARY KEY (id)
links links_pkey PRIMARY KEY (issuer, subject)
links links_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
logos logos_pkey PRIMARY KEY (hash, side)
migrations migrations_pkey PRIMARY KEY (id)
publishers publishers_pkey PRIMARY KEY (id)
registrations registrations_pkey PRIMARY KEY (id)
remembered_answers remembered_answers_pkey PRIMARY KEY (id)
review_notes review_notes_pkey PRIMARY KEY (id)
revision revision_id_check CHECK ((id = 1))
revision revision_pkey PRIMARY KEY (id)
schema_info schema_info_id_check CHECK ((id = 1))
schema_info schema_info_pkey PRIMARY KEY (id)
scopes scopes_pkey PRIMARY KEY (name)
sessions sessions_pkey PRIMARY KEY (id)
signing_keys signing_keys_generation_algorithm_key UNIQUE (generation, algorithm)
signing_keys signing_keys_pkey PRIMARY KEY (id)
tokens tokens_pkey PRIMARY KEY (family_id, kind, generation)
users users_email_key UNIQUE (email)
users users_phone_key UNIQUE (phone)
users users_pkey PRIMARY KEY (id)
CREATE INDEX api_keys_user ON public.api_keys USING btree (user_id)
CREATE INDEX audit_action ON public.audit_events USING btree (action, at, id)
CREATE INDEX audit_actor ON public.audit_events USING btree (actor_kind, actor_id, at, id, action)
CREATE INDEX audit_target ON public.audit_events USING btree (target_kind, target_id, at, id)
CREATE INDEX audit_time ON public.audit_events USING btree (at, id)
CREATE INDEX audit_unsealed ON public.audit_events USING btree (id) WHERE (sequence = 0)
CREATE INDEX client_requests_at ON public.client_requests USING btree (at)
CREATE INDEX client_versions_client ON public.client_versions USING btree (client_id, id)
CREATE INDEX client_versions_logo ON public.client_versions USING btree (substr(logo_uri, (length(logo_uri) - 71), 64)) WHERE (logo_uri <> ''::text)
CREATE INDEX client_versions_queue ON public.client_versions USING btree (submitted_at, client_id) WHERE (status = 'submitted'::text)
CREATE INDEX client_words_client ON public.client_words USING btree (client_id, word)
CREATE INDEX clients_logo ON public.clients USING btree (substr(logo_uri, (length(logo_uri) - 71), 64)) WHERE (logo_uri <> ''::text)
CREATE INDEX clients_publisher ON public.clients USING btree (publisher_id, id)
CREATE INDEX clients_queue ON public.clients USING btree (submitted_at, id) WHERE (status = 'submitted'::text)
CREATE INDEX clients_secrets_end ON public.clients USING btree (secrets_end) WHERE (secrets_end > 0)
CREATE INDEX clients_status ON public.clients USING btree (status, id)
CREATE INDEX deliveries_client ON public.deliveries USING btree (client_id, id)
CREATE INDEX deliveries_client_state ON public.deliveries USING btree (client_id, state, id)
CREATE INDEX deliveries_dead ON public.deliveries USING btree (id) WHERE (state = 3)
CREATE INDEX deliveries_delivered ON public.deliveries USING btree (id) WHERE (state = 2)
CREATE INDEX deliveries_due ON public.deliveries USING btree (client_id, due_at, id) WHERE (state = 1)
CREATE INDEX deliveries_order ON public.deliveries USING btree (client_id, user_id, company_id, id) WHERE (state = 1)
CREATE INDEX deliveries_pending ON public.deliveries USING btree (id) WHERE (state = 1)
CREATE INDEX deliveries_retried ON public.deliveries USING btree (created_at) WHERE ((state = 1) AND (attempts > 0))
CREATE INDEX deliveries_settled ON public.deliveries USING btree (state, settled_at) WHERE (settled_at > 0)
CREATE INDEX deliveries_turn ON public.deliveries USING btree (client_id, attempts, due_at, id) WHERE (state = 1)
CREATE INDEX family_revocations_age ON public.family_revocations USING btree (revoked_at)
CREATE INDEX grants_client ON public.grants USING btree (client_id, id) WHERE (state = 1)
CREATE INDEX grants_ended ON public.grants USING btree (updated_at) WHERE (state = 2)
CREATE INDEX grants_succeeds ON public.grants USING btree (succeeds) WHERE (succeeds <> ''::text)
CREATE INDEX links_user ON public.links USING btree (user_id)
CREATE INDEX logos_look ON public.logos USING btree (look_at)
CREATE INDEX remembered_answers_expiry ON public.remembered_answers USING btree (expires_at)
CREATE INDEX review_notes_client ON public.review_notes USING btree (client_id, id)
CREATE INDEX sessions_expiry ON public.sessions USING btree (expires_at) WHERE (expires_at > 0)
CREATE INDEX sessions_user ON public.sessions USING btree (user_id)
CREATE INDEX tokens_given ON public.tokens USING btree (given_by) WHERE (given_by IS NOT NULL)
CREATE INDEX tokens_keep ON public.tokens USING btree (keep_until) WHERE (keep_until > 0)
CREATE INDEX tokens_lasting ON public.tokens USING btree (grant_id) WHERE (keep_until = 0)
CREATE INDEX users_company ON public.users USING btree (company_id, id) WHERE (company_id <> ''::text)
CREATE INDEX users_company_email ON public.users USING btree (company_id, email) WHERE (company_id <> ''::text)
CREATE INDEX users_test_publisher ON public.users USING btree (test_publisher, id) WHERE (test_publisher <> ''::text)
CREATE UNIQUE INDEX api_keys_pkey ON public.api_keys USING btree (id)
CREATE UNIQUE INDEX audit_chain_pkey ON public.audit_chain USING btree (id)
CREATE UNIQUE INDEX audit_events_pkey ON public.audit_events USING btree (id)
CREATE UNIQUE INDEX audit_sealed ON public.audit_events USING btree (sequence) WHERE (sequence > 0)
CREATE UNIQUE INDEX client_requests_pkey ON public.client_requests USING btree (client_id, id)
CREATE UNIQUE INDEX client_versions_open ON public.client_versions USING btree (client_id) WHERE (status = ANY (ARRAY['draft'::text, 'submitted'::text, 'changes_requested'::text]))
CREATE UNIQUE INDEX client_versions_pkey ON public.client_versions USING btree (id)
CREATE UNIQUE INDEX client_words_pkey ON public.client_words USING btree (word, client_id)
CREATE UNIQUE INDEX clients_pkey ON public.clients USING btree (id)
CREATE UNIQUE INDEX companies_pkey ON public.companies USING btree (id)
CREATE UNIQUE INDEX constants_pkey ON public.constants USING btree (name)
CREATE UNIQUE INDEX decisions_pkey ON public.decisions USING btree (grant_id, scope)
CREATE UNIQUE INDEX deliveries_pkey ON public.deliveries USING btree (id)
CREATE UNIQUE INDEX failure_salt_pkey ON public.failure_salt USING btree (id)
CREATE UNIQUE INDEX failures_pkey ON public.failures USING btree (slot)
CREATE UNIQUE INDEX family_revocations_pkey ON public.family_revocations USING btree (family_id)
CREATE UNIQUE INDEX grant_reads_pkey ON public.grant_reads USING btree (grant_id)
CREATE UNIQUE INDEX grants_active ON public.grants USING btree (user_id, company_id, client_id) WHERE (state = 1)
CREATE UNIQUE INDEX grants_pkey ON public.grants USING btree (id)
CREATE UNIQUE INDEX hourly_counts_pkey ON public.hourly_counts USING btree (hour, counter)
CREATE UNIQUE INDEX initial_access_tokens_pkey ON public.initial_access_tokens USING btree (id)
CREATE UNIQUE INDEX links_pkey ON public.links USING btree (issuer, subject)
CREATE UNIQUE INDEX logos_pkey ON public.logos USING btree (hash, side)
CREATE UNIQUE INDEX migrations_pkey ON public.migrations USING btree (id)
CREATE UNIQUE INDEX publishers_pkey ON public.publishers USING btree (id)
CREATE UNIQUE INDEX registrations_pkey ON public.registrations USING btree (id)
CREATE UNIQUE INDEX remembered_answers_pkey ON public.remembered_answers USING btree (id)
CREATE UNIQUE INDEX review_notes_pkey ON public.review_notes USING btree (id)
CREATE UNIQUE INDEX revision_pkey ON public.revision USING btree (id)
CREATE UNIQUE INDEX schema_info_pkey ON public.schema_info USING btree (id)
CREATE UNIQUE INDEX scopes_pkey ON public.scopes USING btree (name)
CREATE UNIQUE INDEX sessions_pkey ON public.sessions USING btree (id)
CREATE UNIQUE INDEX signing_keys_generation_algorithm_key ON public.signing_keys USING btree (generation, algorithm)
CREATE UNIQUE INDEX signing_keys_pkey ON public.signing_keys USING btree (id)
CREATE UNIQUE INDEX tokens_pkey ON public.tokens USING btree (family_id, kind, generation)
CREATE UNIQUE INDEX users_email_key ON public.users USING btree (email)
CREATE UNIQUE INDEX users_phone_key ON public.users USING btree (phone)
CREATE UNIQUE INDEX users_pkey ON public.users USING btree (id)
CREATE TRIGGER audit_events_new BEFORE INSERT ON public.audit_events FOR EACH ROW WHEN (((new.sequence <> 0) OR (new.hash <> ''::text))) EXECUTE FUNCTION audit_events_new()
CREATE TRIGGER audit_events_sealed_once BEFORE UPDATE ON public.audit_events FOR EACH ROW WHEN (((old.sequence <> 0) OR (new.sequence <= 0) OR (((((((((new.id IS DISTINCT FROM old.id) OR (new.at IS DISTINCT FROM old.at)) OR (new.actor_kind IS DISTINCT FROM old.actor_kind)) OR (new.actor_id IS DISTINCT FROM old.actor_id)) OR (new.address IS DISTINCT FROM old.address)) OR (new.action IS DISTINCT FROM old.action)) OR (new.target_kind IS DISTINCT FROM old.target_kind)) OR (new.target_id IS DISTINCT FROM old.target_id)) OR (new.detail IS DISTINCT FROM old.detail)))) EXECUTE FUNCTION audit_events_stay()
CREATE TRIGGER audit_events_stay BEFORE DELETE OR TRUNCATE ON public.audit_events FOR EACH STATEMENT EXECUTE FUNCTION audit_events_stay()

package gormstore_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
	"gatehouse/storage"
	"gatehouse/storage/gormstore"
)

var update = flag.Bool("update", false, "write testdata/schema.*.sql anew")

const dumpSQLite = `
SELECT group_concat(sql, char(10, 10)) FROM (SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type DESC, name)`

const dumpPostgres = `
SELECT string_agg(line, E'\n' ORDER BY place, line COLLATE "C") FROM (
    SELECT 1 AS place, c.relname || '.' || lpad(a.attnum::text, 2, '0') || ' ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
        || CASE WHEN l.collname IS NULL OR l.collname = 'default' THEN '' ELSE ' COLLATE ' || l.collname END
        || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END AS line
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
    LEFT JOIN pg_collation l ON l.oid = a.attcollation
    WHERE a.attnum > 0 AND NOT a.attisdropped
    UNION ALL SELECT 2, conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT 3, indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT 4, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal) lines`

func TestSchemaIsTheOneInTestdata(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		name, dump := "schema.sqlite.sql", dumpSQLite
		if !strings.HasPrefix(dsn, "sqlite:") {
			name, dump = "schema.postgres.sql", dumpPostgres
		}
		got, err := open(t, dsn).Query(dump)
		require.NoError(t, err)
		golden := filepath.Join("testdata", name)
		if *update {
			require.NoError(t, os.WriteFile(golden, []byte(got+"\n"), 0o644))
		}
		want, err := os.ReadFile(golden)
		require.NoError(t, err)
		require.Equal(t, string(want), got+"\n", "a released migration must not change; with a new one run go test -update")
	})
}

func TestOpenRefusesPendingMigrationsAndNamesTheCommand(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		_, err := gormstore.Open(t.Context(), dsn, gormstore.Options{})
		require.ErrorContains(t, err, "gatehouse migrate up")

		s := open(t, dsn, gormstore.Options{AnySchema: true})
		status, err := s.Status(t.Context())
		require.NoError(t, err)
		require.Zero(t, status.Version)
		require.Len(t, status.Pending, status.Program)

		require.NoError(t, s.Migrate(t.Context()))
		require.NoError(t, s.Migrate(t.Context()), "twice changes nothing")
		status, err = s.Status(t.Context())
		require.NoError(t, err)
		require.Equal(t, status.Program, status.Version)
		require.Empty(t, status.Pending)
		open(t, dsn, gormstore.Options{})
	})
}

func TestOpenAcceptsANewerSchemaThatIsStillCompatible(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		require.NoError(t, s.Write("UPDATE schema_info SET version = 1000"))
		open(t, dsn)
		require.NoError(t, s.Check(t.Context()))

		require.NoError(t, s.Write("UPDATE schema_info SET min_compatible = 1000"))
		for _, migrate := range []bool{true, false} {
			_, err := gormstore.Open(t.Context(), dsn, gormstore.Options{Migrate: migrate})
			require.ErrorContains(t, err, "run a newer gatehouse")
			require.ErrorIs(t, err, gormstore.ErrSchema)
		}
		require.ErrorIs(t, s.Check(t.Context()), gormstore.ErrSchema)
		require.ErrorIs(t, s.Migrate(t.Context()), gormstore.ErrSchema, "it cannot help")
		status, err := s.Status(t.Context())
		require.NoError(t, err)
		require.ErrorIs(t, status.Usable(), gormstore.ErrSchema)
	})
}

func TestProcessesThatStartAtOnceMigrateOnce(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		errs := make([]error, 8)
		var wait sync.WaitGroup
		began := time.Now()
		for i := range errs {
			wait.Go(func() {
				errs[i] = untilFree(began, func() error {
					s, err := gormstore.Open(context.Background(), dsn, gormstore.Options{Migrate: true})
					if err != nil {
						return err
					}
					return s.Close()
				})
			})
		}
		wait.Wait()
		for _, err := range errs {
			require.NoError(t, err)
		}
	})
}

func TestOpenNamesWhatIsWrongWithTheDatabaseSetting(t *testing.T) {
	for dsn, says := range map[string]string{
		"":                           "must be sqlite:PATH or postgres://…",
		"gatehouse.db":               "must be sqlite:PATH or postgres://…",
		"mysql://host/db":            "must be sqlite:PATH or postgres://…",
		"sqlite:":                    "sqlite needs the path of a file",
		"sqlite::memory:":            "sqlite needs the path of a file",
		"sqlite:/no/such/folder/db":  "the folder of /no/such/folder/db does not exist; create the folder",
		"postgres://u:hidden@[::1/x": "URL is wrong",
	} {
		_, err := gormstore.Open(t.Context(), dsn, gormstore.Options{Migrate: true})
		require.ErrorContains(t, err, says, dsn)
		require.NotContains(t, err.Error(), "hidden")
	}
}

// What a program for schema 1 sends, as it was released: it names the columns that it knows.
const startSessionOfSchema1 = `
INSERT INTO sessions (id, user_id, auth_time, created_at, seen_at, expires_at, user_agent, address)
VALUES ('%s', 'ana', 1, 1, 1, 0, 'browser', '192.0.2.1')`

// What a program for schema 2 sends, as it was released.
const insertTokenOfSchema2 = `
INSERT INTO tokens (family_id, kind, generation, hash, client_id, grant_id, user_id, company_id, scope, session,
                    issued_at, expires_at, state, spent_at, secret_id, keep_until)
VALUES (%s, 2, 1, %[1]s, 'c', '', '', '', '', '', 1, 0, 1, 0, '', 0)`

func TestAProgramForTheSecondSchemaWorksOnTheThird(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		s := open(t, dsn, gormstore.Options{AnySchema: true})
		require.NoError(t, s.MigrateTo(t.Context(), 3))
		status, err := s.Status(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, status.MinCompatible)
		key := storage.TokenKey{Family: storage.FamilyID([]byte("0123456789abcdef")), Kind: storage.KindAccess, Generation: 1}
		blob := map[bool]string{true: "X'%x'", false: `'\x%x'`}[strings.HasPrefix(dsn, "sqlite:")]
		require.NoError(t, s.Write(fmt.Sprintf(insertTokenOfSchema2, fmt.Sprintf(blob, key.Family[:]))))
		token, err := open(t, dsn).Token(t.Context(), key)
		require.NoError(t, err)
		require.Zero(t, token.GivenBy)
		require.True(t, token.Alive(time.Now()))
	})
}

// What a program for schema 14 sends, as it was released.
const insertTokenOfSchema14 = `
INSERT INTO tokens (family_id, kind, generation, hash, client_id, grant_id, user_id, company_id, scope, session,
                    issued_at, expires_at, state, spent_at, secret_id, keep_until, given_by, tokens_from)
VALUES (%[1]s, %[2]d, %[3]d, %[1]s, 'c', 'g', 'ana', '', 'email', '{}', 1, 2, %[4]d, 3, 'root', 4, %[1]s, 5)`

func TestTokensAreTheSameInAnotherOrder(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		s := open(t, dsn, gormstore.Options{AnySchema: true})
		require.NoError(t, s.MigrateTo(t.Context(), 14))
		family := storage.FamilyID([]byte("0123456789abcdef"))
		blob := fmt.Sprintf(map[bool]string{true: "X'%x'", false: `'\x%x'`}[strings.HasPrefix(dsn, "sqlite:")], family[:])
		write := func(kind storage.TokenKind, generation uint32, state storage.TokenState) {
			require.NoError(t, s.Write(fmt.Sprintf(insertTokenOfSchema14, blob, kind, generation, state)))
		}
		write(storage.KindCode, 0, storage.TokenSpent)
		write(storage.KindRefresh, 1, storage.TokenActive)
		require.NoError(t, s.Migrate(t.Context()))
		write(storage.KindAccess, 1, storage.TokenActive)
		for _, want := range []storage.Token{
			{TokenKey: storage.TokenKey{Kind: storage.KindCode}, State: storage.TokenSpent},
			{TokenKey: storage.TokenKey{Kind: storage.KindRefresh, Generation: 1}, State: storage.TokenActive},
			{TokenKey: storage.TokenKey{Kind: storage.KindAccess, Generation: 1}, State: storage.TokenActive},
		} {
			want.Family, want.Hash, want.ClientID, want.GrantID, want.UserID, want.Scope, want.Session = family, family[:], "c", "g", "ana", "email", []byte("{}")
			want.IssuedAt, want.ExpiresAt, want.SpentAt, want.KeepUntil, want.TokensFrom = micro(1), micro(2), micro(3), micro(4), micro(5)
			want.SecretID, want.GivenBy = "root", family
			got, err := open(t, dsn).Token(t.Context(), want.TokenKey)
			require.NoError(t, err)
			require.Equal(t, want, got.Token)
		}
	})
}

func micro(n int64) time.Time { return time.UnixMicro(n).UTC() }

const insertUserOfSchema1 = `
INSERT INTO users (id, email_verified, phone_verified, first_name, last_name, locale, company_id, roles, attributes, password_hash,
                   disabled, created_at, updated_at)
VALUES ('ana', FALSE, FALSE, '', '', '', '', '[]', '{}', '', FALSE, 1, 1)`

func TestAProgramForTheFirstSchemaWorksOnTheSecond(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		s := open(t, dsn, gormstore.Options{AnySchema: true})
		require.NoError(t, s.MigrateTo(t.Context(), 1))
		require.NoError(t, s.Write(insertUserOfSchema1))
		require.NoError(t, s.Write(fmt.Sprintf(startSessionOfSchema1, "before")))

		require.NoError(t, s.MigrateTo(t.Context(), 2))
		status, err := s.Status(t.Context())
		require.NoError(t, err)
		require.Equal(t, 2, status.Version)
		require.Equal(t, 1, status.MinCompatible)
		require.NoError(t, s.Write(fmt.Sprintf(startSessionOfSchema1, "after")))

		for _, id := range []string{"before", "after"} {
			session, _, err := open(t, dsn).Session(t.Context(), id, time.Now())
			require.NoError(t, err)
			require.Equal(t, "ana", session.UserID)
			require.Empty(t, session.VouchedBy, "they gave their credentials")
		}
	})
}

// A client as a program for schema 10 stored it: its registration is cut down to what has no default.
const insertClientOfSchema10 = `
INSERT INTO clients (id, name, names, publisher_id, public, secrets, redirect_uris, grant_types, token_types, token_endpoint_auth_method,
                     scopes, subject_type, status, resource_server, first_party, pkce, id_token_alg, access_token_lifetime,
                     refresh_token_lifetime, code_lifetime, refresh_reuse_grace, logo_uri, client_uri, policy_uri, tos_uri, contacts,
                     post_logout_redirect_uris, initiate_login_uri, jwks, jwks_uri, webhook_uri, dialects, created_at, updated_at)
VALUES ('%s', 'PhotoPrint', 'null', '', FALSE, '%s', 'null', 'null', 'null', '', 'null', '', 'approved', FALSE, FALSE, '', '', 0, 0, 0, 0,
        '', '', '', '', 'null', 'null', '', 'null', '', '', 'null', 1, 1)`

func TestSecretsThatAlreadyEndAreSeenToEndAfterTheMigration(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		s := open(t, dsn, gormstore.Options{AnySchema: true})
		require.NoError(t, s.MigrateTo(t.Context(), 10))
		now := time.Date(2026, 11, 3, 14, 0, 0, 0, time.UTC)
		soon, gone := now.Add(time.Hour), now.Add(-time.Hour)
		for id, secrets := range map[string]string{
			"replaced": fmt.Sprintf(`[{"id":"old","expires_at":%d},{"id":"ends","expires_at":%d},{"id":"stays","expires_at":0}]`, gone.UnixMicro(), soon.UnixMicro()),
			"stays":    `[{"id":"stays","expires_at":0}]`,
			"public":   "null",
		} {
			require.NoError(t, s.Write(fmt.Sprintf(insertClientOfSchema10, id, secrets)))
		}
		require.NoError(t, s.Migrate(t.Context()))
		ending, err := open(t, dsn).ExpiringSecrets(t.Context(), now, now.Add(24*time.Hour), 10)
		require.NoError(t, err)
		require.Equal(t, []storage.ExpiringSecret{{ClientID: "replaced", ClientName: "PhotoPrint", SecretID: "ends", ExpiresAt: soon}}, ending)
	})
}

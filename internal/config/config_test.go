package config_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/config"
)

func load(t *testing.T, file string, environ []string, flags map[string]string) (*config.Config, error) {
	t.Helper()
	path := ""
	if file != "" {
		path = filepath.Join(t.TempDir(), "gatehouse.yaml")
		require.NoError(t, os.WriteFile(path, []byte(file), 0o600))
	}
	return config.Load(config.Source{File: path, Environ: environ, Flags: flags})
}

func TestLoadWithoutAnythingIsTheDefaults(t *testing.T) {
	c, err := load(t, "", nil, nil)
	require.NoError(t, err)
	require.Equal(t, &config.Config{
		Issuer: "http://127.0.0.1:9096", Listen: "127.0.0.1:9096", Database: "sqlite:gatehouse.db", Name: "Gatehouse",
		ShutdownDelay: time.Second / 2, CodeLifetime: 5 * time.Minute, UserAccessLifetime: 360 * time.Hour, UserRefreshLifetime: 720 * time.Hour,
		CompanyAccessLifetime: 720 * time.Hour, CompanyRefreshLifetime: 1440 * time.Hour,
		IDTokenLifetime: time.Hour, SessionLifetime: 12 * time.Hour, DenyCooldown: 24 * time.Hour,
		SignUp: true, DynamicRegistration: "token", PathPrefixes: []string{"/chef"}, LogLevel: "info",
	}, c)
	require.True(t, c.Loopback())
}

func TestLoadPrefersFlagOverEnvironmentOverFileOverDefault(t *testing.T) {
	file := "name: From file\nlisten: 127.0.0.1:1\ncode_lifetime: 60s\nsignup: false\n"
	c, err := load(t, file, []string{"GATEHOUSE_NAME=From environment", "GATEHOUSE_LISTEN=127.0.0.1:2"}, map[string]string{"listen": "127.0.0.1:3"})
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:3", c.Listen)
	require.Equal(t, "From environment", c.Name)
	require.Equal(t, time.Minute, c.CodeLifetime)
	require.False(t, c.SignUp)
	require.Equal(t, time.Hour, c.IDTokenLifetime)
}

func TestLoadReadsListsFromFileAndEnvironment(t *testing.T) {
	c, err := load(t, "trusted_proxies: [10.0.0.0/8, 192.0.2.7]\npath_prefixes: [/chef/, gam]\n", nil, nil)
	require.NoError(t, err)
	require.Equal(t, "[10.0.0.0/8 192.0.2.7/32]", strings.TrimSpace(sprint(c.TrustedProxies)))
	require.Equal(t, []string{"/chef", "/gam"}, c.PathPrefixes)

	c, err = load(t, "", []string{"GATEHOUSE_TRUSTED_PROXIES=10.1.2.3/8, ::1"}, nil)
	require.NoError(t, err)
	require.Equal(t, "[10.0.0.0/8 ::1/128]", sprint(c.TrustedProxies))
}

func TestLoadFindsTheFileByTheEnvironment(t *testing.T) {
	path := filepath.Join(t.TempDir(), "settings.yaml")
	require.NoError(t, os.WriteFile(path, []byte("# nothing but\nname: Named\n"), 0o600))
	c, err := config.Load(config.Source{Environ: []string{"GATEHOUSE_CONFIG=" + path}})
	require.NoError(t, err)
	require.Equal(t, "Named", c.Name)
}

func TestLoadTakesAnEmptySettingForOneThatIsNotMade(t *testing.T) {
	c, err := load(t, "name: \nissuer: ''\n", []string{"GATEHOUSE_LISTEN="}, nil)
	require.NoError(t, err)
	require.Equal(t, "Gatehouse", c.Name)
	require.Equal(t, "127.0.0.1:9096", c.Listen)
}

func TestLoadRefusesAndNamesTheFix(t *testing.T) {
	for _, test := range []struct{ name, file, environ, says string }{
		{"an unknown key", "issuer: https://id.example\nlistn: :80\n", "", "gatehouse.yaml line 2) is not a setting; did you mean listen?"},
		{"a key that is like no other", "issuer: https://id.example\nfoo: 1\n", "", "is not a setting; gatehouse serve --help names all that there are"},
		{"a key in upper case", "Issuer: https://id.example\n", "", "did you mean issuer?"},
		{"a key twice", "name: a\nname: b\n", "", "is set twice"},
		{"a map for a value", "name: {a: b}\n", "", "must be a text"},
		{"a list for a file", "[a]\n", "", "one setting per line"},
		{"two documents", "name: a\n---\nname: b\n", "", "more than one document"},
		{"broken YAML", "name: [a\n", "", "is not YAML"},
		{"a missing file", "", "GATEHOUSE_CONFIG=/nonexistent/file", "correct --config or GATEHOUSE_CONFIG"},
		{"an issuer with a path", "", "GATEHOUSE_ISSUER=https://id.example/auth", "has the path /auth"},
		{"an issuer with http", "issuer: http://id.example", "", "gatehouse.yaml line 1) is http; use https"},
		{"an issuer with a query", "", "GATEHOUSE_ISSUER=https://id.example?", "GATEHOUSE_ISSUER has user information, a query"},
		{"an issuer without a host", "", "GATEHOUSE_ISSUER=id.example", "write a URL such as"},
		{"a listener without a port", "", "GATEHOUSE_LISTEN=localhost", "write an address such as"},
		{"a duration without a unit", "", "GATEHOUSE_SESSION_LIFETIME=1d", `GATEHOUSE_SESSION_LIFETIME is "1d"; write a duration such as`},
		{"a number for a duration", "", "GATEHOUSE_SESSION_LIFETIME=12", `GATEHOUSE_SESSION_LIFETIME is "12"; give a unit, such as 12h`},
		{"a number in the file", "session_lifetime: 43200", "", "line 1) is \"43200\"; give a unit, such as 12h"},
		{"a short secret", "", "GATEHOUSE_SECRET=short", "GATEHOUSE_SECRET has 5 bytes, and a root secret needs at least 32; make one with: openssl rand -base64 32"},
		{"a secret of blanks", "", "GATEHOUSE_SECRET=   ", "GATEHOUSE_SECRET has 0 bytes"},
		{"a short other secret", "", "GATEHOUSE_SECRET_PREVIOUS=short", "GATEHOUSE_SECRET_PREVIOUS has 5 bytes"},
		{"a short secret in the file", "secret: short", "", "gatehouse.yaml line 1) has 5 bytes"},
		{"an empty secret file", "", "GATEHOUSE_SECRET_FILE=/dev/null", "GATEHOUSE_SECRET_FILE names an empty file, /dev/null; make one with: openssl rand"},
		{"an empty file of another setting", "", "GATEHOUSE_DATABASE_FILE=/dev/null", "write the value into it"},
		{"a duration in the file", "session_lifetime: soon", "", `session_lifetime (`},
		{"codes that live too long", "", "GATEHOUSE_CODE_LIFETIME=6m", "at most 5m"},
		{"codes that never live", "", "GATEHOUSE_CODE_LIFETIME=0s", "at least 1s"},
		{"a negative cooldown", "", "GATEHOUSE_DENY_COOLDOWN=-1s", "0s or more"},
		{"a shutdown that never begins", "", "GATEHOUSE_SHUTDOWN_DELAY=1h", "500ms to 5m"},
		{"a shutdown without a farewell", "", "GATEHOUSE_SHUTDOWN_DELAY=0s", "500ms to 5m"},
		{"a proxy that is no network", "", "GATEHOUSE_TRUSTED_PROXIES=10.0.0.0/33", "write networks such as"},
		{"a truth value that is none", "", "GATEHOUSE_SIGNUP=maybe", "write true or false"},
		{"PostgreSQL without a secret", "", "GATEHOUSE_DATABASE=postgres://localhost/x", "GATEHOUSE_SECRET is required with PostgreSQL"},
		{"another database", "", "GATEHOUSE_DATABASE=mysql://localhost/x", "neither sqlite:PATH nor postgres://"},
		{"a database in memory", "", "GATEHOUSE_DATABASE=sqlite::memory:", "names no file"},
		{"half a certificate", "", "GATEHOUSE_TLS_CERT_FILE=cert.pem", "go together"},
		{"half an admin", "", "GATEHOUSE_ADMIN_EMAIL=a@example.com", "go together"},
		{"a log level", "", "GATEHOUSE_LOG_LEVEL=loud", "use debug, info, warn or error"},
		{"a way to register that there is not", "", "GATEHOUSE_DYNAMIC_REGISTRATION=yes", "use off, token or open"},
		{"a path prefix", "", "GATEHOUSE_PATH_PREFIXES=/a b", "write prefixes such as"},
		{"a path prefix with an escape", "", "GATEHOUSE_PATH_PREFIXES=/a%2Fb", "write prefixes such as"},
		{"a path prefix with a dot segment", "", "GATEHOUSE_PATH_PREFIXES=/a/../b", "write prefixes such as"},
		{"a path prefix with a doubled slash", "", "GATEHOUSE_PATH_PREFIXES=/a//b", "write prefixes such as"},
		{"a path prefix that is the root", "", "GATEHOUSE_PATH_PREFIXES=/chef,/", "write prefixes such as"},
		{"a path prefix of ours", "", "GATEHOUSE_PATH_PREFIXES=/account", "/account is our own; choose another one"},
		{"a path prefix under ours", "", "GATEHOUSE_PATH_PREFIXES=/api/vendors", "/api is our own; choose another one"},
		{"a secret file that is missing", "", "GATEHOUSE_SECRET_FILE=/nonexistent/file", "name a file that can be read"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := load(t, test.file, []string{test.environ}, nil)
			var wrong *config.Error
			require.ErrorAs(t, err, &wrong)
			require.ErrorContains(t, err, test.says)
		})
	}
}

func TestLoadNeverRepeatsASecretInAnError(t *testing.T) {
	for _, environ := range []string{"GATEHOUSE_DATABASE=mysql://u:hunter2@h/x", "GATEHOUSE_DATABASE=postgres://u:hunter2@h:port/x", "GATEHOUSE_MAIL=u:hunter2@h"} {
		_, err := load(t, "", []string{environ}, nil)
		require.Error(t, err)
		require.NotContains(t, err.Error(), "hunter2")
	}
}

func TestLoadNormalisesTheIssuer(t *testing.T) {
	for given, want := range map[string]string{
		"https://ID.Example/":      "https://id.example",
		"https://id.example:443":   "https://id.example",
		"https://id.example:8443/": "https://id.example:8443",
		"http://localhost:80":      "http://localhost",
		"http://[::1]:9096":        "http://[::1]:9096",
		"HTTPS://id.example":       "https://id.example",
	} {
		c, err := load(t, "", []string{"GATEHOUSE_ISSUER=" + given}, nil)
		require.NoError(t, err, given)
		require.Equal(t, want, c.Issuer)
	}
}

func TestEverySecretCanComeFromAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(file, []byte("postgres://from-file.example/database\n"), 0o600))
	secret := "GATEHOUSE_SECRET=" + strings.Repeat("s", 32)

	c, err := load(t, "", []string{secret, "GATEHOUSE_DATABASE_FILE=" + file}, nil)
	require.NoError(t, err)
	require.Equal(t, "postgres://from-file.example/database", c.Database)

	c, err = load(t, "secret_file: "+file, []string{"GATEHOUSE_SECRET_PREVIOUS_FILE=" + file}, nil)
	require.NoError(t, err)
	require.Equal(t, "postgres://from-file.example/database", c.Secret)
	require.Equal(t, c.Secret, c.SecretPrevious)

	c, err = load(t, "secret_file: "+file, []string{secret}, nil)
	require.NoError(t, err)
	require.Equal(t, strings.Repeat("s", 32), c.Secret, "the environment goes before the file, however each is spelled")

	_, err = load(t, "", []string{secret, "GATEHOUSE_SECRET_FILE=" + file}, nil)
	require.ErrorContains(t, err, "both set")
}

func TestEverySettingIsInTheOperatorsDocument(t *testing.T) {
	text, err := os.ReadFile("../../docs/operations.md")
	require.NoError(t, err)
	settings := reflect.TypeFor[config.Config]()
	for i := range settings.NumField() {
		if name := settings.Field(i).Tag.Get("env"); name != "" {
			require.Contains(t, string(text), "`GATEHOUSE_"+name+"`")
		}
	}
}

func TestFlagsLeaveSecretsOut(t *testing.T) {
	var names []string
	for _, f := range config.Flags() {
		names = append(names, f.Name)
		require.NotEmpty(t, f.Help, f.Name)
	}
	require.Contains(t, names, "tls-cert-file")
	for _, secret := range []string{"secret", "secret-previous", "admin-password-hash", "mail"} {
		require.NotContains(t, names, secret)
	}
}

func TestRootIsMadeOnceByWhicheverAsksFirst(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gatehouse.db")
	c, err := load(t, "", []string{"GATEHOUSE_DATABASE=sqlite:" + path}, nil)
	require.NoError(t, err)
	keys := make([]string, 16)
	var all sync.WaitGroup
	for i := range keys {
		all.Go(func() {
			if root, err := c.Root(); err == nil {
				keys[i] = string(root.Keys("test")[0].Bytes)
			}
		})
	}
	all.Wait()
	for _, key := range keys {
		require.NotEmpty(t, key)
		require.Equal(t, keys[0], key)
	}
	info, err := os.Stat(path + ".secret")
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, left, 1, "no temporary file is left")
}

func TestRootRefusesAShortSecretBesideTheDatabaseAndNamesTheFile(t *testing.T) {
	for _, text := range []string{"", "short\n"} {
		path := filepath.Join(t.TempDir(), "gatehouse.db")
		require.NoError(t, os.WriteFile(path+".secret", []byte(text), 0o600))
		c, err := load(t, "", []string{"GATEHOUSE_DATABASE=sqlite:" + path}, nil)
		require.NoError(t, err)
		_, err = c.Root()
		var wrong *config.Error
		require.ErrorAs(t, err, &wrong)
		require.ErrorContains(t, err, path+".secret has")
		require.ErrorContains(t, err, "openssl rand -base64 32")
	}
}

func TestAShortSecretIsNamedWithItsFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(file, []byte("short\n"), 0o600))
	_, err := load(t, "", []string{"GATEHOUSE_SECRET_FILE=" + file}, nil)
	require.ErrorContains(t, err, "GATEHOUSE_SECRET_FILE ("+file+") has 5 bytes")
}

func TestRootSaysThatTheFolderOfTheDatabaseIsMissing(t *testing.T) {
	c, err := load(t, "", []string{"GATEHOUSE_DATABASE=sqlite:" + filepath.Join(t.TempDir(), "nowhere", "x.db")}, nil)
	require.NoError(t, err)
	_, err = c.Root()
	require.ErrorContains(t, err, "create the folder")
}

func TestSecretFilesAreThoseThatTheSecretsComeFrom(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(file, []byte(strings.Repeat("s", 32)), 0o600))
	for want, environ := range map[string][]string{
		"x.db.secret":         {"GATEHOUSE_DATABASE=sqlite:x.db"},
		file:                  {"GATEHOUSE_SECRET_FILE=" + file},
		file + " x.db.secret": {"GATEHOUSE_DATABASE=sqlite:x.db", "GATEHOUSE_SECRET_PREVIOUS_FILE=" + file},
		"":                    {"GATEHOUSE_SECRET=" + strings.Repeat("s", 32)},
	} {
		c, err := load(t, "", environ, nil)
		require.NoError(t, err)
		require.Equal(t, want, strings.Join(c.SecretFiles(), " "))
	}
}

func sprint[T interface{ String() string }](items []T) string {
	texts := make([]string, len(items))
	for i, item := range items {
		texts[i] = item.String()
	}
	return "[" + strings.Join(texts, " ") + "]"
}

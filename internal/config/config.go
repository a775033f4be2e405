package config

import (
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Who may register mini apps by RFC 7591.
const (
	RegistrationOff   = "off"
	RegistrationToken = "token"
	RegistrationOpen  = "open"
)

// Config is every setting, checked. The tag env names a setting: with the prefix GATEHOUSE_ in the environment, in lower
// case in the file, with dashes as a flag. file:"true" marks what can also be read from the file that …_FILE names,
// flag:"-" what must not stand on a command line.
type Config struct {
	Issuer    string `env:"ISSUER" envDefault:"http://127.0.0.1:9096" help:"the issuer: https, or http on loopback; no path"`
	Listen    string `env:"LISTEN" envDefault:"127.0.0.1:9096" help:"address of the public listener"`
	OpsListen string `env:"OPS_LISTEN" help:"address for /metrics and /debug/pprof; empty turns it off"`
	Database  string `env:"DATABASE" envDefault:"sqlite:gatehouse.db" file:"true" help:"sqlite:PATH or postgres://…"`

	Migrate string `env:"MIGRATE" help:"auto: serve brings a PostgreSQL schema up to date by itself, as it does on SQLite"`

	Secret         string `env:"SECRET" file:"true" flag:"-" help:"root secret, at least 32 bytes"`
	SecretPrevious string `env:"SECRET_PREVIOUS" file:"true" flag:"-" help:"the other root secret during a rotation"`

	Name string `env:"NAME" envDefault:"Gatehouse" help:"the host app's name on the pages"`
	Logo string `env:"LOGO" help:"the host app's logo on the pages"`

	TLSCertFile    string         `env:"TLS_CERT_FILE" help:"certificate chain (PEM); serves HTTPS, read again on SIGHUP"`
	TLSKeyFile     string         `env:"TLS_KEY_FILE" help:"private key of the certificate (PEM)"`
	TrustedProxies []netip.Prefix `env:"TRUSTED_PROXIES" help:"networks (CIDR) whose X-Forwarded-For is believed"`
	ShutdownDelay  time.Duration  `env:"SHUTDOWN_DELAY" envDefault:"500ms" help:"how long serve still takes connections after SIGTERM, 500ms to 5m"`

	CodeLifetime           time.Duration `env:"CODE_LIFETIME" envDefault:"5m" help:"life of authorization codes, at most 5m"`
	UserAccessLifetime     time.Duration `env:"USER_ACCESS_LIFETIME" envDefault:"360h" help:"life of a person's access tokens"`
	UserRefreshLifetime    time.Duration `env:"USER_REFRESH_LIFETIME" envDefault:"720h" help:"life of a person's refresh tokens"`
	CompanyAccessLifetime  time.Duration `env:"COMPANY_ACCESS_LIFETIME" envDefault:"720h" help:"life of a company's access tokens"`
	CompanyRefreshLifetime time.Duration `env:"COMPANY_REFRESH_LIFETIME" envDefault:"1440h" help:"life of a company's refresh tokens"`
	IDTokenLifetime        time.Duration `env:"ID_TOKEN_LIFETIME" envDefault:"1h" help:"life of ID tokens"`
	SessionLifetime        time.Duration `env:"SESSION_LIFETIME" envDefault:"12h" help:"how long a browser stays signed in"`
	DenyCooldown           time.Duration `env:"DENY_COOLDOWN" envDefault:"24h" help:"how long a mini app that was denied twice cannot ask"`
	BaseScope              bool          `env:"BASE_SCOPE" envDefault:"false" help:"lets approved mini apps with pairwise ids ask for openid alone without a question"`

	TwoReviewers bool `env:"TWO_REVIEWERS" envDefault:"false" help:"a mini app that asks for sensitive scopes needs the approval of two people"`

	DynamicRegistration string `env:"DYNAMIC_REGISTRATION" envDefault:"token" help:"who may register mini apps by RFC 7591: off, token (with an initial access token) or open"`

	SignUp            bool   `env:"SIGNUP" envDefault:"true" help:"whether people may sign up"`
	AdminEmail        string `env:"ADMIN_EMAIL" help:"e-mail of the first admin, made on an empty database only"`
	AdminPasswordHash string `env:"ADMIN_PASSWORD_HASH" file:"true" flag:"-" help:"the first admin's password hash (argon2id or bcrypt)"`

	Mail          string   `env:"MAIL" file:"true" flag:"-" help:"smtp://… to send mail through"`
	PathPrefixes  []string `env:"PATH_PREFIXES" envDefault:"/chef" help:"prefixes under which the vendors' paths answer too"`
	UpstreamsFile string   `env:"UPSTREAMS_FILE" help:"upstream OpenID providers (YAML)"`

	LogLevel  string `env:"LOG_LEVEL" envDefault:"info" help:"debug, info, warn or error"`
	LogFormat string `env:"LOG_FORMAT" help:"json or text; text on a terminal when left out"`

	AllowPrivateNetwork bool `env:"ALLOW_PRIVATE_NETWORK" envDefault:"false" help:"lets outbound calls reach loopback and private addresses"`

	secretFiles []string // that …_FILE of the root secrets name
}

// SQLitePath returns the file of a SQLite database, and false for another kind of database.
func (c *Config) SQLitePath() (string, bool) {
	path, ok := strings.CutPrefix(c.Database, sqlitePrefix)
	return filepath.Clean(path), ok
}

// SecretFiles returns the files that the root secrets come from, beside the database too.
func (c *Config) SecretFiles() []string {
	files := slices.Clone(c.secretFiles)
	if path, ok := c.SQLitePath(); ok && c.Secret == "" {
		files = append(files, path+secretSuffix)
	}
	return files
}

// Loopback reports whether the issuer is on this machine.
func (c *Config) Loopback() bool {
	u, err := parseIssuer(c.Issuer)
	return err == nil && IsLoopback(u.Hostname())
}

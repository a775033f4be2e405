package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/internal/secret"
)

const (
	sqlitePrefix    = "sqlite:"
	maxCodeLifetime = 5 * time.Minute
	// A load balancer needs some seconds to see that a process is not ready, and idle connections a moment to be told.
	minShutdownDelay, maxShutdownDelay = 500 * time.Millisecond, 5 * time.Minute
)

// check applies the rules and puts the issuer and the path prefixes into their canonical spelling.
func (c *Config) check(merged layer, problems *Error) {
	wrong := func(name, format string, args ...any) {
		origin := merged[name].origin
		if origin == "" {
			origin = prefix + name
		}
		problems.add("%s %s", origin, fmt.Sprintf(format, args...))
	}
	if issuer, err := parseIssuer(c.Issuer); err != nil {
		wrong("ISSUER", "%v", err)
	} else {
		c.Issuer = issuer.String()
	}
	c.checkListeners(wrong)
	c.checkDatabase(wrong)
	c.checkSecrets(merged, wrong)
	c.checkLifetimes(wrong)
	c.checkPathPrefixes(wrong)
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.LogLevel) {
		wrong("LOG_LEVEL", "is %q; use debug, info, warn or error", c.LogLevel)
	}
	if !slices.Contains([]string{"", "json", "text"}, c.LogFormat) {
		wrong("LOG_FORMAT", "is %q; use json or text", c.LogFormat)
	}
	if !slices.Contains([]string{RegistrationOff, RegistrationToken, RegistrationOpen}, c.DynamicRegistration) {
		wrong("DYNAMIC_REGISTRATION", "is %q; use off, token or open", c.DynamicRegistration)
	}
	if !slices.Contains([]string{"", "auto"}, c.Migrate) {
		wrong("MIGRATE", "is %q; use auto, or leave it out", c.Migrate)
	}
	if (c.AdminEmail == "") != (c.AdminPasswordHash == "") {
		wrong("ADMIN_EMAIL", "and %sADMIN_PASSWORD_HASH go together; set both or none", prefix)
	}
	if mail, err := url.Parse(c.Mail); c.Mail != "" && (err != nil || mail.Scheme != "smtp" && mail.Scheme != "smtps" || mail.Host == "") {
		wrong("MAIL", "is not smtp://host:port") // the value may hold a password: not repeated
	}
}

type complain func(name, format string, args ...any)

func (c *Config) checkListeners(wrong complain) {
	for name, address := range map[string]string{"LISTEN": c.Listen, "OPS_LISTEN": c.OpsListen} {
		if address == "" && name == "OPS_LISTEN" {
			continue
		}
		_, port, err := net.SplitHostPort(address)
		if n, portErr := strconv.ParseUint(port, 10, 16); err != nil || portErr != nil || strconv.FormatUint(n, 10) != port {
			wrong(name, "is %q; write an address such as 127.0.0.1:9096 or :9096", address)
		}
	}
	if (c.TLSCertFile == "") != (c.TLSKeyFile == "") {
		wrong("TLS_CERT_FILE", "and %sTLS_KEY_FILE go together; set both or none", prefix)
	}
}

func (c *Config) checkDatabase(wrong complain) {
	if path, ok := strings.CutPrefix(c.Database, sqlitePrefix); ok {
		if path == "" || strings.HasPrefix(path, ":") || strings.ContainsAny(path, "?#") {
			wrong("DATABASE", "names no file; write sqlite:PATH, without options")
		}
		return
	}
	u, err := url.Parse(c.Database)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		wrong("DATABASE", "is neither sqlite:PATH nor postgres://user@host/database") // may hold a password: not repeated
		return
	}
	if c.Secret == "" {
		wrong("SECRET", "is required with PostgreSQL; %s", secretRecipe)
	}
}

// secretRecipe makes a root secret.
const secretRecipe = "make one with: openssl rand -base64 32"

func (c *Config) checkSecrets(merged layer, wrong complain) {
	for name, value := range map[string]string{"SECRET": c.Secret, "SECRET_PREVIOUS": c.SecretPrevious} {
		if merged[name].origin != "" && len(value) < secret.MinLength {
			wrong(name, "has %d bytes, and a root secret needs at least %d; %s", len(value), secret.MinLength, secretRecipe)
		}
	}
}

func (c *Config) checkLifetimes(wrong complain) {
	for name, d := range map[string]time.Duration{
		"CODE_LIFETIME": c.CodeLifetime, "ID_TOKEN_LIFETIME": c.IDTokenLifetime, "SESSION_LIFETIME": c.SessionLifetime,
		"USER_ACCESS_LIFETIME": c.UserAccessLifetime, "USER_REFRESH_LIFETIME": c.UserRefreshLifetime,
		"COMPANY_ACCESS_LIFETIME": c.CompanyAccessLifetime, "COMPANY_REFRESH_LIFETIME": c.CompanyRefreshLifetime,
	} {
		if d < time.Second || d%time.Second != 0 {
			wrong(name, "is %s; write a whole number of seconds, at least 1s", d)
		}
	}
	if c.CodeLifetime > maxCodeLifetime {
		wrong("CODE_LIFETIME", "is %s; write at most 5m", c.CodeLifetime)
	}
	if c.ShutdownDelay < minShutdownDelay || c.ShutdownDelay > maxShutdownDelay {
		wrong("SHUTDOWN_DELAY", "is %s; write 500ms to 5m", c.ShutdownDelay)
	}
	if c.DenyCooldown < 0 {
		wrong("DENY_COOLDOWN", "is %s; write 0s or more", c.DenyCooldown)
	}
}

// pathPrefixes are what can stand before a path without being escaped or taken for anything else (RFC 3986 §2.3).
var pathPrefixes = regexp.MustCompile(`^(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$`)

// ownSegments are how our own paths begin.
var ownSegments = []string{
	"oauth2", "login", "logout", "signup", "consent", "password", "account", "developer", "admin", "api", "superapp", "device", "static",
	"healthz", "readyz", "metrics", "debug",
}

func (c *Config) checkPathPrefixes(wrong complain) {
	for i, p := range c.PathPrefixes {
		p = "/" + strings.Trim(strings.TrimSpace(p), "/")
		first, _, _ := strings.Cut(p[1:], "/")
		switch {
		case !pathPrefixes.MatchString(p):
			wrong("PATH_PREFIXES", "has %q; write prefixes such as /chef, separated by commas", c.PathPrefixes[i])
		case slices.Contains(ownSegments, first):
			wrong("PATH_PREFIXES", "has %q, but /%s is our own; choose another one, such as /chef", p, first)
		}
		c.PathPrefixes[i] = p
	}
}

// parseIssuer applies the rules for the issuer (OIDC Discovery §3, RFC 8414 §2, and no path) and returns it in canonical
// spelling: lower case, without the scheme's own port and without a slash at the end.
func parseIssuer(issuer string) (*url.URL, error) {
	u, err := url.Parse(issuer)
	if err != nil || u.Host == "" || u.Hostname() == "" {
		return nil, fmt.Errorf("is %q; write a URL such as https://id.example", issuer)
	}
	u.Host = strings.ToLower(u.Host)
	switch {
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Contains(issuer, "#"):
		return nil, errors.New("has user information, a query or a fragment; write scheme, host and port only")
	case u.Path != "" && u.Path != "/":
		return nil, fmt.Errorf("has the path %s; serve Gatehouse on a host name of its own", u.Path)
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("has the scheme %q; use https, or http on loopback", u.Scheme)
	case u.Scheme == "http" && !IsLoopback(u.Hostname()):
		return nil, errors.New("is http; use https, which only loopback (127.0.0.1, [::1], localhost) can do without")
	}
	if port := u.Port(); u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" {
		u.Host = strings.TrimSuffix(u.Host, ":"+port)
	}
	u.Host, u.Path = strings.TrimSuffix(u.Host, ":"), ""
	return u, nil
}

// IsLoopback reports whether a host, without a port, is this machine and nothing else.
func IsLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

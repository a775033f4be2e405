package registry

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/nearest"
	"gatehouse/storage"
)

// authorizationPrefixes are what can be an authentication scheme: a token (RFC 9110 §5.6.2 and §11.1).
var authorizationPrefixes = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}$")

// foreignClientIDs are client IDs that another server gave (RFC 6749 appendix A.1).
var foreignClientIDs = regexp.MustCompile(`^[ -~]{1,255}$`)

// dialects are all that a client can speak, by name.
var dialects = map[string]struct {
	settings  reflect.Type                     // what they are read into
	check     func(*Problems, *storage.Client) // what their values must be
	bareCodes bool                             // a code gets to the client and is exchanged without redirect URI and code_challenge
}{
	DialectBoxo:    {reflect.TypeFor[Boxo](), (*Problems).checkBoxo, true},
	DialectBoxC:    {reflect.TypeFor[BoxC](), (*Problems).checkBoxC, false},
	DialectGAM:     {reflect.TypeFor[GAM](), (*Problems).checkGAM, true},
	DialectXoxoday: {reflect.TypeFor[Xoxoday](), (*Problems).checkXoxoday, false},
}

func (p *Problems) checkDialects(c storage.Client) {
	for _, name := range sortedKeys(c.Dialects) {
		at, settings := "dialects."+printable(name), bytes.TrimSpace(c.Dialects[name])
		rules, known := dialects[name]
		if !known {
			p.add(at, "is not known; %s", nearest.Hint(name, sortedKeys(dialects)))
			continue
		}
		if len(settings) > maxSettings || !json.Valid(settings) || settings[0] != '{' {
			p.add(at, "must be a map of settings, at most %d bytes long", maxSettings)
			continue
		}
		before := len(*p)
		p.checkKeys(at, settings, rules.settings)
		if len(*p) == before { // else the values cannot be read
			rules.check(p, &c)
		}
	}
}

// checkKeys wants an object whose keys are those of a struct, each with a value of the field's type. null is as good as
// left out.
func (p *Problems) checkKeys(at string, raw json.RawMessage, t reflect.Type) {
	var values map[string]json.RawMessage
	if json.Unmarshal(raw, &values) != nil {
		p.add(at, "must be a map of %s", strings.Join(jsonKeys(t), ", "))
		return
	}
	for _, key := range sortedKeys(values) {
		i := slices.Index(jsonKeys(t), key)
		if i < 0 {
			p.add(at+"."+printable(key), "is not a key; %s", nearest.Hint(key, jsonKeys(t)))
			continue
		}
		p.checkType(at+"."+key, values[key], t.Field(i).Type)
	}
}

func (p *Problems) checkType(at string, raw json.RawMessage, t reflect.Type) {
	switch {
	case t.Kind() == reflect.Struct:
		p.checkKeys(at, raw, t)
	case t == reflect.TypeFor[time.Duration]():
		if json.Unmarshal(raw, new(duration)) != nil {
			p.addErr(at, errSpan)
		}
	case json.Unmarshal(raw, reflect.New(t).Interface()) == nil:
	case t.Kind() == reflect.Bool:
		p.add(at, "must be true or false")
	case t.Kind() == reflect.Slice:
		p.add(at, "must be a list of texts")
	default:
		p.add(at, "must be a text")
	}
}

// jsonKeys returns the keys of a struct's fields in JSON, in order.
func jsonKeys(t reflect.Type) []string {
	var keys []string
	for f := range t.Fields() {
		keys = append(keys, f.Tag.Get("json"))
	}
	return keys
}

func (p *Problems) checkBoxo(c *storage.Client) {
	b, _ := BoxoOf(c)
	if b.AppID != c.ID && !validClientID(b.AppID) {
		p.add("dialects.boxo.app_id", "must be 1 to 64 of the characters A-Z a-z 0-9 . _ ~ -")
	}
	if !authorizationPrefixes.MatchString(b.AuthorizationPrefix) {
		p.add("dialects.boxo.authorization_prefix", "must be one word of at most 32 letters, digits and !#$%%&'*+-.^_`|~, such as Token (RFC 9110 §5.6.2)")
	}
	for i, field := range b.RequiredFields {
		at := fmt.Sprintf("dialects.boxo.required_fields[%d]", i)
		p.oneOf(at, field, BoxoFieldEmail, BoxoFieldPhone, BoxoFieldFirstName, BoxoFieldLastName)
		p.noRepetition(at, b.RequiredFields[:i], field)
	}
	p.checkCalled("dialects.boxo.platform.access_token_url", b.Platform.AccessTokenURL)
	p.checkCalled("dialects.boxo.platform.user_data_url", b.Platform.UserDataURL)
	p.checkCalled("dialects.boxo.platform.token_url", b.Platform.TokenURL)
	p.checkSealed("dialects.boxo.platform.app_secret", b.Platform.AppSecret)
}

func (p *Problems) checkBoxC(c *storage.Client) {
	b, _ := BoxCOf(c)
	for i, prefix := range b.ReturnURIPrefixes {
		at := fmt.Sprintf("dialects.boxc.return_uri_prefixes[%d]", i)
		if err := CheckReturnURIPrefix(prefix); err != nil {
			p.add(at, "%q %s", printable(prefix), err)
		}
		p.noRepetition(at, b.ReturnURIPrefixes[:i], prefix)
	}
}

func (p *Problems) checkGAM(c *storage.Client) {
	g, _ := GAMOf(c)
	p.checkCalled("dialects.gam.signin_url", g.SigninURL)
	p.checkSigninSecret(c.Public, g)
	p.oneOf("dialects.gam.error_format", g.ErrorFormat, GAMErrorRFC6749, GAMErrorGAM)
	p.checkCalled("dialects.gam.superapp.url", g.SuperApp.URL)
	if strings.Contains(g.SuperApp.URL, "?") {
		p.add("dialects.gam.superapp.url", "has a query, but is what comes before /oauth/gam/v2.0/; leave the query out")
	}
	if g.SuperApp.ClientID != c.ID && !foreignClientIDs.MatchString(g.SuperApp.ClientID) {
		p.add("dialects.gam.superapp.client_id", "must be 1 to 255 ASCII characters (RFC 6749 appendix A.1)")
	}
	p.checkSealed("dialects.gam.superapp.client_secret", g.SuperApp.ClientSecret)
	if g.SuperApp.URL != "" && g.SuperApp.ClientSecret == "" {
		p.add("dialects.gam.superapp.client_secret", "is missing; give the secret that the super app knows this mini app by, or leave out superapp.url")
	}
}

// checkSigninSecret wants no secret kept that is of no use, and one given that cannot be the client's own. That a
// confidential client's own is not known is advice: an import has hashes only.
func (p *Problems) checkSigninSecret(public bool, g GAM) {
	const at = "dialects.gam.signin_secret"
	p.checkSealed(at, g.SigninSecret)
	switch {
	case g.SigninURL == "" && g.SigninSecret != "":
		p.add(at, "is what the call to signin_url sends; add signin_url, or leave signin_secret out")
	case public && lacksSigninSecret(g):
		p.add(at, "is missing, and a public client has no secret of its own; give the one that the mini app's server expects, or leave out signin_url")
	}
}

// lacksSigninSecret reports whether there is a sign-in call that has no secret to send. It falls back on the one that the
// mini app has at another super app, since GAM's mini apps are set up with one.
func lacksSigninSecret(g GAM) bool {
	return g.SigninURL != "" && g.SigninSecret == "" && g.SuperApp.ClientSecret == ""
}

// gamIdentifiers are the scopes by which a GAM mini app knows who somebody is (GAM error 5).
var gamIdentifiers = []string{"gam_user_data", "fullcontrol", "user_guid", "user_email", "user_mail", "user_username", "user_external_id"}

// isGAMScope reports whether a scope is one of GAM's, also one for an attribute, user_<AttributeID>.
func isGAMScope(name string) bool {
	return name != ScopeUserSession && strings.HasPrefix(name, "user_") || strings.HasPrefix(name, "gam_") ||
		slices.Contains([]string{"session_initial_prop", "session_application_data", "fullcontrol"}, name)
}

// adviseGAMScopes wants a scope that identifies the person among GAM's scopes, or else a mini app gets error 5, "User
// identification not valid", instead of userinfo. A pairwise client always gets an external_id.
func (p *Problems) adviseGAMScopes(c *storage.Client) {
	isGAM := func(s storage.ClientScope) bool { return isGAMScope(s.Name) }
	identifies := func(s storage.ClientScope) bool { return s.Name == "email" || slices.Contains(gamIdentifiers, s.Name) }
	if Speaks(c, DialectGAM) && c.SubjectType != SubjectPairwise && slices.ContainsFunc(c.Scopes, isGAM) && !slices.ContainsFunc(c.Scopes, identifies) {
		p.add("scopes", "GAM mini apps need to know who somebody is (GAM error 5); add one of %s, or set subject_type: pairwise", alternatives(gamIdentifiers))
	}
}

func (p *Problems) checkXoxoday(c *storage.Client) {
	x, _ := XoxodayOf(c)
	p.checkCalled("dialects.xoxoday.store_url", x.StoreURL)
	if x.SSOLifetime < time.Second || x.SSOLifetime > maxSSOLifetime {
		p.add("dialects.xoxoday.sso_lifetime", "must be from 1s to 336h, which is 14 days")
	}
	p.oneOf("dialects.xoxoday.validate_expires_in", x.ValidateExpiresIn, ExpiresInSeconds, ExpiresInMilliseconds)
}

// checkCalled applies the rules for a URL that we call or send people to; empty is none.
func (p *Problems) checkCalled(field, value string) {
	if value != "" {
		p.addErr(field, CheckWebURI(value))
	}
}

// checkSealed keeps an outbound secret from being stored as it is.
func (p *Problems) checkSealed(field, value string) {
	if value != "" && !IsSealed(value) {
		p.add(field, "is not sealed; seal it before the client is stored")
	}
}

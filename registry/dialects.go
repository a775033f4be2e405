package registry

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"time"

	"gatehouse/storage"
)

// Names of the dialects, the vendors' wire formats, that a client can speak.
const (
	DialectBoxo    = "boxo"
	DialectBoxC    = "boxc"
	DialectGAM     = "gam"
	DialectXoxoday = "xoxoday"
)

// Values of dialect settings.
const (
	BoxoFieldEmail     = "email"
	BoxoFieldPhone     = "phone"
	BoxoFieldFirstName = "first_name"
	BoxoFieldLastName  = "last_name"

	GAMErrorRFC6749 = "rfc6749" // {"error":"invalid_grant"}
	GAMErrorGAM     = "gam"     // {"error":{"code":"103","message":"…"}}

	ExpiresInSeconds      = "s"
	ExpiresInMilliseconds = "ms"
)

const (
	defaultBoxoPrefix  = "Token"
	defaultSSOLifetime = 5 * time.Minute
	maxSSOLifetime     = 336 * time.Hour
)

// Boxo is what a client's record says about Boxo Connect.
type Boxo struct {
	AppID               string       `json:"app_id"`               // what the platform calls the mini app; by default the client_id
	AuthorizationPrefix string       `json:"authorization_prefix"` // the scheme of its Authorization headers; by default Token
	StrictHeaders       bool         `json:"strict_headers"`       // the two X- headers must be there
	RequiredFields      []string     `json:"required_fields"`      // of email, phone, first_name and last_name
	Platform            BoxoPlatform `json:"platform"`
}

// BoxoPlatform is what the platform needs to know where Gatehouse is the platform: the host app's two endpoints, and the
// mini app's with its secret, which is sealed (see Outbound).
type BoxoPlatform struct {
	AccessTokenURL string `json:"access_token_url"`
	UserDataURL    string `json:"user_data_url"`
	TokenURL       string `json:"token_url"`
	AppSecret      string `json:"app_secret"`
}

// BoxC is what a client's record says about BoxC OAuth.
type BoxC struct {
	ReturnURIPrefixes []string `json:"return_uri_prefixes"` // see MatchReturnURI
}

// GAM is what a client's record says about GeneXus GAM. SigninSecret is sealed (see Outbound).
type GAM struct {
	RESTAuthentication bool        `json:"rest_authentication"` // "Allow REST v2.0 authentication?"; true by default
	SigninURL          string      `json:"signin_url"`          // the mini app's POST /oauth/gam/signin
	SigninSecret       string      `json:"signin_secret"`       // what that call sends; by default the client's own secret (see KeepSigninSecret)
	ErrorFormat        string      `json:"error_format"`        // GAMErrorRFC6749, the default, or GAMErrorGAM
	SuperApp           GAMSuperApp `json:"superapp"`
}

// GAMSuperApp is the super app's server where Gatehouse is the mini app's. ClientSecret is sealed (see Outbound).
type GAMSuperApp struct {
	URL          string `json:"url"`       // what comes before /oauth/gam/v2.0/…
	ClientID     string `json:"client_id"` // the mini app's at the super app; by default the client_id
	ClientSecret string `json:"client_secret"`
}

// Xoxoday is what a client's record says about Xoxoday's OAuth for stores.
type Xoxoday struct {
	StoreURL          string        `json:"store_url"`           // where a single sign-on leads
	SSOLifetime       time.Duration `json:"sso_lifetime"`        // of a sign-on token; five minutes by default
	Extended          bool          `json:"extended"`            // also the keys of the vendor's newer pages
	ValidateExpiresIn string        `json:"validate_expires_in"` // unit of a validation's expires_in: ExpiresInSeconds, the default, or ExpiresInMilliseconds
}

// Speaks reports whether a client speaks a dialect.
func Speaks(c *storage.Client, dialect string) bool {
	_, speaks := c.Dialects[dialect]
	return speaks
}

// BoxoOf returns a client's settings for Boxo Connect with their defaults; false when the client does not speak it.
func BoxoOf(c *storage.Client) (Boxo, bool) {
	var b Boxo
	if !readSettings(c, DialectBoxo, &b) {
		return Boxo{}, false
	}
	fillEmpty(&b.AppID, c.ID)
	fillEmpty(&b.AuthorizationPrefix, defaultBoxoPrefix)
	return b, true
}

// AppID returns what a client's platform calls it, and whether it calls it so: Boxo's payment services know a mini app by
// its app_id.
func AppID(c *storage.Client) (id string, called bool) {
	if !Speaks(c, DialectBoxo) { // as most: a Boxo is large
		return "", false
	}
	boxo, called := BoxoOf(c)
	return boxo.AppID, called
}

// BoxCOf returns a client's settings for BoxC OAuth; false when the client does not speak it.
func BoxCOf(c *storage.Client) (BoxC, bool) {
	var b BoxC
	if !readSettings(c, DialectBoxC, &b) {
		return BoxC{}, false
	}
	return b, true
}

// GAMOf returns a client's settings for GeneXus GAM with their defaults; false when the client does not speak it.
func GAMOf(c *storage.Client) (GAM, bool) {
	g := GAM{RESTAuthentication: true}
	if !readSettings(c, DialectGAM, &g) {
		return GAM{}, false
	}
	fillEmpty(&g.ErrorFormat, GAMErrorRFC6749)
	fillEmpty(&g.SuperApp.ClientID, c.ID)
	return g, true
}

// XoxodayOf returns a client's settings for Xoxoday with their defaults; false when the client does not speak it.
func XoxodayOf(c *storage.Client) (Xoxoday, bool) {
	x := Xoxoday{SSOLifetime: defaultSSOLifetime}
	if !readSettings(c, DialectXoxoday, &x) {
		return Xoxoday{}, false
	}
	fillEmpty(&x.ValidateExpiresIn, ExpiresInSeconds)
	return x, true
}

// TakesBareCodes reports whether a confidential client speaks a format that exchanges a code without redirect URI and
// code_challenge, so that a code can be made for it that has neither.
func TakesBareCodes(c *storage.Client) bool {
	return !c.Public && speaksBare(c)
}

// speaksBare reports whether one of a client's dialects has codes that need no redirect URI (see dialects).
func speaksBare(c *storage.Client) bool {
	for name := range c.Dialects {
		if dialects[name].bareCodes {
			return true
		}
	}
	return false
}

// readSettings decodes a client's settings for a dialect over what into holds. Settings that CheckClient would refuse as
// unreadable count as none, so that no dialect is spoken by guesses.
func readSettings(c *storage.Client, dialect string, into any) bool {
	return Speaks(c, dialect) && json.Unmarshal(c.Dialects[dialect], into) == nil
}

func fillEmpty(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

// UnmarshalJSON implements json.Unmarshaler for the sake of the duration.
func (x *Xoxoday) UnmarshalJSON(raw []byte) error {
	type plain Xoxoday // without this method
	wire := struct {
		*plain
		SSOLifetime duration `json:"sso_lifetime"`
	}{(*plain)(x), duration(x.SSOLifetime)}
	if err := json.Unmarshal(raw, &wire); err != nil {
		return err
	}
	x.SSOLifetime = time.Duration(wire.SSOLifetime)
	return nil
}

// duration is a span of time, in JSON a Go duration such as "5m" or a whole number of seconds.
type duration time.Duration

// UnmarshalJSON implements json.Unmarshaler. null leaves it as it is.
func (d *duration) UnmarshalJSON(raw []byte) error {
	if string(raw) == "null" {
		return nil
	}
	if seconds, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		if seconds < 0 || seconds > math.MaxInt64/int64(time.Second) {
			return errors.New("a number of seconds that is out of range")
		}
		*d = duration(seconds) * duration(time.Second)
		return nil
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return err
	}
	parsed, err := time.ParseDuration(text)
	*d = duration(parsed)
	return err
}

// needsNoRedirectURI reports whether codes can reach a client without a redirect URI: a dialect's wire format has none, or
// its return URIs match a prefix.
func needsNoRedirectURI(c *storage.Client) bool {
	boxc, _ := BoxCOf(c)
	return speaksBare(c) || len(boxc.ReturnURIPrefixes) > 0
}

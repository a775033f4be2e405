package interaction

import (
	"net/url"
	"regexp"
)

// hostport is what a CSP host-source may hold (CSP Level 3 §2.3.1): nothing in it can end the directive.
var hostport = regexp.MustCompile(`^[A-Za-z0-9.\-_\[\]:]+$`)

// FormTarget returns the source expression that a page's form-action directive needs so that the redirect after a
// form may reach the request's redirect URI: its origin for http and https, its scheme for a private-use one
// ("com.example.app:"). Empty when there is no redirect URI.
func (i Interaction) FormTarget() string {
	u, err := url.Parse(i.Get("redirect_uri"))
	if err != nil || u.Scheme == "" {
		return ""
	}
	if u.Scheme != "https" && u.Scheme != "http" {
		return u.Scheme + ":"
	}
	if !hostport.MatchString(u.Host) {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

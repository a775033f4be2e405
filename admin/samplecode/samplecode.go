// Package samplecode writes programs that sign a person in to a client: authorization code with PKCE, exchange, userinfo,
// refresh, revoke. They are filled with the client's own values and need nothing but their language's standard library.
package samplecode

import (
	"embed"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"text/template"

	"gatehouse/internal/nearest"
	"gatehouse/registry"
	"gatehouse/storage"
)

// Program is a whole program, ready to run.
type Program struct {
	Language Language
	Code     string
	Variable string // of the environment, that it reads the client's secret from; empty for a public client
}

// Language is what programs are written in.
type Language struct {
	ID   string // in addresses and flags
	Name string
	File string // what to save a program as
	Run  string // the command that runs the file
	lit  func(string) string
}

// Languages are what For knows, in the order in which they are shown.
var Languages = []Language{
	{"curl", "curl", "signin.sh", "bash signin.sh", shellLiteral},
	{"go", "Go", "signin.go", "go run signin.go", goLiteral},
	{"node", "Node.js", "signin.mjs", "node signin.mjs", jsLiteral},
	{"python", "Python", "signin.py", "python3 signin.py", pythonLiteral},
	{"java", "Java", "SignIn.java", "java SignIn.java", javaLiteral},
	{"php", "PHP", "signin.php", "php signin.php", phpLiteral},
}

//go:embed *.tmpl
var files embed.FS

// For returns the program in a language that signs people in to c at issuer. registry.Problems for a client that nobody
// signs in to, or a language that there is not.
func For(issuer string, c storage.Client, language string) (Program, error) {
	i := slices.IndexFunc(Languages, func(l Language) bool { return l.ID == language })
	if i < 0 {
		return Program{}, registry.Problems{{Field: "lang", Text: fmt.Sprintf("%q is none of the languages; %s", language, nearest.Hint(language, names()))}}
	}
	v, err := valuesOf(issuer, c)
	if err != nil {
		return Program{}, err
	}
	l := Languages[i]
	parsed, err := template.New(l.ID+".tmpl").Delims("<%", "%>").Funcs(template.FuncMap{"lit": l.lit}).ParseFS(files, l.ID+".tmpl")
	if err != nil {
		return Program{}, fmt.Errorf("samplecode: %w", err)
	}
	var code strings.Builder
	if err := parsed.Execute(&code, v); err != nil {
		return Program{}, fmt.Errorf("samplecode: %w", err)
	}
	p := Program{Language: l, Code: code.String()}
	if !c.Public {
		p.Variable = "CLIENT_SECRET"
	}
	return p, nil
}

func names() []string {
	ids := make([]string, len(Languages))
	for i, l := range Languages {
		ids[i] = l.ID
	}
	return ids
}

// values are what programs are filled with.
type values struct {
	Issuer, ClientID, Name, RedirectURI, Scope string
	Public, Basic, Post                        bool // how the client authenticates (RFC 6749 §2.3)
	// Paste says that the browser ends where the program cannot listen, so that it asks for the address.
	Paste                 bool
	Host, Port            string // to listen at; port 0: any
	V6, AnyPort           bool   // the port may be any, between these two (RFC 8252 §7.3)
	BeforePort, AfterPort string
}

// Address is what Go listens at.
func (v values) Address() string { return net.JoinHostPort(v.Host, v.Port) }

// Socket is what PHP listens at.
func (v values) Socket() string { return "tcp://" + v.Address() }

func valuesOf(issuer string, c storage.Client) (values, error) {
	v := values{Issuer: issuer, ClientID: c.ID, Name: c.Name, Scope: scope(c.Scopes), Public: c.Public}
	var problems registry.Problems
	if !slices.Contains(registry.Defaults(c).GrantTypes, registry.GrantAuthorizationCode) {
		problems = append(problems, registry.Problem{Field: "grant_types", Text: "has no authorization_code, so that nobody signs in to this mini app; add it"})
	}
	if len(c.RedirectURIs) == 0 {
		problems = append(problems, registry.Problem{Field: "redirect_uris", Text: "is empty; add one, where people come back to after they signed in"})
	}
	if len(problems) > 0 {
		return v, problems
	}
	v.Post = !c.Public && c.TokenEndpointAuthMethod == registry.MethodPost
	v.Basic = !c.Public && !v.Post
	v.RedirectURI = c.RedirectURIs[0]
	v.listen()
	return v, nil
}

// listen fills in where a program can take the redirect itself: http on this machine. A name such as localhost needs its
// port in the registration; an address may have any (RFC 8252 §7.3, §8.3).
func (v *values) listen() {
	u, err := url.Parse(v.RedirectURI)
	v.Paste = true
	if err != nil || u.Scheme != "http" {
		return
	}
	ip := net.ParseIP(u.Hostname())
	switch {
	case ip != nil && ip.IsLoopback():
		v.V6, v.AnyPort = ip.To4() == nil, u.Port() == ""
	case u.Hostname() != "localhost" || u.Port() == "":
		return
	}
	v.Paste, v.Host, v.Port = false, u.Hostname(), u.Port()
	if v.AnyPort {
		v.Port = "0"
		v.BeforePort = "http://" + u.Host + ":"
		v.AfterPort = strings.TrimPrefix(v.RedirectURI, "http://"+u.Host)
	}
}

// scope is all that people can be asked for at once. openid is about a person and user_session about a company: where both
// are registered, it is the person.
func scope(scopes []storage.ClientScope) string {
	var names []string
	for _, s := range scopes {
		if !registry.ClientOnly(s.Name) && s.Name != registry.ScopeAdmin && s.Name != registry.ScopeSuperapp {
			names = append(names, s.Name)
		}
	}
	if slices.Contains(names, registry.ScopeOpenID) {
		names = slices.DeleteFunc(names, func(name string) bool { return name == registry.ScopeUserSession })
	}
	return strings.Join(names, " ")
}

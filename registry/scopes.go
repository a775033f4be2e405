package registry

import (
	"embed"
	"encoding/json"
	"io/fs"
	"path"
	"slices"
	"strings"

	"gatehouse/storage"
)

// Names of the built-in scopes that mean something to the program itself.
const (
	ScopeOpenID        = "openid"         // OIDC Core §3.1.2.1
	ScopeOfflineAccess = "offline_access" // OIDC Core §11
	ScopeUserSession   = "user_session"   // the authorization is a company's
	ScopeUnionID       = "unionid"        // one identifier for all clients of a publisher
	ScopeSuperapp      = "superapp"       // the host app's API
	ScopeAdmin         = "admin"          // the administration API

	// Grant Management for OAuth 2.0 §6.1.
	ScopeGrantQuery  = "grant_management_query"
	ScopeGrantRevoke = "grant_management_revoke"
)

// ClientOnly reports whether a scope is about what the client does on its own, with client_credentials: no person is asked
// for it.
func ClientOnly(name string) bool { return name == ScopeGrantQuery || name == ScopeGrantRevoke }

// firstPartyOnly reports whether only the super app's own clients may have a scope.
func firstPartyOnly(name string) bool { return name == ScopeSuperapp || name == ScopeAdmin }

// BuiltInScopes are the scopes that come with Gatehouse, in the order in which people see them; not to be changed.
var BuiltInScopes = withTexts([]storage.Scope{
	// OIDC Core §5.4.
	{Name: ScopeOpenID},
	{Name: "profile", Claims: []string{"name", "given_name", "family_name", "preferred_username", "locale", "updated_at"}},
	{Name: "email", Claims: []string{"email", "email_verified"}},
	{Name: "phone", Claims: []string{"phone_number", "phone_number_verified"}},
	{Name: "address", Claims: []string{"address"}},
	{Name: ScopeOfflineAccess},
	{Name: ScopeUserSession},
	{Name: ScopeUnionID, Claims: []string{"unionid"}},
	{Name: ScopeSuperapp, Sensitive: true, Client: true},
	{Name: ScopeAdmin, Sensitive: true, Client: true},
	{Name: ScopeGrantQuery, Client: true},
	{Name: ScopeGrantRevoke, Client: true},

	// GeneXus GAM's own (docs.genexus.com/en/wiki?55603), with the OIDC claims that carry the same values.
	{Name: "gam_user_data", Claims: gamUserData},
	{Name: "gam_user_additional_data", Claims: []string{"attributes"}},
	{Name: "gam_user_roles", Claims: []string{"roles"}},
	{Name: "session_initial_prop", Claims: []string{"initial_properties"}},
	{Name: "gam_session_initial_prop", Claims: []string{"initial_properties"}},
	{Name: "session_application_data", Claims: []string{"application_data"}},
	{Name: "fullcontrol", Sensitive: true, Claims: append(slices.Clone(gamUserData), "attributes", "roles", "initial_properties", "application_data")},
	{Name: "user_guid"},
	{Name: "user_username", Claims: []string{"preferred_username"}},
	{Name: "user_email", Claims: []string{"email", "email_verified"}},
	{Name: "user_mail", Claims: []string{"email", "email_verified"}},
	{Name: "user_external_id"},
	{Name: "user_first_name", Claims: []string{"given_name"}},
	{Name: "user_last_name", Claims: []string{"family_name"}},
	{Name: "user_name", Claims: []string{"name"}},
	{Name: "user_birthday", Claims: []string{"birthdate"}},
	{Name: "user_gender", Claims: []string{"gender"}},
	{Name: "user_url_image", Claims: []string{"picture"}},
	{Name: "user_url_profile", Claims: []string{"profile"}},
	{Name: "user_phone", Claims: []string{"phone_number", "phone_number_verified"}},
	{Name: "user_address", Claims: []string{"address"}},
	{Name: "user_city", Claims: []string{"city"}},
	{Name: "user_state", Claims: []string{"state"}},
	{Name: "user_post_code", Claims: []string{"post_code"}},
	{Name: "user_language", Claims: []string{"locale"}},
	{Name: "user_timezone", Claims: []string{"zoneinfo"}},
	{Name: "user_custominfo", Claims: []string{"custominfo"}},
})

var gamUserData = []string{"name", "given_name", "family_name", "preferred_username", "email", "email_verified", "birthdate", "gender", "picture",
	"profile", "phone_number", "phone_number_verified", "address", "city", "state", "post_code", "locale", "zoneinfo", "custominfo"}

//go:embed lang/*.json
var languages embed.FS

// withTexts adds the titles and descriptions of lang/, one file for each language that pages come in, with every scope.
func withTexts(scopes []storage.Scope) []storage.Scope {
	files, err := fs.Glob(languages, "lang/*.json")
	if err != nil {
		panic(err) // only for a bad pattern
	}
	for i := range scopes {
		scopes[i].BuiltIn = true
		scopes[i].Title = make(map[string]string)
		scopes[i].Description = make(map[string]string)
	}
	for _, file := range files {
		texts := readTexts(file)
		tag := strings.TrimSuffix(path.Base(file), ".json")
		for i, s := range scopes {
			text := texts[s.Name]
			scopes[i].Title[tag], scopes[i].Description[tag] = text.Title, text.Description
		}
	}
	return scopes
}

type scopeText struct{ Title, Description string }

// readTexts panics for a file that is not JSON: it is part of the program.
func readTexts(file string) map[string]scopeText {
	raw, err := languages.ReadFile(file)
	if err != nil {
		panic(err)
	}
	var texts map[string]scopeText
	if err := json.Unmarshal(raw, &texts); err != nil {
		panic(file + ": " + err.Error())
	}
	return texts
}

// Catalogue is every scope there is: the built-in ones and the operator's. It does not change.
type Catalogue struct {
	scopes []storage.Scope
	byName map[string]*storage.Scope
}

// builtIn is the catalogue of a server whose operator added nothing.
var builtIn = NewCatalogue(nil)

// NewCatalogue returns the catalogue with the operator's scopes, which come after the built-in ones, by name. The last
// of several with one name counts; none takes the place of a built-in one.
func NewCatalogue(operators []storage.Scope) *Catalogue {
	c := &Catalogue{byName: make(map[string]*storage.Scope)}
	for i := range BuiltInScopes {
		c.byName[BuiltInScopes[i].Name] = &BuiltInScopes[i]
	}
	own := make(map[string]storage.Scope)
	for _, s := range operators {
		if c.byName[s.Name] == nil {
			own[s.Name] = s
		}
	}
	c.scopes = slices.Clone(BuiltInScopes)
	for _, name := range sortedKeys(own) {
		c.scopes = append(c.scopes, own[name])
	}
	for i := range c.scopes {
		c.byName[c.scopes[i].Name] = &c.scopes[i]
	}
	return c
}

// Scope returns the scope of this name, nil when there is none. GAM's user_<AttributeID> need not be in the catalogue.
func (c *Catalogue) Scope(name string) *storage.Scope {
	if s := c.byName[name]; s != nil {
		return s
	}
	return attributeScope(name)
}

// Scopes returns all scopes in order.
func (c *Catalogue) Scopes() []storage.Scope { return c.scopes }

// Names returns the names of all scopes in order.
func (c *Catalogue) Names() []string {
	names := make([]string, len(c.scopes))
	for i, s := range c.scopes {
		names[i] = s.Name
	}
	return names
}

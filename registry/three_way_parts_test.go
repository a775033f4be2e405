package registry_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
	"gatehouse/registry"
	"gatehouse/storage"
)

// merged is what a mini app says after an approval of a version that its developers made of it, while an admin changed it.
func merged(t *testing.T, was storage.Client, develop, administrate func(*storage.Client)) storage.Client {
	t.Helper()
	s := newStore(t, testdb.SQLite(t))
	r := registry.New(s, time.Now)
	require.NoError(t, r.Create(t.Context(), was))
	p := live(t, r)
	develop(&p)
	_, err := r.Propose(t.Context(), dev, p, "")
	require.NoError(t, err)
	take(t, r, registry.Submit, dev)
	l := live(t, r)
	administrate(&l)
	require.NoError(t, r.Update(t.Context(), l, l.UpdatedAt))
	take(t, r, registry.Approve, reviewer)
	return live(t, r)
}

func says(dialect, settings string) map[string]json.RawMessage {
	return map[string]json.RawMessage{dialect: json.RawMessage(settings)}
}

func TestAnApprovalBringsBackNoReturnURIPrefixThatWasTakenAwayMeanwhile(t *testing.T) {
	c := submittable("approved")
	c.Dialects = says("boxc", `{"return_uri_prefixes":["https://good.example/open/","https://hijacked.example/open/"]}`)
	now := merged(t, c, func(c *storage.Client) {
		c.Dialects = says("boxc", `{"return_uri_prefixes":["https://good.example/open/","https://hijacked.example/open/","https://third.example/open/"]}`)
	}, func(c *storage.Client) {
		c.Dialects = says("boxc", `{"return_uri_prefixes":["https://good.example/open/"]}`)
	})
	boxc, _ := registry.BoxCOf(&now)
	require.Equal(t, []string{"https://good.example/open/", "https://third.example/open/"}, boxc.ReturnURIPrefixes)
}

func TestAnApprovalBringsBackNoKeyThatWasTakenAwayMeanwhile(t *testing.T) {
	key := func(kid string) string {
		return `{"kty":"EC","crv":"P-256","kid":"` + kid + `","x":"` + kid + `","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}`
	}
	c := submittable("approved")
	c.JWKS = json.RawMessage(`{"keys":[` + key("a") + `,` + key("stolen") + `]}`)
	now := merged(t, c, func(c *storage.Client) {
		c.JWKS = json.RawMessage(`{"keys":[` + key("new") + `,` + key("a") + `, ` + key("stolen") + `]}`)
	}, func(c *storage.Client) {
		c.JWKS = json.RawMessage(`{"keys":[` + key("a") + `]}`)
	})
	require.JSONEq(t, `{"keys":[`+key("new")+`,`+key("a")+`]}`, string(now.JWKS))
}

func TestAnApprovalOfAPurposeKeepsAScopeOptionalThatWasMadeSoMeanwhile(t *testing.T) {
	c := submittable("approved")
	c.Scopes[1].Required = true
	now := merged(t, c, func(c *storage.Client) {
		c.Scopes = []storage.ClientScope{c.Scopes[0], {Name: "email", Required: true, Purpose: map[string]string{"en": "to send you your order status"}}}
	}, func(c *storage.Client) {
		c.Scopes = []storage.ClientScope{c.Scopes[0], {Name: "email", Purpose: c.Scopes[1].Purpose}}
	})
	require.Equal(t, storage.ClientScope{Name: "email", Purpose: map[string]string{"en": "to send you your order status"}}, now.Scopes[1])
}

func TestAKeyThatWasTakenAwayIsTheSameWhateverIsSaidOfIt(t *testing.T) {
	const stolen = `"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"`
	const another = `{"kty":"RSA","n":"AQAB","e":"AQAB"}`
	c := submittable("approved")
	c.JWKS = json.RawMessage(`{"keys":[{` + stolen + `}]}`)
	proposed := func(keys string) storage.Client {
		return merged(t, c, func(c *storage.Client) { c.JWKS = json.RawMessage(`{"keys":[` + keys + `]}`) }, func(c *storage.Client) { c.JWKS = nil })
	}
	require.Empty(t, proposed(`{`+stolen+`,"use":"sig"}`).JWKS)
	require.JSONEq(t, `{"keys":[`+another+`]}`, string(proposed(another+`,{`+stolen+`,"kid":"b"}`).JWKS))
}

package dialect

import (
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/authz"
)

func TestAParameterThatBelongsIntoTheBodyIsRefusedInTheURL(t *testing.T) {
	for query, refused := range map[string]bool{
		"": false, "?other=x": false, "?secret=x": true, "?Secret=x": true, "?secret": true, "?a=1&code=": true,
		"?x=%zz": true, "?x=%00": true, "?secrets=x": false,
	} {
		err := RefuseQuery(httptest.NewRequest("POST", "/token"+query, nil), "secret", "code")
		require.Equal(t, refused, err != nil, query)
	}
}

func TestScopesAreSeparatedBySpaces(t *testing.T) {
	for sent, want := range map[string]authz.Params{
		"": {}, ",+ ": {}, "a": {"scope": "a"}, "a,b+c  d": {"scope": "a b c d"},
	} {
		params := authz.Params{"scope": sent}
		SpaceScopes(params)
		require.Equal(t, want, params, sent)
	}
}

func TestCredentialsAreThoseOfTheSchemesThatAreTaken(t *testing.T) {
	for header, want := range map[string]string{
		"Bearer t": "t", "bearer  t ": "t", "OAUTH a b": "a b", "Bearer": "", "Bearer ": "", "Basic t": "no", "t": "no", "": "no", "Bearers t": "no",
	} {
		got, is := Credentials(header, "OAuth", "Bearer")
		require.Equal(t, want != "no", is, "%q", header)
		if is {
			require.Equal(t, want, got, "%q", header)
		}
	}
}

package registry_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/registry"
	"gatehouse/storage"
)

// speaking is a client that speaks one dialect and breaks no rule, but for its settings.
func speaking(dialect, settings string) storage.Client {
	c := mini()
	c.Dialects = map[string]json.RawMessage{dialect: json.RawMessage(settings)}
	return c
}

func TestDialectSettingsHaveTheDefaultsOfTheContract(t *testing.T) {
	for _, left := range []string{`{}`, `{"app_id":"","authorization_prefix":null,"platform":{}}`} {
		c := speaking("boxo", left)
		boxo, ok := registry.BoxoOf(&c)
		require.True(t, ok)
		require.Equal(t, registry.Boxo{AppID: "photoprint", AuthorizationPrefix: "Token"}, boxo)
	}
	c := speaking("gam", `{"superapp":{"client_id":""}}`)
	gam, ok := registry.GAMOf(&c)
	require.True(t, ok)
	require.Equal(t, registry.GAM{RESTAuthentication: true, ErrorFormat: "rfc6749", SuperApp: registry.GAMSuperApp{ClientID: "photoprint"}}, gam)
	c = speaking("xoxoday", `{"sso_lifetime":null}`)
	xoxoday, ok := registry.XoxodayOf(&c)
	require.True(t, ok)
	require.Equal(t, registry.Xoxoday{SSOLifetime: 5 * time.Minute, ValidateExpiresIn: "s"}, xoxoday)
}

func TestDialectSettingsAreReadAsTheyAreWritten(t *testing.T) {
	c := mini()
	c.Dialects = map[string]json.RawMessage{
		"boxo": json.RawMessage(`{"app_id":"app.1","authorization_prefix":"Basic","strict_headers":true,"required_fields":["email","phone"],
			"platform":{"access_token_url":"https://a.example/1","user_data_url":"https://a.example/2","token_url":"http://127.0.0.1:1/3?x=1","app_secret":"sealed:x"}}`),
		"boxc":    json.RawMessage(`{"return_uri_prefixes":["https://myapp.com/connect/user/"]}`),
		"gam":     json.RawMessage(`{"rest_authentication":false,"signin_url":"https://a.example/oauth/gam/signin","signin_secret":"sealed:z","error_format":"gam","superapp":{"url":"https://s.example/dir","client_id":"a b!","client_secret":"sealed:y"}}`),
		"xoxoday": json.RawMessage(`{"store_url":"https://store.example/","sso_lifetime":336 ,"extended":true,"validate_expires_in":"ms"}`),
	}
	require.Empty(t, registry.CheckClient(c, catalogue))
	boxo, _ := registry.BoxoOf(&c)
	require.Equal(t, registry.Boxo{AppID: "app.1", AuthorizationPrefix: "Basic", StrictHeaders: true, RequiredFields: []string{"email", "phone"}, Platform: registry.BoxoPlatform{
		AccessTokenURL: "https://a.example/1", UserDataURL: "https://a.example/2", TokenURL: "http://127.0.0.1:1/3?x=1", AppSecret: "sealed:x"}}, boxo)
	boxc, _ := registry.BoxCOf(&c)
	require.Equal(t, registry.BoxC{ReturnURIPrefixes: []string{"https://myapp.com/connect/user/"}}, boxc)
	gam, _ := registry.GAMOf(&c)
	require.Equal(t, registry.GAM{SigninURL: "https://a.example/oauth/gam/signin", SigninSecret: "sealed:z", ErrorFormat: "gam", SuperApp: registry.GAMSuperApp{URL: "https://s.example/dir", ClientID: "a b!", ClientSecret: "sealed:y"}}, gam)
	xoxoday, _ := registry.XoxodayOf(&c)
	require.Equal(t, registry.Xoxoday{StoreURL: "https://store.example/", SSOLifetime: 336 * time.Second, Extended: true, ValidateExpiresIn: "ms"}, xoxoday)
	c = speaking("xoxoday", `{"sso_lifetime":"336h"}`)
	xoxoday, _ = registry.XoxodayOf(&c)
	require.Equal(t, 14*24*time.Hour, xoxoday.SSOLifetime)
	require.Empty(t, registry.CheckClient(c, catalogue))
}

func TestADialectThatIsNotInTheRecordIsNotSpoken(t *testing.T) {
	c := mini()
	_, boxo := registry.BoxoOf(&c)
	_, boxc := registry.BoxCOf(&c)
	_, gam := registry.GAMOf(&c)
	_, xoxoday := registry.XoxodayOf(&c)
	require.False(t, boxo || boxc || gam || xoxoday || registry.Speaks(&c, registry.DialectBoxo))
	c = speaking("boxo", `{}`)
	require.True(t, registry.Speaks(&c, registry.DialectBoxo))
	require.False(t, registry.Speaks(&c, registry.DialectGAM))
	c = speaking("boxo", `{"strict_headers":"yes"}`) // what CheckClient refuses
	_, boxo = registry.BoxoOf(&c)
	require.False(t, boxo)
}

func TestCheckClientNamesTheDialectSettingAndTheFix(t *testing.T) {
	for _, test := range []struct{ dialect, settings, field, says string }{
		{"boxo", `{"appid":"a"}`, "dialects.boxo.appid", "is not a key; did you mean app_id?"},
		{"boxo", `{"APP_ID":"a"}`, "dialects.boxo.APP_ID", "did you mean app_id?"},
		{"boxo", `{"platform":{"token_uri":""}}`, "dialects.boxo.platform.token_uri", "did you mean token_url?"},
		{"boxc", `{"zzzzzz":1}`, "dialects.boxc.zzzzzz", "use return_uri_prefixes"},
		{"boxo", `{"app_id":7}`, "dialects.boxo.app_id", "must be a text"},
		{"boxo", `{"app_id":"a b"}`, "dialects.boxo.app_id", "1 to 64"},
		{"boxo", `{"app_id":".."}`, "dialects.boxo.app_id", "1 to 64"},
		{"boxo", `{"app_id":"` + strings.Repeat("a", 65) + `"}`, "dialects.boxo.app_id", "1 to 64"},
		{"boxo", `{"authorization_prefix":"My Token"}`, "dialects.boxo.authorization_prefix", "one word"},
		{"boxo", `{"authorization_prefix":"Token\r\nX"}`, "dialects.boxo.authorization_prefix", "RFC 9110 §5.6.2"},
		{"boxo", `{"authorization_prefix":"Token\n"}`, "dialects.boxo.authorization_prefix", "!#$%&'*+-.^_`|~"},
		{"boxo", `{"authorization_prefix":"Tok\u0000en"}`, "dialects.boxo.authorization_prefix", "one word"},
		{"boxo", `{"authorization_prefix":"Tókén"}`, "dialects.boxo.authorization_prefix", "one word"},
		{"boxo", `{"authorization_prefix":"` + strings.Repeat("T", 33) + `"}`, "dialects.boxo.authorization_prefix", "at most 32"},
		{"boxo", `{"strict_headers":"true"}`, "dialects.boxo.strict_headers", "true or false"},
		{"boxo", `{"required_fields":"email"}`, "dialects.boxo.required_fields", "list of texts"},
		{"boxo", `{"required_fields":["email","birthday"]}`, "dialects.boxo.required_fields[1]", "use email, phone, first_name or last_name"},
		{"boxo", `{"required_fields":["email","email"]}`, "dialects.boxo.required_fields[1]", "listed twice"},
		{"boxo", `{"platform":[]}`, "dialects.boxo.platform", "must be a map of access_token_url,"},
		{"boxo", `{"platform":{"access_token_url":"http://a.example"}}`, "dialects.boxo.platform.access_token_url", "use https"},
		{"boxo", `{"platform":{"user_data_url":"https://u@a.example/"}}`, "dialects.boxo.platform.user_data_url", "user information"},
		{"boxo", `{"platform":{"token_url":"https://a.example/#x"}}`, "dialects.boxo.platform.token_url", "fragment"},
		{"boxo", `{"platform":{"app_secret":"as it is"}}`, "dialects.boxo.platform.app_secret", "seal it"},
		{"boxc", `{"return_uri_prefixes":["https://myapp.com/connect/user"]}`, "dialects.boxc.return_uri_prefixes[0]", "end with a slash"},
		{"boxc", `{"return_uri_prefixes":["https://a.example/b/","https://a.example/b/"]}`, "dialects.boxc.return_uri_prefixes[1]", "listed twice"},
		{"gam", `{"rest_authentication":1}`, "dialects.gam.rest_authentication", "true or false"},
		{"gam", `{"signin_url":"file:///etc/passwd"}`, "dialects.gam.signin_url", "https://"},
		{"gam", `{"signin_secret":"sealed:x"}`, "dialects.gam.signin_secret", "add signin_url"},
		{"gam", `{"signin_url":"https://a.example/","signin_secret":"as it is"}`, "dialects.gam.signin_secret", "seal it"},
		{"gam", `{"error_format":"GAM"}`, "dialects.gam.error_format", "use rfc6749 or gam"},
		{"gam", `{"superapp":{"url":"ftp://a.example","client_secret":"sealed:x"}}`, "dialects.gam.superapp.url", "https://"},
		{"gam", `{"superapp":{"url":"https://a.example?x","client_secret":"sealed:x"}}`, "dialects.gam.superapp.url", "leave the query out"},
		{"gam", `{"superapp":{"url":"https://a.example"}}`, "dialects.gam.superapp.client_secret", "is missing"},
		{"gam", `{"superapp":{"client_secret":"as it is"}}`, "dialects.gam.superapp.client_secret", "seal it"},
		{"gam", `{"superapp":{"client_id":"a\u0000"}}`, "dialects.gam.superapp.client_id", "ASCII"},
		{"xoxoday", `{"store_url":"http://store.example/"}`, "dialects.xoxoday.store_url", "use https"},
		{"xoxoday", `{"store_url":"https://store.example/#/home"}`, "dialects.xoxoday.store_url", "fragment"},
		{"xoxoday", `{"sso_lifetime":"soon"}`, "dialects.xoxoday.sso_lifetime", "a duration such as"},
		{"xoxoday", `{"sso_lifetime":1.5}`, "dialects.xoxoday.sso_lifetime", "a duration such as"},
		{"xoxoday", `{"sso_lifetime":99999999999999}`, "dialects.xoxoday.sso_lifetime", "a duration such as"},
		{"xoxoday", `{"sso_lifetime":0}`, "dialects.xoxoday.sso_lifetime", "from 1s to 336h"},
		{"xoxoday", `{"sso_lifetime":"337h"}`, "dialects.xoxoday.sso_lifetime", "from 1s to 336h"},
		{"xoxoday", `{"extended":"no"}`, "dialects.xoxoday.extended", "true or false"},
		{"xoxoday", `{"validate_expires_in":"min"}`, "dialects.xoxoday.validate_expires_in", "use s or ms"},
	} {
		t.Run(test.settings, func(t *testing.T) {
			problems := registry.CheckClient(speaking(test.dialect, test.settings), catalogue)
			require.Len(t, problems, 1)
			require.Equal(t, test.field, problems[0].Field)
			require.Contains(t, problems[0].Text, test.says)
		})
	}
}

func TestAGAMClientIsAdvisedToHaveAScopeThatIdentifiesThePerson(t *testing.T) {
	for scopes, right := range map[string]bool{
		"openid": true, "openid email": true, "user_first_name": false, "user_city user_phone": false, "gam_user_additional_data": false,
		"gam_user_roles session_initial_prop": false, "session_application_data": false, "user_first_name gam_user_data": true, "fullcontrol": true,
		"user_city email": true, "user_city user_guid": true, "user_city user_email": true, "user_city user_mail": true, "user_city user_username": true, "user_city user_external_id": true,
	} {
		c := speaking("gam", `{}`)
		c.Scopes = nil
		for scope := range strings.FieldsSeq(scopes) {
			c.Scopes = append(c.Scopes, storage.ClientScope{Name: scope})
		}
		require.Empty(t, registry.CheckClient(c, catalogue), "%s: who asks for userinfo is told", scopes)
		advice := registry.Advice(c, catalogue)
		if right {
			require.Empty(t, advice, scopes)
			continue
		}
		require.Len(t, advice, 1, scopes)
		require.Equal(t, "scopes", advice[0].Field)
		require.Contains(t, advice[0].Text, "user_external_id, or set subject_type: pairwise")
		c.SubjectType = "pairwise"
		require.Empty(t, registry.Advice(c, catalogue), "%s: external_id is always there", scopes)
		c.SubjectType, c.Dialects = "public", nil
		require.Empty(t, registry.Advice(c, catalogue), "%s: others know sub", scopes)
	}
	c := speaking("gam", `{}`)
	c.TokenTypes, c.Scopes = []string{"company"}, []storage.ClientScope{{Name: "user_session"}}
	require.Empty(t, registry.CheckClient(c, catalogue), "user_session is none of GAM's")
}

func TestADialectWithoutRedirectsNeedsNoRedirectURI(t *testing.T) {
	for _, test := range []struct {
		dialect, settings string
		right             bool
	}{
		{"boxo", `{}`, true}, {"gam", `{}`, true}, {"boxc", `{"return_uri_prefixes":["https://myapp.com/connect/user/"]}`, true},
		{"boxc", `{}`, false}, {"boxc", `{"return_uri_prefixes":[]}`, false}, {"xoxoday", `{}`, false},
	} {
		c := speaking(test.dialect, test.settings)
		c.RedirectURIs = nil
		problems := registry.CheckClient(c, catalogue)
		require.Equal(t, test.right, len(problems) == 0, "%s %s: %s", test.dialect, test.settings, problems)
	}
}

func FuzzCheckDialects(f *testing.F) {
	f.Add("boxo", `{"app_id":"a","platform":{"token_url":"https://a.example"}}`)
	f.Add("boxc", `{"return_uri_prefixes":["https://myapp.com/connect/user/*"]}`)
	f.Add("gam", `{"rest_authentication":null,"superapp":{"url":"https://a.example"}}`)
	f.Add("xoxoday", `{"sso_lifetime":5,"sso_lifetime":"5m"}`)
	f.Fuzz(func(t *testing.T, dialect, settings string) {
		c := speaking(dialect, settings)
		if len(registry.CheckClient(c, catalogue)) > 0 {
			return
		}
		_, boxo := registry.BoxoOf(&c)
		_, boxc := registry.BoxCOf(&c)
		_, gam := registry.GAMOf(&c)
		x, xoxoday := registry.XoxodayOf(&c)
		require.True(t, boxo || boxc || gam || xoxoday, "what breaks no rule can be read")
		require.False(t, xoxoday && (x.SSOLifetime < time.Second || x.SSOLifetime > 336*time.Hour))
	})
}

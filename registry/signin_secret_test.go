package registry_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
	"gatehouse/registry"
	"gatehouse/storage"
)

const (
	ownSecret   = "ssssssssssssssssssssssssssssssss" // that of mini()
	newSecret   = "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
	otherSecret = "what the mini app's server wants"
)

// signing is mini() with settings for GAM, of which signinSecret is sealed by o where it is not empty, and these secrets,
// of which all but the last end within an hour.
func signing(o *registry.Outbound, signinURL, signinSecret string, secrets ...string) storage.Client {
	settings := `{"rest_authentication":false`
	if signinURL != "" {
		settings += `,"signin_url":"` + signinURL + `"`
	}
	if signinSecret != "" {
		settings += `,"signin_secret":"` + o.Seal("photoprint", signinSecret) + `"`
	}
	c := speaking("gam", settings+"}")
	c.Secrets = nil
	for i, secret := range secrets {
		s := registry.NewSecret(registry.HashSecret(secret), time.Now())
		if i < len(secrets)-1 {
			s.ExpiresAt = time.Now().Add(time.Hour)
		}
		c.Secrets = append(c.Secrets, s)
	}
	return c
}

// signinSecret is what the sign-in call of a client sends.
func signinSecret(t *testing.T, o *registry.Outbound, c storage.Client) string {
	t.Helper()
	gam, _ := registry.GAMOf(&c)
	value, current, err := o.Open(c.ID, gam.SigninSecret)
	require.NoError(t, err)
	require.True(t, current)
	return value
}

func TestTheSignInCallSendsTheClientsOwnSecretUnlessAnotherIsGiven(t *testing.T) {
	const url = "https://a.example/oauth/gam/signin"
	o := outbound(t, "root", "")
	old := func(signinSecret string, secrets ...string) *storage.Client {
		c := signing(o, url, signinSecret, secrets...)
		return &c
	}
	rotated := []string{ownSecret, newSecret}
	for name, test := range map[string]struct {
		c    storage.Client
		own  string
		was  *storage.Client
		want string
	}{
		"a new client's own":                                     {signing(o, url, "", ownSecret), ownSecret, nil, ownSecret},
		"nothing without signin_url":                             {signing(o, "", "", ownSecret), ownSecret, nil, ""},
		"nothing when signin_url is removed":                     {signing(o, "", "", ownSecret), ownSecret, old(ownSecret, ownSecret), ""},
		"one that is given":                                      {signing(o, url, otherSecret, ownSecret), ownSecret, nil, otherSecret},
		"one that is given, of a client of which we know a hash": {signing(o, url, otherSecret, ownSecret), "", nil, otherSecret},
		"nothing where a hash is all that is known":              {signing(o, url, "", ownSecret), "", nil, ""},
		"what is kept where a hash is all that is known":         {signing(o, url, "", ownSecret), "", old(ownSecret, ownSecret), ownSecret},
		"another that is kept":                                   {signing(o, url, "", ownSecret), "", old(otherSecret, ownSecret), otherSecret},
		"the client's own again":                                 {signing(o, url, "", ownSecret), ownSecret, old(otherSecret, ownSecret), ownSecret},
		"the client's new one":                                   {signing(o, url, "", newSecret), newSecret, old(ownSecret, ownSecret), newSecret},
		"none that the client has no more":                       {signing(o, url, "", newSecret), "", old(ownSecret, ownSecret), ""},
		"the one that a rotation made":                           {signing(o, url, "", rotated...), ownSecret, old(newSecret, rotated...), newSecret},
		"the one that a rotation made, before one given":         {signing(o, url, ownSecret, rotated...), ownSecret, old(newSecret, rotated...), newSecret},
		"the present one that is given":                          {signing(o, url, newSecret, rotated...), ownSecret, old(ownSecret, rotated...), newSecret},
		"nothing known from before a rotation":                   {signing(o, url, "", rotated...), ownSecret, nil, ""},
		"another that is given after a rotation":                 {signing(o, url, otherSecret, rotated...), ownSecret, old(newSecret, rotated...), otherSecret},
		"one from before a rotation where another was kept":      {signing(o, url, ownSecret, rotated...), ownSecret, old(otherSecret, rotated...), ownSecret},
	} {
		t.Run(name, func(t *testing.T) {
			before := string(test.c.Dialects["gam"])
			c := test.c
			o.KeepSigninSecret(&c, test.own, test.was)
			require.Equal(t, test.want, signinSecret(t, o, c))
			require.Equal(t, before, string(test.c.Dialects["gam"]), "the caller's map is left alone")
			gam, _ := registry.GAMOf(&c)
			require.False(t, gam.RESTAuthentication, "other settings stay")
			require.Empty(t, registry.CheckClient(c, catalogue))
			again := test.c
			o.KeepSigninSecret(&again, test.own, &c)
			require.JSONEq(t, string(c.Dialects["gam"]), string(again.Dialects["gam"]), "once is enough")
		})
	}
}

func TestACopyThatIsStillRightIsNotSealedAnew(t *testing.T) {
	o := outbound(t, "root", "")
	first := signing(o, "https://a.example/", "", ownSecret)
	o.KeepSigninSecret(&first, ownSecret, nil)
	second := signing(o, "https://a.example/", "", ownSecret)
	o.KeepSigninSecret(&second, ownSecret, &first)
	require.Equal(t, string(first.Dialects["gam"]), string(second.Dialects["gam"]))

	swapped := outbound(t, "other", "root")
	third := signing(o, "https://a.example/", "", ownSecret)
	swapped.KeepSigninSecret(&third, ownSecret, &first)
	require.Equal(t, ownSecret, signinSecret(t, outbound(t, "other", ""), third), "but it is under the current root secret")
	lost := outbound(t, "lost", "")
	fourth := signing(o, "https://a.example/", "", ownSecret)
	lost.KeepSigninSecret(&fourth, ownSecret, &first)
	require.Equal(t, ownSecret, signinSecret(t, lost, fourth), "and one that does not open is replaced")
}

func TestRotateSecretGivesTheSignInCallTheNewSecret(t *testing.T) {
	const url = "https://a.example/oauth/gam/signin"
	testdb.Each(t, func(t *testing.T, dsn string) {
		s := newStore(t, dsn)
		require.NoError(t, s.SaveScope(t.Context(), storage.Scope{Name: "points_read"}))
		r, o := registry.New(s, time.Now), outbound(t, "root", "")
		for _, test := range []struct {
			id     string
			c      storage.Client
			copied bool
		}{
			{"copy", signing(o, url, "", ownSecret), true},
			{"hash", signing(o, url, "", ownSecret), true},
			{"another", signing(o, url, "", ownSecret), false},
			{"nowhere", signing(o, "", "", ownSecret), false},
		} {
			test.c.ID = test.id
			want := ""
			switch test.id {
			case "copy":
				o.KeepSigninSecret(&test.c, ownSecret, nil)
			case "another":
				want = otherSecret
				test.c.Dialects["gam"] = []byte(`{"signin_url":"` + url + `","signin_secret":"` + o.Seal(test.id, otherSecret) + `"}`)
			}
			create(t, r, test.c)
			for turn := range 2 {
				secret, err := r.RotateSecret(t.Context(), o, test.id, time.Hour)
				require.NoError(t, err)
				c, err := s.Store.Client(t.Context(), test.id)
				require.NoError(t, err)
				if test.copied {
					want = secret
				}
				require.Equal(t, want, signinSecret(t, o, c), test.id)
				require.Equal(t, turn == 0, works(t, &c, ownSecret, time.Now()), "what the client had works on, until a third is made")
				require.Empty(t, registry.CheckClient(c, catalogue))
			}
		}
	})
}

func TestThatTheSignInSecretIsNotKnownIsSaid(t *testing.T) {
	o := outbound(t, "root", "")
	c := signing(o, "https://a.example/", "", ownSecret)
	require.Empty(t, registry.CheckClient(c, catalogue), "an import has hashes only")
	advice := registry.Advice(c, catalogue)
	require.Len(t, advice, 1)
	require.Equal(t, "dialects.gam.signin_secret", advice[0].Field)
	require.Contains(t, advice[0].Text, "give the present client_secret, or signin_secret, or run gatehouse client rotate-secret photoprint")
	o.KeepSigninSecret(&c, ownSecret, nil)
	require.Empty(t, registry.Advice(c, catalogue))
	require.Empty(t, registry.Advice(signing(o, "", "", ownSecret), catalogue))

	public := signing(o, "https://a.example/", "")
	public.Public, public.TokenEndpointAuthMethod = true, "none"
	problems := registry.CheckClient(public, catalogue)
	require.Len(t, problems, 1)
	require.Equal(t, "dialects.gam.signin_secret", problems[0].Field)
	require.Contains(t, problems[0].Text, "a public client has no secret of its own")
}

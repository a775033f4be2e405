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

func TestAnApprovalKeepsTheSecretThatWasRotatedMeanwhile(t *testing.T) {
	s := newStore(t, testdb.SQLite(t))
	r := registry.New(s, time.Now)
	o := outbound(t, "root", "")
	c := submittable("approved")
	first := registry.GenerateSecret()
	c.Secrets = []storage.ClientSecret{registry.NewSecret(registry.HashSecret(first), time.Now())}
	c.Dialects = map[string]json.RawMessage{"gam": json.RawMessage(`{"signin_url":"https://a.example/"}`)}
	o.KeepSigninSecret(&c, first, nil)
	require.NoError(t, r.Create(t.Context(), c))
	p := live(t, r)
	var g map[string]any
	require.NoError(t, json.Unmarshal(p.Dialects["gam"], &g))
	g["signin_url"] = "https://b.example/"
	raw, err := json.Marshal(g)
	require.NoError(t, err)
	p.Dialects = map[string]json.RawMessage{"gam": raw}
	_, err = r.Propose(t.Context(), dev, p, "")
	require.NoError(t, err)
	second, err := r.RotateSecret(t.Context(), o, "photoprint", 0)
	require.NoError(t, err)
	take(t, r, registry.Submit, dev)
	take(t, r, registry.Approve, reviewer)
	l := live(t, r)
	gam, _ := registry.GAMOf(&l)
	got, _, err := o.Open("photoprint", gam.SigninSecret)
	require.NoError(t, err)
	require.Equal(t, second, got)
}

func TestAnApprovalKeepsWhatWasSealedAnewMeanwhile(t *testing.T) {
	s := newStore(t, testdb.SQLite(t))
	require.NoError(t, s.SaveScope(t.Context(), storage.Scope{Name: "points_read"}))
	r := registry.New(s, time.Now)
	old := outbound(t, "old", "")
	c := submittable("approved")
	c.Dialects = sealing("photoprint", old).Dialects
	require.NoError(t, r.Create(t.Context(), c))
	p := live(t, r)
	var g map[string]any
	require.NoError(t, json.Unmarshal(p.Dialects["gam"], &g))
	g["signin_url"] = "https://b.example/"
	raw, err := json.Marshal(g)
	require.NoError(t, err)
	p.Dialects = map[string]json.RawMessage{"gam": raw, "boxo": p.Dialects["boxo"]}
	_, err = r.Propose(t.Context(), dev, p, "")
	require.NoError(t, err)
	take(t, r, registry.Submit, dev)
	both := outbound(t, "new", "old")
	require.NoError(t, r.Reseal(t.Context(), both))
	take(t, r, registry.Approve, reviewer)
	_, _, _ = outboundOf(t, s, outbound(t, "new", ""), "photoprint") // which opens them
}

func TestASecretThatWaitsForAReviewIsSealedAnewToo(t *testing.T) {
	s := newStore(t, testdb.SQLite(t))
	r := registry.New(s, time.Now)
	old := outbound(t, "old", "")
	require.NoError(t, r.Create(t.Context(), submittable("approved")))
	p := live(t, r)
	p.Dialects = sealing("photoprint", old).Dialects
	_, err := r.Propose(t.Context(), dev, p, "")
	require.NoError(t, err)
	require.NoError(t, r.Reseal(t.Context(), outbound(t, "new", "old")))
	take(t, r, registry.Submit, dev)
	take(t, r, registry.Approve, reviewer)
	_, _, _ = outboundOf(t, s, outbound(t, "new", ""), "photoprint")
}

func TestAnApprovalBringsBackNoRedirectURIThatWasTakenAwayMeanwhile(t *testing.T) {
	s := newStore(t, testdb.SQLite(t))
	r := registry.New(s, time.Now)
	c := submittable("approved")
	c.RedirectURIs = []string{"https://good.example/cb", "https://hijacked.example/cb"}
	require.NoError(t, r.Create(t.Context(), c))
	p := live(t, r)
	p.RedirectURIs = append([]string{"https://third.example/cb"}, p.RedirectURIs...)
	_, err := r.Propose(t.Context(), dev, p, "")
	require.NoError(t, err)
	take(t, r, registry.Submit, dev)
	l := live(t, r)
	l.RedirectURIs = []string{"https://good.example/cb", "https://added.example/cb"}
	require.NoError(t, r.Update(t.Context(), l, l.UpdatedAt))
	take(t, r, registry.Approve, reviewer)
	require.Equal(t, []string{"https://third.example/cb", "https://good.example/cb", "https://added.example/cb"}, live(t, r).RedirectURIs)
}

func TestAnApprovalBringsBackNoScopeThatWasTakenAwayMeanwhile(t *testing.T) {
	s := newStore(t, testdb.SQLite(t))
	r := registry.New(s, time.Now)
	require.NoError(t, s.SaveScope(t.Context(), storage.Scope{Name: "health", Sensitive: true}))
	require.NoError(t, s.SaveScope(t.Context(), storage.Scope{Name: "points_read"}))
	c := submittable("approved")
	asking(&c)
	require.NoError(t, r.Create(t.Context(), c))
	p := live(t, r)
	p.Scopes = append([]storage.ClientScope{}, p.Scopes...)
	p.Scopes[1].Purpose = map[string]string{"en": "to send you your order status"}
	_, err := r.Propose(t.Context(), dev, p, "")
	require.NoError(t, err)
	take(t, r, registry.Submit, dev)
	l := live(t, r)
	l.Scopes = l.Scopes[:2]
	require.NoError(t, r.Update(t.Context(), l, l.UpdatedAt))
	take(t, r, registry.Approve, reviewer)
	require.Len(t, live(t, r).Scopes, 2, "the version only reworded the purpose of email")
}

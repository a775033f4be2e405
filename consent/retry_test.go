package consent_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/consent"
	"gatehouse/internal/testdb"
	"gatehouse/storage"
)

// restless is a store in which somebody else changes ana's grant for photoprint before each of the next changes.
type restless struct {
	consent.Store
	times int
}

func (r *restless) Apply(ctx context.Context, unit storage.Unit) error {
	if r.times > 0 {
		r.times--
		g, err := r.Grant(ctx, ana, "photoprint")
		if err != nil {
			return err
		}
		g.Version++
		if err := r.Store.Apply(ctx, storage.Unit{storage.SaveGrant{Grant: g, IfVersion: g.Version - 1}}); err != nil {
			return err
		}
	}
	return r.Store.Apply(ctx, unit)
}

func TestAChangeOnThePageOutlastsOthersOrSaysWhenToTryAgain(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		others := &restless{}
		h := newHouseOn(t, dsn, func(o *consent.PagesOptions) {
			others.Store = o.Store
			o.Store = others
		})
		b := h.open("ana")
		for _, action := range []string{"disconnect", "withdraw"} {
			b.allow("ana", "photoprint", "openid points_read", "points_read")
			form := b.appForm("photoprint", action)
			form.Set("scope", "points_read")
			others.times = 100
			busy := b.post("/account/apps", form)
			require.Equal(t, http.StatusServiceUnavailable, busy.status, action)
			require.NotEmpty(t, busy.header.Get("Retry-After"))
			require.Equal(t, []string{"+openid", "+points_read"}, h.grant(ana, "photoprint"), action)
			others.times = 10
			require.Equal(t, http.StatusSeeOther, b.post("/account/apps", form).status, action)
			require.NotContains(t, h.grant(ana, "photoprint"), "+points_read", action)
		}
	})
}

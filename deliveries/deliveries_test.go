package deliveries

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/outbound"
	"gatehouse/internal/testdb"
	"gatehouse/storage"
)

const (
	caep = "https://schemas.openid.net/secevent/caep/event-type/"
	risc = "https://schemas.openid.net/secevent/risc/event-type/"
)

func TestEachDecisionArrivesAsASignedEvent(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, dsn string) {
		h := newHouse(t, dsn, &atomic.Int64{})
		r := h.receiver(t, nil)
		public := h.client(storage.Client{WebhookURI: r.url, SubjectType: "public"})
		pairwise := h.client(storage.Client{WebhookURI: r.url, SubjectType: "pairwise", IDTokenAlg: "RS256"})
		ana := storage.User{ID: "ana", CreatedAt: h.now(), UpdatedAt: h.now()}
		require.NoError(t, h.store.CreateUser(t.Context(), ana))
		private := h.claims.Subject("ana", &storage.Client{ID: pairwise, SubjectType: "pairwise"})
		require.NotEqual(t, "ana", private)
		h.run()

		at := h.now()
		apply := func(ops ...storage.Op) func() {
			return func() { require.NoError(t, h.store.Apply(t.Context(), ops)) }
		}
		disable := func(disabled bool) func() {
			return func() { require.NoError(t, h.store.SetDisabled(t.Context(), "ana", disabled, at)) }
		}
		company := h.grant(public, storage.Owner{CompanyID: "acme"}, "user_session")
		person := h.grant(pairwise, storage.Owner{UserID: "ana"}, "email", "openid", "phone")
		narrowed := person
		narrowed.ID, narrowed.Decisions = "narrowed", person.Decisions[:2]
		for i, c := range []struct {
			do       func()
			aud, sub string
			alg      string
			uri      string
			claims   map[string]any
		}{
			{apply(storage.EndGrant{ID: company.ID, At: at}), public, "acme", "ES256", caep + "session-revoked", nil},
			{apply(storage.EndGrant{ID: person.ID, At: at, Kept: []string{"openid", "email"}}, storage.SaveGrant{Grant: narrowed}),
				pairwise, private, "RS256", caep + "token-claims-change", map[string]any{"scope": "email openid"}},
			{disable(true), pairwise, private, "RS256", risc + "account-disabled", nil},
			{disable(false), pairwise, private, "RS256", risc + "account-enabled", nil},
			{apply(storage.EndGrant{ID: "narrowed", At: at}), pairwise, private, "RS256", caep + "session-revoked", nil},
		} {
			c.do()
			got := r.wait(i + 1)[i]
			require.Equal(t, "application/secevent+jwt", got.header.Get("Content-Type"))
			require.Equal(t, "application/json", got.header.Get("Accept"))
			require.Equal(t, "secevent+jwt", got.typ)
			require.Equal(t, c.alg, got.alg)
			happened := map[string]any{"event_timestamp": float64(at.Unix())}
			if c.claims != nil {
				happened["claims"] = c.claims
			}
			require.NotEmpty(t, got.claims["jti"])
			delete(got.claims, "jti")
			require.Equal(t, map[string]any{
				"iss": issuer, "aud": c.aud, "iat": float64(at.Unix()),
				"sub_id": map[string]any{"format": "iss_sub", "iss": issuer, "sub": c.sub},
				"events": map[string]any{c.uri: happened},
			}, got.claims, "nothing else: no sub, no exp")
		}
		require.Eventually(t, func() bool { return len(h.deliveries(storage.DeliveryDelivered)) == 5 }, 60*time.Second, 5*time.Millisecond)
	})
}

// A receiver that fails in every way gets the same event again, later each time, until it says that it has it.
func TestAnEventIsSentUntilItArrives(t *testing.T) {
	t.Parallel()
	h := newHouse(t, testdb.SQLite(t), &atomic.Int64{})
	elsewhere := h.receiver(t, nil)
	answers := []func(w http.ResponseWriter, r *http.Request){
		status(http.StatusInternalServerError),
		func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.url, http.StatusTemporaryRedirect)
		},
		func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.url, http.StatusPermanentRedirect)
		},
		func(w http.ResponseWriter, r *http.Request) { raw(w, "\x00\x01 this is not HTTP at all") },
		func(w http.ResponseWriter, r *http.Request) { raw(w, "") },
		func(w http.ResponseWriter, r *http.Request) {
			raw(w, "HTTP/1.1 202 Accepted\r\nContent-Length: 10\r\n\r\nhalf")
		},
		func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, strings.Repeat("x", 65<<10)) },
		status(http.StatusNoContent),
		status(http.StatusNotFound),
		status(http.StatusTooManyRequests),
		refusal(`{"err":"invalid_key","description":"fetch the keys first"}`),
		refusal(`{"err":"something_else"}`),
		refusal(`{"err":["invalid_request"]}`),
		refusal(`<html>`),
	}
	var n atomic.Int64
	r := h.receiver(t, func(w http.ResponseWriter, r *http.Request) {
		if i := int(n.Add(1)) - 1; i < len(answers) {
			answers[i](w, r)
			return
		}
		w.WriteHeader(http.StatusOK)
	})
	h.disconnect(h.client(storage.Client{WebhookURI: r.url}), 1)
	h.run()
	for i := range answers {
		before := h.now()
		d := h.attempted(i + 1)
		require.Equal(t, storage.DeliveryPending, d.State, "%d: %s", i, d.Failure)
		require.NotEmpty(t, d.Failure)
		require.Greater(t, d.DueAt.Sub(before), backoff(i+1)/2)
		h.passes()
	}
	got := r.wait(len(answers) + 1)
	for _, each := range got {
		require.Equal(t, got[0].claims, each.claims, "the same event, jti and all")
	}
	require.Eventually(t, func() bool { return h.only().State == storage.DeliveryDelivered }, 60*time.Second, 5*time.Millisecond)
	require.Equal(t, h.only().ID, got[0].claims["jti"])
	require.Equal(t, len(answers)+1, h.only().Attempts, "the one that arrived counts too")
	require.Empty(t, h.only().Failure, "what went wrong before it arrived is over")
	require.Empty(t, elsewhere.all(), "no redirect is followed")
	h.passes()
	time.Sleep(20 * h.worker.every)
	r.wait(len(answers) + 1)
}

// It has a short time limit of its own. That of the other tests is one that no slow machine meets.
func TestAnEventIsSentAgainWhenItsReceiverHangs(t *testing.T) {
	t.Parallel()
	h := newHouse(t, testdb.SQLite(t), &atomic.Int64{})
	h.worker.Calls = outbound.NewWithin(true, 100*time.Millisecond)
	r := h.receiver(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	h.disconnect(h.client(storage.Client{WebhookURI: r.url}), 1)
	h.run()
	for n := range 3 {
		before := h.now()
		d := h.attempted(n + 1)
		require.Equal(t, storage.DeliveryPending, d.State)
		require.Contains(t, d.Failure, "no answer within")
		require.Greater(t, d.DueAt.Sub(before), backoff(n+1)/2)
		h.passes()
	}
}

func status(code int) func(w http.ResponseWriter, r *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(code) }
}

func refusal(body string) func(w http.ResponseWriter, r *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, body)
	}
}

// raw answers with these bytes and hangs up.
func raw(w http.ResponseWriter, answer string) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		io.WriteString(conn, answer)
		conn.Close()
	}
}

// RFC 8935 §2.4.
func TestARefusalIsDeadAtOnceAndCanBeRetried(t *testing.T) {
	t.Parallel()
	for _, err := range refusals {
		t.Run(err, func(t *testing.T) {
			h := newHouse(t, testdb.SQLite(t), &atomic.Int64{})
			var mended atomic.Bool
			r := h.receiver(t, func(w http.ResponseWriter, r *http.Request) {
				if mended.Load() {
					w.WriteHeader(http.StatusAccepted)
					return
				}
				refusal(`{"err":"`+err+`","description":"secret words"}`)(w, r)
			})
			h.disconnect(h.client(storage.Client{WebhookURI: r.url}), 1)
			h.run()
			d := h.attempted(1)
			require.Equal(t, storage.DeliveryDead, d.State)
			require.Contains(t, d.Failure, err)
			require.NotContains(t, d.Failure, "secret words")
			require.Eventually(t, func() bool { return strings.Contains(h.log.String(), d.ID) }, 60*time.Second, time.Millisecond)
			require.NotContains(t, h.log.String(), "secret words")

			mended.Store(true)
			require.NoError(t, h.store.RetryDelivery(t.Context(), d.ID, h.now()))
			require.Equal(t, d.ID, r.wait(2)[1].claims["jti"])
		})
	}
}

func TestADeliveryIsGivenUpAfterThreeDays(t *testing.T) {
	t.Parallel()
	h := newHouse(t, testdb.SQLite(t), &atomic.Int64{})
	r := h.receiver(t, status(http.StatusServiceUnavailable))
	h.disconnect(h.client(storage.Client{WebhookURI: r.url}), 1)
	h.run()
	for n := 1; n < maxAttempts; n++ {
		require.Equal(t, storage.DeliveryPending, h.attempted(n).State)
		h.passes()
	}
	d := h.attempted(maxAttempts)
	require.Equal(t, storage.DeliveryDead, d.State)
	require.InDelta(t, 3, d.SettledAt.Sub(d.CreatedAt).Hours()/24, 0.7)
	require.Contains(t, d.Failure, "503")
}

func TestBackoffGrowsFromSecondsToHoursAndIsNotTheSameForAll(t *testing.T) {
	t.Parallel()
	for attempts := 1; attempts <= maxAttempts; attempts++ {
		want := min(5*time.Second<<min(attempts-1, 20), 6*time.Hour)
		seen := map[time.Duration]bool{}
		for range 50 {
			wait := backoff(attempts)
			require.InDelta(t, float64(want), float64(wait), float64(want)/5)
			seen[wait] = true
		}
		require.Greater(t, len(seen), 40)
	}
}

func TestAClientThatCannotBeToldAnyMoreIsGivenUp(t *testing.T) {
	t.Parallel()
	h := newHouse(t, testdb.SQLite(t), &atomic.Int64{})
	r := h.receiver(t, nil)
	id := h.client(storage.Client{WebhookURI: r.url})
	h.disconnect(id, 1)
	c, err := h.store.Client(t.Context(), id)
	require.NoError(t, err)
	was := c.UpdatedAt
	c.WebhookURI, c.UpdatedAt = "", was.Add(time.Second)
	require.NoError(t, h.store.UpdateClient(t.Context(), c, was))
	h.run()
	d := h.attempted(1)
	require.Equal(t, storage.DeliveryDead, d.State)
	require.Contains(t, d.Failure, "webhook_uri")
	require.Empty(t, r.all())
}

// The address was good when it was registered, and then it, or what its name resolves to, is one that we do not call.
func TestAnAddressThatMayNotBeCalledIsNotCalled(t *testing.T) {
	t.Parallel()
	h := newHouse(t, testdb.SQLite(t), &atomic.Int64{})
	h.worker.Calls = outbound.New(false)
	r := h.receiver(t, nil)
	h.disconnect(h.client(storage.Client{WebhookURI: r.url}), 1)
	h.run()
	require.Contains(t, h.attempted(1).Failure, "may not be called")
	require.Empty(t, r.all())
}

func TestAClientThatIsNotApprovedIsToldWhenItIsAgain(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, dsn string) {
		h := newHouse(t, dsn, &atomic.Int64{})
		r := h.receiver(t, nil)
		stopped, other := h.client(storage.Client{WebhookURI: r.url}), h.client(storage.Client{WebhookURI: r.url})
		h.becomes(stopped, storage.StatusSuspended)
		h.disconnect(stopped, 2*turn)
		h.disconnect(other, 1)
		h.run()
		require.Equal(t, other, r.wait(1)[0].claims["aud"], "the others are told")
		for _, status := range []string{storage.StatusSuspended, storage.StatusArchived, storage.StatusDraft} {
			h.becomes(stopped, status)
			h.clock.Add(int64(holdFor + time.Second))
			require.Eventually(t, func() bool {
				held := 0
				for _, d := range h.deliveries(storage.DeliveryPending) {
					if strings.Contains(d.Failure, status) && d.DueAt.After(h.now()) {
						held++
					}
				}
				return held == 2*turn
			}, 60*time.Second, 5*time.Millisecond, status)
		}
		for _, d := range h.deliveries(storage.DeliveryPending) {
			require.Zero(t, d.Attempts, "it was no attempt")
		}
		r.wait(1)

		h.becomes(stopped, storage.StatusApproved)
		h.clock.Add(int64(holdFor + time.Second))
		var ids []string
		for _, got := range r.wait(1 + 2*turn)[1:] {
			ids = append(ids, got.claims["jti"].(string))
		}
		require.True(t, slices.IsSorted(ids), "in order")
	})
}

func TestWhatAClientCouldNotBeToldForAMonthIsGivenUp(t *testing.T) {
	t.Parallel()
	h := newHouse(t, testdb.SQLite(t), &atomic.Int64{})
	r := h.receiver(t, nil)
	client := h.client(storage.Client{WebhookURI: r.url})
	h.becomes(client, storage.StatusArchived)
	h.disconnect(client, 1)
	h.run()
	for _, passes := range []time.Duration{0, maxHold - time.Hour, 2 * time.Hour} {
		require.Equal(t, storage.DeliveryPending, h.only().State)
		h.clock.Add(int64(passes))
		require.Eventually(t, func() bool { return h.only().DueAt.After(h.now()) }, 60*time.Second, 5*time.Millisecond)
	}
	require.Eventually(t, func() bool { return h.only().State == storage.DeliveryDead }, 60*time.Second, 5*time.Millisecond)
	require.Contains(t, h.only().Failure, "archived")
	require.WithinDuration(t, h.now(), h.only().SettledAt, time.Minute)
	require.Empty(t, r.all())

	h.becomes(client, storage.StatusApproved)
	require.NoError(t, h.store.RetryDelivery(t.Context(), h.only().ID, h.now()))
	r.wait(1)
}

// More clients hang than there are lanes, each with much to be told, and others get theirs all the same.
func TestReceiversThatHangHoldUpNobodyElse(t *testing.T) {
	t.Parallel()
	h := newHouse(t, testdb.SQLite(t), &atomic.Int64{})
	release := make(chan struct{})
	hangUp := sync.OnceFunc(func() { close(release) })
	defer hangUp()
	hanging := h.receiver(t, func(w http.ResponseWriter, _ *http.Request) { <-release; raw(w, "") })
	for range lanes + 4 {
		h.disconnect(h.client(storage.Client{WebhookURI: hanging.url}), 5)
	}
	good := []*receiver{h.receiver(t, nil), h.receiver(t, nil)}
	for _, r := range good {
		h.disconnect(h.client(storage.Client{WebhookURI: r.url}), 2*turn+5)
	}
	h.run()
	hanging.wait(lanes)
	hangUp()
	for _, r := range good {
		r.wait(2*turn + 5)
	}
	require.LessOrEqual(t, len(hanging.all()), lanes+4, "who hung up is not called again at once")
}

func TestAClientIsToldInOrder(t *testing.T) {
	t.Parallel()
	h := newHouse(t, testdb.SQLite(t), &atomic.Int64{})
	var inside, most atomic.Int64
	r := h.receiver(t, func(w http.ResponseWriter, r *http.Request) {
		most.Store(max(most.Load(), inside.Add(1)))
		time.Sleep(time.Millisecond)
		inside.Add(-1)
		w.WriteHeader(http.StatusAccepted)
	})
	h.disconnect(h.client(storage.Client{WebhookURI: r.url}), 3*turn)
	h.run()
	var ids []string
	for _, got := range r.wait(3 * turn) {
		ids = append(ids, got.claims["jti"].(string))
	}
	require.True(t, slices.IsSorted(ids))
	require.EqualValues(t, 1, most.Load(), "one at a time")
}

// An account that is enabled after it was disabled must not end up locked, whichever of the two failed.
func TestEachPersonsEventsArriveInOrderWhateverFails(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, dsn string) {
		clock := &atomic.Int64{}
		h := newHouse(t, dsn, clock)
		var times sync.Map // by event, how often it came
		r := h.receiver(t, func(w http.ResponseWriter, r *http.Request) {
			n, _ := times.LoadOrStore(r.Header.Get("X-Jti"), new(atomic.Int64))
			if n.(*atomic.Int64).Add(1) == 1 { // each fails once
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			w.WriteHeader(http.StatusAccepted)
		})
		client := h.client(storage.Client{WebhookURI: r.url})
		people := []string{"ana", "bo", "cy"}
		for _, who := range people {
			require.NoError(t, h.store.CreateUser(t.Context(), storage.User{ID: who, CreatedAt: h.now(), UpdatedAt: h.now()}))
			h.grant(client, storage.Owner{UserID: who}, "email")
		}
		for i := range 4 {
			for _, who := range people {
				require.NoError(t, h.store.SetDisabled(t.Context(), who, i%2 == 0, h.now()))
			}
		}
		other := newHouse(t, dsn, clock)
		h.run()
		other.run()
		require.Eventually(t, func() bool {
			h.clock.Add(int64(time.Second))
			return len(h.deliveries(storage.DeliveryPending)) == 0
		}, 2*time.Minute, 10*time.Millisecond)
		accepted, came := map[string][]string{}, map[string]int{}
		for _, got := range r.all() {
			id, who := got.claims["jti"].(string), got.claims["sub_id"].(map[string]any)["sub"].(string)
			if came[id]++; came[id] == 2 { // a third time, when the clock has overtaken the lease of whoever was sending it
				accepted[who] = append(accepted[who], id)
			}
		}
		for _, who := range people {
			require.Len(t, accepted[who], 4)
			require.True(t, slices.IsSorted(accepted[who]), who)
		}
	})
}

// What its server can never take holds up what comes after it about the same person only.
func TestEventsThatAlwaysFailHoldUpTheirPeopleOnly(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, dsn string) {
		h := newHouse(t, dsn, &atomic.Int64{})
		var poison sync.Map
		r := h.receiver(t, func(w http.ResponseWriter, r *http.Request) {
			if _, is := poison.Load(r.Header.Get("X-Jti")); is {
				w.WriteHeader(http.StatusInternalServerError)
				return
			}
			w.WriteHeader(http.StatusAccepted)
		})
		client := h.client(storage.Client{WebhookURI: r.url})
		const bad = turn
		end := func(who string) {
			g := h.grant(client, storage.Owner{UserID: who}, "email")
			require.NoError(t, h.store.Apply(t.Context(), storage.Unit{storage.EndGrant{ID: g.ID, At: h.now()}}))
		}
		for i := range bad {
			end(fmt.Sprint(i))
		}
		for _, d := range h.deliveries(0) {
			poison.Store(d.ID, true)
		}
		for i := range bad {
			end(fmt.Sprint(i))
		}
		delivered := func(n int, what string) {
			t.Helper()
			require.Eventually(t, h.rested, 60*time.Second, 5*time.Millisecond)
			require.Len(t, h.deliveries(storage.DeliveryDelivered), n, what)
		}
		h.disconnect(client, 3)
		h.run()
		delivered(3, "the others, at once")
		for n := range 6 {
			h.clock.Add(int64(lastBackoff))
			h.disconnect(client, 1)
			delivered(3+n+1, "those of later, at once")
		}
		require.Zero(t, h.pausedUntil(client))
		require.Len(t, h.deliveries(storage.DeliveryPending), 2*bad)
		require.Eventually(t, func() bool {
			if h.rested() { // or a slow machine would come to the month after which all is given up
				h.clock.Add(int64(lastBackoff * 6 / 5))
			}
			return len(h.deliveries(storage.DeliveryPending)) == 0
		}, 60*time.Second, 5*time.Millisecond)
		require.Len(t, h.deliveries(storage.DeliveryDead), bad)
		require.Len(t, h.deliveries(storage.DeliveryDelivered), 9+bad, "what came after it is told when it is given up")
	})
}

// What is newer and says the whole state is not kept for days by what is older and fails.
func TestAnEventThatFailsGivesWayToANewerOneThatTellsTheStateAnew(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, dsn string) {
		h := newHouse(t, dsn, &atomic.Int64{})
		var poison atomic.Value
		r := h.receiver(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("X-Jti") == poison.Load() {
				w.WriteHeader(http.StatusInternalServerError)
				return
			}
			w.WriteHeader(http.StatusAccepted)
		})
		client := h.client(storage.Client{WebhookURI: r.url})
		require.NoError(t, h.store.CreateUser(t.Context(), storage.User{ID: "ana", CreatedAt: h.now(), UpdatedAt: h.now()}))
		h.grant(client, storage.Owner{UserID: "ana"}, "email")
		for _, disabled := range []bool{true, false} {
			require.NoError(t, h.store.SetDisabled(t.Context(), "ana", disabled, h.now()))
		}
		older, newer := h.deliveries(0)[0].ID, h.deliveries(0)[1].ID
		poison.Store(older)
		h.run()
		for n := 1; n < ownAttempts; n++ {
			require.Eventually(t, func() bool { return h.deliveries(0)[0].Attempts == n }, 60*time.Second, 5*time.Millisecond)
			require.Len(t, h.deliveries(storage.DeliveryPending), 2, "attempt %d", n)
			h.until(h.deliveries(0)[0].DueAt)
		}
		require.Eventually(t, func() bool { return len(h.deliveries(storage.DeliveryDelivered)) == 1 }, 60*time.Second, 5*time.Millisecond)
		dead := h.deliveries(storage.DeliveryDead)
		require.Len(t, dead, 1)
		require.Equal(t, ownAttempts, dead[0].Attempts)
		require.Contains(t, dead[0].Failure, "superseded by "+newer)
		require.Contains(t, dead[0].Failure, "500")
		require.Equal(t, newer, r.wait(ownAttempts + 1)[ownAttempts].claims["jti"])
		superseded, is := errors.AsType[*storage.SupersededError](h.store.RetryDelivery(t.Context(), older, h.now()))
		require.True(t, is)
		require.Equal(t, newer, superseded.By)
	})
}

// Each is a call that the server would rather not get, or does not answer well.
func TestAServerThatAnswersPausesOnlyWhenItAsksForIt(t *testing.T) {
	t.Parallel()
	for answer, pauses := range map[string]bool{"500": false, "404": false, "307": false, "429": true, "503": true, "nothing": true, "slow": true} {
		t.Run(answer, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, testdb.SQLite(t), &atomic.Int64{})
			r := h.receiver(t, func(w http.ResponseWriter, _ *http.Request) {
				switch answer {
				case "nothing":
					raw(w, "")
				case "slow":
					h.clock.Add(int64(turnTime + 50*time.Millisecond))
					w.WriteHeader(http.StatusInternalServerError)
				default:
					code, err := strconv.Atoi(answer)
					if err != nil {
						panic(err)
					}
					w.WriteHeader(code)
				}
			})
			client := h.client(storage.Client{WebhookURI: r.url})
			h.disconnect(client, 3)
			require.True(t, h.worker.send(t.Context(), client) == pauses, "whether there may be more")
			require.Equal(t, pauses, !h.pausedUntil(client).IsZero())
			require.Len(t, r.all(), map[bool]int{true: 1, false: 3}[pauses])
		})
	}
}

// What has waited and what comes new share the client's attempts.
func TestAServerThatFailsIsCalledSeldomHoweverMuchItHasToBeTold(t *testing.T) {
	t.Parallel()
	h := newHouse(t, testdb.SQLite(t), &atomic.Int64{})
	var mended atomic.Bool
	r := h.receiver(t, func(w http.ResponseWriter, r *http.Request) {
		if !mended.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	client := h.client(storage.Client{WebhookURI: r.url})
	h.disconnect(client, 30)
	h.run()
	const times = 12
	for n := range times {
		r.wait(n + 1)
		h.disconnect(client, 2)
		require.Eventually(t, h.rested, 60*time.Second, 5*time.Millisecond)
		r.wait(n + 1)
		wait := float64(min(5<<n, 900))
		require.InDelta(t, wait, h.pausedUntil(client).Sub(h.now()).Seconds(), wait/5)
		h.until(h.pausedUntil(client))
	}
	mended.Store(true)
	require.Eventually(t, func() bool {
		h.clock.Add(int64(time.Minute))
		return len(h.deliveries(storage.DeliveryDelivered)) == 30+2*times
	}, 2*time.Minute, 20*time.Millisecond)
	require.Zero(t, h.pausedUntil(client), "what arrived ends the pause")
}

// However much a server that is gone has to be told, none of it waits for ever.
func TestWhatAServerThatIsGoneHasToBeToldIsGivenUpAfterAMonth(t *testing.T) {
	t.Parallel()
	h := newHouse(t, testdb.SQLite(t), &atomic.Int64{})
	r := h.receiver(t, status(http.StatusServiceUnavailable))
	client := h.client(storage.Client{WebhookURI: r.url})
	h.disconnect(client, 30)
	h.run()
	r.wait(1)
	h.clock.Add(int64(maxHold + time.Hour))
	h.disconnect(client, 3)
	require.Eventually(t, func() bool {
		if h.rested() { // so that those who come later have no month to wait
			h.clock.Add(int64(time.Minute))
		}
		return len(h.deliveries(storage.DeliveryDead)) == 30
	}, 60*time.Second, 5*time.Millisecond)
	require.Len(t, h.deliveries(storage.DeliveryPending), 3)
	require.Less(t, len(r.all()), 30)
	for _, d := range h.deliveries(storage.DeliveryDead) {
		require.Contains(t, d.Failure, "503")
	}
}

// It answers well, but slowly; the others get their turns in between.
func TestAServerThatIsSlowGetsFewEventsATurn(t *testing.T) {
	t.Parallel()
	h := newHouse(t, testdb.SQLite(t), &atomic.Int64{})
	r := h.receiver(t, func(w http.ResponseWriter, _ *http.Request) {
		h.clock.Add(int64(turnTime*2/3 + 10*time.Millisecond))
	})
	client := h.client(storage.Client{WebhookURI: r.url})
	h.disconnect(client, turn)
	require.True(t, h.worker.send(t.Context(), client), "there is more")
	require.Equal(t, 2, len(r.all()))
}

// A mini app's operator who chooses the names in a certificate writes nothing into our log or onto an operator's terminal.
func TestAFailureRepeatsNothingOfACertificate(t *testing.T) {
	t.Parallel()
	h := newHouse(t, testdb.SQLite(t), &atomic.Int64{})
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"evil\x1b[2J\x1b[31m\nlevel=error"}, NotAfter: time.Now().Add(time.Hour),
		Subject: pkix.Name{CommonName: "evil"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	server.StartTLS()
	t.Cleanup(server.Close)
	h.disconnect(h.client(storage.Client{WebhookURI: strings.Replace(server.URL, "127.0.0.1", "localhost", 1)}), 1)
	h.run()
	failure := h.attempted(1).Failure
	require.Contains(t, failure, "certificate")
	require.NotContains(t, failure, "evil")
	require.NotContains(t, failure, "\x1b")
	require.NotContains(t, h.log.String(), "evil")
}

func TestSeveralProcessesOnOneDatabaseSendEachEventOnce(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, dsn string) {
		clock := &atomic.Int64{}
		h := newHouse(t, dsn, clock)
		r := h.receiver(t, nil)
		const clients, each = 5, 20
		for range clients {
			h.disconnect(h.client(storage.Client{WebhookURI: r.url}), each)
		}
		houses := []*house{h, newHouse(t, dsn, clock), newHouse(t, dsn, clock), newHouse(t, dsn, clock)}
		for _, h := range houses {
			h.run()
		}
		require.Eventually(t, func() bool {
			if !slices.ContainsFunc(houses, func(h *house) bool { return !h.rested() }) {
				h.clock.Add(int64(lease)) // only what could not be recorded, because the others were writing, is still leased
			}
			return len(h.deliveries(storage.DeliveryDelivered)) == clients*each
		}, 2*time.Minute, 5*time.Millisecond)
		seen, unrecorded := map[any]bool{}, 0
		for _, got := range r.all() {
			seen[got.claims["jti"]] = true
		}
		for _, h := range houses {
			unrecorded += strings.Count(h.log.String(), "cannot be recorded")
		}
		require.Len(t, seen, clients*each)
		require.LessOrEqual(t, len(r.all()), clients*each+unrecorded)
	})
}

// Another process had it and died.
func TestALeaseThatRanOutIsTakenOver(t *testing.T) {
	t.Parallel()
	h := newHouse(t, testdb.SQLite(t), &atomic.Int64{})
	r := h.receiver(t, nil)
	client := h.client(storage.Client{WebhookURI: r.url})
	h.disconnect(client, 1)
	_, err := h.store.LeaseDelivery(t.Context(), client, h.now(), h.now().Add(lease))
	require.NoError(t, err)
	h.run()
	time.Sleep(20 * h.worker.every)
	require.Empty(t, r.all())
	h.clock.Add(int64(lease))
	r.wait(1)
}

func TestWhatHasBegunIsEndedBeforeTheWorkerEnds(t *testing.T) {
	t.Parallel()
	h := newHouse(t, testdb.SQLite(t), &atomic.Int64{})
	ctx, end := context.WithTimeout(t.Context(), time.Minute)
	defer end()
	r := h.receiver(t, func(w http.ResponseWriter, _ *http.Request) {
		end()
		time.Sleep(300 * time.Millisecond) // in which a worker that does not wait for it ends
		w.WriteHeader(http.StatusAccepted)
	})
	h.disconnect(h.client(storage.Client{WebhookURI: r.url}), 3)
	h.worker.Run(ctx)
	require.Len(t, h.deliveries(storage.DeliveryDelivered), 1)
	require.Len(t, h.deliveries(storage.DeliveryPending), 2)
	r.wait(1)
}

// Neither the receiver nor the event is at fault, so no attempt is counted.
func TestADatabaseThatIsAwayCountsForNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t, testdb.SQLite(t), &atomic.Int64{})
	r := h.receiver(t, nil)
	h.disconnect(h.client(storage.Client{WebhookURI: r.url}), 1)
	away := &unsettled{database: h.store}
	away.err.Store(true)
	h.worker.Store = away
	h.run()
	r.wait(1)
	require.Eventually(t, func() bool { return strings.Contains(h.log.String(), "cannot be recorded") }, 60*time.Second, 5*time.Millisecond)
	require.Zero(t, h.only().Attempts)
	away.err.Store(false)
	h.clock.Add(int64(lease + time.Second))
	got := r.wait(2)
	require.Equal(t, got[0].claims, got[1].claims, "twice, under one jti")
	require.Eventually(t, func() bool { return h.only().State == storage.DeliveryDelivered }, 60*time.Second, 5*time.Millisecond)
}

type database = storage.Deliveries

// unsettled is a database that cannot be written to when an attempt has ended.
type unsettled struct {
	database
	err atomic.Bool
}

func (u *unsettled) SettleDelivery(ctx context.Context, leased, settled storage.Delivery) error {
	if u.err.Load() {
		return fmt.Errorf("%w: for the test", storage.ErrUnavailable)
	}
	return u.database.SettleDelivery(ctx, leased, settled)
}

func TestAnEventThatThisProgramDoesNotKnowIsNotSent(t *testing.T) {
	t.Parallel()
	h := newHouse(t, testdb.SQLite(t), &atomic.Int64{})
	_, err := h.worker.token(storage.Delivery{Event: "by_a_newer_program"}, &storage.Client{})
	require.ErrorContains(t, err, "by_a_newer_program")
}

func TestLanesGoRound(t *testing.T) {
	t.Parallel()
	clients := []string{"a", "b", "d"}
	for last, want := range map[string]string{"": "abd", "a": "bda", "b": "dab", "c": "dab", "d": "abd", "e": "abd"} {
		require.Equal(t, want, strings.Join(after(last, clients), ""), last)
	}
}

// A receiver's answer is whatever it is.
func FuzzRead(f *testing.F) {
	f.Add(400, []byte(`{"err":"invalid_request","description":"x"}`))
	f.Add(400, []byte(`{"err":null}`))
	f.Add(202, []byte("\xff"))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		err := read(&outbound.Response{Status: status, Body: body})
		if (err == nil) != (status == 200 || status == 202) {
			t.Fatalf("%d %q: %v", status, body, err)
		}
		if err != nil && len(err.Error()) > 100 {
			t.Fatalf("it repeats the answer: %v", err)
		}
	})
}

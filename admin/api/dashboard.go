package api

import (
	"errors"
	"time"

	"gatehouse/admin"
	"gatehouse/storage"
)

// shownDashboard is a dashboard. Its lists of numbers are as long as the list of the steps' beginnings.
func shownDashboard(d *admin.Dashboard) object {
	starts, totals, series, secrets := []time.Time{}, object{}, object{}, []object{}
	for _, start := range d.Starts {
		starts = append(starts, start.UTC())
	}
	for _, s := range d.Series {
		totals[string(s.Counter)], series[string(s.Counter)] = s.Total, s.N
	}
	for _, s := range d.Secrets {
		secrets = append(secrets, withTimes(object{"client_id": s.ClientID, "client_name": s.ClientName, "secret_id": s.SecretID}, "expires_at", s.ExpiresAt))
	}
	return object{
		"range": d.Range.Name, "step": int64(d.Range.Step / time.Second), "until": d.Until.UTC(), "starts": starts, "totals": totals, "series": series,
		"expiring_secrets": secrets, "reviews": shownWaiting(d.Reviews),
		"deliveries": object{"given_up": shownWaiting(d.Dead), "failing": shownWaiting(d.Retried)}, "unsealed_audit_events": d.Unsealed,
	}
}

func shownWaiting(w storage.Waiting) object {
	return withTimes(object{"count": w.Count}, "oldest", w.Oldest)
}

func getDashboard(q *request) (*response, error) {
	d, err := q.house.Dashboard(q.ctx, q.caller, q.query.Get("range"))
	if errors.Is(err, admin.ErrRange) {
		return nil, bad("The parameter range has to be 24h, 7d or 30d.")
	}
	if err != nil {
		return nil, err
	}
	return &response{body: shownDashboard(d)}, nil
}

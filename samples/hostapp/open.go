package hostapp

import (
	"errors"
	"net/http"
	"net/url"
)

// run shows a mini app in the phone. With ?resume=1 it goes on where it was, as an app in the background does.
func (a *App) run(w http.ResponseWriter, r *http.Request, p *person) {
	app, err := p.miniApp(r.Context(), r.PathValue("client_id"))
	if err != nil {
		a.refused(w, r, err)
		return
	}
	known := a.options.MiniApps[app.ClientID]
	view := struct {
		App miniApp
		URL string
	}{app, known.Launch}
	if r.FormValue("resume") != "" {
		view.URL = known.Home
	}
	a.show(w, r, "run", view)
}

// open is where a mini app in the phone sends its authorization request. It gets a code at once, because the person has
// decided already; the state and the challenge are its own, so nobody else can use the code.
func (a *App) open(w http.ResponseWriter, r *http.Request, p *person) {
	q := r.URL.Query()
	id := r.PathValue("client_id")
	body := map[string]string{} // without scope: what the person allowed
	for _, name := range []string{"redirect_uri", "code_challenge", "code_challenge_method", "state", "nonce"} {
		if value := q.Get(name); value != "" {
			body[name] = value
		}
	}
	var answer struct {
		Code   string `json:"code"`
		State  string `json:"state"`
		Issuer string `json:"iss"`
	}
	err := p.call(r.Context(), http.MethodPost, pathOf(id, "/code"), body, &answer)
	if err != nil {
		a.closed(w, r, id, err)
		return
	}
	back, err := url.Parse(q.Get("redirect_uri")) // a registered one, or there would be no code
	if err != nil || back.Host == "" {
		a.closed(w, r, id, errors.New("the mini app does not say where it wants the code"))
		return
	}
	values := back.Query()
	for name, value := range map[string]string{"code": answer.Code, "state": answer.State, "iss": answer.Issuer} {
		values.Set(name, value)
	}
	back.RawQuery = values.Encode()
	http.Redirect(w, r, back.String(), http.StatusSeeOther)
}

// closed explains in the web view why a mini app does not open, with a way to the sheet.
func (a *App) closed(w http.ResponseWriter, r *http.Request, id string, err error) {
	view := map[string]any{"ID": id, "Code": "unavailable"}
	if e, ok := errors.AsType[*refusal](err); ok && e.Code != "" {
		view["Code"] = e.Code
	}
	if view["Code"] != "consent_required" {
		a.options.Log.ErrorContext(r.Context(), "a mini app could not be opened", "client_id", id, "error", reason(err))
	}
	a.pages.render(w, http.StatusForbidden, "closed", session{}, view)
}

package hostapp

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
)

// home lists the mini apps that can be opened, or offers to sign in.
func (a *App) home(w http.ResponseWriter, r *http.Request) {
	p := a.person(r)
	if p == nil {
		a.pages.render(w, http.StatusOK, "welcome", session{}, nil)
		return
	}
	apps, err := p.apps(r.Context())
	if err != nil {
		a.refused(w, r, err)
		return
	}
	a.show(w, r, "home", slices.DeleteFunc(apps, func(app miniApp) bool { return !app.Approved }))
}

// tap is a tap on a mini app: it opens where the person has allowed it, and asks them where they have not.
func (a *App) tap(w http.ResponseWriter, r *http.Request, p *person) {
	id := r.PathValue("client_id")
	var sharing struct {
		Allowed bool `json:"allowed"`
	}
	if err := p.call(r.Context(), http.MethodGet, pathOf(id, "/sharing"), nil, &sharing); err != nil {
		a.refused(w, r, err)
		return
	}
	if sharing.Allowed {
		http.Redirect(w, r, "/run/"+url.PathEscape(id), http.StatusSeeOther)
		return
	}
	a.sheet(w, r, p)
}

// sheet asks the person what the mini app may know.
func (a *App) sheet(w http.ResponseWriter, r *http.Request, p *person) {
	app, err := p.miniApp(r.Context(), r.PathValue("client_id"))
	if err != nil {
		a.refused(w, r, err)
		return
	}
	a.show(w, r, "sheet", app)
}

// decide sends the person's answer. What is required goes with every allow: the form has no control for it.
func (a *App) decide(w http.ResponseWriter, r *http.Request, p *person) {
	app, err := p.miniApp(r.Context(), r.PathValue("client_id"))
	if err != nil {
		a.refused(w, r, err)
		return
	}
	decision := map[string]any{"decision": "deny"}
	if r.FormValue("decision") == "allow" {
		decision = map[string]any{"decision": "allow", "scopes": chosen(app.Scopes, r.Form["scope"])}
	}
	if err := p.call(r.Context(), http.MethodPut, pathOf(app.ClientID, "/sharing"), decision, nil); err != nil {
		a.refused(w, r, err)
		return
	}
	if decision["decision"] == "deny" {
		p.tell(notice{Text: app.Name + " was not opened. It was told nothing about you."})
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	http.Redirect(w, r, "/run/"+url.PathEscape(app.ClientID), http.StatusSeeOther)
}

// chosen are the names of the required scopes, and of the others those that were ticked.
func chosen(scopes []scope, ticked []string) []string {
	names := []string{}
	for _, s := range scopes {
		if s.Required || slices.Contains(ticked, s.Name) {
			names = append(names, s.Name)
		}
	}
	return names
}

// connected shows what the person has decided, and takes it back.
func (a *App) connected(w http.ResponseWriter, r *http.Request, p *person) {
	apps, err := p.apps(r.Context())
	if err != nil {
		a.refused(w, r, err)
		return
	}
	a.show(w, r, "connected", slices.DeleteFunc(apps, func(app miniApp) bool { return app.Status == "none" }))
}

// disconnect forgets what was decided. The mini app's tokens are dead from here on.
func (a *App) disconnect(w http.ResponseWriter, r *http.Request, p *person) {
	app, err := p.miniApp(r.Context(), r.PathValue("client_id"))
	if err == nil {
		err = p.call(r.Context(), http.MethodDelete, pathOf(app.ClientID, "/sharing"), nil, nil)
	}
	if err != nil {
		a.refused(w, r, err)
		return
	}
	said := notice{Text: app.Name + " is disconnected.", App: app.Name}
	if app.Status == "denied" {
		said = notice{Text: "Your answer to " + app.Name + " is forgotten. It may ask again."}
	} else if a.options.MiniApps[app.ClientID].Home != "" {
		said.See = "/run/" + url.PathEscape(app.ClientID) + "?resume=1"
	}
	p.tell(said)
	http.Redirect(w, r, "/connected", http.StatusSeeOther)
}

// tell leaves a notice for the next page.
func (p *person) tell(n notice) {
	p.app.sessions.change(p.session, func(s *session) { s.Notice = &n })
}

// refused explains a call that failed. A token that is not good any more ends the session.
func (a *App) refused(w http.ResponseWriter, r *http.Request, err error) {
	e, ok := errors.AsType[*refusal](err)
	switch {
	case ok && e.Status == http.StatusUnauthorized:
		a.sessions.end(w, r)
		a.fail(w, http.StatusOK, "signed_out", "Your sign-in has ended. Sign in again to go on.")
	case ok && e.Status == http.StatusNotFound:
		a.fail(w, http.StatusNotFound, "not_found", "There is no mini app here.")
	case ok && e.Code == "unauthorized_client":
		a.fail(w, http.StatusForbidden, e.Code, "This mini app is not available at the moment. What you decided about it stays.")
	default:
		a.options.Log.ErrorContext(r.Context(), "a call failed", "error", reason(err))
		a.fail(w, http.StatusBadGateway, "unavailable", "The server could not do that just now. Try again in a moment.")
	}
}

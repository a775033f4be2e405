package registration

import (
	"encoding/json"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"gatehouse/admin"
	"gatehouse/internal/httpx"
)

// Path is where mini apps are registered.
const Path = "/oauth2/register"

// Options is what the endpoints work with. Everything is needed.
type Options struct {
	Issuer string // no slash at its end
	House  *admin.House
	Log    *slog.Logger
}

// Server answers the registration endpoints. It is safe for concurrent use.
type Server struct{ Options }

// New returns a server.
func New(o Options) *Server { return &Server{o} }

// endpoint answers a request with a status and members; no members: no body.
type endpoint func(*http.Request, admin.Bearer) (int, map[string]any, error)

// Mount puts the endpoints on mux.
func (s *Server) Mount(mux *http.ServeMux) {
	for path, methods := range map[string]map[string]endpoint{
		Path:                  {http.MethodPost: s.register},
		Path + "/{client_id}": {http.MethodGet: s.read, http.MethodPut: s.replace, http.MethodDelete: s.end},
	} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, methods) })
	}
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, methods map[string]endpoint) {
	answer, known := methods[r.Method]
	if !known {
		var allowed []string
		for _, method := range []string{http.MethodDelete, http.MethodGet, http.MethodPost, http.MethodPut} {
			if methods[method] != nil {
				allowed = append(allowed, method)
			}
		}
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		s.fail(w, r, &refusal{status: http.StatusMethodNotAllowed, code: codeRequest, text: "The header Allow has the methods that there are."})
		return
	}
	httpx.LimitBody(w, r, httpx.MaxBody)
	by, err := bearer(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	status, members, err := answer(r, by)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	write(w, status, members)
}

// bearer is the token of the Authorization header (RFC 6750 §2.1), which both kinds of tokens come in.
func bearer(r *http.Request) (admin.Bearer, error) {
	by := admin.Bearer{Address: httpx.ClientAddress(r)}
	sent := r.Header.Values("Authorization")
	if len(sent) == 0 {
		return by, nil
	}
	scheme, token, _ := strings.Cut(strings.Join(sent, " "), " ")
	if by.Token = strings.TrimSpace(token); len(sent) > 1 || !strings.EqualFold(scheme, "Bearer") || by.Token == "" {
		return by, &refusal{status: http.StatusBadRequest, code: codeRequest, text: "The token has to come once, as in Authorization: Bearer ..."}
	}
	return by, nil
}

// readBody reads a body of JSON (RFC 7591 §3.1).
func readBody(r *http.Request) ([]byte, error) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return nil, &refusal{status: http.StatusBadRequest, code: codeMetadata, text: "The body has to be JSON: Content-Type: application/json."}
	}
	body, err := io.ReadAll(r.Body)
	switch {
	case httpx.TooLarge(err):
		return nil, &refusal{status: http.StatusRequestEntityTooLarge, code: codeRequest, text: "A body has at most 64 KiB."}
	case err != nil:
		return nil, &refusal{status: http.StatusBadRequest, code: codeRequest, text: "The body ended early."}
	}
	return body, nil
}

func write(w http.ResponseWriter, status int, members map[string]any) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if members == nil {
		w.WriteHeader(status)
		return
	}
	raw, err := json.Marshal(members)
	if err != nil {
		panic(err) // texts, numbers and what was JSON before
	}
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(raw)))
	w.WriteHeader(status)
	_, _ = w.Write(raw)
}

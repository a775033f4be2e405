package registration

import (
	"fmt"
	"net/http"

	"gatehouse/admin"
	"gatehouse/registry"
)

// read answers with a mini app as it is (RFC 7592 §2.1).
func (s *Server) read(r *http.Request, by admin.Bearer) (int, map[string]any, error) {
	w, err := s.House.RegisteredClient(r.Context(), by, r.PathValue("client_id"))
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, s.information(w, by.Token), nil
}

// replace replaces a registration as a whole: what is left out is emptied (RFC 7592 §2.2).
func (s *Server) replace(r *http.Request, by admin.Bearer) (int, map[string]any, error) {
	id := r.PathValue("client_id")
	if _, err := s.House.RegisteredClient(r.Context(), by, id); err != nil { // before anything is said about the body
		return 0, nil, err
	}
	body, err := readBody(r)
	if err != nil {
		return 0, nil, err
	}
	client, members, err := readClient(body)
	if err != nil {
		return 0, nil, err
	}
	if members["client_id"] != id {
		return 0, nil, registry.Problems{{Field: "client_id", Text: fmt.Sprintf("must be there and be %s", id)}}
	}
	secret, is := members["client_secret"].(string)
	if !is && members["client_secret"] != nil {
		return 0, nil, registry.Problems{{Field: "client_secret", Text: "must be a text"}}
	}
	client.ID = id
	w, err := s.House.AmendClient(r.Context(), by, client, secret)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, s.information(w, by.Token), nil
}

// end archives a mini app (RFC 7592 §2.3).
func (s *Server) end(r *http.Request, by admin.Bearer) (int, map[string]any, error) {
	if err := s.House.EndClient(r.Context(), by, r.PathValue("client_id")); err != nil {
		return 0, nil, err
	}
	return http.StatusNoContent, nil, nil
}

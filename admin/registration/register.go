package registration

import (
	"net/http"

	"gatehouse/admin"
	"gatehouse/registry"
)

// register registers a mini app (RFC 7591 §3).
func (s *Server) register(r *http.Request, by admin.Bearer) (int, map[string]any, error) {
	who, err := s.House.Registrant(r.Context(), by)
	if err != nil {
		return 0, nil, err
	}
	body, err := readBody(r)
	if err != nil {
		return 0, nil, err
	}
	client, _, err := readClient(body)
	if err != nil {
		return 0, nil, err
	}
	done, err := s.House.RegisterClient(r.Context(), who, client)
	if err != nil {
		return 0, nil, err
	}
	members := s.information(&registry.Work{Live: done.Client}, done.RegistrationToken)
	if done.Secret != "" {
		members["client_secret"], members["client_secret_expires_at"] = done.Secret, 0
	}
	return http.StatusCreated, members, nil
}

package api

func listKeys(q *request) (*response, error) {
	keys, err := q.house.SigningKeys(q.ctx, q.caller)
	if err != nil {
		return nil, err
	}
	return &response{body: object{"items": keys}}, nil
}

// rotateKeys makes new signing keys.
func rotateKeys(q *request) (*response, error) {
	body, err := decode[struct {
		Immediately bool `json:"immediately"`
	}](q.body)
	if err != nil {
		return nil, err
	}
	keys, err := q.house.RotateKeys(q.ctx, q.caller, body.Immediately)
	if err != nil {
		return nil, err
	}
	return &response{body: object{"items": keys}}, nil
}

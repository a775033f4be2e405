package api

// clientCode answers with a program that signs people in to a mini app.
func clientCode(q *request) (*response, error) {
	p, err := q.house.ClientCode(q.ctx, q.caller, q.path("id"), q.path("lang"))
	if err != nil {
		return nil, err
	}
	return &response{body: object{"lang": p.Language.ID, "file": p.Language.File, "run": p.Language.Run, "code": p.Code}}, nil
}

package api

import "gatehouse/admin"

// evaluateClient answers what a person would share with a mini app.
func evaluateClient(q *request) (*response, error) {
	asked, err := decode[struct {
		User  string `json:"user"`
		Scope string `json:"scope"`
	}](q.body)
	if err != nil {
		return nil, err
	}
	e, err := q.house.Evaluate(q.ctx, q.caller, q.path("id"), asked.User, asked.Scope)
	if err != nil {
		return nil, err
	}
	return &response{body: ShownEvaluation(e)}, nil
}

// ShownEvaluation is an evaluation as it is sent, and as the command prints it.
func ShownEvaluation(e admin.Evaluation) map[string]any {
	o := object{
		"client_id": e.Client.ID, "status": e.Client.Status, "sample": e.Sample, "scope": texts(e.Scope), "verdict": e.Verdict,
		"granted": texts(e.Granted), "ask": texts(e.Ask), "userinfo": nil, "id_token": nil,
	}
	if !e.Sample {
		o["user_id"] = e.User.ID
	}
	if e.UserInfo != nil {
		o["userinfo"] = e.UserInfo
	}
	if e.IDToken != nil {
		o["id_token"] = e.IDToken
	}
	return o
}

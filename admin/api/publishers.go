package api

import (
	"context"

	"gatehouse/admin"
	"gatehouse/storage"
)

// publisherFields is who answers for mini apps.
type publisherFields struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	Developers []string `json:"developers"`
}

func shownPublisher(p storage.Publisher) *response {
	o := object{"id": p.ID, "name": p.Name, "verified": p.Verified, "developers": texts(p.Developers)}
	return &response{body: withTimes(o, "verified_at", p.VerifiedAt), etag: admin.Tag(p)}
}

func listPublishers(q *request) (*response, error) {
	page, err := q.page()
	if err != nil {
		return nil, err
	}
	list, err := q.house.Publishers(q.ctx, q.caller, page)
	return listOf(list, err, func(p storage.Publisher) any { return shownPublisher(p).body })
}

func getPublisher(q *request) (*response, error) {
	p, err := q.house.Publisher(q.ctx, q.caller, q.path("id"))
	if err != nil {
		return nil, err
	}
	return shownPublisher(p), nil
}

func createPublisher(q *request) (*response, error) {
	f, err := decode[publisherFields](q.body)
	if err != nil {
		return nil, err
	}
	p, err := q.house.SavePublisher(q.ctx, q.caller, storage.Publisher{ID: f.ID, Name: f.Name, Developers: f.Developers}, nil)
	if err != nil {
		return nil, err
	}
	return created("publishers", p.ID, shownPublisher(p)), nil
}

var fixedOfPublisher = map[string]string{
	"id": "a publisher keeps it", "verified": "POST to …/verify or …/unverify", "verified_at": "POST to …/verify",
}

func updatePublisher(q *request) (*response, error) {
	was, err := q.house.Publisher(q.ctx, q.caller, q.path("id"))
	if err != nil {
		return nil, err
	}
	f, err := amended[publisherFields](q, shownPublisher(was), fixedOfPublisher)
	if err != nil {
		return nil, err
	}
	p := was
	p.Name, p.Developers = f.Name, f.Developers
	if p, err = q.house.SavePublisher(q.ctx, q.caller, p, &was); err != nil {
		return nil, q.moved(err)
	}
	return shownPublisher(p), nil
}

func deletePublisher(q *request) (*response, error) {
	was, err := q.house.Publisher(q.ctx, q.caller, q.path("id"))
	if err != nil {
		return nil, err
	}
	if err := q.matches(admin.Tag(was)); err != nil {
		return nil, err
	}
	return gone(q, q.house.DeletePublisher(q.ctx, q.caller, was))
}

func verifyPublisher(verified bool) func(*request) (*response, error) {
	return func(q *request) (*response, error) {
		if _, err := decode[struct{}](q.body); err != nil {
			return nil, err
		}
		was, err := q.house.Publisher(q.ctx, q.caller, q.path("id"))
		if err != nil {
			return nil, err
		}
		if err := q.matches(admin.Tag(was)); err != nil {
			return nil, err
		}
		if err := q.house.VerifyPublisher(q.ctx, q.caller, was, verified); err != nil {
			return nil, q.moved(err)
		}
		p, err := q.house.Publisher(context.WithoutCancel(q.ctx), q.caller, was.ID)
		if err != nil {
			return nil, err
		}
		return shownPublisher(p), nil
	}
}

package main

import (
	"fmt"
	"log/slog"
	"os/user"
	"time"

	"gatehouse/admin"
	"gatehouse/authz/keys"
	"gatehouse/registry"
	"gatehouse/storage"
)

// admin returns the operations, for a command. They are the same that the API and the console have.
func (h *house) admin() *admin.House {
	r := registry.New(h.store, time.Now)
	r.TwoReviewers = h.cfg.TwoReviewers
	log := slog.New(slog.DiscardHandler)
	return admin.New(admin.Options{
		Store: h.store, Registry: r, Secrets: registry.NewOutbound(h.root), People: newPeople(h, log),
		Keys: keys.New(h.store, h.root, h.cfg.IDTokenLifetime, time.Now), Now: time.Now, Log: log, Issuer: h.cfg.Issuer,
		HostName: h.cfg.Name,
	})
}

// asOperator is whoever runs this command: who may do so may do everything.
func asOperator() admin.Caller { return admin.Caller{Operator: true, Actor: operator()} }

// operator is the account that this command runs under.
func operator() storage.Actor {
	a := storage.Actor{Kind: storage.ActorCommand}
	if u, err := user.Current(); err == nil {
		a.ID = u.Username
	}
	return a
}

// changedMeanwhile says that two changed the same record.
func changedMeanwhile(id string) error {
	return fmt.Errorf("somebody else changed %s at this moment; look at it and try again", id)
}

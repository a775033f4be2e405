package main

import (
	"log/slog"
	"time"

	"gatehouse/identity"
)

func newPeople(h *house, log *slog.Logger) *identity.People {
	return identity.NewPeople(identity.PeopleOptions{
		Users: h.store, Failures: h.store, Passwords: identity.NewPasswords(passwordMemory), Now: time.Now, Log: log,
	})
}

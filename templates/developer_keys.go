package templates

import "time"

// DeveloperKeys are the API keys of a developer. form#new makes one (controls name, expires_at and, several, rights), and each
// form#key-ID removes one (action=delete).
type DeveloperKeys struct {
	Common
	Keys     []DeveloperKey
	Rights   []DeveloperRight // that a key can have
	Name     string           // as it was typed
	Ends     string           // the day, as it was typed
	Value    string           // of a new key, shown this once
	Problems []Problem
	Saved    string
}

// DeveloperKey is an API key without its value.
type DeveloperKey struct {
	ID, Name  string
	Rights    []string
	ExpiresAt time.Time // zero: never
}

// DeveloperRight is a right to choose.
type DeveloperRight struct {
	Right  string
	Chosen bool
}

func (*DeveloperKeys) name() string    { return "developer_keys" }
func (*DeveloperKeys) address() string { return "/developer/keys" }

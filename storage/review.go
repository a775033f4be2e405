package storage

import (
	"context"
	"time"
)

// ClientVersion is what a client is to become, while the client goes on as it is, or a copy of what was approved. A
// client that was never approved has no version: it is its own draft.
type ClientVersion struct {
	ID       string // time-ordered UUID
	ClientID string
	Status   string // StatusDraft, StatusSubmitted, StatusChangesRequested, or StatusApproved, StatusRejected, StatusArchived once closed
	Client   Client // its registration; ID, Secrets, Status and times are the client's own: empty, and not looked at
	// Base is the registration that it was made from: what differs from it is what was asked for. nil: all of it was.
	Base      *Client
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Open reports whether the version still waits for something: its developers, or its review.
func (v ClientVersion) Open() bool {
	return v.Status == StatusDraft || v.Status == StatusSubmitted || v.Status == StatusChangesRequested
}

// ReviewNote is what developers and reviewers tell each other about a client: a comment, or what was decided and why.
type ReviewNote struct {
	ID       string // time-ordered UUID
	ClientID string
	Author   Actor
	Action   string // submit, approve, …; empty for a comment alone
	Text     string
	At       time.Time
	Digest   string // of an approval: what would go live by it, so that two approve the same; empty for other notes
}

// QueuePlace is a place in the queue of what is submitted.
type QueuePlace struct {
	Since    time.Time // when it was submitted
	ClientID string
}

// Queued is a client that waits for a review.
type Queued struct {
	QueuePlace
	Client  Client
	Version *ClientVersion // its open version; nil: the client itself waits
}

// Review is one step of a review: what it changes, together or not at all. What is nil stays as it is.
type Review struct {
	Client     *Client   // replaces the client, but for CreatedAt
	ClientWas  time.Time // its UpdatedAt before; the step fails when it moved
	Version    *ClientVersion
	VersionWas time.Time      // its UpdatedAt before; zero: the version is new
	Submitted  *ClientVersion // what was submitted, closed, where a reviewer changed it; new
	Note       *ReviewNote
}

// Reviews keeps what is proposed for clients, and what is said about it.
type Reviews interface {
	// OpenVersion returns the version of a client that waits, or ErrNotFound. There is at most one.
	OpenVersion(ctx context.Context, clientID string) (ClientVersion, error)
	// OpenVersions returns those of the clients with these IDs that wait, in one statement and any order.
	OpenVersions(ctx context.Context, clientIDs []string) ([]ClientVersion, error)
	// ClientVersions returns up to limit versions of a client with an ID less than before (empty: from the newest), the newest
	// first: of this status, or of every one where it is empty.
	ClientVersions(ctx context.Context, clientID, status, before string, limit int) ([]ClientVersion, error)
	// ReviewQueue returns up to limit clients that wait for a review, by themselves or with their version, after a place in
	// the queue (zero: from its head), those that have waited longest first.
	ReviewQueue(ctx context.Context, after QueuePlace, limit int) ([]Queued, error)
	// ApplyReview makes one step. ErrConflict when the client or the version moved, ErrExists when another version is open,
	// ErrNotFound when the client or the version is absent; and then nothing happened.
	ApplyReview(ctx context.Context, r Review) error
	// ReviewNotes returns up to limit notes about a client with an ID greater than after, the oldest first.
	ReviewNotes(ctx context.Context, clientID, after string, limit int) ([]ReviewNote, error)
	// LastNotes returns up to limit notes about a client with an ID less than before (empty: from the newest), the newest first.
	LastNotes(ctx context.Context, clientID, before string, limit int) ([]ReviewNote, error)
}

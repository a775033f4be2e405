package registry

import (
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

func TestPossibleActionsAreThoseOfTheWorkflow(t *testing.T) {
	live := func(status string) *Work { return &Work{Live: storage.Client{Status: status}} }
	require.Equal(t, []Action{Submit, Archive}, live(storage.StatusDraft).Possible())
	require.Equal(t, []Action{Approve, RequestChanges, Reject, Archive}, live(storage.StatusSubmitted).Possible())
	require.Equal(t, []Action{Suspend, Archive}, live(storage.StatusApproved).Possible())
	require.Equal(t, []Action{Reinstate, Archive}, live(storage.StatusSuspended).Possible())
	require.Empty(t, live(storage.StatusArchived).Possible())
	beside := live(storage.StatusApproved)
	beside.Version = &storage.ClientVersion{Status: storage.StatusSubmitted}
	require.Equal(t, []Action{Approve, RequestChanges, Reject, Suspend, Archive}, beside.Possible())
}

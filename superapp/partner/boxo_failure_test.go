package partner

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/authz"
	"gatehouse/authz/dialect/boxo"
	"gatehouse/storage"
)

func TestTooManyRequestsAreNoWordAboutACode(t *testing.T) {
	answer := failBoxo(&authz.Request{Client: &storage.Client{}}, authz.Refuse(authz.CodeTemporarilyUnavailable, "Slow down.").WithStatus(http.StatusTooManyRequests))
	require.Equal(t, http.StatusTooManyRequests, answer.Status)
	require.Equal(t, boxo.UnknownError, answer.Code)
}

package authz

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/ory/fosite"
	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

// standard are the codes that RFC 6749 §4.1.2.1 and §5.2, RFC 6750 §3.1, RFC 7009 §2.2.1 and OIDC Core §3.1.2.6 know.
var standard = []string{
	CodeInvalidRequest, CodeInvalidClient, CodeInvalidGrant, CodeUnauthorizedClient, CodeUnsupportedGrantType,
	CodeUnsupportedResponseType, CodeInvalidScope, CodeAccessDenied, CodeServerError, CodeTemporarilyUnavailable,
	CodeInvalidToken, CodeInsufficientScope, CodeLoginRequired, CodeConsentRequired, CodeInteractionRequired,
	CodeAccountSelectionRequired, CodeRequestNotSupported, CodeRequestURINotSupported, CodeRegistrationNotSupported,
	"unsupported_token_type", "invalid_request_uri", "invalid_request_object",
}

func TestFositesErrorsBecomeThoseOfTheRFCs(t *testing.T) {
	for _, theirs := range []*fosite.RFC6749Error{
		fosite.ErrAccessDenied, fosite.ErrConsentRequired, fosite.ErrInactiveToken,
		fosite.ErrInsufficientEntropy, fosite.ErrInteractionRequired, fosite.ErrInvalidClient, fosite.ErrInvalidGrant, fosite.ErrInvalidRequest,
		fosite.ErrInvalidRequestObject, fosite.ErrInvalidRequestURI, fosite.ErrInvalidScope, fosite.ErrInvalidState,
		fosite.ErrInvalidTokenFormat, fosite.ErrJTIKnown, fosite.ErrLoginRequired, fosite.ErrMisconfiguration, fosite.ErrNotFound,
		fosite.ErrRegistrationNotSupported, fosite.ErrRequestForbidden, fosite.ErrRequestNotSupported, fosite.ErrRequestURINotSupported,
		fosite.ErrRequestUnauthorized, fosite.ErrScopeNotGranted, fosite.ErrSerializationFailure, fosite.ErrServerError,
		fosite.ErrTemporarilyUnavailable, fosite.ErrTokenClaim, fosite.ErrTokenExpired, fosite.ErrTokenSignatureMismatch,
		fosite.ErrUnauthorizedClient, fosite.ErrUnknownRequest, fosite.ErrUnsupportedGrantType, fosite.ErrUnsupportedResponseMode,
		fosite.ErrUnsupportedResponseType,
	} {
		e := asError(theirs.WithHint("<hint>").WithDebug("<debug>"))
		require.Contains(t, standard, e.Code, theirs.ErrorField)
		require.NotContains(t, e.Description, "<", "%s: nothing of theirs is repeated", theirs.ErrorField)
	}
}

func TestAnOutageIsNeverARefusal(t *testing.T) {
	for _, outage := range []error{storage.ErrUnavailable, context.DeadlineExceeded, context.Canceled} {
		for _, err := range []error{
			outage, fmt.Errorf("reading: %w", outage), fosite.ErrServerError.WithWrap(outage), fosite.ErrInvalidGrant.WithWrap(fmt.Errorf("x: %w", outage)),
		} {
			e := asError(err)
			require.Equal(t, CodeTemporarilyUnavailable, e.Code)
			require.Equal(t, 503, e.Status)
		}
	}
	require.Equal(t, CodeServerError, asError(errors.New("a defect")).Code)
	require.Equal(t, CodeInvalidGrant, asError(fosite.ErrServerError.WithWrap(storage.ErrConflict)).Code, "lost a race")
}

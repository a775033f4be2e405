package interaction

import "errors"

// SealForm returns what a form of the console or the portal carries, which is about no request: whoever posts it was given the
// page, as this person and in this browser.
func (s *Sealer) SealForm(browser, userID string) string {
	return s.Seal(browser, StepForm, Interaction{UserID: userID, Began: s.now()})
}

// OpensForm reports whether sealed is of SealForm for the same browser and person. It is good for as long as they are signed in:
// a form may stay open for longer than a request, and what is typed into it outlives a new sign-in.
func (s *Sealer) OpensForm(browser, userID, sealed string) bool {
	i, err := s.Open(browser, StepForm, sealed)
	return (err == nil || errors.Is(err, ErrExpired)) && userID != "" && i.UserID == userID
}

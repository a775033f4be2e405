package registry

import "slices"

// Possible returns the actions of the workflow that are possible where a mini app stands, in the order of its life.
func (w *Work) Possible() []Action {
	var actions []Action
	for _, t := range workflow {
		at := w.Live.Status
		if t.reviews {
			at = w.Status()
		}
		if slices.Contains(t.from, at) {
			actions = append(actions, t.action)
		}
	}
	return actions
}

// Statuses returns every status that a mini app can have.
func Statuses() []string { return slices.Clone(statuses) }

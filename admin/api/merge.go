package api

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"

	"gatehouse/registry"
)

// merge applies a merge patch to a target, neither of which it changes (RFC 7396 §2).
func merge(target, patch any) any {
	changes, is := patch.(object)
	if !is {
		return patch
	}
	was, _ := target.(object)
	merged := maps.Clone(was)
	if merged == nil {
		merged = object{}
	}
	for name, change := range changes {
		if change == nil {
			delete(merged, name)
			continue
		}
		merged[name] = merge(merged[name], change)
	}
	return merged
}

// asObject is a value as it is sent.
func asObject(v any) (object, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var o object
	return o, decoder.Decode(&o)
}

// change applies the body, a merge patch, to what is there. fixed are the members that cannot be changed by it, with what to
// do instead; they may be sent as they are, and are left out of what is returned.
func change(body []byte, there object, fixed map[string]string) (object, error) {
	patch, err := readObject(body)
	if err != nil {
		return nil, err
	}
	return changed(patch, there, fixed)
}

func changed(patch, there object, fixed map[string]string) (object, error) {
	merged := merge(there, patch).(object)
	var problems registry.Problems
	for _, name := range sortedKeys(fixed) {
		if _, sent := patch[name]; sent && !reflect.DeepEqual(merged[name], there[name]) {
			problems = append(problems, registry.Problem{Field: name, Text: "cannot be changed here; " + fixed[name]})
		}
		delete(merged, name)
	}
	if len(problems) > 0 {
		return nil, invalid(problems)
	}
	return merged, nil
}

// amended is what the body, a merge patch, makes of a record as it is shown.
func amended[T any](q *request, shown *response, fixed map[string]string) (T, error) {
	var none T
	if err := q.matches(shown.etag); err != nil {
		return none, err
	}
	there, err := asObject(shown.body)
	if err != nil {
		return none, err
	}
	merged, err := change(q.body, there, fixed)
	if err != nil {
		return none, err
	}
	return into[T](merged)
}

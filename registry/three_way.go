package registry

import (
	"encoding/json"
	"reflect"
	"slices"

	"gatehouse/storage"
)

// A list or an object is merged by what is in it: a version that adds a redirect URI says nothing about the others. What it adds
// or changes is added or changed, what it takes away goes, and everything else is as it is live. What was taken away meanwhile
// stays away, also where the version changes it: an emergency is not undone by a review of something else.

// mergeParts merges elements that key tells apart: those of the version in its order, then those that came meanwhile.
func mergeParts[E any](live, base, version []E, key func(E) string) []E {
	find := func(list []E, name string) (e E, ok bool) {
		i := slices.IndexFunc(list, func(e E) bool { return key(e) == name })
		if i < 0 {
			return e, false
		}
		return list[i], true
	}
	var merged []E
	for _, e := range version {
		now, isLive := find(live, key(e))
		before, was := find(base, key(e))
		switch {
		case was && !isLive: // taken away meanwhile
		case was && reflect.DeepEqual(before, e):
			merged = append(merged, now)
		default:
			merged = append(merged, e)
		}
	}
	for _, e := range live {
		_, was := find(base, key(e))
		if _, is := find(version, key(e)); !is && !was {
			merged = append(merged, e)
		}
	}
	return merged
}

func mergeTexts(live, base, version []string) []string {
	return mergeParts(live, base, version, func(text string) string { return text })
}

func mergeScopes(live, base, version []storage.ClientScope) []storage.ClientScope {
	return mergeParts(live, base, version, func(s storage.ClientScope) string { return s.Name })
}

// mergeKeys merges the values of an object; both decides about a key that all three have.
func mergeKeys[V any](live, base, version map[string]V, both func(live, base, version V) V) map[string]V {
	merged := map[string]V{}
	for name, value := range version {
		now, isLive := live[name]
		before, was := base[name]
		switch {
		case !was:
			merged[name] = value
		case isLive:
			merged[name] = both(now, before, value)
		}
	}
	for name, value := range live {
		_, was := base[name]
		if _, is := version[name]; !is && !was {
			merged[name] = value
		}
	}
	return merged
}

func mergeNames(live, base, version map[string]string) map[string]string {
	return mergeKeys(live, base, version, func(live, base, version string) string {
		if base == version {
			return live
		}
		return version
	})
}

func mergeDialects(live, base, version map[string]json.RawMessage) map[string]json.RawMessage {
	return mergeKeys(live, base, version, mergeJSON)
}

// mergeJSON merges objects by their keys, and takes anything else as one value. A secret that the version leaves alone is thus
// the one that is live, whatever was sealed or rotated meanwhile.
func mergeJSON(live, base, version json.RawMessage) json.RawMessage {
	if same(compact(base), compact(version)) {
		return live
	}
	var l, b, v map[string]json.RawMessage
	for raw, into := range map[*json.RawMessage]*map[string]json.RawMessage{&live: &l, &base: &b, &version: &v} {
		if json.Unmarshal(*raw, into) != nil || *into == nil {
			return version
		}
	}
	merged, err := json.Marshal(mergeKeys(l, b, v, mergeJSON))
	if err != nil {
		return version
	}
	return merged
}

// merge returns what a part of the live registration becomes by a version that changes it.
func (f field) merge(live, base, version storage.Client) any {
	value := func(c storage.Client) any { return reflect.ValueOf(f.at(&c)).Elem().Interface() }
	switch v := value(version).(type) {
	case []string:
		return mergeTexts(value(live).([]string), value(base).([]string), v)
	case []storage.ClientScope:
		return mergeScopes(value(live).([]storage.ClientScope), value(base).([]storage.ClientScope), v)
	case map[string]string:
		return mergeNames(value(live).(map[string]string), value(base).(map[string]string), v)
	case map[string]json.RawMessage:
		return mergeDialects(value(live).(map[string]json.RawMessage), value(base).(map[string]json.RawMessage), v)
	default:
		return v
	}
}

package registry

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"

	"gatehouse/storage"
)

// A list or an object is merged by what is in it: a version that adds a redirect URI says nothing about the others. What it adds
// or changes is added or changed, what it takes away goes, and everything else is as it is live. What was taken away meanwhile
// stays away, also where the version changes it: an emergency is not undone by a review of something else.

// mergeParts merges elements that key tells apart: those of the version in its order, then those that came meanwhile. both decides
// about one that all three have.
func mergeParts[E any](live, base, version []E, key func(E) string, both func(live, base, version E) E) []E {
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
		case was:
			merged = append(merged, both(now, before, e))
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
	return mergeParts(live, base, version, func(text string) string { return text }, mergeValue[string])
}

// mergeValue merges what has no parts.
func mergeValue[V comparable](live, base, version V) V {
	if base == version {
		return live
	}
	return version
}

func mergeScopes(live, base, version []storage.ClientScope) []storage.ClientScope {
	return mergeParts(live, base, version, func(s storage.ClientScope) string { return s.Name }, func(live, base, version storage.ClientScope) storage.ClientScope {
		merged := version
		merged.Required = mergeValue(live.Required, base.Required, version.Required)
		merged.Purpose = mergeNames(live.Purpose, base.Purpose, version.Purpose)
		return merged
	})
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
	return mergeKeys(live, base, version, mergeValue[string])
}

func mergeDialects(live, base, version map[string]json.RawMessage) map[string]json.RawMessage {
	return mergeKeys(live, base, version, mergeJSON)
}

// mergeJSON merges objects by their keys and lists by their elements, and takes anything else as one value. A secret that the version leaves alone is thus
// the one that is live, whatever was sealed or rotated meanwhile.
func mergeJSON(live, base, version json.RawMessage) json.RawMessage {
	if same(compact(base), compact(version)) {
		return live
	}
	if all, is := three[map[string]json.RawMessage](live, base, version); is {
		return asRaw(mergeKeys(all[0], all[1], all[2], mergeJSON), version)
	}
	if all, is := three[[]any](live, base, version); is {
		merged := mergeParts(all[0], all[1], all[2], elementName, func(live, base, version any) any {
			if same(base, version) {
				return live
			}
			return version
		})
		return asRaw(append([]any{}, merged...), version)
	}
	return version
}

// three reads three values; false where one of them is another kind of value.
func three[T map[string]json.RawMessage | []any](raws ...json.RawMessage) (all [3]T, is bool) {
	for i, raw := range raws {
		decoder := json.NewDecoder(bytes.NewReader(raw))
		decoder.UseNumber()
		if decoder.Decode(&all[i]) != nil || all[i] == nil {
			return all, false
		}
	}
	return all, true
}

// asRaw is a value as JSON; otherwise where it cannot be written.
func asRaw(value any, otherwise json.RawMessage) json.RawMessage {
	raw, err := json.Marshal(value)
	if err != nil {
		return otherwise
	}
	return raw
}

// publicParts are what a public key is, whatever is said of it (RFC 7638 §3.2, RFC 8037 §2).
var publicParts = []string{"kty", "crv", "x", "y", "n", "e"}

// elementName tells the elements of a list apart: a key by its public parts, anything else by all that it is.
func elementName(element any) string {
	if key, is := element.(map[string]any); is && key["kty"] != nil {
		parts := map[string]any{}
		for _, name := range publicParts {
			parts[name] = key[name]
		}
		element = parts
	}
	return asJSON(element)
}

// mergeKeySets merges sets of public keys; an empty one is none.
func mergeKeySets(live, base, version json.RawMessage) json.RawMessage {
	if len(version) == 0 {
		return nil
	}
	for _, set := range []*json.RawMessage{&live, &base} {
		if len(*set) == 0 {
			*set = json.RawMessage(`{"keys":[]}`)
		}
	}
	merged := mergeJSON(live, base, version)
	var set struct{ Keys []json.RawMessage }
	if json.Unmarshal(merged, &set) == nil && len(set.Keys) == 0 {
		return nil
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
	case json.RawMessage:
		return mergeKeySets(value(live).(json.RawMessage), value(base).(json.RawMessage), v)
	default:
		return v
	}
}

// Package nearest finds the known name that somebody most likely meant, for error messages that name the fix.
package nearest

import "strings"

// Name returns the one of known with the smallest edit distance to name, ignoring case; the first of several equals.
// Empty when none is near: more than a third of what was typed would have to change.
func Name(name string, known []string) string {
	best, least := "", max(1, min(len(name), maxLength)/3)+1
	for _, candidate := range known {
		if d := distance(strings.ToLower(name), strings.ToLower(candidate)); d < least {
			best, least = candidate, d
		}
	}
	return best
}

// Hint is what to say of a name that is not known: which one was meant, or all that there are.
func Hint(name string, known []string) string {
	if meant := Name(name, known); meant != "" {
		return "did you mean " + meant + "?"
	}
	last := len(known) - 1
	if last < 1 {
		return "use " + strings.Join(known, "")
	}
	return "use " + strings.Join(known[:last], ", ") + " or " + known[last]
}

// maxLength bounds the work for names that are much longer than any that is known.
const maxLength = 64

// distance is the Levenshtein distance of two names, with a swap of neighbours counted as one change.
func distance(a, b string) int {
	a, b = a[:min(len(a), maxLength)], b[:min(len(b), maxLength)]
	before, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next := make([]int, len(b)+1)
		next[0] = i + 1
		for j := range len(b) {
			change := row[j]
			if a[i] != b[j] {
				change++
			}
			next[j+1] = min(change, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}

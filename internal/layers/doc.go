// Package layers holds the import test: which room of the house may know which other one. The rooms and the reasons are
// in docs/architecture.md; the table in layers_test.go is what is true.
package layers

// Command bench measures the real server, a process of its own, beside the smallest honest programs (see reference), and
// writes docs/performance.md:
//
//	scripts/with-postgresql -durable go run ./internal/bench            everything, as `make bench-report` does
//	go run ./internal/bench -only ratios -rounds 3                      one part, which replaces that part of the report
//
// The clients are in this process. What is compared is measured in turns (A B A B …), several rounds, and a figure is the median
// of its rounds: machines are noisy.
package main

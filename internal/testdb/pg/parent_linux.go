package main

import "syscall"

// dieWithParent has the kernel end the child when pg is killed outright. PostgreSQL takes SIGQUIT as "stop at once".
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGQUIT }

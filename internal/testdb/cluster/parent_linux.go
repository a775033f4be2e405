package cluster

import "syscall"

// DieWithParent has the kernel end the child when we are killed outright. PostgreSQL takes SIGQUIT as "stop at once".
func DieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGQUIT }

"""Which layer is at fault: a ladder of checks that stops at the guilty one."""

/* oomprof --check: no BPF, nothing watched. */
#pragma once

#include "app/tool.h"

/* Look into each of the N files and PIDs, print what is found, and return the exit status. */
int oomprof_check(const struct tool *tool, char *const arguments[], int n);

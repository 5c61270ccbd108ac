#pragma once
/// How a program is started: used by process.cpp and streaming_process.cpp, by nobody else.

#include <sys/types.h>

#include "base/process.hpp"

namespace berth {

/// Starts a program in a process group of its own, with default signals and these descriptors as
/// its stdin, stdout and stderr; it inherits no other.
/// Errors: not_found — no such program.
Result<pid_t> start_process(const Command& command, int input, int output, int errors);

/// Of what waitpid said: 128 + signal when a signal ended it.
int exit_code_of(int status);

}  // namespace berth

#pragma once
/// How a role gets its configuration: JSON in a sealed memory file, descriptor 3. Not in argv or
/// the environment, which others could read.

#include <exception>
#include <string>

#include "base/file.hpp"
#include "base/json.hpp"

namespace berth::roles {

inline constexpr int config_descriptor = 3;

Fd config_file(const std::string& text);

/// Throws: std::runtime_error — not started by `berth serve`.
std::string read_config_text();

template <class Config>
Config read_role_config() {
    return json::parse_as<Config>(read_config_text()).value();
}

/// The variable that names the descriptor on which a supervisor waits to hear that a role serves.
inline constexpr const char* ready_variable = "BERTH_READY";

/// Tells the supervisor that this role serves, if it waits for that. Once.
void say_ready();

/// Whether a task ended because it was told to.
bool was_canceled(std::exception_ptr escaped);

/// Ends a role's process. Without destructors: coroutines still wait on what would be destroyed
/// before them, and nothing in memory is worth saving; whatever matters is durable by now.
[[noreturn]] void end_role(int code);

/// Starts the log of a role; from now on a reader of it that goes away does not end the process.
void start_log(const std::string& role, const std::string& level);

}  // namespace berth::roles

#pragma once
/// `berth env pull`, `push` and `run`: a project's variables in a file, and in a command.

namespace CLI {
class App;
}

namespace berth::cli {

struct Parsed;

/// Adds the three to `noun`.
void add_env_sync(CLI::App& noun, Parsed& parsed);

}  // namespace berth::cli

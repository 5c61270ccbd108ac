#pragma once
/// Berth as a Git remote, on the command line.

namespace CLI {
class App;
}

namespace berth::cli {

struct Parsed;

void add_git(CLI::App& app, Parsed& parsed);  // git remote, git credential

}  // namespace berth::cli

#pragma once
/// The user's commands: `berth login`, `import`, `deploy`… docs/cli.md has their contract.

#include <functional>
#include <span>
#include <string>

#include "cli/local_build.hpp"

namespace berth::cli {

/// A command of another room, run when it is the first word: `berth serve --data DIR`. It gets its
/// own name as argv[0]; what it returns is the exit code.
struct Verb {
    std::string name{};
    std::string help{};  // one line for `berth --help`
    std::function<int(int argc, char** argv)> run{};
};

/// Runs one command and returns its exit code. `others` are listed in the help beside ours, win
/// over a command of ours with the same name, and are completed by the shell. Without
/// `build_locally`, `berth build` says that it cannot.
int run_cli(int argc, char** argv, std::span<const Verb> others = {},
            const BuildLocally& build_locally = {});

}  // namespace berth::cli

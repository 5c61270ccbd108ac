#include "cli/git.hpp"

#include "cli/command.hpp"
#include "cli/commands.hpp"

namespace berth::cli {

void add_git(CLI::App& app, Parsed& parsed) {
    CLI::App& noun = *add_noun(app, "git", "Git hosts, and Berth as a Git remote");
    add_git_connections(noun, parsed);
    add_git_links(noun, parsed);
    add_git_remote(noun, parsed);
}

}  // namespace berth::cli

#pragma once
/// The commands of `berth team` about invitations, and what they share with the others.

#include <string>

namespace CLI {
class App;
}

namespace berth::cli {

struct Parsed;

/// invite, invitations, uninvite, accept
void add_team_invitations(CLI::App& noun, Parsed& parsed);

void add_invite(CLI::App& noun, Parsed& parsed);

/// `--team T`, which may be left out.
void add_team_option(CLI::App* command, std::string& into);

/// A role that must be given, as an option (`--role`) or an argument (`ROLE`).
void add_role_option(CLI::App* command, const std::string& name, std::string& into);

}  // namespace berth::cli

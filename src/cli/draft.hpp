#pragma once
/// A project before it exists: what `import` and `projects create` gather from flags, stdin and the
/// person, and send.

#include <optional>
#include <string>
#include <vector>

#include "cli/context.hpp"

namespace CLI {
class App;
}

namespace berth::cli {

struct DraftFlags {
    std::string url{};
    std::string name{};
    std::optional<std::string> branch{};
    std::optional<std::string> root{};
    std::optional<std::string> framework{};
    std::optional<std::string> install_command{};
    std::optional<std::string> build_command{};
    std::optional<std::string> output_dir{};
    std::optional<std::string> node{};
    std::vector<std::string> variables{};
    bool token_stdin = false;
    std::string token_user{};
    bool deploy_key = false;
    std::string deploy_key_id{};
};

void add_draft_options(CLI::App* command, DraftFlags& flags);

/// "https://git.example/team/My_Shop.git" → "my-shop"; at most 40 characters of a-z, 0-9 and -.
std::string name_from(const std::string& repo_url);

/// "K=V" → a variable; "K" takes the value from our environment.
/// Errors: usage — no name, or no such variable.
Outcome<json::value> variable_of(const std::string& text, const std::string& flag,
                                 const std::string& environment, bool sensitive);

/// Checks the flags before anything is sent: address, variables.
Outcome<> check(const DraftFlags& flags);

/// The credential asked for by the flags, or null. A deploy key is made by the server; its public
/// half is printed, and a person is waited for.
/// Errors: usage — nobody is here to add the key; the problem says how to go on.
Outcome<json::value> credential_of(Context& context, Session& session, const DraftFlags& flags);

/// The body of POST /projects.
Outcome<json::bj::object> draft_of(const DraftFlags& flags, const json::value& credential,
                                   const std::string& default_branch);

/// Makes the project. A taken name comes with names to try instead.
Outcome<json::value> create_project(Session& session, const json::bj::object& draft);

}  // namespace berth::cli

#pragma once
/// What every command has at hand. Made by `run_cli`; lives as long as the command.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "cli/client_state.hpp"
#include "cli/environment.hpp"
#include "cli/local_build.hpp"
#include "cli/loop.hpp"
#include "cli/output.hpp"
#include "cli/session.hpp"
#include "cli/terminal.hpp"

namespace berth::cli {

class Context {
public:
    Context(Environment environment, Options given);

    const Environment environment;
    const Options options;
    const Terminal terminal;
    Output output;
    ClientState state;
    Loop loop;
    BuildLocally build_locally{};

    /// The address to talk to: flag, BERTH_SERVER, the last login, http://localhost:8080.
    Outcome<std::string> server() const;

    /// Signed in. Errors: denied — there is no token for that server.
    Outcome<Session*> session();

    /// Not signed in (yet), or with a token that is being tried.
    Outcome<Session*> session_with(std::string token);

private:
    std::unique_ptr<http::Client> client_;
    std::optional<Session> session_;
};

}  // namespace berth::cli

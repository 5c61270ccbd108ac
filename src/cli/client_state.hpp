#pragma once
/// What the commands remember between runs, in $XDG_CONFIG_HOME/berth: the chosen server
/// (config.json) and a token for each server (credentials.json, mode 0600).

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "cli/problem.hpp"

namespace berth::cli {

struct Credential {
    std::string token{};
    std::string token_id{};  // what we made at login and revoke at logout; "" when it was given
    std::string email{};
    std::int64_t expires_at_ms = 0;  // 0: never, or not known
};
BOOST_DESCRIBE_STRUCT(Credential, (), (token, token_id, email, expires_at_ms))

class ClientState {
public:
    explicit ClientState(std::string directory) : directory_(std::move(directory)) {}

    /// The server of the last login, or "".
    std::string server() const;
    std::optional<Credential> find(const std::string& server) const;
    /// Of every server, by its address.
    std::map<std::string, Credential> credentials() const;

    /// Errors: failure — the directory cannot be written.
    Outcome<> remember(const std::string& server, const Credential& credential);
    Outcome<> forget(const std::string& server);
    /// Has `server()` be that one. Errors: as `remember`.
    Outcome<> choose(const std::string& server);

    std::string credentials_path() const { return directory_ + "/credentials.json"; }

private:
    json::bj::object read(const std::string& path) const;
    Outcome<> write(const std::string& name, const json::value& content) const;

    std::string directory_;
};

/// "HTTP://Host:8080/" → "http://host:8080".
/// Errors: usage — not an http or https address, or one with a user, a query or a path.
Outcome<std::string> parse_server(const std::string& text);

}  // namespace berth::cli

#include "cli/context.hpp"

namespace berth::cli {

namespace {

constexpr std::size_t calls_at_once = 2;  // one may be left behind by Ctrl-C
constexpr const char* default_server = "http://localhost:8080";

}  // namespace

Context::Context(Environment environment_, Options given)
    : environment(std::move(environment_)),
      options(std::move(given)),
      terminal(environment, options),
      output(options, terminal),
      state(environment.config_directory) {}

Outcome<std::string> Context::server() const {
    if (!options.server.empty()) return parse_server(options.server);
    if (!environment.server.empty()) return parse_server(environment.server);
    const std::string remembered = state.server();
    return remembered.empty() ? std::string(default_server) : remembered;
}

Outcome<Session*> Context::session_with(std::string token) {
    const Outcome<std::string> address = server();
    if (!address) return address.error();
    if (!client_) client_ = http::make_curl_client(calls_at_once, environment.ca_file);
    session_.emplace(*address, std::move(token), *client_, loop, output);
    return &*session_;
}

Outcome<Session*> Context::session() {
    if (session_) return &*session_;
    const Outcome<std::string> address = server();
    if (!address) return address.error();
    if (!environment.token.empty()) return session_with(environment.token);
    const std::optional<Credential> credential = state.find(*address);
    if (!credential) {
        return problem(Exit::denied, "not_signed_in", fmt::format("not signed in to {}", *address),
                       "sign in", "berth login --server " + *address);
    }
    return session_with(credential->token);
}

}  // namespace berth::cli

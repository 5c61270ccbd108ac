#pragma once
/// `berth worker` and `berth edge` by hand: how they are let in to a running Berth.

#include <string>

#include "base/result.hpp"
#include "roles/crew.hpp"

namespace berth::roles {

/// The token in the file. Errors: invalid — bad_token_file: missing, empty, not a token, or open to
/// others.
Result<std::string> read_token_file(const std::string& path);

/// What is needed to knock at a server's door.
struct Knock {
    std::string server{};  // "http://berth.example:8080"
    std::string token{};
    std::string ca_file{};  // to trust beside the system's, or ""
    Starter who = Starter::worker;
};

/// Waits until the server answers, with longer and longer pauses, and says once that it waits.
/// Errors: unauthenticated — the token is refused; conflict — version_mismatch; invalid — this is
/// no Berth; unavailable — SIGTERM or SIGINT came first (both are blocked already).
Result<> knock(const Knock& at);

}  // namespace berth::roles

#pragma once
/// The agent of one local build: takes an order, runs builds::run_build as a worker does, says what
/// happens, and leaves the caches for the next build behind and nothing else.

#include <string>

#include "base/file.hpp"
#include "builds/toolchains.hpp"
#include "engines/engine.hpp"
#include "http/client.hpp"

namespace berth::local {

struct AgentConfig {
    std::string scratch_directory{};  // the agent's own
    std::string npm_registry{};
    std::uint64_t kept_bytes_max = 10ull << 30;
    std::uint64_t project_bytes_max = 5ull << 30;
    engines::Proxies proxies{};
};

/// What it shares with the client.
struct AgentStreams {
    Fd channel{};  // a unix stream socket: messages.hpp
    Fd source{};   // the packed tree, complete when the order comes
    Fd blobs{};    // an empty file
};

/// Runs until the build has ended and is cleaned up, or was stopped and is gone.
Task<> run_agent(AgentConfig config, http::Client& client, engines::Engine& engine,
                 AgentStreams streams);

}  // namespace berth::local

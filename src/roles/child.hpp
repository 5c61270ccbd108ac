#pragma once
/// Starting a role as a process of its own: another user, another view of the file system, its
/// descriptors, and nothing else of ours.

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/file.hpp"
#include "roles/layout.hpp"

namespace berth::roles {

/// `from` appears at `to` in the child's private mount namespace; only when started as root.
struct Bind {
    std::string from{};
    std::string to{};
    bool read_only = false;
};

enum class Lifetime {
    with_supervisor,        // killed when the supervisor is gone
    asked_with_supervisor,  // the same, by SIGTERM: it has things to put away, and no successor
    own,                    // lives on: the edge serves without anybody else
};

struct ChildSpec {
    std::string role{};  // argv[1]: "api"
    std::vector<std::string> arguments{};
    std::vector<std::string> environment{};
    std::vector<int> descriptors{};  // become 3, 4, … in the child
    Identity identity{};             // uid 0: stays root
    std::vector<Bind> binds{};
    Lifetime lifetime = Lifetime::with_supervisor;
};

/// Of a child: where its descriptors begin.
inline constexpr int first_descriptor = 3;

/// Forks and executes `program` (an open descriptor of our own binary, so that its path may lie
/// under a directory the child cannot enter). Throws: std::system_error — fork failed.
pid_t start_child(const ChildSpec& spec, const Fd& program);

}  // namespace berth::roles

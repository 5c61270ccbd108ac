#pragma once
/// Stepping into other namespaces with one thread, and back. Blocking; for the launcher's worker
/// threads only: the loop's thread never leaves its own.

#include <functional>

#include "base/file.hpp"

namespace berth::engines {

enum class NamespaceKind { mount, network };

/// The calling thread's own.
Fd current_namespace(NamespaceKind kind);

/// The thread is in `there` for as long as this lives. A thread that cannot come back ends the
/// process: it would do the next work in the wrong place.
class Visit {
public:
    Visit(NamespaceKind kind, const Fd& there);
    ~Visit();
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;

private:
    NamespaceKind kind_;
    Fd home_;
};

/// Runs `work` inside a network namespace, on a thread of its own that ends there: whoever is not
/// root could not come back to the host's. Programs that `work` starts are inside, too. Throws:
/// what `work` throws; the kernel refused.
void run_in_network(const Fd& space, const std::function<void()>& work);

/// A new network namespace with loopback up and IPv6 off. It lives as long as the descriptor.
Fd make_network_namespace();

/// Gives this process a mount namespace of its own, from which nothing spreads, and returns the one
/// it had. Before any thread is started.
Fd leave_mount_namespace();

}  // namespace berth::engines

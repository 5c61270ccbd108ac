#pragma once
/// How a launcher that is not root comes to the rights it needs: over a user namespace of its own
/// alone. In it root is the user who started Berth, and 1 and on are the user's subordinate ids;
/// the host's root and every other user are nobody there.

#include <functional>
#include <string>

#include "base/result.hpp"
#include "engines/subordinate_ids.hpp"

namespace berth::engines {

/// Whether this process's ids are the host's: false in a user namespace, also in a container's.
bool has_host_ids();

/// Takes this process into a user namespace with `own` mapped, by newuidmap and newgidmap, and
/// makes it root there; the signal at the parent's death stays. Before any thread is started: it
/// forks. Errors: unavailable — the kernel or those programs refused; the message says what to
/// change.
Result<> enter_user_namespace(const OwnIds& own);

/// Runs `work` as root of such a namespace, in a process of its own that ends with it.
/// Errors: unavailable — no namespace (as above), or `work` threw: its words.
Result<> try_in_user_namespace(const OwnIds& own, const std::function<void()>& work);

}  // namespace berth::engines

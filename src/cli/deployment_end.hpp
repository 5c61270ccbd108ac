#pragma once
/// From a deployment that was just started to the one line, object or problem that is its result.
/// `import`, `deploy` and `deployments redeploy` end here.

#include <string>

#include "cli/context.hpp"
#include "cli/view.hpp"

namespace berth::cli {

struct Waiting {
    bool no_wait = false;
    bool cancel_on_interrupt = false;
};

/// Shows the log on stderr until the deployment is over, then prints its result: the production
/// address when it went live there, else its own; with --json one object. One that was skipped is a
/// success: the address of production, or of a preview nothing.
///
/// Errors: deployment_failed — failed, canceled or superseded; timed_out, interrupted —
/// it goes on, and the problem says how to see it again.
Outcome<> see_through(Context& context, Session& session, const json::value& started,
                      const std::string& project_name, const Waiting& waiting);

/// "https://shop.example.com" of "https://shop-0123456789.example.com" and the name "shop".
std::string production_address(const std::string& deployment_url, const std::string& project_name);

/// Whether visitors of the project's own address get this deployment now.
Outcome<bool> is_live(Session& session, const Deployment& deployment, const std::string& project);

}  // namespace berth::cli

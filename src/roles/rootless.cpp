#include "roles/rootless.hpp"

#include <unistd.h>

#include "base/log.hpp"
#include "engines/delegated_cgroup.hpp"

namespace berth::roles {

Builder look_at_builder(const ServeConfig& config) {
    const std::string trust =
        config.ca_file.empty() ? "/etc/ssl/certs/ca-certificates.crt" : config.ca_file;
    Builder builder;
    if (::geteuid() == 0) {
        builder.missing = engines::probe_sandbox(trust, config.runtime);
    } else {
        const Result<std::string> groups = engines::take_delegated_cgroup();
        if (groups) builder.cgroups = *groups;
        builder.missing = engines::probe_users_sandbox(trust, config.runtime, groups);
    }
    std::erase_if(builder.missing, [](const engines::Probed& probed) {
        return probed.ok || probed.name == "loop devices" || probed.name == "ext4";
    });
    return builder;
}

std::vector<std::string> what_is_weaker(const std::string& cgroups) {
    std::vector<std::string> weaker;
    if (cgroups.empty()) {
        weaker = {
            "memory and processes of a build are counted ten times a second, not held by the "
            "kernel; processor time of a build is not limited (Delegate=yes in a unit of systemd "
            "gives the kernel's limits)"};
    }
    weaker.insert(
        weaker.end(),
        {"the disk of a build is measured and the build ended: it can write more for a second or "
         "two",
         "api, worker and edge run as one user: whoever takes over one of them has the others"});
    return weaker;
}

Builder look_and_say(const ServeConfig& config) {
    if (::geteuid() == 0) return {};
    Builder builder = look_at_builder(config);
    for (const engines::Probed& probed : builder.missing) {
        log::warning("builds without root need something more",
                     {{"what", probed.name}, {"why", probed.detail}, {"remedy", probed.fix}});
    }
    if (!builder.missing.empty()) {
        log::warning(
            "nothing is built on this machine",
            {{"why", "sandboxes cannot be made; the lines before say what is missing"},
             {"next", "berth doctor; start Berth as root; or join a worker: berth worker"}});
        return builder;
    }
    for (const std::string& weaker : what_is_weaker(builder.cgroups)) {
        log::warning("builds without root promise less",
                     {{"what", weaker}, {"remedy", "start Berth as root"}});
    }
    return builder;
}

}  // namespace berth::roles

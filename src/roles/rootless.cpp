#include "roles/rootless.hpp"

#include <unistd.h>

#include "base/log.hpp"

namespace berth::roles {

std::vector<engines::Probed> what_is_missing(const ServeConfig& config) {
    const std::string trust =
        config.ca_file.empty() ? "/etc/ssl/certs/ca-certificates.crt" : config.ca_file;
    std::vector<engines::Probed> missing = engines::probe_sandbox(trust, config.runtime);
    std::erase_if(missing, [](const engines::Probed& probed) {
        return probed.ok || probed.name == "loop devices" || probed.name == "ext4";
    });
    return missing;
}

std::vector<std::string> what_is_weaker() {
    return {
        "memory and processes of a build are counted ten times a second, not held by the kernel",
        "the disk of a build is measured and the build ended: it can write more for a second or "
        "two",
        "processor time of a build is not limited",
        "api, worker and edge run as one user: whoever takes over one of them has the others",
    };
}

bool can_build(const ServeConfig& config) {
    if (::geteuid() == 0) return true;
    const std::vector<engines::Probed> missing = what_is_missing(config);
    for (const engines::Probed& probed : missing) {
        log::warning("builds without root need something more",
                     {{"what", probed.name}, {"why", probed.detail}, {"remedy", probed.fix}});
    }
    if (!missing.empty()) {
        log::warning(
            "nothing is built on this machine",
            {{"why", "sandboxes cannot be made; the lines before say what is missing"},
             {"next", "berth doctor; start Berth as root; or join a worker: berth worker"}});
        return false;
    }
    for (const std::string& weaker : what_is_weaker()) {
        log::warning("builds without root promise less",
                     {{"what", weaker}, {"remedy", "start Berth as root"}});
    }
    return true;
}

}  // namespace berth::roles

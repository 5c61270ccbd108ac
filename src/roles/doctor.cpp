/// `berth doctor`: what this machine offers and lacks.

#include <cstdio>

#include "base/json.hpp"
#include "engines/probe.hpp"
#include "roles/roles.hpp"

namespace berth::roles {

int run_doctor(const std::vector<std::string>& arguments) {
    const bool as_json = !arguments.empty() && arguments[0] == "--json";
    if (arguments.size() > (as_json ? 1u : 0u)) {
        std::fprintf(stderr, "Usage: berth doctor [--json]\n");
        return 2;
    }
    const std::vector<engines::Probed> found =
        engines::probe_sandbox("/etc/ssl/certs/ca-certificates.crt");
    bool all = true;
    json::bj::array items;
    for (const engines::Probed& probed : found) {
        all = all && probed.ok;
        items.push_back(json::from(probed));
        if (as_json) continue;
        std::printf("%-7s %-16s %s\n", probed.ok ? "ok" : "MISSING", probed.name.c_str(),
                    probed.detail.c_str());
        if (!probed.ok) std::printf("        %-16s → %s\n", "", probed.fix.c_str());
    }
    if (as_json) {
        const json::bj::object report{{"ok", all}, {"items", std::move(items)}};
        std::printf("%s\n", boost::json::serialize(report).c_str());
    } else {
        std::printf("%s\n", all ? "This machine can build and serve."
                                : "Builds will not work until what is missing is there.");
    }
    return all ? 0 : 1;
}

}  // namespace berth::roles

/// `berth doctor`: what this machine offers and lacks, and which promises hold on it.

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "base/json.hpp"
#include "engines/delegated_cgroup.hpp"
#include "engines/probe.hpp"
#include "roles/promises.hpp"
#include "roles/roles.hpp"
#include "roles/rootless.hpp"

namespace berth::roles {
namespace {

constexpr const char* ca_file = "/etc/ssl/certs/ca-certificates.crt";

const char* word(Promise::State state) {
    switch (state) {
        case Promise::State::holds:
            return "holds";
        case Promise::State::in_part:
            return "in part";
        case Promise::State::broken:
            return "BROKEN";
        case Promise::State::not_tried:
            return "not tried";
    }
    return "?";
}

void print_promises(const std::vector<Promise>& promises) {
    std::printf("\nWhat Berth promises about builds, tried here:\n");
    for (const Promise& promise : promises) {
        std::printf("%-9s %s  %s\n", word(promise.state), promise.id.c_str(), promise.name.c_str());
        std::printf("              %s\n", promise.detail.c_str());
    }
    std::printf("\n");
}

void print_weaker(const std::string& cgroups) {
    std::printf("Without root (start Berth as root to have more):\n");
    for (const std::string& weaker : what_is_weaker(cgroups))
        std::printf("        %s\n", weaker.c_str());
    std::printf("\n");
}

}  // namespace

int run_doctor(const std::vector<std::string>& arguments) {
    const bool as_json = !arguments.empty() && arguments[0] == "--json";
    if (arguments.size() > (as_json ? 1u : 0u)) {
        std::fprintf(stderr, "Usage: berth doctor [--json]\n");
        return 2;
    }
    const char* const said = std::getenv("BERTH_RUNTIME");  // as berth serve takes it
    const std::string runtime = said == nullptr || *said == '\0' ? "runc" : said;
    const bool root = ::geteuid() == 0;
    const Result<std::string> groups =
        root ? Result<std::string>("") : engines::take_delegated_cgroup();
    const std::string cgroups = groups ? *groups : "";
    const std::vector<engines::Probed> found =
        root ? engines::probe_sandbox(ca_file, runtime)
             : engines::probe_users_sandbox(ca_file, runtime, groups);
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
    // As root the attempt itself says best what does not work.
    const std::vector<Promise> promises =
        all || root ? try_promises(ca_file, runtime, cgroups)
                    : untried_promises(
                          "without root, sandboxes need what is missing; until then nothing "
                          "is built by this user");
    json::bj::array tried;
    for (const Promise& promise : promises) {
        all = all && promise.state != Promise::State::broken;
        tried.push_back(json::from(promise));
    }
    if (as_json) {
        const json::bj::object report{
            {"ok", all}, {"items", std::move(items)}, {"promises", std::move(tried)}};
        std::printf("%s\n", boost::json::serialize(report).c_str());
    } else {
        print_promises(promises);
        if (all && !root) print_weaker(cgroups);
        std::printf("%s\n", all ? "This machine can build and serve."
                                : "Builds will not work until what is missing is there.");
    }
    return all ? 0 : 1;
}

}  // namespace berth::roles

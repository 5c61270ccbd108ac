/// `berth config check`: whether `berth serve` would start with these options.

#include <cstdio>

#include "roles/addresses.hpp"
#include "roles/backends.hpp"
#include "roles/certificate_files.hpp"
#include "roles/crew.hpp"
#include "roles/roles.hpp"

namespace berth::roles {

int run_config(const std::vector<std::string>& arguments) {
    if (arguments.empty() || arguments[0] != "check") {
        std::fprintf(stderr, "Usage: berth config check [the options of berth serve]\n");
        return 2;
    }
    const Result<Parsed> parsed = read_config(
        Starter::serve, std::vector<std::string>(arguments.begin() + 1, arguments.end()));
    if (!parsed) return say(parsed.error());
    if (const Result<Layout> layout = layout_of(parsed->config); !layout) {
        return say(layout.error());
    }
    const Result<Addresses> addresses = parse_addresses(parsed->config);
    if (!addresses) return say(addresses.error());
    const auto certificates = CertificateFiles(parsed->config).read();
    if (!certificates) return say(certificates.error());
    if (const Result<> nets = check_nets(parsed->config); !nets) return say(nets.error());
    if (const auto proxies = proxies_of_environment(); !proxies) return say(proxies.error());
    std::printf("The configuration is valid.\n");
    return 0;
}

}  // namespace berth::roles

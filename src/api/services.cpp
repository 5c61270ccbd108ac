#include "api/services.hpp"

namespace berth::api {

std::string Config::site_url(const std::string& host) const {
    const bool own_port = (site_scheme == "http" && site_port == 80) ||
                          (site_scheme == "https" && site_port == 443) || site_port == 0;
    return site_scheme + "://" + host + (own_port ? "" : ":" + std::to_string(site_port));
}

}  // namespace berth::api

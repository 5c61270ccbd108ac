#pragma once
/// The names that a project's sites are served under.

#include <string>
#include <string_view>

namespace berth::deployments {

/// "shop" + "localhost" → "shop.localhost"
std::string production_host(std::string_view project_name, std::string_view base_host);

/// "shop-" + the id's random tail.
std::string deployment_host(std::string_view project_name, std::string_view deployment_id,
                            std::string_view base_host);

/// "shop-git-feature-x": letters and digits of the branch, cut and hashed to fit 63 characters, or
/// hashed when the branch has other characters than a-z, 0-9 and single hyphens.
std::string branch_host(std::string_view project_name, std::string_view branch,
                        std::string_view base_host);

}  // namespace berth::deployments

#pragma once
/// A deployment as the API shows it.

#include <functional>
#include <string>

#include "deployments/deployment.hpp"

namespace soci {
class session;
}

namespace berth::deployments {

using UrlOf = std::function<std::string(const std::string& host)>;

DeploymentView view_of(soci::session& sql, const Deployment& deployment,
                       const std::string& base_host, const UrlOf& url_of);

}  // namespace berth::deployments

#pragma once
/// A deployment as the API shows it.

#include <functional>
#include <string>

#include "deployments/admission.hpp"
#include "deployments/deployment.hpp"

namespace soci {
class session;
}

namespace berth::deployments {

using UrlOf = std::function<std::string(const std::string& host)>;

/// Makes views within one read or write; looks at the queue once, and only for those that wait.
/// What it is given outlives it.
class Viewer {
public:
    Viewer(soci::session& sql, const std::string& base_host, const UrlOf& url_of,
           const AdmissionRules& admission, std::int64_t now_ms)
        : sql_(sql),
          base_host_(base_host),
          url_of_(url_of),
          admission_(admission),
          now_ms_(now_ms) {}

    DeploymentView view(const Deployment& deployment);
    /// The place of one that waits.
    Place place(const Deployment& deployment);

private:
    soci::session& sql_;
    const std::string& base_host_;
    const UrlOf& url_of_;
    const AdmissionRules& admission_;
    std::int64_t now_ms_;
    std::optional<std::map<std::string, Place>> places_{};
};

}  // namespace berth::deployments

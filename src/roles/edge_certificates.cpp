#include "roles/edge_certificates.hpp"

#include <filesystem>
#include <optional>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "roles/certificate_files.hpp"
#include "roles/stapler.hpp"

namespace berth::roles {

namespace {

using namespace std::chrono_literals;

std::optional<std::vector<http::CertificatePair>> read_pairs(const std::string& directory) {
    std::string why;
    try {
        auto pairs = read_handed_certificates(directory);
        if (pairs) return std::move(*pairs);
        why = pairs.error().message;
    } catch (const std::exception& broken) {
        why = broken.what();
    }
    log::error("certificates cannot be read", {{"why", why}});
    return std::nullopt;
}

}  // namespace

std::shared_ptr<const http::CertificateSet> load_certificates(const std::string& directory) {
    const auto pairs = read_pairs(directory);
    return pairs ? http::CertificateSet::make(*pairs).set : nullptr;
}

Task<> follow_certificates(edge::Edge& edge, std::string directory, std::string state_directory,
                           std::string ca_file) {
    const auto client = http::make_curl_client(1, std::move(ca_file));
    Stapler stapler(*client, state_directory + "/ocsp");
    const std::string path = directory + "/" + CertificateFiles::file_name;
    std::filesystem::file_time_type seen{};
    while (true) {  // until canceled
        std::error_code gone;
        const auto written = std::filesystem::last_write_time(path, gone);
        bool changed = false;
        if (!gone && written != seen) {
            if (auto pairs = read_pairs(directory)) {
                stapler.take(std::move(*pairs));
                seen = written;
                changed = true;
            }
        }
        if (changed) edge.use_certificates(http::CertificateSet::make(stapler.pairs()).set);
        if (co_await stapler.ask_due(unix_now_ms()))
            edge.use_certificates(http::CertificateSet::make(stapler.pairs()).set);
        co_await sleep_for(1s);
    }
}

}  // namespace berth::roles

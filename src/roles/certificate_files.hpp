#pragma once
/// The operator's certificates: files that the supervisor reads, since the edge's user cannot, and
/// hands to the edge whenever they change.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "http/certificates.hpp"
#include "roles/config.hpp"

namespace berth::roles {

/// What --cert, --key and --cert-dir name. In the directory: NAME.crt (.pem, .cer) beside NAME.key,
/// or a folder with fullchain.pem and privkey.pem, as ACME clients write them; NAME.ocsp or
/// ocsp.der beside them is stapled. At most 10,000 pairs.
class CertificateFiles {
public:
    explicit CertificateFiles(const ServeConfig& config);

    /// Whether TLS is asked for at all.
    bool wanted() const { return !listen_.empty(); }

    /// Reads all. Errors: invalid — names the option or the file that does not hold; one that lies
    /// in the directory is left out, and logged, as long as another holds.
    Result<std::vector<http::CertificatePair>> read() const;

    /// What is read there now, as one file in `directory` that only `uid` can read.
    /// Errors: those of read().
    Result<> hand_over(const std::string& directory, unsigned uid);
    /// The same when a file has changed since. What does not hold is logged, the last set stays.
    void hand_over_changes(const std::string& directory, unsigned uid);

    static constexpr const char* file_name = "certificates.json";

private:
    struct Place;
    std::vector<Place> places() const;
    std::string signature() const;

    std::string listen_;
    std::string cert_;
    std::string key_;
    std::string directory_;
    std::string seen_{};  // of the files, when they were last handed over
};

/// The edge's side. Errors: not_found; invalid.
Result<std::vector<http::CertificatePair>> read_handed_certificates(const std::string& directory);

}  // namespace berth::roles

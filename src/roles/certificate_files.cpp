#include "roles/certificate_files.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "base/crypto.hpp"
#include "base/file.hpp"
#include "base/log.hpp"

namespace berth::roles {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t pairs_max = 10'000;
constexpr std::size_t file_bytes_max = 1 << 20;
constexpr std::size_t handed_bytes_max = 512 << 20;

Error bad(const std::string& option, const std::string& message) {
    return fail_as(Failure::invalid, "bad_value", "/" + option, "--{}: {}", option, message);
}

/// Errors: invalid — it cannot be read, or is too large.
Result<std::string> read_part(const std::string& path) {
    try {
        const Result<std::string> text = read_file(path, file_bytes_max);
        if (text) return *text;
        return fail(Failure::invalid, "{} {}", path,
                    text.error().failure == Failure::too_large ? "is too large" : "is not there");
    } catch (const std::system_error& broken) {
        return fail(Failure::invalid, "{} cannot be read: {}", path, broken.code().message());
    }
}

}  // namespace

struct CertificateFiles::Place {
    std::string name{};
    std::string chain{};
    std::string key{};
    std::string staple{};
    bool fallback = false;
};

CertificateFiles::CertificateFiles(const ServeConfig& config)
    : listen_(config.listen_tls),
      cert_(config.cert),
      key_(config.key),
      directory_(config.cert_dir) {}

std::vector<CertificateFiles::Place> CertificateFiles::places() const {
    std::vector<Place> found;
    if (!cert_.empty()) {
        const std::string staple = fs::path(cert_).replace_extension(".ocsp");
        found.push_back({cert_, cert_, key_, staple, true});
    }
    if (directory_.empty()) return found;
    std::error_code failed;
    for (const fs::directory_entry& entry : fs::directory_iterator(directory_, failed)) {
        const fs::path& path = entry.path();
        const std::string extension = path.extension();
        if (entry.is_directory(failed)) {
            if (!fs::exists(path / "fullchain.pem", failed)) continue;
            found.push_back(
                {path, path / "fullchain.pem", path / "privkey.pem", path / "ocsp.der", false});
        } else if (extension == ".crt" || extension == ".pem" || extension == ".cer") {
            fs::path key = path;
            fs::path staple = path;
            key.replace_extension(".key");
            staple.replace_extension(".ocsp");
            if (!fs::exists(key, failed)) continue;  // a chain, or an authority, beside the pairs
            found.push_back({path, path, key, staple, false});
        }
        if (found.size() >= pairs_max) break;
    }
    std::ranges::sort(found.begin() + (cert_.empty() ? 0 : 1), found.end(), {}, &Place::name);
    return found;
}

Result<std::vector<http::CertificatePair>> CertificateFiles::read() const {
    if (!wanted()) {
        const bool stray = !cert_.empty() || !key_.empty() || !directory_.empty();
        if (stray) return bad("listen-tls", "is needed to serve the certificates that are given");
        return std::vector<http::CertificatePair>{};
    }
    if (cert_.empty() != key_.empty()) return bad("key", "--cert and --key go together");
    if (cert_.empty() && directory_.empty())
        return bad("listen-tls", "needs --cert and --key, or --cert-dir");
    if (!directory_.empty() && !fs::is_directory(directory_))
        return bad("cert-dir", directory_ + " is not a directory that is there");
    std::vector<http::CertificatePair> pairs;
    std::vector<std::string> problems;
    for (const Place& place : places()) {
        Result<std::string> chain = read_part(place.chain);
        Result<std::string> key = chain ? read_part(place.key) : chain;
        if (!key && place.fallback) return bad(chain ? "key" : "cert", key.error().message);
        if (!key) {
            problems.push_back(key.error().message);
            continue;
        }
        http::CertificatePair pair{
            place.name, std::move(*chain), std::move(*key), {}, place.fallback};
        if (const Result<std::string> staple = read_part(place.staple))
            pair.staple = base64url(*staple);
        const auto made = http::CertificateSet::make({pair});
        for (const std::string& problem : made.problems)
            problems.push_back(problem);
        if (!made.set->about().empty()) {
            pairs.push_back(std::move(pair));
        } else if (place.fallback) {
            return bad("cert", made.problems.front());
        }
    }
    for (const std::string& problem : problems)
        log::warning("certificate does not hold", {{"why", problem}});
    if (pairs.empty()) {
        return bad("cert-dir", directory_ +
                                   " has no certificate with its key: NAME.crt with "
                                   "NAME.key, or NAME/fullchain.pem with privkey.pem");
    }
    return pairs;
}

std::string CertificateFiles::signature() const {
    std::string all;
    for (const Place& place : places()) {
        for (const std::string* path : {&place.chain, &place.key, &place.staple}) {
            struct stat found{};
            if (::stat(path->c_str(), &found) != 0) continue;
            all += fmt::format("{} {} {} {}.{}\n", *path, found.st_ino, found.st_size,
                               found.st_mtim.tv_sec, found.st_mtim.tv_nsec);
        }
    }
    return all;
}

Result<> CertificateFiles::hand_over(const std::string& directory, unsigned uid) {
    // In this order: what changes meanwhile is seen by the next look.
    seen_ = signature();
    const Result<std::vector<http::CertificatePair>> pairs = read();
    if (!pairs) return pairs.error();
    const std::string path = directory + "/" + file_name;
    const std::string beside = path + ".new";
    write_file(beside, json::text(*pairs), 0600);
    if (::geteuid() == 0 && ::chown(beside.c_str(), uid, static_cast<gid_t>(-1)) != 0)
        throw_errno("chown " + beside);
    fs::rename(beside, path);
    return {};
}

void CertificateFiles::hand_over_changes(const std::string& directory, unsigned uid) {
    if (signature() == seen_) return;
    try {
        const Result<> done = hand_over(directory, uid);
        if (done) {
            log::info("certificates changed", {});
        } else {
            log::error("certificates are not taken", {{"why", done.error().message}});
        }
    } catch (const std::exception& broken) {
        log::error("certificates are not taken", {{"why", broken.what()}});
    }
}

Result<std::vector<http::CertificatePair>> read_handed_certificates(const std::string& directory) {
    const Result<std::string> text =
        read_file(directory + "/" + CertificateFiles::file_name, handed_bytes_max);
    if (!text) return text.error();
    return json::parse_as<std::vector<http::CertificatePair>>(*text);
}

}  // namespace berth::roles

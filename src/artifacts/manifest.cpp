#include "artifacts/manifest.hpp"

namespace berth::artifacts {

std::string blob_key(const std::string& sha256) {
    return "public/blobs/" + sha256.substr(0, 2) + "/" + sha256;
}

std::string variant_key(const std::string& sha256, std::string_view coding) {
    if (coding == "gzip") return blob_key(sha256) + ".gz";
    if (coding == "zstd") return blob_key(sha256) + ".zst";
    return blob_key(sha256) + "." + std::string(coding);
}

std::string manifest_key(const std::string& deployment) {
    return "public/manifests/" + deployment + ".json";
}

std::string route_key(const std::string& host) {
    return "public/routes/" + host + ".json";
}

}  // namespace berth::artifacts

#include "edge/kept_manifests.hpp"

#include <unistd.h>

#include <algorithm>

#include "base/file.hpp"

namespace berth::edge {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t bits_per_host = 16;
constexpr std::size_t bits_min = 1 << 20;
constexpr std::size_t names_per_step = 500;
constexpr std::string_view suffix = ".json";

}  // namespace

KeptManifests::KeptManifests(std::string directory) : directory_(std::move(directory)) {
    fs::create_directories(directory_);
}

std::string KeptManifests::path_of(const std::string& deployment) const {
    return directory_ + "/" + deployment + std::string(suffix);
}

bool KeptManifests::has(const std::string& deployment) const {
    std::error_code broken;
    return fs::exists(path_of(deployment), broken);
}

void KeptManifests::keep(const std::string& deployment, const std::string& text) {
    count(deployment);
    write_file(path_of(deployment), text, 0600);
}

void KeptManifests::begin_count(std::size_t hosts) {
    key_ = make_fingerprint_key();  // another one each time: who was spared by chance is not again
    needed_.assign(std::max(hosts * bits_per_host, bits_min), false);
    forgetting_ = false;
}

std::size_t KeptManifests::bit_of(std::string_view deployment) const {
    return fingerprint(key_, deployment) % needed_.size();
}

void KeptManifests::count(const std::string& deployment) {
    if (!needed_.empty()) needed_[bit_of(deployment)] = true;
}

bool KeptManifests::forget_some() {
    if (needed_.empty()) return false;
    if (!forgetting_) {
        next_ = fs::directory_iterator(directory_);
        forgetting_ = true;
    }
    for (std::size_t i = 0; i < names_per_step && next_ != fs::directory_iterator(); ++i) {
        const std::string file = next_->path().filename();
        const bool is_manifest = file.ends_with(suffix);
        const std::string_view deployment(
            file.data(), file.size() - (is_manifest ? suffix.size() : file.size()));
        if (!is_manifest || !needed_[bit_of(deployment)]) ::unlink(next_->path().c_str());
        ++next_;
    }
    return next_ != fs::directory_iterator();
}

void KeptManifests::end_count() {
    needed_ = {};
    next_ = {};
    forgetting_ = false;
}

}  // namespace berth::edge

#include "objects/cache_files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/crypto.hpp"

namespace berth::objects {
namespace {

namespace fs = std::filesystem;

bool is_sha256(const std::string& name) {
    return name.size() == 64 && name.find_first_not_of("0123456789abcdef") == name.npos;
}

}  // namespace

CacheFiles::CacheFiles(std::string directory)
    : directory_(std::move(directory)), beside_(directory_ + "/beside") {
    fs::create_directories(directory_ + "/blobs");
    fs::remove_all(beside_);
    fs::create_directories(beside_);
}

std::string CacheFiles::path_of(const std::string& sha256) const {
    return directory_ + "/blobs/" + sha256.substr(0, 2) + "/" + sha256;
}

std::vector<CachedBlobs::Blob> CacheFiles::sweep() {
    std::vector<std::pair<fs::file_time_type, CachedBlobs::Blob>> found;
    std::vector<fs::path> strange;
    for (const auto& item : fs::recursive_directory_iterator(directory_ + "/blobs")) {
        if (item.is_directory()) continue;
        const std::string name = item.path().filename().string();
        const bool ours = is_sha256(name) && item.path() == path_of(name);
        if (!ours || !item.is_regular_file()) {
            strange.push_back(item.path());
            continue;
        }
        CachedBlobs::Blob blob{.sha256 = name, .bytes = item.file_size()};
        found.emplace_back(item.last_write_time(), std::move(blob));
    }
    for (const fs::path& path : strange)
        fs::remove(path);
    std::ranges::sort(found, {}, [](const auto& each) { return each.first; });
    std::vector<CachedBlobs::Blob> blobs;
    blobs.reserve(found.size());
    for (auto& [written, blob] : found)
        blobs.push_back(std::move(blob));
    return blobs;
}

CacheFiles::Draft CacheFiles::draft() const {
    std::string path = beside_ + "/" + random_word(20);
    Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    return {std::move(path), std::move(file)};
}

bool CacheFiles::keep(const std::string& path, const std::string& sha256) const {
    const fs::path place = path_of(sha256);
    std::error_code refused;
    fs::create_directories(place.parent_path(), refused);
    fs::rename(path, place, refused);
    return !refused;
}

Fd CacheFiles::open(const std::string& sha256) const {
    return Fd(::open(path_of(sha256).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
}

void CacheFiles::remove(const std::string& sha256) const {
    ::unlink(path_of(sha256).c_str());
}

}  // namespace berth::objects

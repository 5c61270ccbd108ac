#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "edge/public_files.hpp"
#include "edge/site.hpp"
#include "edge/store_file.hpp"

namespace berth::edge {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t names_per_step = 1'000;

class DirectoryHosts final : public HostNames {
public:
    explicit DirectoryHosts(const std::string& routes) : names_(routes) {}

    std::optional<std::vector<std::string>> take() override {
        if (names_ == fs::directory_iterator()) return std::nullopt;
        std::vector<std::string> hosts;
        for (std::size_t i = 0; i < names_per_step; ++i) {
            if (names_ == fs::directory_iterator()) break;
            std::string host = host_of_route(names_->path().filename().string());
            if (!host.empty()) hosts.push_back(std::move(host));
            ++names_;
        }
        return hosts;
    }

private:
    fs::directory_iterator names_;
};

class DirectoryFiles final : public PublicFiles {
public:
    explicit DirectoryFiles(std::string directory) : directory_(std::move(directory)) {}

    Result<std::string> read(const std::string& name, std::size_t bytes_max) const override {
        return read_or_say_why(directory_ + "/" + name, bytes_max);
    }

    std::optional<Mark> mark(const std::string& name) const override {
        struct stat info{};
        if (::stat((directory_ + "/" + name).c_str(), &info) != 0) return std::nullopt;
        return Mark{info.st_ino, info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec,
                    info.st_size};
    }

    std::unique_ptr<HostNames> hosts() override {
        return std::make_unique<DirectoryHosts>(directory_ + "/routes");
    }

    Result<> check_blobs(const Site& site) const override {
        for (const SiteFile& file : site.files()) {
            const std::string name = hex_of(file.sha256);
            const std::string path = directory_ + "/blobs/" + name.substr(0, 2) + "/" + name;
            struct stat info{};
            if (::stat(path.c_str(), &info) != 0) {
                return fail(Failure::invalid, "the blob {} of '{}' is missing", name,
                            site.path_of(file));
            }
            if (static_cast<std::uint64_t>(info.st_size) != file.bytes) {
                return fail(Failure::invalid, "the blob {} has {} bytes, not {}", name,
                            info.st_size, file.bytes);
            }
        }
        return boost::system::in_place_value;
    }

    std::size_t retries_max() const override { return 256; }

private:
    std::string directory_;
};

}  // namespace

std::unique_ptr<PublicFiles> make_directory_files(std::string public_directory) {
    return std::make_unique<DirectoryFiles>(std::move(public_directory));
}

}  // namespace berth::edge

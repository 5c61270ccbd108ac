#include "edge/access_keys.hpp"

#include <sys/stat.h>

#include "base/file.hpp"
#include "base/log.hpp"
#include "edge/store_file.hpp"

namespace berth::edge {
namespace {

constexpr std::size_t bytes_max = 16 << 10;

}  // namespace

AccessKeys::AccessKeys(const std::string& public_directory, const std::string& state_directory)
    : published_(public_directory + "/keys/access.json"),
      kept_(state_directory + "/access_keys.json") {}

void AccessKeys::restore() {
    const Result<std::string> text = read_or_say_why(kept_, bytes_max);
    if (text) take(*text);
}

bool AccessKeys::poll() {
    struct stat info{};
    if (::stat(published_.c_str(), &info) != 0) return false;
    const std::int64_t modified = info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec;
    if (modified == seen_modified_ns_) return false;
    const Result<std::string> text = read_or_say_why(published_, bytes_max);
    if (!text) return false;  // looked at again next time
    seen_modified_ns_ = modified;
    if (*text == seen_) return false;
    seen_ = *text;
    if (!take(*text)) return false;
    try {
        write_file(kept_, *text, 0600);
    } catch (const std::exception& broken) {
        // Serving goes on; only a restart without the store would not know these.
        log::error("access keys not kept", {{"why", broken.what()}});
    }
    return true;
}

bool AccessKeys::take(const std::string& text) {
    const Result<visitors::PublicKeys> keys = json::parse_as<visitors::PublicKeys>(text);
    const Result<std::shared_ptr<const visitors::PassCheck>> check =
        keys ? visitors::PassCheck::make(*keys) : keys.error();
    if (!check) {
        log::error("access keys refused, the last good ones stay",
                   {{"why", check.error().message}});
        return false;
    }
    current_ = *check;
    return true;
}

}  // namespace berth::edge

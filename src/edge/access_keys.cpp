#include "edge/access_keys.hpp"

#include "base/file.hpp"
#include "base/log.hpp"
#include "edge/store_file.hpp"

namespace berth::edge {
namespace {

constexpr std::size_t bytes_max = 16 << 10;
const std::string published_keys = "keys/access.json";

}  // namespace

AccessKeys::AccessKeys(const PublicFiles& store, const std::string& state_directory)
    : store_(store), kept_(state_directory + "/access_keys.json") {}

void AccessKeys::restore() {
    const Result<std::string> text = read_or_say_why(kept_, bytes_max);
    if (text) take(*text);
}

bool AccessKeys::poll() {
    const auto mark = store_.mark(published_keys);
    if (!mark || mark == seen_mark_) return false;
    const Result<std::string> text = store_.read(published_keys, bytes_max);
    if (!text) return false;  // looked at again next time
    seen_mark_ = mark;
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

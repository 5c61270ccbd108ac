#include "base/id.hpp"

#include <array>
#include <cstdint>
#include <mutex>

#include "base/clock.hpp"
#include "base/crypto.hpp"

namespace berth {
namespace {

constexpr std::string_view alphabet = "0123456789abcdefghjkmnpqrstvwxyz";  // Crockford's base32
constexpr std::size_t text_length = 26;

// RFC 9562 §5.7: 48 bits of milliseconds, version, 12 bits of counter, variant, 62 random bits.
std::array<std::uint8_t, 16> uuid_v7() {
    static std::mutex guard;
    static std::int64_t last_ms = 0;
    static unsigned counter = 0;

    std::int64_t ms = 0;
    unsigned count = 0;
    {
        const std::lock_guard lock(guard);
        ms = unix_now_ms();
        if (ms > last_ms) {
            last_ms = ms;
            counter = 0;
        } else if (++counter == 0x1000) {
            ++last_ms;  // over 4,096 ids in a millisecond: borrow from the next one
            counter = 0;
        }
        ms = last_ms;
        count = counter;
    }
    std::array<std::uint8_t, 16> bytes{};
    random_fill(bytes);
    for (unsigned i = 0; i < 6; ++i)
        bytes[i] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
    bytes[6] = static_cast<std::uint8_t>(0x70 | (count >> 8));
    bytes[7] = static_cast<std::uint8_t>(count & 0xff);
    bytes[8] = static_cast<std::uint8_t>(0x80 | (bytes[8] & 0x3f));
    return bytes;
}

}  // namespace

std::string new_id(std::string_view prefix) {
    const auto bytes = uuid_v7();
    std::string text(prefix);
    text += '_';
    // 130 bits in 26 digits: two zero bits lead, so that the text sorts as the number does.
    unsigned window = 0;
    int bits = 2;
    for (const std::uint8_t byte : bytes) {
        window = (window << 8 | byte) & 0xffff;
        bits += 8;
        while (bits >= 5) {
            bits -= 5;
            text += alphabet[(window >> bits) & 31];
        }
    }
    return text;
}

bool is_id(std::string_view text, std::string_view prefix) {
    if (text.size() != prefix.size() + 1 + text_length) return false;
    if (!text.starts_with(prefix) || text[prefix.size()] != '_') return false;
    return text.substr(prefix.size() + 1).find_first_not_of(alphabet) == std::string_view::npos;
}

std::string id_tail(std::string_view id) {
    return std::string(id.substr(id.size() < 10 ? 0 : id.size() - 10));
}

}  // namespace berth

#include "http/utf8.hpp"

#include <cstddef>
#include <cstdint>

namespace berth::http {

bool is_utf8(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size()) {
        const auto lead = static_cast<std::uint8_t>(text[at]);
        const std::size_t width = lead < 0x80                   ? 1
                                  : lead >= 0xc2 && lead < 0xe0 ? 2
                                  : lead >= 0xe0 && lead < 0xf0 ? 3
                                  : lead >= 0xf0 && lead < 0xf5 ? 4
                                                                : 0;
        if (width == 0 || at + width > text.size()) return false;
        std::uint32_t code = width == 1 ? lead : lead & (0x7fU >> width);
        for (std::size_t i = 1; i < width; ++i) {
            const auto next = static_cast<std::uint8_t>(text[at + i]);
            if ((next & 0xc0) != 0x80) return false;
            code = code << 6 | (next & 0x3fU);
        }
        const bool overlong = (width == 3 && code < 0x800) || (width == 4 && code < 0x10000);
        if (overlong || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return false;
        at += width;
    }
    return true;
}

}  // namespace berth::http

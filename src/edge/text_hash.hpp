#pragma once
/// Lets maps with keys of text be asked with views of it.

#include <cstddef>
#include <functional>
#include <string_view>

namespace berth::edge {

struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
        return std::hash<std::string_view>{}(text);
    }
};

}  // namespace berth::edge

#pragma once
/// Whether bytes are well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates).

#include <string_view>

namespace berth::http {

bool is_utf8(std::string_view text);

}  // namespace berth::http

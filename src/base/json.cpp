#include "base/json.hpp"

namespace berth::json {
namespace detail {

std::string escape_pointer(std::string_view key) {
    std::string escaped;
    for (const char letter : key) {
        if (letter == '~') {
            escaped += "~0";
        } else if (letter == '/') {
            escaped += "~1";
        } else {
            escaped += letter;
        }
    }
    return escaped;
}

Error wrong(const std::string& pointer, std::string_view wanted) {
    return fail_as(Failure::invalid, "wrong_type", pointer, "{} must be {}",
                   pointer.empty() ? std::string("the body") : pointer, wanted);
}

}  // namespace detail

Result<value> parse(std::string_view text) {
    bj::parse_options options;
    options.max_depth = 64;
    bj::stream_parser parser({}, options);
    boost::system::error_code bad;
    const std::size_t used = parser.write(text.data(), text.size(), bad);
    if (!bad) parser.finish(bad);
    if (bad) {
        return fail_as(Failure::invalid, "malformed_json", "", "not valid JSON at byte {}: {}",
                       used, bad.message());
    }
    return parser.release();
}

}  // namespace berth::json

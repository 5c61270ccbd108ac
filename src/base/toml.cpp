#include "base/toml.hpp"

namespace berth::toml_text {

void throw_malformed(const char* assertion) {
    throw Malformed(assertion);
}

toml::table parse(std::string_view text) {
    return toml::parse(text);
}

toml::table parse_file(const std::string& path) {
    return toml::parse_file(path);
}

}  // namespace berth::toml_text

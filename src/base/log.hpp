#pragma once
/// What Berth says about itself to the operator: one fixed event phrase, then fields. Lines go to
/// stderr, as text on a terminal and as JSON lines otherwise. Not for build logs: see logs/.

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

namespace berth::log {

struct Field {
    std::string key;
    std::string value;
    bool quoted = true;  // false: a number or a truth value, as it stands in JSON

    Field(std::string_view name, std::string_view text) : key(name), value(text) {}
    Field(std::string_view name, const std::string& text) : key(name), value(text) {}
    Field(std::string_view name, const char* text) : key(name), value(text) {}
    template <class Number>
        requires std::is_arithmetic_v<Number>
    Field(std::string_view name, Number number)
        : key(name), value(std::to_string(number)), quoted(false) {}
};

using Fields = std::initializer_list<Field>;

enum class Level { debug, info, warning, error };

/// Names the process in every later line ("api", "worker"…) and sets the least level said.
void start(std::string role, Level least);

void write(Level level, std::string_view event, Fields fields);

inline void debug(std::string_view event, Fields fields = {}) {
    write(Level::debug, event, fields);
}
inline void info(std::string_view event, Fields fields = {}) {
    write(Level::info, event, fields);
}
inline void warning(std::string_view event, Fields fields = {}) {
    write(Level::warning, event, fields);
}
inline void error(std::string_view event, Fields fields = {}) {
    write(Level::error, event, fields);
}

}  // namespace berth::log

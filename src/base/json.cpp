#include "base/json.hpp"

#include <fmt/ranges.h>

#include <algorithm>

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

std::string Place::pointer() const {
    if (parent == nullptr) return {};
    return parent->pointer() + "/" + (keyed ? escape_pointer(key) : std::to_string(index));
}

bool refuse(const Place& place, std::string_view wanted, Fault& fault) {
    const std::string pointer = place.pointer();
    fault = fail_as(Failure::invalid, "wrong_type", pointer, "{} must be {}",
                    pointer.empty() ? std::string("the body") : pointer, wanted);
    return false;
}

value from_word(std::span<const Word> words, std::int64_t value) {
    const auto found = std::ranges::find(words, value, &Word::value);
    return json::value(found == words.end() ? std::string_view() : found->word);
}

bool read_word(std::span<const Word> words, const value& source, std::int64_t& target,
               const Place& place, Fault& fault) {
    if (source.is_string()) {
        const std::string_view text = source.get_string();
        const auto found = std::ranges::find(words, text, &Word::word);
        if (found != words.end()) {
            target = found->value;
            return true;
        }
    }
    std::vector<std::string_view> known(words.size());
    std::ranges::transform(words, known.begin(), &Word::word);
    return refuse(place, fmt::format("one of {}", fmt::join(known, ", ")), fault);
}

bool read_text(const value& source, std::string& target, const Place& place, Fault& fault) {
    if (!source.is_string()) return refuse(place, "text", fault);
    target = source.get_string();
    return true;
}

bool read_bool(const value& source, bool& target, const Place& place, Fault& fault) {
    if (!source.is_bool()) return refuse(place, "true or false", fault);
    target = source.get_bool();
    return true;
}

value from_members(std::span<const Member> members, const void* object, const void* defaults) {
    bj::object result;
    if (defaults == nullptr) result.reserve(members.size());
    for (const Member& member : members) {
        if (defaults != nullptr && member.equal(object, defaults)) continue;
        result.emplace(member.name, member.from(object));
    }
    return result;
}

bool read_members(std::span<const Member> members, const value& source, void* object,
                  const Place& place, Fault& fault) {
    if (!source.is_object()) return refuse(place, "an object", fault);
    const bj::object& fields = source.get_object();
    std::size_t known = 0;
    for (const Member& member : members) {
        const value* found = fields.if_contains(member.name);
        if (found == nullptr) continue;  // absent: the declared default
        ++known;
        if (!member.read(*found, object, place.at(member.name), fault)) return false;
    }
    if (known == fields.size()) return true;
    for (const auto& field : fields) {
        const std::string_view key = field.key();
        if (std::ranges::find(members, key, &Member::name) != members.end()) continue;
        fault = fail_as(Failure::invalid, "unknown_field", place.at(key).pointer(),
                        "'{}' is not a known field", key);
        return false;
    }
    return true;
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

#include "rules/conditions.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "rules/expand.hpp"
#include "rules/lines.hpp"

namespace berth::rules {

namespace {

bool equal_without_case(std::string_view a, std::string_view b) {
    return lower_case(a) == lower_case(b);
}

/// What the condition looks at; nothing: it is not there.
std::optional<std::string> subject_of(const Condition& condition, const Ask& ask) {
    const auto field = [&](std::string_view name) -> std::optional<std::string> {
        const auto value = ask.fields == nullptr ? std::nullopt : ask.fields->field(name);
        return value ? std::optional<std::string>(*value) : std::nullopt;
    };
    switch (condition.subject) {
        case Subject::query:
            return query_value(ask.query, condition.name);
        case Subject::header:
            return field(condition.name);
        case Subject::cookie: {
            // Netlify names several cookies in `values`: one that is there will do.
            const std::string all = field("cookie").value_or("");
            const auto value = cookie_in(all, condition.name);
            return value ? std::optional<std::string>(*value) : std::nullopt;
        }
        case Subject::host:
            return std::string(ask.host);
        case Subject::scheme:
            return std::string(ask.scheme());
        case Subject::method:
            return std::string(ask.method);
        case Subject::country: {
            const std::string_view country = ask.fields == nullptr ? "" : ask.fields->country();
            return country.empty() ? std::nullopt : std::optional<std::string>(country);
        }
        case Subject::language: {
            const std::string best = preferred_language(field("accept-language").value_or(""));
            return best.empty() ? std::nullopt : std::optional<std::string>(best);
        }
        case Subject::role:
            return std::nullopt;  // several: any_role
    }
    return std::nullopt;
}

bool equals(const Condition& condition, const std::string& value) {
    const bool whatever_case =
        condition.subject == Subject::country || condition.subject == Subject::host ||
        condition.subject == Subject::scheme || condition.subject == Subject::method;
    return std::ranges::any_of(condition.values, [&](const std::string& wanted) {
        if (condition.subject == Subject::language) {
            const std::string tag = lower_case(wanted);
            return value == tag || value.starts_with(tag + "-");
        }
        return whatever_case ? equal_without_case(value, wanted) : value == wanted;
    });
}

/// Whether both are numbers and `compare` holds.
template <class Compare>
bool compares(const std::string& value, const std::string& wanted, Compare compare) {
    char* value_end = nullptr;
    char* wanted_end = nullptr;
    const double left = std::strtod(value.c_str(), &value_end);
    const double right = std::strtod(wanted.c_str(), &wanted_end);
    const bool numbers =
        !value.empty() && *value_end == '\0' && !wanted.empty() && *wanted_end == '\0';
    return numbers && compare(left, right);
}

bool any_cookie(const Condition& condition, const Ask& ask) {
    const auto field = ask.fields == nullptr ? std::nullopt : ask.fields->field("cookie");
    if (!field) return false;
    return std::ranges::any_of(condition.values, [&](const std::string& name) {
        const auto value = cookie_in(*field, name);
        return value && !value->empty();
    });
}

bool any_role(const Condition& condition, const Ask& ask) {
    if (ask.fields == nullptr) return false;
    const std::vector<std::string> roles = ask.fields->roles();
    return std::ranges::any_of(roles, [&](const std::string& role) {
        return std::ranges::find(condition.values, role) != condition.values.end();
    });
}

bool meets(const Condition& condition, const Regex* regex, const std::string& value,
           Captures& captures) {
    const std::string first = condition.values.empty() ? "" : condition.values[0];
    switch (condition.test) {
        case Test::present:
            return true;
        case Test::filled:
            return !value.empty();
        case Test::equals:
            return equals(condition, value);
        case Test::captures:
            captures.push_back({condition.values[0], value, Capture::From::value});
            return true;
        case Test::matches:
            return regex != nullptr && regex->matches(value, &captures, Capture::From::value);
        case Test::prefix:
            return value.starts_with(first);
        case Test::suffix:
            return value.ends_with(first);
        case Test::less:
            return compares(value, first, std::less<>());
        case Test::less_or_equal:
            return compares(value, first, std::less_equal<>());
        case Test::greater:
            return compares(value, first, std::greater<>());
        case Test::greater_or_equal:
            return compares(value, first, std::greater_equal<>());
    }
    return false;
}

}  // namespace

std::optional<std::string_view> cookie_in(std::string_view field, std::string_view name) {
    while (!field.empty()) {
        const std::size_t end = std::min(field.find(';'), field.size());
        const std::string_view pair = trimmed(field.substr(0, end));
        const std::size_t equals = pair.find('=');
        if (equals != pair.npos && pair.substr(0, equals) == name) return pair.substr(equals + 1);
        field.remove_prefix(std::min(end + 1, field.size()));
    }
    return std::nullopt;
}

std::string preferred_language(std::string_view accept_language) {
    std::string best;
    double best_weight = 0;
    for (const std::string& item : list_of(accept_language)) {
        const std::size_t end = std::min(item.find(';'), item.size());
        const std::size_t q = item.find("q=", end);
        const double weight = q == item.npos ? 1 : std::strtod(item.c_str() + q + 2, nullptr);
        const std::string tag = lower_case(trimmed(std::string_view(item).substr(0, end)));
        if (weight <= best_weight || tag.empty() || tag == "*") continue;
        best = tag;
        best_weight = weight;
    }
    return best;
}

bool holds(const Condition& condition, const Regex* regex, const Ask& ask, Captures& captures) {
    if (condition.subject == Subject::cookie && condition.name.empty())
        return any_cookie(condition, ask) != condition.negated;
    if (condition.subject == Subject::role) return any_role(condition, ask) != condition.negated;
    const std::optional<std::string> value = subject_of(condition, ask);
    const bool met = value && meets(condition, regex, *value, captures);
    return met != condition.negated;
}

std::string in_words(const Condition& condition) {
    std::string what = boost::describe::enum_to_string(condition.subject, "");
    if (!condition.name.empty()) what += " " + condition.name;
    std::string values;
    for (const std::string& value : condition.values)
        values += (values.empty() ? "" : ", ") + value;
    const std::string test = boost::describe::enum_to_string(condition.test, "");
    const bool bare = condition.test == Test::present || condition.test == Test::filled;
    return fmt::format("{}{} {}{}", condition.negated ? "not: " : "", what, test,
                       bare && values.empty() ? "" : " " + values);
}

}  // namespace berth::rules

#include "rules/vercel_conditions.hpp"

#include <algorithm>

#include "http/head_parser.hpp"
#include "rules/javascript_regex.hpp"

namespace berth::rules {

namespace {

constexpr std::size_t conditions_max = 16;
constexpr std::size_t values_max = 1'024;

enum class Wanted { has, missing };

bool is_word(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_';
    });
}

bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}

std::string lower(std::string text) {
    std::ranges::for_each(text, [](char& c) {
        if (is_upper(c)) c = static_cast<char>(c | 0x20);
    });
    return text;
}

/// The pattern `text` as the condition's test. Hosts are compared in lower case, so a pattern with
/// capitals could never match them.
Result<> take_regex(const std::string& text, const std::string& pointer, Condition& into,
                    VercelConditions& all) {
    const Result<JavascriptRegex> regex = parse_javascript_regex(text, Unnamed::dropped);
    if (!regex) return wrong_at(pointer, "'{}': {}", text, regex.error().message);
    if (!regex->unless.empty()) {
        return wrong_at(pointer,
                        "the look-ahead '(?!…)' in '{}' is not understood in a condition: use "
                        "'missing' for what must not be there",
                        text);
    }
    const bool folds = into.subject == Subject::host && std::ranges::any_of(text, is_upper);
    into.test = Test::matches;
    into.values = {(folds ? "(?i)" : "") + regex->text};
    if (into.negated) return {};
    for (const std::string& name : regex->groups) {
        if (!name.empty()) all.names.push_back(name);
    }
    return {};
}

/// A text or number as text; nothing for all else.
std::optional<std::string> plain_value(const json::value& value) {
    if (value.is_string() && value.get_string().size() <= vercel_text_bytes_max)
        return std::string(value.get_string());
    if (!value.is_number()) return std::nullopt;
    return value.is_double() ? fmt::format("{}", value.get_double()) : json::bj::serialize(value);
}

struct Operator {
    std::string_view word;
    Test test;
    enum class Operand { text, texts, pattern, number } operand;
    enum class Sense { as_said, opposite } sense = Sense::as_said;
};

constexpr Operator operators[] = {
    {"eq", Test::equals, Operator::Operand::text},
    {"neq", Test::equals, Operator::Operand::text, Operator::Sense::opposite},
    {"inc", Test::equals, Operator::Operand::texts},
    {"ninc", Test::equals, Operator::Operand::texts, Operator::Sense::opposite},
    {"pre", Test::prefix, Operator::Operand::text},
    {"suf", Test::suffix, Operator::Operand::text},
    {"re", Test::matches, Operator::Operand::pattern},
    {"gt", Test::greater, Operator::Operand::number},
    {"gte", Test::greater_or_equal, Operator::Operand::number},
    {"lt", Test::less, Operator::Operand::number},
    {"lte", Test::less_or_equal, Operator::Operand::number},
};

Result<std::vector<std::string>> operands(const Operator& known, const json::value& written,
                                          const std::string& pointer) {
    if (known.operand == Operator::Operand::texts) {
        if (!written.is_array() || written.get_array().empty() ||
            written.get_array().size() > values_max) {
            return wrong_at(pointer, "'{}' must be a list of 1 to {} texts", known.word,
                            values_max);
        }
        std::vector<std::string> values;
        for (const json::value& one : written.get_array()) {
            const std::optional<std::string> value = plain_value(one);
            if (!value) return wrong_at(pointer, "'{}' must be a list of texts", known.word);
            values.push_back(*value);
        }
        return values;
    }
    const std::optional<std::string> value = plain_value(written);
    const bool number = known.operand == Operator::Operand::number;
    if (!value || (number && !written.is_number())) {
        return wrong_at(pointer, "'{}' must be {}", known.word,
                        number ? "a number" : "text of at most 4096 characters");
    }
    return std::vector<std::string>{*value};
}

/// One member of an object like `{"pre": "a", "neq": "ab"}`.
Result<> take_operator(std::string_view word, const json::value& written,
                       const std::string& pointer, Condition condition, VercelConditions& all) {
    const auto* const known = std::ranges::find(operators, word, &Operator::word);
    if (known == std::end(operators)) {
        return wrong_at(pointer,
                        "'{}' is no comparison: it may be eq, neq, inc, ninc, pre, suf, re, gt, "
                        "gte, lt or lte",
                        word);
    }
    const Result<std::vector<std::string>> values = operands(*known, written, pointer);
    if (!values) return values.error();
    if (known->sense == Operator::Sense::opposite) condition.negated = !condition.negated;
    condition.test = known->test;
    condition.values = *values;
    if (known->operand == Operator::Operand::pattern) {
        if (const Result<> ok = take_regex(values->front(), pointer, condition, all); !ok)
            return ok;
    }
    all.conditions.push_back(std::move(condition));
    return {};
}

Result<> take_comparisons(const json::bj::object& comparisons, const std::string& pointer,
                          const Condition& condition, VercelConditions& all) {
    if (comparisons.empty()) return wrong_at(pointer, "'value' compares with nothing");
    if (condition.negated && comparisons.size() > 1) {
        return wrong_at(pointer,
                        "'missing' with several comparisons at once is not understood: write one "
                        "entry for each");
    }
    for (const auto& member : comparisons) {
        const Result<> ok = take_operator(member.key(), member.value(), pointer, condition, all);
        if (!ok) return ok;
    }
    return {};
}

void offer(const Condition& condition, const std::string& name, VercelConditions& all) {
    if (condition.negated || !is_word(name)) return;
    Condition offered = condition;
    offered.test = Test::captures;
    offered.values = {name};
    all.offered.push_back(std::move(offered));
    all.names.push_back(name);
}

Result<> take_value(const VercelItem& one, const Condition& condition, VercelConditions& all) {
    const json::value* value = one.object.if_contains("value");
    const bool host = condition.subject == Subject::host;
    const std::string pointer = one.pointer + "/value";
    if (value == nullptr) {
        if (host) return wrong_at(one.pointer, "a host needs a 'value'");
        all.conditions.push_back(condition);
        all.conditions.back().test = Test::filled;
        offer(condition, condition.name, all);
        return {};
    }
    if (host) offer(condition, "host", all);
    if (value->is_object()) return take_comparisons(value->get_object(), pointer, condition, all);
    const std::optional<std::string> text = plain_value(*value);
    if (!text) {
        return wrong_at(pointer,
                        "'value' must be a pattern of at most 4096 characters or an object like "
                        "{{\"eq\": \"a\"}}");
    }
    Condition matches = condition;
    if (const Result<> ok = take_regex(*text, pointer, matches, all); !ok) return ok;
    all.conditions.push_back(std::move(matches));
    return {};
}

Result<> take_condition(const VercelItem& one, Wanted wanted, VercelConditions& all) {
    const Result<std::string> type = needed_text(one, "type");
    if (!type) return type.error();
    Condition condition{.negated = wanted == Wanted::missing};
    if (*type != "host" && *type != "header" && *type != "cookie" && *type != "query") {
        return wrong_at(one.pointer + "/type",
                        "'{}' cannot be asked for: 'type' may be host, header, cookie or query",
                        *type);
    }
    boost::describe::enum_from_string(type->c_str(), condition.subject);
    if (condition.subject != Subject::host) {
        const Result<std::string> key = needed_text(one, "key");
        if (!key) return key.error();
        const bool header = condition.subject == Subject::header;
        if (key->empty() || (header && !http::is_token(*key)))
            return wrong_at(one.pointer + "/key", "'{}' is no {}'s name", *key, *type);
        condition.name = header ? lower(*key) : *key;
    }
    warn_of_unknown(one, {"type", "key", "value"});
    return take_value(one, condition, all);
}

Result<> take_list(const VercelItem& item, Wanted wanted, VercelConditions& all) {
    const std::string_view key = wanted == Wanted::has ? "has" : "missing";
    const json::value* list = item.object.if_contains(key);
    if (list == nullptr) return {};
    const std::string pointer = item.pointer + "/" + std::string(key);
    if (!list->is_array()) return wrong_at(pointer, "'{}' must be a list", key);
    const json::bj::array& entries = list->get_array();
    if (entries.size() > conditions_max) {
        return wrong_at(pointer, "'{}' has {} entries: at most {} are allowed", key, entries.size(),
                        conditions_max);
    }
    for (std::size_t at = 0; at < entries.size(); ++at) {
        const std::string here = fmt::format("{}/{}", pointer, at);
        if (!entries[at].is_object())
            return wrong_at(here, "an entry of '{}' must be an object", key);
        const VercelItem one{entries[at].get_object(), here, item.file};
        if (const Result<> ok = take_condition(one, wanted, all); !ok) return ok;
    }
    return {};
}

}  // namespace

Result<VercelConditions> read_conditions(const VercelItem& item) {
    VercelConditions all;
    if (const Result<> ok = take_list(item, Wanted::has, all); !ok) return ok.error();
    if (const Result<> ok = take_list(item, Wanted::missing, all); !ok) return ok.error();
    return all;
}

}  // namespace berth::rules

#include "rules/vercel_rules.hpp"

#include <algorithm>

#include "http/head_parser.hpp"
#include "rules/pattern.hpp"
#include "rules/vercel_conditions.hpp"
#include "rules/vercel_target.hpp"

namespace berth::rules {

namespace {

constexpr std::size_t headers_max = 1'024;
constexpr std::size_t value_bytes_max = 32'768;
constexpr std::uint32_t permanent_status = 308;
constexpr std::uint32_t temporary_status = 307;

/// What all three lists have in common.
struct Asked {
    Source source{};
    VercelConditions conditions{};
    TemplateWords words{TemplateSyntax::colon};
};

Result<Asked> read_asked(const VercelItem& item) {
    const Result<std::string> text = needed_text(item, "source");
    if (!text) return text.error();
    Result<Source> source = parse_source(*text);
    if (!source) {
        return wrong_at(item.pointer + "/source", "source '{}': {}", *text, source.error().message);
    }
    Result<VercelConditions> conditions = read_conditions(item);
    if (!conditions) return conditions.error();
    TemplateWords words = template_words(source->captures);
    for (const std::string& name : conditions->names)
        words.add(name, name);
    return Asked{std::move(*source), std::move(*conditions), std::move(words)};
}

Result<VercelTarget> read_destination(const VercelItem& item, const TemplateWords& words) {
    const std::string pointer = item.pointer + "/destination";
    if (const json::value* found = item.object.if_contains("destination");
        found != nullptr && found->is_object()) {
        return wrong_at(pointer, "a destination that names a service is not understood");
    }
    const Result<std::string> text = needed_text(item, "destination");
    if (!text) return text.error();
    Result<VercelTarget> target = parse_vercel_target(*text, words);
    if (!target) return wrong_at(pointer, "destination '{}': {}", *text, target.error().message);
    return target;
}

Result<std::uint32_t> redirect_status(const VercelItem& item) {
    const Result<std::optional<bool>> permanent = truth_member(item, "permanent");
    if (!permanent) return permanent.error();
    const Result<std::optional<std::uint32_t>> status = status_member(item, "statusCode");
    if (!status) return status.error();
    if (*permanent && *status) {
        return wrong_at(item.pointer,
                        "it has both 'permanent' and 'statusCode': keep one of the two");
    }
    if (*permanent) return **permanent ? permanent_status : temporary_status;
    if (!*status) return permanent_status;
    if (!is_redirect_status(**status)) {
        return wrong_at(item.pointer + "/statusCode",
                        "{} is no redirect: 'statusCode' may be 301, 302, 303, 307 or 308",
                        **status);
    }
    return **status;
}

/// A rule with all that redirects and rewrites share.
Rule rule_of(const VercelItem& item, Asked asked, Target to) {
    Rule rule{.origin = item.file.origin(item.pointer, item.object)};
    rule.path = std::move(asked.source.pattern);
    const auto asks = [&to](const std::string& name) { return asks_for(to, name); };
    rule.conditions =
        with_offered(std::move(asked.conditions.conditions), asked.conditions.offered, asks);
    rule.to = std::move(to);
    return rule;
}

Result<> read_redirect(const VercelItem& item) {
    Result<Asked> asked = read_asked(item);
    if (!asked) return asked.error();
    Result<VercelTarget> to = read_destination(item, asked->words);
    if (!to) return to.error();
    const Result<std::uint32_t> status = redirect_status(item);
    if (!status) return status.error();
    warn_of_unknown(item, {"source", "destination", "permanent", "statusCode", "has", "missing"});
    Rule rule = rule_of(item, std::move(*asked), std::move(to->target));
    rule.stage = Stage::before;
    rule.forced = true;
    rule.action = Action::redirect;
    rule.status = *status;
    rule.query = QueryUse::if_none;
    item.file.into().rules.push_back(std::move(rule));
    return {};
}

/// Whether no site may answer there: what proves a domain's owner is asked under it.
bool is_reserved(const Pattern& path) {
    return !path.parts.empty() && path.parts[0] == Part{PartKind::text, ".well-known"};
}

Result<> read_rewrite(const VercelItem& item) {
    Result<Asked> asked = read_asked(item);
    if (!asked) return asked.error();
    if (is_reserved(asked->source.pattern)) {
        return wrong_at(item.pointer + "/source",
                        "'/.well-known' is reserved and cannot be rewritten: put a file there");
    }
    Result<VercelTarget> to = read_destination(item, asked->words);
    if (!to) return to.error();
    const Result<std::optional<std::uint32_t>> status = status_member(item, "statusCode");
    if (!status) return status.error();
    warn_of_unknown(item, {"source", "destination", "statusCode", "has", "missing"});
    append_captures(*to, asked->words);
    Rule rule = rule_of(item, std::move(*asked), std::move(to->target));
    rule.stage = Stage::after;
    rule.action = Action::rewrite;
    rule.status = status->value_or(200);
    rule.query = QueryUse::merge;
    rule.goes_on = rule.to.scheme.empty();
    item.file.into().rules.push_back(std::move(rule));
    return {};
}

/// The entry at `pointer` of a rule's `headers`.
Result<HeaderChange> read_change(const VercelItem& entry, const TemplateWords& words) {
    const Result<std::string> key = needed_text(entry, "key");
    if (!key) return key.error();
    const Result<std::optional<std::string>> value = text_member(entry, "value", value_bytes_max);
    if (!value) return value.error();
    if (!*value) return wrong_at(entry.pointer, "it has no 'value'");
    warn_of_unknown(entry, {"key", "value"});
    return parse_header_change(*key, **value, entry.pointer, words);
}

/// The headers of one rule. A wrong one is a problem and discards no other.
Result<std::vector<HeaderChange>> read_changes(const VercelItem& item, const TemplateWords& words) {
    const std::string pointer = item.pointer + "/headers";
    const json::value* list = item.object.if_contains("headers");
    if (list == nullptr || !list->is_array())
        return wrong_at(list == nullptr ? item.pointer : pointer, "it needs a list 'headers'");
    const json::bj::array& entries = list->get_array();
    if (entries.size() > headers_max) {
        return wrong_at(pointer, "'headers' has {} entries: at most {} are allowed", entries.size(),
                        headers_max);
    }
    std::vector<HeaderChange> changes;
    for (std::size_t at = 0; at < entries.size(); ++at) {
        const std::string here = fmt::format("{}/{}", pointer, at);
        if (!entries[at].is_object()) {
            item.file.error(here, "an entry of 'headers' must be an object");
            continue;
        }
        Result<HeaderChange> change =
            read_change({entries[at].get_object(), here, item.file}, words);
        if (change) {
            changes.push_back(std::move(*change));
        } else {
            item.file.error(change.error().pointer, change.error().message);
        }
    }
    return changes;
}

Result<> read_header_rule(const VercelItem& item) {
    Result<Asked> asked = read_asked(item);
    if (!asked) return asked.error();
    Result<std::vector<HeaderChange>> changes = read_changes(item, asked->words);
    if (!changes) return changes.error();
    warn_of_unknown(item, {"source", "headers", "has", "missing"});
    if (changes->empty()) return {};
    HeaderRule rule{.origin = item.file.origin(item.pointer, item.object)};
    rule.path = std::move(asked->source.pattern);
    rule.changes = std::move(*changes);
    const auto asks = [&rule](const std::string& name) {
        return std::ranges::any_of(rule.changes, [&](const HeaderChange& change) {
            return asks_for(change.name, name) || asks_for(change.value, name);
        });
    };
    rule.conditions =
        with_offered(std::move(asked->conditions.conditions), asked->conditions.offered, asks);
    item.file.into().headers.push_back(std::move(rule));
    return {};
}

}  // namespace

Result<HeaderChange> parse_header_change(std::string_view name, std::string_view value,
                                         const std::string& pointer, const TemplateWords& words) {
    HeaderChange change;
    change.name = parse_header_template(name, words);
    change.value = parse_header_template(value, words);
    for (Piece& piece : change.name) {
        for (char& c : piece.text)
            c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
        if (!piece.text.empty() && !http::is_token(piece.text))
            return wrong_at(pointer, "'{}' is no header's name", name);
    }
    if (change.name.empty()) return wrong_at(pointer, "a header has no name");
    if (value.size() > value_bytes_max) {
        return wrong_at(pointer, "the value of '{}' is longer than {} characters", name,
                        value_bytes_max);
    }
    if (!http::is_field_value(value)) {
        return wrong_at(
            pointer, "the value of '{}' holds a control character, which no header can have", name);
    }
    return change;
}

void read_redirects(const json::bj::object& root, VercelFile& file) {
    read_list(root, "redirects", file, read_redirect);
}

void read_headers(const json::bj::object& root, VercelFile& file) {
    read_list(root, "headers", file, read_header_rule);
}

void read_rewrites(const json::bj::object& root, VercelFile& file) {
    read_list(root, "rewrites", file, read_rewrite);
}

}  // namespace berth::rules

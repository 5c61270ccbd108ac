#include "rules/decide.hpp"

#include <algorithm>

#include "http/head_parser.hpp"
#include "http/normalise.hpp"
#include "rules/conditions.hpp"
#include "rules/expand.hpp"
#include "rules/headers_file.hpp"

namespace berth::rules {

/// One decision while it is made.
struct Rules::Deciding {
    const Ask& ask;
    const FileIndex& index;
    Steps* steps;
    PathView path{};
    Decision decision{};
    bool hidden = false;         // a rule guards the path from those without a role
    std::vector<Field> extra{};  // of rules that go on with headers alone

    void note(const Rule* rule, bool decided, std::string why) const {
        if (steps != nullptr) steps->push_back({rule, decided, std::move(why)});
    }
};

namespace {

/// Rules and header rules that one request asks at most, of those whose path may match.
constexpr std::size_t tries_max = 4'000;
/// Fields that rules may add to one answer.
constexpr std::size_t fields_max = 200;

std::vector<const Pattern*> patterns_of(const std::vector<Rule>& rules,
                                        const std::vector<std::uint32_t>& numbers) {
    std::vector<const Pattern*> patterns;
    patterns.reserve(numbers.size());
    for (const std::uint32_t number : numbers)
        patterns.push_back(&rules[number].path);
    return patterns;
}

void set_field(std::vector<Field>& fields, std::string name, std::string value) {
    std::erase_if(fields, [&](const Field& field) { return field.name == name; });
    fields.push_back({std::move(name), std::move(value)});
}

/// Adds a change to what earlier rules said.
void change_field(std::vector<Field>& fields, HeaderChange::Kind kind, const std::string& name,
                  std::string value, Dialect dialect) {
    const auto known = std::ranges::find(fields, name, &Field::name);
    if (kind == HeaderChange::Kind::unset) {
        std::erase_if(fields, [&](const Field& field) { return field.name == name; });
        fields.push_back({name, std::nullopt});
        return;
    }
    const bool joins = kind == HeaderChange::Kind::append || dialect == Dialect::cloudflare;
    const bool there = known != fields.end() && known->value;
    if (there && name == "set-cookie") {
        fields.push_back({name, std::move(value)});  // one field each: RFC 6265 §3
    } else if (there && joins) {
        known->value->append(", ").append(value);
    } else {
        set_field(fields, name, std::move(value));
    }
}

void apply_changes(std::vector<Field>& fields, const std::vector<HeaderChange>& changes,
                   const Captures& captures, Dialect dialect) {
    for (const HeaderChange& change : changes) {
        const auto written = expand_field(change.name, captures);
        auto value = expand_field(change.value, captures);
        if (!written || !value) continue;
        // A captured word may be no name, or one that only the server may set.
        const std::string name = lower_case(*written);
        if (!http::is_token(name) || is_servers_own(name)) continue;
        if (fields.size() >= fields_max) return;
        change_field(fields, change.kind, name, std::move(*value), dialect);
    }
}

std::string in_words(const FileIndex& index, const Looked& looked) {
    (void)index;
    if (looked.file != no_file) return "there is a file";
    if (!looked.canonical.empty()) return "there is a file at " + looked.canonical;
    return "there is no file";
}

}  // namespace

Rules::Rules(RuleSet set) : set_(std::move(set)) {
    for (std::uint32_t number = 0; number < set_.rules.size(); ++number)
        (set_.rules[number].stage == Stage::before ? before_ : after_).push_back(number);
    before_matcher_ = std::make_unique<Matcher>(patterns_of(set_.rules, before_));
    after_matcher_ = std::make_unique<Matcher>(patterns_of(set_.rules, after_));
    std::vector<const Pattern*> headers;
    headers.reserve(set_.headers.size());
    for (const HeaderRule& rule : set_.headers)
        headers.push_back(&rule.path);
    header_matcher_ = std::make_unique<Matcher>(std::move(headers));
    const auto compile = [&](const std::vector<Condition>& conditions) {
        for (const Condition& condition : conditions) {
            if (condition.test != Test::matches || condition.values.empty()) continue;
            auto& regex = regexes_[condition.values[0]];
            if (!regex) regex = std::make_unique<Regex>(condition.values[0]);
        }
    };
    for (const Rule& rule : set_.rules)
        compile(rule.conditions);
    for (const HeaderRule& rule : set_.headers)
        compile(rule.conditions);
}

std::size_t Rules::memory_bytes() const {
    std::size_t bytes = sizeof(Rules) + before_matcher_->memory_bytes() +
                        after_matcher_->memory_bytes() + header_matcher_->memory_bytes();
    for (const Rule& rule : set_.rules) {
        bytes += sizeof(Rule) + rule.path.parts.size() * sizeof(Part) +
                 rule.conditions.size() * sizeof(Condition) + rule.origin.text.capacity() +
                 (rule.to.path.size() + rule.to.query.size()) * sizeof(Piece);
    }
    bytes += set_.headers.size() * (sizeof(HeaderRule) + 512);
    for (const auto& [pattern, regex] : regexes_)
        bytes += pattern.size() + regex->memory_bytes();
    return bytes;
}

bool Rules::all_hold(const std::vector<Condition>& conditions, Deciding& at, Captures& captures,
                     const Condition*& failed) const {
    for (const Condition& condition : conditions) {
        if (condition.subject == Subject::role) at.decision.by_role = true;
        const Regex* regex = nullptr;
        if (condition.test == Test::matches && !condition.values.empty()) {
            const auto known = regexes_.find(condition.values[0]);
            regex = known == regexes_.end() ? nullptr : known->second.get();
        }
        if (holds(condition, regex, at.ask, captures)) continue;
        failed = &condition;
        return false;
    }
    return true;
}

void Rules::decide_file(const Looked& looked, Deciding& at) const {
    Decision& decision = at.decision;
    if (looked.file != no_file) {
        decision.kind = Decision::Kind::file;
        decision.status = 200;
        decision.file = looked.file;
        return;
    }
    decision.kind = Decision::Kind::redirect;
    decision.status = set_.files.redirect_status;
    decision.location = http::encode_path(looked.canonical);
    if (!at.ask.query.empty()) decision.location.append("?").append(carried_query(at.ask.query));
}

Rules::Went Rules::apply_rewrite(const Rule& rule, const Captures& captures, Deciding& at) const {
    Decision& decision = at.decision;
    const bool own_status = rule.status != 200;
    if (!rule.to.scheme.empty()) {
        auto url = expand_target(rule.to, captures, rule.query, at.ask.query);
        if (!url) {
            at.note(&rule, false, "what it captured does not fit into its target");
            return Went::on;
        }
        decision.kind = Decision::Kind::elsewhere;
        decision.location = std::move(*url);
        decision.status = rule.status;
        return Went::decided;
    }
    const auto encoded = expand_path(rule.to.path, captures);
    const auto path = encoded ? http::normalise_path(*encoded) : std::nullopt;
    if (!path) {
        at.note(&rule, false, "what it captured does not fit into its target");
        return Went::on;
    }
    // The very file first: a target "/app.html" means that file, whatever its address is.
    Looked looked{at.index.number_of(std::string_view(*path).substr(1)), {}};
    if (looked.file == no_file) looked = look_up(at.index, set_.files, *path);
    if (looked.file == no_file && looked.canonical.empty()) {
        if (rule.goes_on) {
            at.note(&rule, false, "there is no file at " + *path);
            return Went::on;
        }
        // Cloudflare goes on as if the target had been asked for, to the application's page, too.
        const bool navigation = at.ask.navigation && set_.dialect == Dialect::cloudflare;
        const Missing missing = look_up_missing(at.index, set_.files, *path, navigation);
        const bool page = missing.status == 200;
        decision.kind = page ? Decision::Kind::file : Decision::Kind::missing;
        decision.status = own_status ? rule.status : missing.status;
        decision.file = missing.file;
        return Went::decided;
    }
    decide_file(looked, at);
    if (decision.kind == Decision::Kind::file) decision.status = rule.status;
    return Went::decided;
}

Rules::Went Rules::apply(const Rule& rule, const Captures& captures, Deciding& at) const {
    apply_changes(at.extra, rule.headers, captures, set_.dialect);
    Decision& decision = at.decision;
    switch (rule.action) {
        case Action::pass:
            at.note(&rule, false, "adds headers; later rules are asked");
            return Went::on;
        case Action::answer:
            decision.kind = Decision::Kind::status;
            decision.status = rule.status;
            return Went::decided;
        case Action::rewrite:
            return apply_rewrite(rule, captures, at);
        case Action::redirect:
            break;
    }
    auto location = expand_target(rule.to, captures, rule.query, at.ask.query);
    if (!location) {
        at.note(&rule, false, "what it captured does not fit into its target");
        return Went::on;
    }
    // To its own address, a visitor would go round for ever.
    const std::string_view without_fragment =
        std::string_view(*location).substr(0, location->find('#'));
    std::string own = http::encode_path(at.ask.path);
    if (!at.ask.query.empty()) own.append("?").append(carried_query(at.ask.query));
    const std::string whole = fmt::format("{}://{}{}", at.ask.scheme(), at.ask.host, own);
    if (without_fragment == own || without_fragment == whole) {
        at.note(&rule, false, "would lead to itself");
        return Went::on;
    }
    decision.kind = Decision::Kind::redirect;
    decision.status = rule.status;
    decision.location = std::move(*location);
    return Went::decided;
}

Rules::Went Rules::try_rule(std::uint32_t number, Deciding& at) const {
    const Rule& rule = set_.rules[number];
    Captures captures;
    const Matcher& matcher = rule.stage == Stage::before ? *before_matcher_ : *after_matcher_;
    const auto& numbers = rule.stage == Stage::before ? before_ : after_;
    const auto place =
        static_cast<std::uint32_t>(std::ranges::lower_bound(numbers, number) - numbers.begin());
    const bool wants_captures =
        at.steps != nullptr || !rule.path.parts.empty() || !rule.path.regex.empty();
    if (!matcher.matches(place, at.path, wants_captures ? &captures : nullptr)) return Went::on;
    const Condition* failed = nullptr;
    if (!all_hold(rule.conditions, at, captures, failed)) {
        if (failed->subject == Subject::role) at.hidden = true;
        at.note(&rule, false, "the path matches, but not the condition: " + in_words(*failed));
        return Went::on;
    }
    if (rule.stage == Stage::before && !rule.forced && rule.action != Action::pass && !at.hidden) {
        const Looked looked = look_up(at.index, set_.files, at.ask.path);
        if (looked.file != no_file || !looked.canonical.empty()) {
            at.note(&rule, false, in_words(at.index, looked) + ", and the rule is not forced");
            decide_file(looked, at);
            at.note(nullptr, true, in_words(at.index, looked));
            return Went::decided;
        }
    }
    const Went went = apply(rule, captures, at);
    if (went == Went::decided) {
        at.decision.rule = &rule;
        at.note(&rule, true, "the path and all conditions match");
    }
    return went;
}

Rules::Went Rules::try_rules(Stage stage, Deciding& at) const {
    const Matcher& matcher = stage == Stage::before ? *before_matcher_ : *after_matcher_;
    const auto& numbers = stage == Stage::before ? before_ : after_;
    if (numbers.empty()) return Went::on;
    std::vector<std::uint32_t> candidates;
    matcher.candidates(at.path, candidates);
    // A site with a rule for every visitor's cookie must not stop the others on this loop.
    if (candidates.size() > tries_max) candidates.resize(tries_max);
    for (const std::uint32_t place : candidates) {
        if (try_rule(numbers[place], at) == Went::decided) return Went::decided;
    }
    return Went::on;
}

void Rules::add_headers(Deciding& at) const {
    Decision& decision = at.decision;
    decision.fields = std::move(at.extra);
    if (set_.headers.empty()) return;
    using enum Decision::Kind;
    const bool of_files = decision.kind == file || decision.kind == missing;
    if (set_.dialect == Dialect::netlify && !of_files) return;
    if (set_.dialect == Dialect::vercel && decision.kind == redirect) return;
    std::vector<std::uint32_t> candidates;
    header_matcher_->candidates(at.path, candidates);
    if (candidates.size() > tries_max) candidates.resize(tries_max);
    for (const std::uint32_t number : candidates) {
        const HeaderRule& rule = set_.headers[number];
        Captures captures;
        const Condition* failed = nullptr;
        if (!header_matcher_->matches(number, at.path, &captures)) continue;
        if (!all_hold(rule.conditions, at, captures, failed)) continue;
        apply_changes(decision.fields, rule.changes, captures, set_.dialect);
    }
}

Decision Rules::decide(const Ask& ask, const FileIndex& index, Steps* steps) const {
    Deciding at{.ask = ask, .index = index, .steps = steps};
    // A site without rules costs its look-up and nothing else.
    if (!set_.rules.empty() || !set_.headers.empty()) at.path.assign(ask.path);
    const auto finish = [&]() -> Decision {
        add_headers(at);
        return std::move(at.decision);
    };
    if (set_.files.clean_urls || set_.files.trailing_slash != TrailingSlash::as_is) {
        if (std::string canonical = canonical_first(set_.files, ask.path); !canonical.empty()) {
            at.note(nullptr, true, "the address of this page is " + canonical);
            decide_file({no_file, std::move(canonical)}, at);
            return finish();
        }
    }
    if (try_rules(Stage::before, at) == Went::decided) return finish();
    if (at.hidden) {
        at.note(nullptr, false, "files here are only for those who have the role");
    } else {
        const Looked looked = look_up(index, set_.files, ask.path);
        const bool found = looked.file != no_file || !looked.canonical.empty();
        at.note(nullptr, found, in_words(index, looked));
        if (found) {
            decide_file(looked, at);
            return finish();
        }
    }
    if (try_rules(Stage::after, at) == Went::decided) return finish();
    const Missing missing =
        look_up_missing(index, set_.files, ask.path, ask.navigation && !at.hidden);
    at.decision.kind = missing.status == 200 ? Decision::Kind::file : Decision::Kind::missing;
    at.decision.status = missing.status;
    at.decision.file = missing.file;
    at.note(nullptr, true,
            missing.status == 200     ? "a page of the application: index.html"
            : missing.file != no_file ? "not found; the site has a page for that"
                                      : "not found");
    return finish();
}

}  // namespace berth::rules

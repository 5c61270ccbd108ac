// Paths that must be answered in a certain way, and fields that answers must carry.
#include <re2/re2.h>

#include <algorithm>

#include "builds/checks.hpp"
#include "http/normalise.hpp"
#include "rules/glob.hpp"

namespace berth::builds {
namespace {

using rules::HeaderWish;

std::string limit_of(const rules::RouteGate& gate) {
    std::string words = fmt::format("answered with {}", fmt::join(gate.statuses, " or "));
    if (!gate.location.empty()) words += " to " + gate.location;
    return check_text(words);
}

std::string wish_words(const HeaderWish& wish) {
    switch (wish.test) {
        case HeaderWish::Test::there:
            return wish.name;
        case HeaderWish::Test::equals:
            return fmt::format("{}: {}", wish.name, wish.value);
        case HeaderWish::Test::matches:
            return fmt::format("{}: /{}/", wish.name, wish.value);
        case HeaderWish::Test::absent:
            return "no " + wish.name;
    }
    return "";
}

std::string limit_of(const rules::HeaderGate& gate) {
    std::vector<std::string> words;
    for (const HeaderWish& wish : gate.wishes)
        words.push_back(wish_words(wish));
    return check_text(fmt::format("{}", fmt::join(words, ", ")));
}

/// What is wrong with the fields of an answer, or "".
std::string missed(const HeaderWish& wish, const std::vector<rules::ExplainedField>& fields) {
    const auto named = [&](const rules::ExplainedField& field) { return field.name == wish.name; };
    const auto keeps = [&](const rules::ExplainedField& field) {
        if (field.name != wish.name) return false;
        if (wish.test == HeaderWish::Test::equals) return field.value == wish.value;
        return wish.test == HeaderWish::Test::there ||
               re2::RE2::PartialMatch(field.value, wish.value);
    };
    const auto there = std::ranges::find_if(fields, named);
    if (wish.test == HeaderWish::Test::absent) {
        return there == fields.end() ? "" : fmt::format("{}: {}", there->name, there->value);
    }
    if (there == fields.end()) return "no " + wish.name;
    if (std::ranges::any_of(fields, keeps)) return "";
    return fmt::format("{}: {}", there->name, there->value);
}

/// Holds the answer that a path leads to against the gate.
void look(const rules::HeaderGate& gate, const BuiltSite& site, const std::string& path,
          jobs::Check& check) {
    const Result<rules::Explanation> answer = site.follow(path);
    if (!answer) return add_finding(check, path, answer.error().message);
    if (answer->fetched) {
        return add_finding(check, path, words_of(*answer) + ": not known before it is asked");
    }
    for (const HeaderWish& wish : gate.wishes) {
        const std::string why = missed(wish, answer->headers);
        if (!why.empty()) add_finding(check, path, why);
    }
}

}  // namespace

jobs::Check check_route(const rules::RouteGate& gate, const BuiltSite& site) {
    jobs::Check check = begin_check(jobs::CheckKind::route, gate.line, gate.path);
    check.limit = limit_of(gate);
    const Result<rules::Explanation> answer = site.ask(gate.path);
    check.found = check_text(answer ? words_of(*answer) : answer.error().message);
    // What another server answers is not known before it is asked: that is no promise.
    const bool kept = answer && !answer->fetched &&
                      std::ranges::find(gate.statuses, answer->status) != gate.statuses.end() &&
                      (gate.location.empty() || gate.location == answer->location);
    if (!kept) check.passed = false;
    return check;
}

jobs::Check check_headers(const rules::HeaderGate& gate, const BuiltSite& site) {
    jobs::Check check = begin_check(jobs::CheckKind::header, gate.line, gate.paths);
    check.limit = limit_of(gate);
    std::size_t asked = 0;
    if (rules::is_pattern(gate.paths)) {
        const rules::Glob pattern(gate.paths);
        for (const auto& [path, entry] : site.manifest().files) {
            if (!pattern.fits(path)) continue;
            ++asked;
            look(gate, site, "/" + http::encode_path(path), check);
        }
    } else {
        asked = 1;
        look(gate, site, gate.paths, check);
    }
    const auto wrong = static_cast<std::int64_t>(check.findings.size()) + check.findings_left_out;
    check.found = check.passed ? fmt::format("so {} answer{}", asked, asked == 1 ? "" : "s")
                               : fmt::format("{} time{} not so, in {} answer{}", wrong,
                                             wrong == 1 ? "" : "s", asked, asked == 1 ? "" : "s");
    return check;
}

}  // namespace berth::builds

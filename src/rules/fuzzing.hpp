#pragma once
/// What must hold for every rule file and every request, whatever they say: the fuzzer's property,
/// and the test that replays its corpus.

#include <array>
#include <string>
#include <string_view>

#include "base/fuzzing.hpp"
#include "http/head_parser.hpp"
#include "http/normalise.hpp"
#include "rules/explain.hpp"
#include "rules/gates.hpp"
#include "rules/glob.hpp"
#include "rules/testing.hpp"

namespace berth::rules::testing {

using fuzzing::must;

/// A redirect on this site stays on it, and is a field's value.
inline void check_location(const Decision& decision) {
    if (decision.kind != Decision::Kind::redirect) return;
    const std::string& location = decision.location;
    must(http::is_field_value(location), "not a field's value", location);
    must(decision.status >= 300 && decision.status < 400, "a redirect without its status",
         location);
    if (decision.rule != nullptr && !decision.rule->to.scheme.empty()) {
        must(location.starts_with(decision.rule->to.scheme + "://"), "another scheme", location);
        return;
    }
    must(location.starts_with('/') && !location.starts_with("//"), "leaves the site", location);
    must(location.find('\\') == location.npos, "a backslash", location);
}

/// What is declared wrongly is said; what is left can be kept to.
inline void check_gates(std::string_view text) {
    const Gates gates = read_gates(text);
    for (const SizeGate& gate : gates.sizes)
        (void)Glob(gate.files).fits("assets/app.js");
    for (const RouteGate& gate : gates.routes)
        must(gate.path.starts_with('/') && !gate.statuses.empty(), "half a gate", gate.path);
    for (const HeaderGate& gate : gates.headers)
        must(gate.paths.starts_with('/') && !gate.wishes.empty(), "half a gate", gate.paths);
    for (const GateProblem& problem : gates.problems)
        must(!problem.message.empty(), "a problem without words", text);
}

/// The input: a line with the file's name, a line with a URL, a line with a header, then the file.
inline void check_rules(std::string_view input) {
    std::array<std::string, 3> lines;
    for (std::string& line : lines) {
        const std::size_t end = std::min(input.find('\n'), input.size());
        line = input.substr(0, end);
        input.remove_prefix(std::min(end + 1, input.size()));
    }
    constexpr std::array<const char*, 8> names{"_redirects",    "_headers",    "netlify.toml",
                                               "vercel.json",   "berth.toml",  "wrangler.jsonc",
                                               "wrangler.toml", "_routes.json"};
    std::map<std::string, std::string> files;
    const std::size_t kind = lines[0].empty() ? 0 : static_cast<unsigned char>(lines[0][0]) % 16;
    files[names[kind % 8]] = input;
    if (kind >= 8) files["wrangler.toml"];  // the same file in the words of Cloudflare

    if (files.contains("berth.toml")) check_gates(input);
    const RuleSet set = read_rules(files);
    const std::string text = json::text(set);
    const auto again = json::parse_as<RuleSet>(text);
    must(again && *again == set, "does not survive its JSON", text);

    const Rules rules{RuleSet(set)};
    const MemoryFiles index({"index.html", "a.html", "d/index.html", "404.html"}, kind % 2 == 0);
    const std::size_t colon = std::min(lines[2].find(':'), lines[2].size());
    Question question{.url = lines[1], .country = "DE"};
    question.headers[lines[2].substr(0, colon)] =
        lines[2].substr(std::min(colon + 1, lines[2].size()));
    (void)explain(rules, index, question, "shop.example");

    const auto path = http::normalise_path(lines[1].substr(0, lines[1].find('?')));
    if (!path) return;
    MemoryFields fields;
    fields.from_country = "DE";
    const std::size_t mark = std::min(lines[1].find('?'), lines[1].size());
    const std::string query = lines[1].substr(std::min(mark + 1, lines[1].size()));
    if (!http::is_field_value(query) || query.find('#') != query.npos) return;  // never received
    const Ask ask{.host = "shop.example", .path = *path, .query = query, .fields = &fields};
    const Decision decision = rules.decide(ask, index, nullptr);
    check_location(decision);
    for (const Field& field : decision.fields) {
        must(http::is_token(field.name), "not a field's name", field.name);
        must(!field.value || http::is_field_value(*field.value), "not a field's value", field.name);
    }
}

}  // namespace berth::rules::testing

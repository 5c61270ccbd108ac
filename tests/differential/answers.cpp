/// Answers to the differential test (run.mjs): a line of JSON in, a line of JSON out. The same
/// reader and the same decision as a deployment's, by files in memory.

#include <iostream>

#include "base/json.hpp"
#include "rules/testing.hpp"

namespace {

using namespace berth;

/// A visitor's request.
struct Asking {
    std::string url{};  // "/a?b=1" or with scheme and host
    std::map<std::string, std::string> headers{};
    std::string country{};
};
BOOST_DESCRIBE_STRUCT(Asking, (), (url, headers, country))

/// A deployment and requests to it.
struct Case {
    std::map<std::string, std::string> files{};  // rule files
    std::vector<std::string> paths{};            // of what is served
    bool spa = false;
    std::vector<Asking> asks{};
};
BOOST_DESCRIBE_STRUCT(Case, (), (files, paths, spa, asks))

struct Answer {
    std::string decision{};  // "301 /b", "200 a.html", "404 none"; "refused": the request
    std::vector<std::string> fields{};  // "x-a: 1", "x-a: -"
    std::uint32_t line = 0;             // that decided; 0: none
};
BOOST_DESCRIBE_STRUCT(Answer, (), (decision, fields, line))

struct Answers {
    std::vector<std::string> problems{};
    std::vector<Answer> answers{};
};
BOOST_DESCRIBE_STRUCT(Answers, (), (problems, answers))

bool is_received(const std::string& url) {
    const std::size_t colon = url.find("://");
    const std::size_t path = colon == url.npos ? 0 : std::min(url.find('/', colon + 3), url.size());
    const std::size_t mark = std::min(url.find('?'), url.size());
    return http::normalise_path(url.substr(path, mark - path)).has_value();
}

Answer answer(const rules::testing::Site& site, const Asking& asked) {
    if (!is_received(asked.url)) return {.decision = "refused"};
    rules::testing::MemoryFields fields;
    fields.fields.insert(asked.headers.begin(), asked.headers.end());
    fields.from_country = asked.country;
    const rules::Decision decision = site.decide(asked.url, fields);
    Answer answer{.decision = site.told(decision)};
    for (const rules::Field& field : decision.fields)
        answer.fields.push_back(field.name + ": " + field.value.value_or("-"));
    if (decision.rule != nullptr) answer.line = decision.rule->origin.line;
    return answer;
}

Answers answer_all(const Case& asked) {
    const rules::testing::Site site(asked.files, asked.paths, asked.spa);
    Answers answers;
    for (const rules::Problem& problem : site.rules.set().problems) {
        answers.problems.push_back(
            fmt::format("{}:{} {}", problem.origin.file, problem.origin.line, problem.message));
    }
    for (const Asking& ask : asked.asks)
        answers.answers.push_back(answer(site, ask));
    return answers;
}

}  // namespace

int main() {
    std::ios::sync_with_stdio(false);
    for (std::string line; std::getline(std::cin, line);) {
        const Result<Case> asked = json::parse_as<Case>(line);
        if (!asked) {
            std::cerr << asked.error().pointer << ": " << asked.error().message << "\n";
            return 1;
        }
        std::cout << json::text(answer_all(*asked)) << '\n' << std::flush;
    }
    return 0;
}

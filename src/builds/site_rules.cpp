#include "builds/site_rules.hpp"

#include "rules/read_rules.hpp"

namespace berth::builds {
namespace {

using rules::Problem;

std::string place_of(const rules::Origin& origin) {
    return origin.line == 0 ? origin.file : fmt::format("{}:{}", origin.file, origin.line);
}

void say_problem(LogWriter& log, const Problem& problem) {
    const bool wrong = problem.severity == Problem::Severity::error;
    std::string line = fmt::format("{}: {}", place_of(problem.origin), problem.message);
    if (!problem.origin.text.empty()) line += fmt::format("  ({})", problem.origin.text);
    // The deployment goes on: the others count.
    log.say(line, wrong ? jobs::Level::error : jobs::Level::warning);
}

std::string counted(std::size_t count, std::string_view noun) {
    return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace

Task<rules::RuleSet> compile_rules(BuildRun& run, std::map<std::string, std::string> output) {
    std::map<std::string, std::string> files = std::move(output);
    for (const std::string& name : rules::source_rule_files()) {
        if (const std::string* text = run.survey.file_upwards(name)) {
            files[name] = *text;
        } else if (run.survey.has_upwards(name)) {
            run.log.say(fmt::format("{} is over 3 MiB and counts for nothing", name),
                        jobs::Level::error);
        }
    }
    const std::int64_t began_ms = steady_now_ms();
    const auto read = [&files] { return rules::read_rules(files); };
    rules::RuleSet set = co_await run.workshop.workers.run(read);
    const std::int64_t took_ms = steady_now_ms() - began_ms;
    if (files.empty()) co_return set;
    run.log.say(fmt::format("Rules in the words of {}: {}",
                            boost::describe::enum_to_string(set.dialect, ""), set.why));
    run.log.say(fmt::format("  {} for paths, {} for headers, read in {} ms",
                            counted(set.rules.size(), "rule"), counted(set.headers.size(), "rule"),
                            took_ms));
    for (const Problem& problem : set.problems)
        say_problem(run.log, problem);
    co_return set;
}

}  // namespace berth::builds

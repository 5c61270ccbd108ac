#pragma once
/// What must hold for every repository, whatever its files say: the fuzzer's property, and the test
/// that replays its corpus.

#include <string>
#include <string_view>

#include "base/fuzzing.hpp"
#include "plans/inspection.hpp"
#include "plans/plan.hpp"
#include "plans/scope.hpp"

namespace berth::plans::testing {

using fuzzing::must;

/// Paths leave the repository nowhere.
inline void check_inside(std::string_view root, std::string_view path) {
    int depth = 0;
    const auto walk = [&](std::string_view text) {
        while (!text.empty()) {
            const std::string_view segment = text.substr(0, text.find('/'));
            text.remove_prefix(std::min(segment.size() + 1, text.size()));
            if (segment.empty() || segment == ".") continue;
            depth += segment == ".." ? -1 : 1;
            must(depth >= 0, "leaves the repository", path);
        }
    };
    must(!path.starts_with('/'), "an absolute path", path);
    walk(root);
    walk(path);
}

/// The input: a line with the root directory, then files, each after a line "=== NAME".
inline Survey survey_of(std::string_view input) {
    const std::size_t first = std::min(input.find('\n'), input.size());
    Survey survey;
    const Result<std::string> root = normal_root(input.substr(0, first));
    if (root) survey.root = *root;
    constexpr std::string_view mark = "\n=== ";
    for (std::size_t at = input.find(mark); at != input.npos;) {
        const std::size_t next = input.find(mark, at + 1);
        const std::string_view file =
            input.substr(at + mark.size(), next == input.npos ? next : next - at - mark.size());
        const std::size_t end = std::min(file.find('\n'), file.size());
        const std::string name(file.substr(0, end));
        survey.files[name] = file.substr(std::min(end + 1, file.size()));
        survey.names[name] = 'f';
        survey.trees[name] = "1";
        at = next;
    }
    return survey;
}

inline void check_plan(std::string_view input) {
    const Survey survey = survey_of(input);
    const Planning<BuildPlan> plan = make_plan(survey, {}, {.branch = "main"});
    if (!plan) {
        must(!plan.error().detail.empty(), "a refusal without words", input);
        return;
    }
    check_inside(survey.root, plan->output_dir);
    must(plan->install_directory.empty() || survey.root.starts_with(plan->install_directory),
         "installs elsewhere", plan->install_directory);
    must(plan->output_dir.empty() != plan->output_guesses.empty() || plan->is_source_tree,
         "no output", input);
    must(!plan->shown.framework.reason.empty(), "a framework without a reason", input);
    (void)hash_of(survey, plan->scope);
}

}  // namespace berth::plans::testing

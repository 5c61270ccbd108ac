#pragma once
/// The rules of a deployment, from the files of its source and of its output.

#include "builds/build_run.hpp"
#include "rules/rule_set.hpp"

namespace berth::builds {

/// Compiles them and says in the log which dialect they are in, and every line that is not
/// understood. `output` has the rule files at the output's top.
Task<rules::RuleSet> compile_rules(BuildRun& run, std::map<std::string, std::string> output);

}  // namespace berth::builds

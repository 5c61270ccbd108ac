#pragma once
/// The survey of a tree in a sandbox: the script that makes it and the reader of what it prints.

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "plans/survey.hpp"

namespace berth::builds {

using plans::Survey;

/// Errors: invalid — the stream is damaged.
Result<Survey> read_survey(std::string_view tar, std::string root);

/// The part of a sandbox script that writes the survey of /src/tree to stdout (`survey ROOT`).
const std::string& survey_script();

}  // namespace berth::builds

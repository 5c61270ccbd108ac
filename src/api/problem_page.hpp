#pragma once
/// /docs/api: what the `type` of a problem leads to. The codes, their meanings and what to do about
/// them are the table of docs/api.md, compiled in, so that there is one list.

#include <string>
#include <string_view>
#include <vector>

namespace berth::api {

/// One row of the table, as Markdown has it.
struct ProblemCode {
    std::string_view code{};
    std::string_view statuses{};  // "409", or "401, 403"
    std::string_view meaning{};
    std::string_view step{};
};

const std::vector<ProblemCode>& problem_codes();

/// The page: every code has an anchor of its name.
const std::string& problem_page();

}  // namespace berth::api

#pragma once
/// `has` and `missing` of a rule in `vercel.json`.

#include <string>
#include <vector>

#include "rules/vercel_file.hpp"

namespace berth::rules {

struct VercelConditions {
    std::vector<Condition> conditions{};
    std::vector<Condition> offered{};  // each captures a whole value as `values[0]`: for rules
                                       // whose templates ask for it
    std::vector<std::string> names{};  // all that templates may ask for
};

/// All of `has` must hold and none of `missing`. A pattern is compared with the whole value; its
/// named groups capture. A `has` without a value offers the value under its key (`:id` of
/// `{"type": "query", "key": "id"}`), a host pattern the host as `:host`.
///
/// Unverified: what Vercel makes of `neq` and `ninc` where there is no such header at all. Here
/// what is not there is not equal.
/// Errors: invalid — over 16, a wrong type, a pattern that is not understood.
Result<VercelConditions> read_conditions(const VercelItem& item);

}  // namespace berth::rules

#pragma once
/// What people see of a tree before anything runs: the import page and `berth detect`.

#include "plans/survey.hpp"

namespace berth::plans {

/// The plan with its reasons; what cannot be deployed says so in `refused` and in the framework's
/// reason.
jobs::Inspection inspection_of(const Survey& survey, const jobs::Settings& settings);

}  // namespace berth::plans

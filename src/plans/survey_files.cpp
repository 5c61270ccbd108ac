#include "plans/survey_files.hpp"

namespace berth::plans {

bool fits(std::string_view pattern, std::string_view name) {
    if (!pattern.ends_with('*')) return name == pattern;
    return name.starts_with(pattern.substr(0, pattern.size() - 1));
}

}  // namespace berth::plans

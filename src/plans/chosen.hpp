#pragma once
/// What is not left to detection: the project's settings, and what the repository's own files say.

#include <optional>
#include <string>

#include "plans/survey.hpp"
#include "rules/build_settings.hpp"

namespace berth::plans {

struct Chosen {
    std::optional<jobs::Planned> framework{};  // a name of ours
    std::optional<jobs::Planned> install_command{};
    std::optional<jobs::Planned> build_command{};
    std::optional<jobs::Planned> dev_command{};
    std::optional<jobs::Planned> start_command{};
    std::optional<jobs::Planned> ignore_command{};
    std::optional<jobs::Planned> output_dir{};  // not empty
    std::optional<jobs::Planned> node{};
    rules::BuildSettings files{};

    bool has_command() const {
        return (build_command && !build_command->value.empty()) ||
               (install_command && !install_command->value.empty());
    }
};

/// Of each value the project's setting, else what the nearest file of each kind says.
Chosen choose(const Survey& survey, const jobs::Settings& settings,
              const rules::BuildContext& context);

}  // namespace berth::plans

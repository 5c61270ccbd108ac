#pragma once
/// What the commands of a machine's administrator have in common: `berth admin`, `gc`, `upgrade`…

#include <string>
#include <vector>

namespace berth::roles {

/// What is left of the arguments after `--data DIR` and `--json`.
struct AdminOptions {
    std::string data{};  // absolute; BERTH_DATA or the default when it is not given
    bool json = false;
    std::vector<std::string> rest{};
};

AdminOptions read_admin_options(const std::vector<std::string>& arguments);

}  // namespace berth::roles

#include "cli/inspection.hpp"

#include "jobs/job.hpp"

namespace berth::cli {

bool is_of_repository(const std::string& code) {
    jobs::Reason reason{};
    return boost::describe::enum_from_string(code.c_str(), reason) &&
           (code.starts_with("clone_") || code.starts_with("plan_"));
}

Problem inspection_problem(Problem said) {
    if (!is_of_repository(said.code)) return said;
    said.exit = Exit::deployment_failed;
    if (said.code == "clone_auth" || said.code == "clone_not_found") {
        said.next.push_back(
            {.label = "if it is private", .command = "--token-stdin, or --deploy-key"});
    }
    return said;
}

}  // namespace berth::cli

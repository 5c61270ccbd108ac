// Picks the verb and nothing else.

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "cli/cli.hpp"
#include "roles/local_build.hpp"
#include "roles/roles.hpp"

namespace {

using namespace berth;

/// A role that a supervisor starts: its argv is exactly "berth ROLE".
int (*role_of(const std::string& name))() {
    if (name == "prepare") return roles::run_prepare;
    if (name == "api") return roles::run_api;
    if (name == "worker") return roles::run_worker;
    if (name == "edge") return roles::run_edge;
    if (name == "launcher") return roles::run_launcher;
    if (name == "local-build") return roles::run_local_build;
    return nullptr;
}

/// Hands a verb of roles/ the words after its name.
template <int (*run)(const std::vector<std::string>&)>
int with_arguments(int argc, char** argv) {
    return run(std::vector<std::string>(argv + 1, argv + argc));
}

int run(int argc, char** argv) {
    if (argc == 2 && roles::is_started_as_role()) {
        if (const auto role = role_of(argv[1])) return role();
    }
    if (argc == 2 && std::string(argv[1]) == "api") return roles::run_api_by_hand();
    const std::vector<cli::Verb> verbs{
        {"serve", "run all of Berth on this machine", with_arguments<roles::run_serve>},
        {"config", "check a configuration", with_arguments<roles::run_config>},
        {"doctor", "what this machine lacks, and how to mend it",
         with_arguments<roles::run_doctor>},
        {"admin", "reset a password, on the machine itself", with_arguments<roles::run_admin>},
        {"upgrade", "have the running berth serve replaced by a new program, in place",
         with_arguments<roles::run_upgrade>},
        {"gc", "delete what no deployment needs any more", with_arguments<roles::run_gc>},
        {"worker", "join a Berth as a worker, which builds",
         with_arguments<roles::run_joined_worker>},
        {"edge", "join a Berth as an edge, which serves sites",
         with_arguments<roles::run_joined_edge>},
        {"launcher", "what makes sandboxes, beside a worker",
         with_arguments<roles::run_launcher_by_hand>},
        {"workers", "print the token that workers join with", with_arguments<roles::run_workers>},
        {"edges", "print the token that edges join with", with_arguments<roles::run_edges>},
    };
    return cli::run_cli(argc, argv, verbs, roles::build_locally);
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& broken) {
        std::fprintf(stderr, "berth: %s\n", broken.what());
        return 1;
    }
}

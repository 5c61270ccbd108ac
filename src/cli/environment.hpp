#pragma once
/// What the commands read from the process's environment, read once at the start.

#include <string>

namespace berth::cli {

struct Environment {
    std::string server{};   // BERTH_SERVER
    std::string token{};    // BERTH_TOKEN
    std::string project{};  // BERTH_PROJECT
    std::string ca_file{};  // BERTH_CA_FILE
    std::string config_directory{};
    std::string path{};
    std::string browser{};
    bool display = false;      // there is a desktop to open pages on
    bool ci = false;           // never ask
    bool no_color = false;     // NO_COLOR is not empty
    bool force_color = false;  // CLICOLOR_FORCE or FORCE_COLOR
    bool dumb = false;         // TERM=dumb
    bool accessible = false;   // BERTH_ACCESSIBLE: no redraw
};

Environment read_environment();

/// The value of a variable of the process, "" when unset; for `-e NAME`.
std::string variable(const std::string& name);

/// Every command's options.
struct Options {
    std::string project{};
    std::string server{};
    std::string timeout{};
    std::string cwd{};
    bool json = false;
    bool no_input = false;
    bool yes = false;
    bool quiet = false;
    bool verbose = false;
    bool no_color = false;
};

}  // namespace berth::cli

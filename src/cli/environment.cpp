#include "cli/environment.hpp"

#include <cstdlib>

namespace berth::cli {

namespace {

bool is_on(const std::string& name) {
    const std::string value = variable(name);
    return !value.empty() && value != "0" && value != "false";
}

std::string config_directory() {
    if (const std::string xdg = variable("XDG_CONFIG_HOME"); xdg.starts_with('/')) {
        return xdg + "/berth";
    }
    return variable("HOME") + "/.config/berth";
}

}  // namespace

std::string variable(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::string() : std::string(value);
}

Environment read_environment() {
    return {
        .server = variable("BERTH_SERVER"),
        .token = variable("BERTH_TOKEN"),
        .project = variable("BERTH_PROJECT"),
        .ca_file = variable("BERTH_CA_FILE"),
        .config_directory = config_directory(),
        .path = variable("PATH"),
        .browser = variable("BROWSER"),
        .display = !variable("DISPLAY").empty() || !variable("WAYLAND_DISPLAY").empty(),
        .ci = is_on("CI"),
        .no_color = !variable("NO_COLOR").empty(),
        .force_color = is_on("CLICOLOR_FORCE") || is_on("FORCE_COLOR"),
        .dumb = variable("TERM") == "dumb",
        .accessible = is_on("BERTH_ACCESSIBLE"),
    };
}

}  // namespace berth::cli

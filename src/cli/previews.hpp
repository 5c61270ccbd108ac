#pragma once
/// The parts of `berth previews`.

#include <map>
#include <string>
#include <vector>

#include "cli/context.hpp"

namespace CLI {
class App;
}

namespace berth::cli {

struct Parsed;

/// A project's previews: of each ref the deployments that were looked at, the newest first.
struct Previews {
    std::string project{};
    std::vector<std::string> refs{};  // the one deployed last is first
    std::map<std::string, std::vector<json::value>> deployments{};
};

/// Of the chosen project's last 500 deployments.
Outcome<Previews> look_at_previews(Context& context);

/// open, approve, rm
void add_preview_actions(CLI::App& noun, Parsed& parsed);

}  // namespace berth::cli

#include "cli/place.hpp"

#include <filesystem>

#include "plans/survey.hpp"

namespace berth::cli {

namespace fs = std::filesystem;

Outcome<Place> place_of(const std::string& directory, const std::optional<std::string>& given) {
    std::error_code broken;
    const fs::path here = fs::canonical(directory, broken);
    if (broken || !fs::is_directory(here, broken)) {
        return problem(Exit::not_found, "no_directory",
                       fmt::format("there is no directory '{}'", directory));
    }
    Place place{.top = here.string(), .root = given.value_or("")};
    if (!given) {
        for (fs::path at = here; at != at.root_path(); at = at.parent_path()) {
            if (!fs::exists(at / ".git", broken)) continue;
            const std::string root = here.lexically_relative(at).generic_string();
            place = {.top = at.string(), .root = root == "." ? "" : root};
            break;
        }
    }
    const Result<std::string> normal = plans::normal_root(place.root);
    if (!normal) return problem(Exit::usage, normal.error().code, normal.error().message);
    place.root = *normal;
    return place;
}

}  // namespace berth::cli

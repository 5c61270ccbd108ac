#include "base/json.hpp"
#include "plans/framework_config.hpp"

namespace berth::plans {
namespace {

namespace bj = boost::json;

/// The project that `ng build` builds: the default one, else the first that is an application.
const bj::value* angular_project(const bj::object& workspace, std::string& name) {
    const bj::value* projects = workspace.if_contains("projects");
    if (projects == nullptr || !projects->is_object()) return nullptr;
    if (const bj::value* chosen = workspace.if_contains("defaultProject");
        chosen != nullptr && chosen->is_string()) {
        name = std::string(chosen->get_string());
        if (const bj::value* there = projects->get_object().if_contains(name)) return there;
    }
    for (const auto& item : projects->get_object()) {
        const bj::value* kind = item.value().is_object()
                                    ? item.value().get_object().if_contains("projectType")
                                    : nullptr;
        if (kind != nullptr && kind->is_string() && kind->get_string() != "application") continue;
        name = std::string(item.key());
        return &item.value();
    }
    return nullptr;
}

const bj::object* object_at(const bj::object* object, std::string_view key) {
    const bj::value* value = object == nullptr ? nullptr : object->if_contains(key);
    return value != nullptr && value->is_object() ? &value->get_object() : nullptr;
}

std::string text_at(const bj::object* object, std::string_view key) {
    const bj::value* value = object == nullptr ? nullptr : object->if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

/// A file of JSON in the root directory; null when it is not there or not an object.
json::value json_file(const Survey& survey, std::string_view name) {
    const std::string* source = survey.file(name);
    if (source == nullptr) return nullptr;
    Result<json::value> parsed = json::parse(*source);
    return parsed && parsed->is_object() ? std::move(*parsed) : json::value(nullptr);
}

}  // namespace

void read_angular_output(const Survey& survey, Framework& found) {
    const json::value workspace = json_file(survey, "angular.json");
    if (!workspace.is_object()) return;
    std::string name;
    const bj::value* project = angular_project(workspace.get_object(), name);
    if (project == nullptr || !project->is_object()) return;
    const bj::object* targets = object_at(&project->get_object(), "architect");
    if (targets == nullptr) targets = object_at(&project->get_object(), "targets");
    const bj::object* build = object_at(targets, "build");
    const bj::object* said = object_at(build, "options");
    const std::string builder = text_at(build, "builder");
    const bool application = builder.empty() || builder.ends_with(":application") ||
                             builder.ends_with(":browser-esbuild-application");
    const bj::object* parts = object_at(said, "outputPath");
    std::string base = parts != nullptr ? text_at(parts, "base") : text_at(said, "outputPath");
    const std::string reason = base.empty() ? fmt::format("{} is what angular.json builds", name)
                                            : fmt::format("outputPath of {} in angular.json", name);
    if (base.empty()) base = below("dist", name);
    // The application builder puts the pages into browser/ below it; the older one does not.
    if (application) {
        const bool named = parts != nullptr && parts->contains("browser");
        const std::string browser = named ? text_at(parts, "browser") : "browser";
        if (!browser.empty()) base += "/" + browser;
    }
    take_output(found, "", base, reason);
}

void read_nx_output(const Survey& survey, Framework& found) {
    const json::value project = json_file(survey, "project.json");
    if (!project.is_object() || !survey.has_upwards("nx.json")) return;
    const bj::object* build = object_at(object_at(&project.get_object(), "targets"), "build");
    std::string path = text_at(object_at(build, "options"), "outputPath");
    for (const auto& [word, directory] :
         {std::pair<std::string_view, std::string_view>("{workspaceRoot}/", ""),
          std::pair<std::string_view, std::string_view>("{projectRoot}", survey.root)}) {
        if (const std::size_t at = path.find(word); at != path.npos)
            path.replace(at, word.size(), directory);
    }
    if (path.empty()) return;
    std::string up;  // it is named from where nx.json lies
    for (std::string_view at = survey.root; !at.empty(); at = parent_of(at)) {
        if (survey.has_in(at, "nx.json")) break;
        up += "../";
    }
    take_output(found, up, path, "outputPath in project.json");
}

void read_polymer_output(const Survey& survey, Framework& found) {
    const json::value file = json_file(survey, "polymer.json");
    const bj::value* builds = file.is_object() ? file.get_object().if_contains("builds") : nullptr;
    if (builds == nullptr || !builds->is_array() || builds->get_array().empty()) return;
    const bj::value& first = builds->get_array().front();
    if (!first.is_object()) return;
    std::string name = text_at(&first.get_object(), "name");
    if (name.empty()) name = text_at(&first.get_object(), "preset");
    if (!name.empty()) take_output(found, "build", name, "the first build of polymer.json");
}

}  // namespace berth::plans

#include "plans/chosen.hpp"

namespace berth::plans {
namespace {

/// Words of other platforms for our frameworks, where they differ.
struct Slug {
    std::string_view theirs, ours;
};
constexpr Slug slugs[] = {{"nextjs", "next"},
                          {"nuxtjs", "nuxt"},
                          {"create-react-app", "create_react_app"},
                          {"sveltekit-1", "sveltekit"},
                          {"solidstart-1", "solidstart"},
                          {"tanstack-start", "tanstack_start"},
                          {"react-router", "react_router"},
                          {"docusaurus-2", "docusaurus"},
                          {"docusaurus", "docusaurus_1"},
                          {"ionic-angular", "ionic_angular"},
                          {"ionic-react", "ionic_react"},
                          {"preact", "preact_cli"},
                          {"umijs", "umi"},
                          {"vue", "vue_cli"}};

std::string our_framework(const std::string& theirs) {
    for (const Slug& slug : slugs) {
        if (slug.theirs == theirs) return std::string(slug.ours);
    }
    return theirs;
}

std::optional<jobs::Planned> stronger(const std::optional<std::string>& project,
                                      const std::optional<rules::BuildSetting>& file) {
    if (project) return jobs::Planned{*project, "set in the project"};
    if (file) return jobs::Planned{file->value, file->where};
    return std::nullopt;
}

std::optional<std::string> not_empty(const std::optional<std::string>& text) {
    return text && !text->empty() ? text : std::nullopt;
}

}  // namespace

Chosen choose(const Survey& survey, const jobs::Settings& settings,
              const rules::BuildContext& context) {
    std::map<std::string, std::string> files;
    for (const std::string& name : rules::build_setting_files()) {
        if (const std::string* text = survey.file_upwards(name)) files[name] = *text;
    }
    Chosen chosen{.files = rules::read_build_settings(files, context)};
    const rules::BuildSettings& said = chosen.files;
    chosen.install_command = stronger(settings.install_command, said.install_command);
    chosen.build_command = stronger(settings.build_command, said.build_command);
    chosen.output_dir = stronger(not_empty(settings.output_dir), said.output_dir);
    if (chosen.output_dir && chosen.output_dir->value.empty()) chosen.output_dir.reset();
    chosen.node = stronger(not_empty(settings.node), said.node);
    chosen.framework = stronger(not_empty(settings.framework), said.framework);
    if (chosen.framework && !settings.framework)
        chosen.framework->value = our_framework(chosen.framework->value);
    chosen.dev_command = stronger({}, said.dev_command);
    chosen.start_command = stronger({}, said.start_command);
    chosen.ignore_command = stronger({}, said.ignore_command);
    if (!settings.watch_paths.empty()) {
        chosen.files.watch = settings.watch_paths;
        chosen.files.watch_from = "the project's settings: watch_paths";
    }
    return chosen;
}

}  // namespace berth::plans

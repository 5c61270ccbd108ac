#include "plans/framework.hpp"

#include <array>

#include "plans/framework_config.hpp"

namespace berth::plans {
namespace {

Framework from_row(const FrameworkRow& row, std::string reason) {
    return {.name = std::string(row.name),
            .title = std::string(row.title),
            .reason = std::move(reason),
            .output_dir = std::string(row.output),
            .output_reason = row.output.empty() ? "" : fmt::format("where {} puts it", row.title),
            .row = &row,
            .spa = row.makes == Makes::spa};
}

Framework plain(std::string reason) {
    return {.name = "static",
            .title = "static files",
            .reason = std::move(reason),
            .output_dir = ".",
            .output_reason = "the files are served as they are"};
}

Framework other(std::string reason) {
    return {.name = "other", .title = "npm build", .reason = std::move(reason)};
}

/// The first package of the row that is a dependency, or "".
std::string package_of(const FrameworkRow& row, const PackageJson* package) {
    std::string found;
    each_word(row.packages, [&](std::string_view name) {
        const bool depends = package != nullptr && package->depends_on(name);
        if (found.empty() && depends) found = name;
    });
    return found;
}

/// The first file of the row that is in the root directory, or "".
std::string file_of(const FrameworkRow& row, const Survey& survey) {
    std::string found;
    each_word(row.files, [&](std::string_view pattern) {
        if (!found.empty()) return;
        std::string name;
        if (config_file(survey, pattern, name) != nullptr) found = name;
        if (survey.has(pattern)) found = pattern;
    });
    return found;
}

/// ", with React"
std::string flavour_of(const PackageJson& package) {
    struct Flavour {
        std::string_view package, title;
    };
    static constexpr std::array<Flavour, 8> flavours{{{"preact", "Preact"},
                                                      {"react", "React"},
                                                      {"vue", "Vue"},
                                                      {"svelte", "Svelte"},
                                                      {"solid-js", "Solid"},
                                                      {"lit", "Lit"},
                                                      {"alpinejs", "Alpine.js"},
                                                      {"three", "three.js"}}};
    for (const Flavour& one : flavours) {
        if (package.depends_on(one.package)) return fmt::format(", with {}", one.title);
    }
    return "";
}

bool is_mentioned(const std::string* text, std::string_view word) {
    return text != nullptr && text->find(word) != text->npos;
}

/// Static generators that are known by what their files say. "" is none.
std::string outside_of(const Survey& survey, std::string& reason) {
    const auto because = [&](std::string_view name, std::string_view why) {
        reason = why;
        return std::string(name);
    };
    const std::string* config = survey.file("config.toml");
    if (config != nullptr && survey.has("templates") && survey.has("content"))
        return because("zola", "there is a config.toml beside templates/ and content/");
    const bool hugo_config = config != nullptr || survey.file("config.yaml") != nullptr;
    if (hugo_config && survey.has("content") &&
        (survey.has("archetypes") || survey.has("themes") || survey.has("layouts")))
        return because("hugo", "there is a config file beside content/ and themes or layouts");
    if (is_mentioned(survey.file("Gemfile"), "jekyll") ||
        is_mentioned(survey.file("Gemfile"), "github-pages"))
        return because("jekyll", "the Gemfile names Jekyll");
    if (survey.file("_config.yml") != nullptr && (survey.has("_posts") || survey.has("_layouts")))
        return because("jekyll", "there is a _config.yml beside _posts or _layouts");
    return "";
}

/// A script of another name that builds: "docs:build": "vitepress build docs". "" is none.
std::string building_script(const FrameworkRow& row, const PackageJson* package) {
    if (package == nullptr || row.build.empty() || package->script("build") != nullptr) return "";
    for (const auto& [name, text] : package->scripts) {
        if (text.find(row.build) != text.npos && name.find("build") != name.npos) return name;
    }
    return "";
}

Framework read(Framework found, const Survey& survey, const PackageJson* package) {
    found.root = survey.root;
    if (found.row != nullptr) found.script = building_script(*found.row, package);
    read_needs(survey, package, found);
    if (found.row != nullptr) read_output(survey, package, found);
    return found;
}

/// A row that holds although an earlier one would, too: what the build script says is meant.
const FrameworkRow* meant_by_script(const PackageJson& package) {
    const std::string* build = package.script("build");
    const bool storybook =
        is_mentioned(build, "storybook build") || is_mentioned(build, "build-storybook");
    return storybook ? framework_row("storybook") : nullptr;
}

std::optional<Framework> from_table(const Survey& survey, const PackageJson* package) {
    if (package != nullptr) {
        if (const FrameworkRow* row = meant_by_script(*package))
            return from_row(*row, "the build script builds it");
    }
    std::string outside_reason;
    const std::string outside = outside_of(survey, outside_reason);
    for (const FrameworkRow& row : frameworks()) {
        const bool by_file_alone = row.name == "dockerfile" || row.makes == Makes::outside;
        const std::string dependency = package_of(row, package);
        if (!dependency.empty()) {
            const std::string flavour = row.name == "vite" ? flavour_of(*package) : "";
            return from_row(row, fmt::format("package.json depends on {}{}", dependency, flavour));
        }
        if (row.name == outside) return from_row(row, outside_reason);
        const std::string file = package != nullptr || by_file_alone ? file_of(row, survey) : "";
        const bool instead = by_file_alone && package != nullptr && row.name == "dockerfile";
        if (!file.empty() && !instead) return from_row(row, fmt::format("there is a {}", file));
    }
    return std::nullopt;
}

/// What no row knows: by the scripts of package.json.
Framework without_row(const Survey& survey, const PackageJson* package) {
    const bool has_page = survey.has("index.html");
    if (package == nullptr) return plain("there is no package.json");
    const bool web_process = is_mentioned(survey.file("Procfile"), "web:");
    if (package->script("build") != nullptr && !(web_process && !has_page)) {
        return other("package.json has a build script");
    }
    if (has_page) return plain("there is an index.html and package.json has no build script");
    if (package->script("start") != nullptr || web_process) {
        return {.name = "node",
                .title = "a Node program",
                .reason = web_process ? "the Procfile starts a web process"
                                      : "package.json has a start script and no build script",
                .not_yet =
                    "A Node program needs a running server. Berth serves static sites today; "
                    "dynamic apps come later"};
    }
    return plain("package.json has no build script");
}

/// A Dockerfile beside pages says how they were served elsewhere.
bool is_plain_page(const Framework& found, const Survey& survey) {
    return found.name == "dockerfile" && survey.has("index.html");
}

/// Docsify's pages are read by the browser: its mark is in index.html.
bool is_docsify(const Survey& survey) {
    return is_mentioned(survey.file("index.html"), "docsify");
}

}  // namespace

Framework detect_framework(const Survey& survey, const PackageJson* package) {
    if (auto found = from_table(survey, package); found && !is_plain_page(*found, survey)) {
        return read(std::move(*found), survey, package);
    }
    Framework found = without_row(survey, package);
    if (found.name == "static" && is_docsify(survey)) {
        found = from_row(*framework_row("docsify"), "index.html loads docsify");
    }
    return read(std::move(found), survey, package);
}

std::optional<Framework> framework_named(std::string_view name, const Survey& survey,
                                         const PackageJson* package) {
    if (name == "static") return plain("set in the project");
    if (name == "other") return other("set in the project");
    const FrameworkRow* row = framework_row(name);
    if (row == nullptr) return std::nullopt;
    return read(from_row(*row, "set in the project"), survey, package);
}

}  // namespace berth::plans

#include "builds/framework.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/json.hpp"

namespace berth::builds {
namespace {

struct Row {
    std::string_view name, title, package, output_dir, build_tool;
    bool spa;
};

/// In this order: those that bring Vite along come before Vite.
constexpr std::array<Row, 15> rows{{
    {"next", "Next.js", "next", "out", "npx next build", false},
    {"nuxt", "Nuxt", "nuxt", ".output/public", "npx nuxt generate", false},
    {"astro", "Astro", "astro", "dist", "npx astro build", false},
    {"sveltekit", "SvelteKit", "@sveltejs/kit", "build", "npx vite build", false},
    {"remix", "Remix", "@remix-run/react", "build/client", "", false},
    {"gatsby", "Gatsby", "gatsby", "public", "npx gatsby build", false},
    {"docusaurus", "Docusaurus", "@docusaurus/core", "build", "npx docusaurus build", false},
    {"angular", "Angular", "@angular/cli", "dist", "npx ng build", true},
    {"create_react_app", "Create React App", "react-scripts", "build", "npx react-scripts build",
     true},
    {"vue_cli", "Vue CLI", "@vue/cli-service", "dist", "npx vue-cli-service build", true},
    {"eleventy", "Eleventy", "@11ty/eleventy", "_site", "npx eleventy", false},
    {"vitepress", "VitePress", "vitepress", ".vitepress/dist", "npx vitepress build", false},
    {"vite", "Vite", "vite", "dist", "npx vite build", true},
    {"parcel", "Parcel", "parcel", "dist", "", true},
    {"preact_cli", "Preact CLI", "preact-cli", "build", "npx preact build", true},
}};

struct Server {
    std::string_view package, title;
};
constexpr std::array<Server, 7> servers{{{"express", "Express"},
                                         {"fastify", "Fastify"},
                                         {"koa", "Koa"},
                                         {"@hapi/hapi", "hapi"},
                                         {"@nestjs/core", "NestJS"},
                                         {"socket.io", "Socket.IO"},
                                         {"hono", "Hono"}}};

std::string not_yet(std::string_view title) {
    return fmt::format(
        "{} needs a running server. Berth serves static sites today; dynamic apps "
        "come later",
        title);
}

/// The first file of the root directory that begins so ("vite.config."), or null.
const std::string* config(const Survey& survey, std::string_view begin) {
    for (const char* end : {"ts", "js", "mjs", "mts", "cjs", "cts"}) {
        if (const auto* found = survey.file(std::string(begin) + end)) return found;
    }
    return nullptr;
}

/// The text of `key: '…'` in a JavaScript object, when it stands there as a plain text. No regular
/// expression: the standard library's recurses once per character.
std::string literal(std::string_view source, std::string_view key) {
    constexpr std::size_t text_bytes_max = 200;
    const auto skip_space = [](std::string_view text) {
        return text.substr(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    };
    for (std::size_t at = source.find(key); at != source.npos; at = source.find(key, at + 1)) {
        const char before = at == 0 ? ' ' : source[at - 1];
        if (std::isalnum(static_cast<unsigned char>(before)) != 0 || before == '_' ||
            before == '.') {
            continue;
        }
        std::string_view rest = source.substr(at + key.size());
        if (rest.starts_with('\'') || rest.starts_with('"')) rest.remove_prefix(1);
        rest = skip_space(rest);
        if (!rest.starts_with(':')) continue;
        rest = skip_space(rest.substr(1));
        if (rest.empty() || std::string_view("'\"`").find(rest.front()) == rest.npos) continue;
        const std::size_t end = rest.find(rest.front(), 1);
        if (end == rest.npos || end > text_bytes_max) continue;
        const std::string_view text = rest.substr(1, end - 1);
        if (text.find('$') == text.npos) return std::string(text);
    }
    return "";
}

/// Joins and normalises; "" when it leaves the root directory.
std::string joined(const std::string& directory, const std::string& path) {
    const auto normal = (std::filesystem::path(directory) / path).lexically_normal();
    const std::string text = normal.generic_string();
    if (text.starts_with("..") || text.starts_with('/')) return "";
    return text.ends_with('/') ? text.substr(0, text.size() - 1) : text;
}

void read_vite_config(const Survey& survey, Framework& vite) {
    const std::string* source = config(survey, "vite.config.");
    if (source == nullptr) return;
    const std::string out_dir = literal(*source, "outDir");
    std::string root = literal(*source, "root");
    if (out_dir.empty() && root.empty()) return;
    const std::string read = joined(root, out_dir.empty() ? "dist" : out_dir);
    if (read.empty() || read == ".") return;
    vite.output_dir = read;
    vite.output_reason = "build.outDir in the Vite configuration";
}

void read_angular_json(const Survey& survey, Framework& angular) {
    const std::string* source = survey.file("angular.json");
    if (source == nullptr) return;
    const Result<json::value> parsed = json::parse(*source);
    if (!parsed || !parsed->is_object()) return;
    const auto* projects = parsed->get_object().if_contains("projects");
    if (projects == nullptr || !projects->is_object() || projects->get_object().empty()) return;
    angular.output_dir =
        fmt::format("dist/{}/browser", std::string_view(projects->get_object().begin()->key()));
    angular.output_reason = "the first project of angular.json";
}

/// Frameworks that are static only when they are set up so.
void check_static(const Survey& survey, const PackageJson* package, Framework& found) {
    if (found.name == "next") {
        const std::string* source = config(survey, "next.config.");
        if (source == nullptr || literal(*source, "output") != "export") {
            found.not_yet = not_yet("Next.js without `output: 'export'`");
        }
    } else if (found.name == "astro") {
        const std::string* source = config(survey, "astro.config.");
        if (source != nullptr && literal(*source, "output") == "server") {
            found.not_yet = not_yet("Astro with `output: 'server'`");
        }
    } else if (found.name == "sveltekit") {
        if (package == nullptr || !package->depends_on("@sveltejs/adapter-static")) {
            found.not_yet = not_yet("SvelteKit without @sveltejs/adapter-static");
        }
    } else if (found.name == "remix") {
        found.not_yet = not_yet("Remix");
    } else if (found.name == "vite") {
        read_vite_config(survey, found);
    } else if (found.name == "angular") {
        read_angular_json(survey, found);
    }
}

Framework from_row(const Row& row) {
    return {.name = std::string(row.name),
            .title = std::string(row.title),
            .output_dir = std::string(row.output_dir),
            .output_reason = fmt::format("where {} puts it", row.title),
            .build_tool = std::string(row.build_tool),
            .spa = row.spa};
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

std::optional<Framework> server_of(const PackageJson& package) {
    for (const Server& server : servers) {
        if (!package.dependencies.contains(std::string(server.package))) continue;
        const bool nest = server.package == "@nestjs/core";
        return Framework{.name = nest                             ? "nestjs"
                                 : server.package == "@hapi/hapi" ? "hapi"
                                                                  : std::string(server.package),
                         .title = std::string(server.title),
                         .reason = fmt::format("package.json depends on {}", server.package),
                         .not_yet = not_yet(server.title)};
    }
    return std::nullopt;
}

}  // namespace

Framework detect_framework(const Survey& survey, const PackageJson* package) {
    if (package == nullptr) return plain("there is no package.json");
    for (const Row& row : rows) {
        const bool by_file = row.name == "vite" && config(survey, "vite.config.") != nullptr;
        if (!package->depends_on(row.package) && !by_file) continue;
        Framework found = from_row(row);
        found.reason = package->depends_on(row.package)
                           ? fmt::format("package.json depends on {}", row.package)
                           : std::string("there is a vite.config file");
        check_static(survey, package, found);
        return found;
    }
    if (const auto server = server_of(*package)) return *server;
    if (package->script("build") != nullptr) return other("package.json has a build script");
    if (survey.has("index.html")) {
        return plain("there is an index.html and package.json has no build script");
    }
    if (package->script("start") != nullptr) {
        return {.name = "node",
                .title = "a Node program",
                .reason = "package.json has a start script and no build script",
                .not_yet = not_yet("A Node program")};
    }
    return plain("package.json has no build script");
}

std::optional<Framework> framework_named(std::string_view name, const Survey& survey) {
    if (name == "static") return plain("set in the project");
    if (name == "other") return other("set in the project");
    const auto row =
        std::find_if(rows.begin(), rows.end(), [&](const Row& one) { return one.name == name; });
    if (row == rows.end()) return std::nullopt;
    Framework found = from_row(*row);
    found.reason = "set in the project";
    if (found.name == "vite") read_vite_config(survey, found);
    if (found.name == "angular") read_angular_json(survey, found);
    return found;
}

}  // namespace berth::builds

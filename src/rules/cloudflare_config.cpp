#include "rules/cloudflare_config.hpp"

#include "rules/toml_reader.hpp"

namespace berth::rules {

namespace {

namespace bj = boost::json;

constexpr std::size_t routes_max = 100;
constexpr std::size_t route_characters_max = 100;

/// JSON with comments and trailing commas, as editors of such files write it.
std::optional<bj::object> parse_jsonc(std::string_view text, Problems& problems) {
    bj::parse_options options;
    options.allow_comments = true;
    options.allow_trailing_commas = true;
    options.max_depth = 32;
    boost::system::error_code broken;
    const bj::value parsed = bj::parse(text, broken, {}, options);
    if (broken) {
        problems.error({}, "this is not JSON, so the file counts for nothing: " + broken.message());
        return std::nullopt;
    }
    if (!parsed.is_object()) {
        problems.error({}, "this must be a JSON object, so the file counts for nothing");
        return std::nullopt;
    }
    return parsed.get_object();
}

/// The three values that matter, from either format.
struct Assets {
    bool is_worker = false;  // `assets.directory` rather than `pages_build_output_dir`
    std::optional<std::string> html_handling{};
    std::optional<std::string> not_found_handling{};
};

void apply_html_handling(const std::string& word, Problems& problems, Files& files) {
    files.redirect_status = 307;
    if (word == "auto-trailing-slash") {
        files.lookup = FileLookup::cloudflare;
    } else if (word == "force-trailing-slash") {
        files.lookup = FileLookup::cloudflare;
        files.trailing_slash = TrailingSlash::add;
    } else if (word == "drop-trailing-slash") {
        files.lookup = FileLookup::cloudflare;
        files.trailing_slash = TrailingSlash::remove;
    } else if (word == "none") {
        files.lookup = FileLookup::exact;
    } else {
        problems.error({}, fmt::format("html_handling '{}' is not one of auto-trailing-slash, "
                                       "force-trailing-slash, drop-trailing-slash, none",
                                       word));
    }
}

void apply_not_found_handling(const std::string& word, Problems& problems, Files& files) {
    if (word == "single-page-application") {
        files.not_found = NotFound::spa;
    } else if (word == "404-page") {
        files.not_found = NotFound::page;
    } else if (word == "none") {
        files.not_found = NotFound::bare;
    } else {
        problems.error({}, fmt::format("not_found_handling '{}' is not one of "
                                       "single-page-application, 404-page, none",
                                       word));
    }
}

void apply(const Assets& assets, Problems& problems, Files& files) {
    if (!assets.is_worker) return;
    apply_html_handling(assets.html_handling.value_or("auto-trailing-slash"), problems, files);
    apply_not_found_handling(assets.not_found_handling.value_or("none"), problems, files);
}

std::optional<std::string> text_in(const bj::object& object, std::string_view key,
                                   Problems& problems) {
    const bj::value* value = object.if_contains(key);
    if (value == nullptr) return std::nullopt;
    if (value->is_string()) return std::string(value->get_string());
    problems.error({}, fmt::format("{} must be a text", key));
    return std::nullopt;
}

void warn_about_worker(bool has_main, Problems& problems) {
    if (has_main)
        problems.warning({},
                         "'main' names a worker's script: workers do not run here, the files "
                         "alone are served");
}

Assets assets_of(const bj::object& config, Problems& problems) {
    Assets assets;
    warn_about_worker(config.contains("main"), problems);
    const bj::value* table = config.if_contains("assets");
    if (table == nullptr) return assets;
    assets.is_worker = true;
    if (!table->is_object()) {
        problems.error({}, "assets must be an object");
        return assets;
    }
    assets.html_handling = text_in(table->get_object(), "html_handling", problems);
    assets.not_found_handling = text_in(table->get_object(), "not_found_handling", problems);
    return assets;
}

Assets assets_of(const toml::table& config, Problems& problems) {
    Assets assets;
    warn_about_worker(config.contains("main"), problems);
    TomlTable top(config, "", problems);
    const toml::table* table = top.table("assets");
    if (table == nullptr) return assets;
    assets.is_worker = true;
    TomlTable keys(*table, "assets.", problems);
    assets.html_handling = keys.text("html_handling");
    assets.not_found_handling = keys.text("not_found_handling");
    return assets;
}

/// One of the two lists of `_routes.json`; returns how many it has.
std::size_t check_routes(const bj::object& routes, std::string_view key, Problems& problems) {
    const bj::value* list = routes.if_contains(key);
    if (list == nullptr) return 0;
    if (!list->is_array()) {
        problems.error({}, fmt::format("{} must be a list", key));
        return 0;
    }
    for (const bj::value& route : list->get_array()) {
        if (!route.is_string() || !route.get_string().starts_with('/')) {
            problems.error({}, fmt::format("{} must be a list of paths that begin with /", key));
        } else if (route.get_string().size() > route_characters_max) {
            problems.error(
                {}, fmt::format("a path of {} is over {} characters", key, route_characters_max));
        }
    }
    return list->get_array().size();
}

}  // namespace

void read_wrangler(std::string_view text, const std::string& file, RuleSet& into) {
    Problems problems(file, into.problems);
    if (file.ends_with(".toml")) {
        if (const auto config = parse_toml(text, problems))
            apply(assets_of(*config, problems), problems, into.files);
    } else if (const auto config = parse_jsonc(text, problems)) {
        apply(assets_of(*config, problems), problems, into.files);
    }
}

void read_routes_json(std::string_view text, RuleSet& into) {
    Problems problems("_routes.json", into.problems);
    const auto routes = parse_jsonc(text, problems);
    if (!routes) return;
    const bj::value* version = routes->if_contains("version");
    if (version == nullptr || *version != 1) problems.error({}, "version must be 1");
    const std::size_t included = check_routes(*routes, "include", problems);
    const std::size_t excluded = check_routes(*routes, "exclude", problems);
    if (included == 0) problems.error({}, "include needs at least one path");
    if (included + excluded > routes_max)
        problems.error({}, fmt::format("there are over {} paths", routes_max));
    problems.warning({}, "functions do not run here: every path is a file or not found");
}

}  // namespace berth::rules

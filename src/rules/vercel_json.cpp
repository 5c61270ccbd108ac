#include "rules/vercel_json.hpp"

#include <algorithm>

#include "rules/pattern.hpp"
#include "rules/vercel_file.hpp"
#include "rules/vercel_routes.hpp"
#include "rules/vercel_rules.hpp"

namespace berth::rules {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// Members that are read here, or elsewhere, or that say nothing about how a site is served.
constexpr std::string_view known_keys[] = {
    "$schema",        "alias",         "buildCommand",    "cleanUrls", "devCommand",
    "framework",      "git",           "github",          "headers",   "ignoreCommand",
    "installCommand", "name",          "outputDirectory", "public",    "redirects",
    "rewrites",       "rootDirectory", "routes",          "scope",     "trailingSlash",
    "version",        "nodeVersion",
};

struct Unserved {
    std::string_view key, why;
};

/// What people may rely on and Berth does not do, in words.
constexpr Unserved unserved_keys[] = {
    {"build", "'build' is not read: set the build's variables in the project's settings"},
    {"builds", "'builds' is not read: the build command and output directory say what is built"},
    {"bulkRedirectsPath", "'bulkRedirectsPath' is not read: write the redirects into 'redirects'"},
    {"crons", "'crons' do not run: Berth starts nothing at set times"},
    {"env", "'env' is not read: set variables in the project's settings"},
    {"fluid", "'fluid' does nothing: Berth runs no functions"},
    {"functionFailoverRegions", "'functionFailoverRegions' does nothing: Berth runs no functions"},
    {"functions", "'functions' do not run: Berth serves what the build leaves as files"},
    {"images", "'images' does nothing: Berth does not resize images"},
    {"passiveRegions", "'passiveRegions' does nothing: a site is where this Berth is"},
    {"regions", "'regions' does nothing: a site is where this Berth is"},
    {"services", "'services' is not read: make a project of each"},
};

struct Stop {
    std::uint32_t line = 1;
    char next = 0;  // what stands there; 0: the end
    std::string why{};
};

/// Where a text stops being JSON.
Stop find_stop(std::string_view text) {
    json::bj::parse_options options;
    options.max_depth = 64;  // as json::parse
    json::bj::stream_parser parser({}, options);
    boost::system::error_code bad;
    const std::size_t used = parser.write(text.data(), text.size(), bad);
    if (!bad) parser.finish(bad);
    Stop stop{.why = bad.message()};
    const std::string_view before = text.substr(0, used);
    stop.line += static_cast<std::uint32_t>(std::ranges::count(before, '\n'));
    if (used < text.size()) stop.next = text[used];
    return stop;
}

std::string hint(const Stop& stop) {
    if (stop.next == '/') return ": comments are not allowed in it";
    if (stop.next == '}' || stop.next == ']')
        return ": perhaps there is a comma too many before it";
    if (stop.next == '\'') return ": texts stand between double quotes";
    return "";
}

void not_json(std::string_view text, RuleSet& into) {
    const Stop stop = find_stop(text);
    Problem problem;
    problem.origin = {"vercel.json", stop.line, ""};
    problem.message =
        fmt::format("the file is no JSON{}, so nothing of it is read ({})", hint(stop), stop.why);
    into.problems.push_back(std::move(problem));
}

/// `cleanUrls` and `trailingSlash`, and what Vercel does without either.
void read_files(const VercelItem& root, RuleSet& into) {
    into.files.lookup = FileLookup::vercel;
    into.files.redirect_status = 308;
    const Result<std::optional<bool>> clean = truth_member(root, "cleanUrls");
    if (!clean) {
        root.file.error(clean.error().pointer, clean.error().message);
    } else if (*clean) {
        into.files.clean_urls = **clean;
    }
    const Result<std::optional<bool>> slash = truth_member(root, "trailingSlash");
    if (!slash) {
        root.file.error(slash.error().pointer, slash.error().message);
    } else if (*slash) {
        into.files.trailing_slash = **slash ? TrailingSlash::add : TrailingSlash::remove;
    }
}

void warn_of_keys(const VercelItem& root) {
    for (const auto& member : root.object) {
        const std::string_view key = member.key();
        if (std::ranges::find(known_keys, key) != std::end(known_keys)) continue;
        const std::string pointer = "/" + json::detail::escape_pointer(key);
        const auto* const unserved = std::ranges::find(unserved_keys, key, &Unserved::key);
        root.file.warning(pointer,
                          unserved != std::end(unserved_keys)
                              ? std::string(unserved->why)
                              : fmt::format("'{}' is not known and does nothing", shown(key)));
    }
}

/// Vercel refused such files for years; its present compiler asks the routes first.
void warn_of_mixture(const VercelItem& root) {
    if (!root.object.contains("routes")) return;
    for (const std::string_view key :
         {"redirects", "rewrites", "headers", "cleanUrls", "trailingSlash"}) {
        if (!root.object.contains(key)) continue;
        root.file.warning("/routes",
                          fmt::format("'routes' and '{}' in one file, which Vercel may refuse: "
                                      "'routes' are asked first; write them as redirects, rewrites "
                                      "and headers",
                                      key));
        return;
    }
}

}  // namespace

void read_vercel_json(std::string_view text, RuleSet& into) {
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    const Result<json::value> parsed = json::parse(text);
    if (!parsed) {
        not_json(text, into);
        return;
    }
    VercelFile file(text, into);
    if (!parsed->is_object()) {
        file.error("", "the file must be an object: {\"redirects\": […]}");
        return;
    }
    const VercelItem root{parsed->get_object(), "", file};
    read_files(root, into);
    warn_of_keys(root);
    warn_of_mixture(root);
    read_routes(root.object, file);
    read_redirects(root.object, file);
    read_headers(root.object, file);
    read_rewrites(root.object, file);
}

}  // namespace berth::rules

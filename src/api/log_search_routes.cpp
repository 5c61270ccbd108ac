/// GET /api/v1/projects/{project}/logs/search: lines of the logs of a project's deployments.

#include <charconv>

#include "api/body.hpp"
#include "api/paging.hpp"
#include "api/routes.hpp"
#include "logs/log_store.hpp"

namespace berth::api {
namespace {

struct HitView {
    std::string deployment{};
    std::string ref{};
    std::string environment{};
    std::int64_t created_at_ms = 0;  // of the deployment
    std::int64_t line = 0;           // from 0; its address in the dashboard is #L(line + 1)
    std::int64_t at_ms = 0;
    jobs::LineStream stream{};
    jobs::Level level{};
    jobs::Step step{};
    std::string text{};
};
BOOST_DESCRIBE_STRUCT(HitView, (),
                      (deployment, ref, environment, created_at_ms, line, at_ms, stream, level,
                       step, text))

Error bad_parameter(std::string_view name, std::string_view wanted) {
    return fail_as(Failure::invalid, "bad_parameter", "", "{}: {}", name, wanted);
}

/// One of the words of an enum; `otherwise` where the query does not have it.
template <class Enum>
Result<Enum> word_of(const http::Request& request, std::string_view name, Enum otherwise) {
    const auto text = request.parameter(name);
    Enum value = otherwise;
    if (!text || boost::describe::enum_from_string(text->c_str(), value)) return value;
    std::string words;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<Enum>>(
        [&](auto word) { words += (words.empty() ? "one of " : ", ") + std::string(word.name); });
    return bad_parameter(name, words);
}

Result<logs::LineFilter> filter_of(const http::Request& request) {
    logs::LineWish wish{.text = request.parameter("q").value_or("")};
    const auto matching = word_of(request, "match", logs::Matching::text);
    if (!matching) return matching.error();
    const auto level = word_of(request, "level", jobs::Level::info);
    if (!level) return level.error();
    const std::string match_case = request.parameter("case").value_or("false");
    if (match_case != "true" && match_case != "false")
        return bad_parameter("case", "true or false");
    wish.matching = *matching;
    wish.level = *level;
    wish.match_case = match_case == "true";
    if (request.parameter("step")) {
        const auto step = word_of(request, "step", jobs::Step::build);
        if (!step) return step.error();
        wish.step = *step;
    }
    return logs::LineFilter::of(std::move(wish));
}

/// "12/340": line 340 of the deployment with intent 12.
Result<logs::SearchPlace> place_of(const Page& page) {
    logs::SearchPlace place;
    if (page.after.empty()) return place;
    const char* const end = page.after.data() + page.after.size();
    const auto intent = std::from_chars(page.after.data(), end, place.intent);
    const bool first = intent.ec == std::errc{} && intent.ptr != end && *intent.ptr == '/';
    const auto line =
        first ? std::from_chars(intent.ptr + 1, end, place.line) : std::from_chars_result{};
    if (!first || line.ec != std::errc{} || line.ptr != end || place.intent < 0 || place.line < 0) {
        return fail_as(Failure::invalid, "bad_cursor", "", "cursor: not one of ours");
    }
    return place;
}

/// The newest deployment first, its lines in order. A page may be empty and have a `next`: so much
/// was looked at, and there is more.
///
/// 200: {items, next, bytes, deployments}
/// Errors: invalid — bad_parameter, invalid_pattern, bad_limit, bad_cursor, cursor_mismatch;
///         limited — search_busy
Task<Result<http::Response>> search_logs(Services& services, Context& context) {
    const http::Request& request = context.request;
    Result<logs::LineFilter> filter = filter_of(request);
    if (!filter) co_return filter.error();
    std::string list = "log-search/" + context.project.id;
    for (const std::string_view name : {"q", "match", "case", "level", "step", "deployment"})
        list += fmt::format("/{}", request.parameter(name).value_or(""));
    const Result<Page> page = page_of(request, list);
    if (!page) co_return page.error();
    const Result<logs::SearchPlace> from = place_of(*page);
    if (!from) co_return from.error();
    const std::string deployment = request.parameter("deployment").value_or("");
    const logs::SearchLimits limits{.hits_max = static_cast<std::size_t>(page->limit)};
    const std::string project = context.project.id;
    const Result<logs::Found> found =
        co_await services.logs->search().find(project, deployment, *filter, *from, limits);
    if (!found) co_return found.error();
    boost::json::array items;
    for (const logs::Hit& hit : found->hits) {
        const jobs::Line& line = hit.line.line;
        const HitView view{hit.deployment,  hit.ref,    hit.environment, hit.created_at_ms,
                           hit.line.number, line.at_ms, line.stream,     line.level,
                           line.step,       line.text};
        items.push_back(json::from(view));
    }
    boost::json::object reply{{"items", std::move(items)}, {"next", nullptr}};
    if (found->next) {
        const std::string place = fmt::format("{}/{}", found->next->intent, found->next->line);
        reply["next"] = cursor_after(list, place);
    }
    reply["bytes"] = found->bytes;
    reply["deployments"] = found->deployments;
    co_return http::json_response(200, reply);
}

constexpr Route table[] = {
    {http::Verb::get, "/api/v1/projects/{project}/logs/search", Policy::project_read, search_logs,
     "q match case level step deployment limit cursor"},
};

}  // namespace

std::span<const Route> log_search_routes() {
    return table;
}

}  // namespace berth::api

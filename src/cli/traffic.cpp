#include <algorithm>

#include "base/clock.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/project_choice.hpp"
#include "cli/terminal.hpp"
#include "cli/view.hpp"

namespace berth::cli {

namespace {

constexpr std::size_t top_max = 10;

struct TrafficFlags {
    std::string last = "1d";
    std::string step{};
    std::string deployment{};
};

std::int64_t count_of(const json::value& totals, std::string_view key) {
    return number(totals, key).value_or(0);
}

/// "850 us", "1.4 ms"; "-" where nothing was measured.
std::string time_text(std::optional<std::int64_t> us) {
    if (!us) return "-";
    if (*us < 1'000) return fmt::format("{} us", *us);
    return *us < 1'000'000 ? fmt::format("{:.1f} ms", static_cast<double>(*us) / 1e3)
                           : fmt::format("{:.1f} s", static_cast<double>(*us) / 1e6);
}

std::string share_text(std::int64_t part, std::int64_t all) {
    if (all == 0) return "-";
    return fmt::format("{:.1f} %", 100.0 * static_cast<double>(part) / static_cast<double>(all));
}

void show_top(Output& output, std::string_view heading, const json::bj::array& items) {
    if (items.empty()) return;
    std::vector<std::vector<std::string>> rows{{"REQUESTS", std::string(heading)}};
    for (const json::value& item : items) {
        if (rows.size() > top_max) break;
        rows.push_back({std::to_string(count_of(item, "requests")),
                        printable(text(item, "name"), Colour::strip)});
    }
    output.result("");
    output.table(rows);
}

/// One alone says nothing that the totals do not.
void show_deployments(Output& output, const json::bj::array& items) {
    if (items.size() < 2) return;
    std::vector<std::vector<std::string>> rows{{"REQUESTS", "4XX", "5XX", "95 %", "DEPLOYMENT"}};
    for (const json::value& item : items) {
        if (rows.size() > top_max) break;
        const std::string id = text(item, "deployment");
        rows.push_back({std::to_string(count_of(item, "requests")),
                        std::to_string(count_of(item, "client_errors")),
                        std::to_string(count_of(item, "server_errors")),
                        time_text(number(item, "p95_us")), id.empty() ? "-" : id});
    }
    output.result("");
    output.table(rows);
}

void show(Output& output, const json::value& told) {
    const json::value* found = member(told, "totals");
    const json::value& totals = found == nullptr ? told : *found;
    const std::int64_t requests = count_of(totals, "requests");
    const std::int64_t kept = count_of(totals, "memory") + count_of(totals, "not_modified");
    output.table({{"requests", std::to_string(requests)},
                  {"sent", bytes_text(count_of(totals, "bytes"))},
                  {"2xx", std::to_string(count_of(totals, "success"))},
                  {"3xx", std::to_string(count_of(totals, "redirects"))},
                  {"4xx", std::to_string(count_of(totals, "client_errors"))},
                  {"5xx", std::to_string(count_of(totals, "server_errors"))},
                  {"half within", time_text(number(totals, "p50_us"))},
                  {"95 % within", time_text(number(totals, "p95_us"))},
                  {"99 % within", time_text(number(totals, "p99_us"))},
                  {"from memory", share_text(kept, requests)}});
    show_top(output, "PATH", list(told, "paths"));
    show_top(output, "REFERRER", list(told, "referrers"));
    show_top(output, "NOT FOUND", list(told, "missing"));
    show_deployments(output, list(told, "deployments"));
}

Outcome<> traffic(Context& context, const TrafficFlags& flags) {
    const Outcome<std::int64_t> last = parse_duration(flags.last, "--last");
    if (!last) return last.error();
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Project> project = choose_project(context, **session);
    if (!project) return project.error();
    const std::int64_t now = unix_now_ms();
    std::string path = fmt::format("/projects/{}/traffic?from={}&to={}", path_part(project->name),
                                   std::max<std::int64_t>(0, now - *last), now);
    if (!flags.step.empty()) path += "&step=" + path_part(flags.step);
    if (!flags.deployment.empty()) path += "&deployment=" + path_part(flags.deployment);
    const Outcome<Answer> answer = (*session)->get(path);
    if (!answer) return answer.error();
    if (context.output.json()) {
        context.output.object(answer->body);
    } else {
        show(context.output, answer->body);
    }
    return {};
}

}  // namespace

void add_traffic(CLI::App& app, Parsed& parsed) {
    CLI::App* command =
        add_command(app, "traffic", "Print what a project's visitors did",
                    {{"berth traffic -p shop --last 7d", "requests, times, top paths"},
                     {"berth traffic --last 2h --step minute --json", "one object, per minute"}});
    const auto flags = std::make_shared<TrafficFlags>();
    command->add_option("--last", flags->last, "how far back: 2h, 7d, 90d (1d)")->type_name("TIME");
    command->add_option("--step", flags->step, "minute, hour or day, of --json")->type_name("STEP");
    command->add_option("--deployment", flags->deployment, "of this one alone")->type_name("ID");
    on_run(command, parsed, flags, traffic);
}

}  // namespace berth::cli

#include "builds/checks.hpp"

#include <algorithm>

#include "builds/blob_spool.hpp"
#include "http/normalise.hpp"

namespace berth::builds {
namespace {

constexpr const char* gates_file = "berth.toml";

/// "https://shop.example:8443/" → "shop.example"
std::string host_of(const std::optional<std::string>& url) {
    constexpr const char* no_host = "site.invalid";
    if (!url) return no_host;
    const auto [authority, path] = artifacts::host_and_path(*url);
    return http::normalise_host(authority).value_or(no_host);
}

jobs::Check declaration_check(const rules::Gates& gates) {
    jobs::Check check = begin_check(jobs::CheckKind::declaration, 0, gates_file);
    check.limit = "can be read";
    check.found =
        fmt::format("{} mistake{}", gates.problems.size(), gates.problems.size() == 1 ? "" : "s");
    for (const rules::GateProblem& problem : gates.problems) {
        add_finding(check, fmt::format("{}:{}:{}", gates_file, problem.line, problem.column),
                    problem.message);
    }
    return check;
}

std::string line_of(const jobs::Check& check) {
    const std::string kind = boost::describe::enum_to_string(check.kind, "");
    return fmt::format("  {} {} {}: {} ({}; {})", check.passed ? "passed" : "FAILED", kind,
                       check.subject, check.found, check.limit, check.declared);
}

void say(LogWriter& log, const std::vector<jobs::Check>& checks) {
    const auto failed = std::ranges::count(checks, false, &jobs::Check::passed);
    log.say(fmt::format("Checks of {}: {} of {} passed", gates_file,
                        static_cast<std::ptrdiff_t>(checks.size()) - failed, checks.size()));
    for (const jobs::Check& check : checks) {
        const auto level = check.passed ? jobs::Level::info : jobs::Level::error;
        log.say(line_of(check), level);
        for (const jobs::CheckFinding& finding : check.findings)
            log.say(fmt::format("    {}: {}", finding.place, finding.found), level);
        if (check.findings_left_out > 0)
            log.say(fmt::format("    … and {} more", check.findings_left_out), level);
    }
}

}  // namespace

jobs::Check begin_check(jobs::CheckKind kind, std::uint32_t line, std::string_view subject) {
    return {.kind = kind,
            .passed = true,
            .subject = check_text(subject),
            .declared = line == 0 ? gates_file : fmt::format("{}:{}", gates_file, line)};
}

void add_finding(jobs::Check& check, std::string_view place, std::string_view found) {
    check.passed = false;
    if (check.findings.size() == jobs::findings_max) {
        ++check.findings_left_out;
    } else {
        check.findings.push_back({check_text(place), check_text(found)});
    }
}

std::vector<jobs::Check> check_site(const rules::Gates& gates, const BuiltSite& site) {
    std::vector<jobs::Check> checks;
    if (!gates.problems.empty()) {
        // Half of what was meant would pass for all of it.
        checks.push_back(declaration_check(gates));
        return checks;
    }
    for (const rules::SizeGate& gate : gates.sizes)
        checks.push_back(check_size(gate, site));
    for (const rules::RouteGate& gate : gates.routes)
        checks.push_back(check_route(gate, site));
    for (const rules::HeaderGate& gate : gates.headers)
        checks.push_back(check_headers(gate, site));
    if (gates.links) checks.push_back(check_links(*gates.links, site));
    return checks;
}

Task<std::optional<std::vector<jobs::Check>>> check_output(BuildRun& run,
                                                           const artifacts::Manifest& manifest,
                                                           const BlobSpool& spool) {
    const std::string* text = run.survey.file_upwards(gates_file);
    if (text == nullptr) co_return std::nullopt;
    const rules::Gates gates = rules::read_gates(*text);
    if (gates.empty()) co_return std::nullopt;
    const ReadBlob read = [&spool](const std::string& sha256) { return spool.read(sha256); };
    const std::string host = host_of(run.job.production_url);
    const auto work = [&] {
        const BuiltSite site(manifest, read, host);
        return check_site(gates, site);
    };
    std::vector<jobs::Check> checks = co_await run.workshop.workers.run(work);
    say(run.log, checks);
    co_return checks;
}

}  // namespace berth::builds

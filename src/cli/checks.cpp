#include "cli/checks.hpp"

#include <algorithm>

#include "cli/output.hpp"
#include "cli/view.hpp"

namespace berth::cli {

namespace {

std::string plain(const json::value& object, std::string_view key) {
    return printable(text(object, key), Colour::strip);
}

}  // namespace

std::string words_of_checks(const json::bj::array& items) {
    std::string words;
    for (const json::value& check : items) {
        const bool passed = truth(check, "passed");
        words += fmt::format("{}  {} {}: {} ({}; {})\n", passed ? "passed" : "FAILED",
                             plain(check, "kind"), plain(check, "subject"), plain(check, "found"),
                             plain(check, "limit"), plain(check, "declared"));
        if (passed) continue;
        for (const json::value& finding : list(check, "findings"))
            words +=
                fmt::format("        {}: {}\n", plain(finding, "place"), plain(finding, "found"));
        if (const auto more = number(check, "findings_left_out").value_or(0); more > 0)
            words += fmt::format("        … and {} more\n", more);
    }
    return words;
}

Outcome<> failed_checks(const json::bj::array& items) {
    const auto failed = std::ranges::count_if(
        items, [](const json::value& check) { return !truth(check, "passed"); });
    if (failed == 0) return {};
    return problem(Exit::deployment_failed, "checks_failed",
                   fmt::format("{} of {} checks failed", failed, items.size()));
}

}  // namespace berth::cli

#include "cli/team_choice.hpp"

#include "cli/view.hpp"

namespace berth::cli {

namespace {

constexpr std::size_t candidates_max = 20;

}  // namespace

Outcome<std::string> choose_team(Session& session, const std::string& given) {
    if (!given.empty()) return given;
    const Outcome<json::bj::array> teams = session.get_all("/teams");
    if (!teams) return teams.error();
    if (teams->empty()) {
        return problem(Exit::not_found, "no_team", "you belong to no team", "make one",
                       "berth team create SLUG");
    }
    if (teams->size() == 1) return text(teams->front(), "slug");
    Problem said = problem(Exit::not_found, "ambiguous_team",
                           "which team? You belong to several; choose one with --team");
    for (const json::value& team : *teams) {
        if (said.next.size() == candidates_max) break;
        said.next.push_back({.label = "one of them", .command = "--team " + text(team, "slug")});
    }
    return said;
}

}  // namespace berth::cli

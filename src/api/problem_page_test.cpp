// Every code that the API can answer with is explained at the address that its problem names.
#include "api/problem_page.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <regex>
#include <set>

#include "api/problem.hpp"
#include "api/web.hpp"
#include "base/file.hpp"
#include "jobs/job.hpp"

namespace berth::api {
namespace {

/// The rooms whose errors reach the API's answers.
constexpr const char* rooms[] = {"accounts",      "api",      "artifacts", "base", "bus",  "db",
                                 "deployments",   "githosts", "identity",  "http", "jobs", "logs",
                                 "notifications", "objects",  "projects",  "rules"};

/// Where a code stands in the source: as an argument of fail_as and its like, or alone.
constexpr const char* patterns[] = {
    R"re(fail_as\(\s*Failure::(\w+),\s*"(\w+)")re",
    R"re(Error\{Failure::(\w+),\s*"(\w+)")re",
    R"re(problem_response\((\d+),\s*"(\w+)")re",
    R"re(\{(\d{3}),\s*"(\w+)",)re",
    R"re(bad\((\s*)"(\w+)",)re",
    R"re(error\.code = ()"(\w+)")re",
    R"re(\.failure = Failure::(\w+),\s*\.code = "(\w+)")re",
};

std::string text_of(const std::filesystem::path& file) {
    return read_file(file.string(), 1 << 20).value();
}

/// (kind of failure, status or "", code) of everything that is said in the source.
std::set<std::pair<std::string, std::string>> codes_in_source() {
    std::set<std::pair<std::string, std::string>> found;
    for (const char* room : rooms) {
        const std::filesystem::path folder = std::filesystem::path(BERTH_SOURCES) / room;
        for (const auto& entry : std::filesystem::directory_iterator(folder)) {
            const std::string name = entry.path().filename().string();
            const bool source = name.ends_with(".cpp") || name.ends_with(".hpp");
            if (!source || name.ends_with("_test.cpp")) continue;
            const std::string text = text_of(entry.path());
            for (const char* pattern : patterns) {
                const std::regex wanted(pattern);
                for (std::sregex_iterator at(text.begin(), text.end(), wanted), end; at != end;
                     ++at) {
                    found.emplace((*at)[1].str(), (*at)[2].str());
                }
            }
        }
    }
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<Failure>>(
        [&](auto word) { found.emplace(word.name, word.name); });
    return found;
}

/// The reasons of a failed inspection are codes too (deployments/inspections.cpp).
std::set<std::string> reasons_of_inspections() {
    return {"clone_not_found", "clone_ref",   "clone_auth",       "clone_blocked",
            "clone_failed",    "plan_failed", "toolchain_failed", "timed_out"};
}

const ProblemCode* row_of(std::string_view code) {
    const auto found = std::ranges::find(problem_codes(), code, &ProblemCode::code);
    return found == problem_codes().end() ? nullptr : &*found;
}

TEST(ProblemPage, explains_every_code_under_the_status_that_it_comes_with) {
    for (const auto& [kind, code] : codes_in_source()) {
        const ProblemCode* row = row_of(code);
        EXPECT_NE(row, nullptr) << code << " is not in docs/api.md";
        if (row == nullptr) continue;
        EXPECT_FALSE(row->meaning.empty() || row->step.empty()) << code;
        Failure failure{};
        if (!boost::describe::enum_from_string(kind.c_str(), failure)) continue;
        const unsigned status = status_of({failure, code, {}, {}});
        EXPECT_NE(row->statuses.find(std::to_string(status)), std::string_view::npos)
            << code << " comes with " << status;
    }
}

TEST(ProblemPage, explains_no_code_twice_and_none_that_nobody_says) {
    std::set<std::string> known = reasons_of_inspections();
    for (const auto& [kind, code] : codes_in_source())
        known.insert(code);
    std::set<std::string_view> seen;
    for (const ProblemCode& row : problem_codes()) {
        EXPECT_TRUE(known.contains(std::string(row.code))) << row.code;
        EXPECT_TRUE(seen.insert(row.code).second) << row.code << " stands twice";
    }
    for (const std::string& reason : reasons_of_inspections()) {
        jobs::Reason there{};
        EXPECT_TRUE(boost::describe::enum_from_string(reason.c_str(), there)) << reason;
        EXPECT_NE(row_of(reason), nullptr) << reason;
    }
}

TEST(ProblemPage, is_where_the_type_of_a_problem_leads) {
    const http::Response said = problem(fail_as(Failure::conflict, "name_taken", "", "x"), "req_1");
    const auto body = boost::json::parse(std::get<std::string>(said.body));
    const std::string type(body.at("type").as_string());
    http::Request request;
    request.path = type.substr(0, type.find('#'));
    const http::Response page = web_answer(request);
    EXPECT_EQ(page.status, 200u);
    EXPECT_EQ(page.headers.get("content-type"), "text/html; charset=utf-8");
    EXPECT_NE(page.headers.get("content-security-policy").find("default-src 'none'"),
              std::string_view::npos);
    const std::string& text = std::get<std::string>(page.body);
    EXPECT_NE(text.find("id=\"" + type.substr(type.find('#') + 1) + "\""), std::string::npos);
    EXPECT_EQ(text.find('`'), std::string::npos);
    request.verb = http::Verb::post;
    EXPECT_EQ(web_answer(request).status, 405u);
}

}  // namespace
}  // namespace berth::api

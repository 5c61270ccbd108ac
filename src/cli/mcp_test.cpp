// `berth mcp` as a program speaks to it: JSON-RPC messages on stdin, answers on stdout.

#include <gtest/gtest.h>

#include <set>

#include "base/json.hpp"
#include "cli/fake_server_test.hpp"
#include "cli/mcp_server.hpp"
#include "cli/program_test.hpp"

namespace berth::cli::test {

namespace {

using json::bj::object;
using json::bj::parse;
using json::bj::value;

const std::string hello =
    R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25",)"
    R"("capabilities":{},"clientInfo":{"name":"test","version":"1"}}})";

std::string request(int id, const std::string& method, const std::string& params) {
    return fmt::format(R"({{"jsonrpc":"2.0","id":{},"method":"{}","params":{}}})", id, method,
                       params);
}

std::string tool_call(int id, const std::string& tool, const std::string& arguments) {
    return request(id, "tools/call",
                   fmt::format(R"({{"name":"{}","arguments":{}}})", tool, arguments));
}

class Mcp : public testing::Test {
protected:
    FakeServer server_;
    Scratch config_;
    std::string token_ = "brt_secret";

    Ran run(const std::vector<std::string>& messages, std::vector<std::string> flags = {}) {
        std::string input;
        for (const std::string& message : messages)
            input += message + "\n";
        flags.insert(flags.begin(), "mcp");
        std::map<std::string, std::string> environment = {{"PATH", "/usr/bin:/bin"},
                                                          {"HOME", config_.path()},
                                                          {"XDG_CONFIG_HOME", config_.path()},
                                                          {"BERTH_SERVER", server_.url()}};
        if (!token_.empty()) environment["BERTH_TOKEN"] = token_;
        return run_program(
            {.arguments = std::move(flags), .environment = environment, .input = input});
    }

    static std::vector<value> answers_of(const Ran& ran) {
        std::vector<value> answers;
        for (std::size_t begin = 0, end; (end = ran.out.find('\n', begin)) != ran.out.npos;
             begin = end + 1)
            answers.push_back(parse(ran.out.substr(begin, end - begin)));
        return answers;
    }

    std::vector<value> talk(const std::vector<std::string>& messages,
                            std::vector<std::string> flags = {}) {
        const Ran ran = run(messages, std::move(flags));
        EXPECT_EQ(ran.exit, 0) << ran.err;
        return answers_of(ran);
    }

    /// What a tool answers, as structure.
    object called(const std::string& tool, const std::string& arguments, bool is_error = false,
                  std::vector<std::string> flags = {}) {
        const std::vector<value> answers =
            talk({hello, tool_call(1, tool, arguments)}, std::move(flags));
        const object& result = answers.at(1).at("result").get_object();
        EXPECT_EQ(result.at("isError").as_bool(), is_error) << json::bj::serialize(result);
        EXPECT_EQ(parse(result.at("content").at(0).at("text").as_string()),
                  result.at("structuredContent"));
        return result.at("structuredContent").as_object();
    }

    std::set<std::string> tools(std::vector<std::string> flags = {}) {
        std::set<std::string> names;
        const std::vector<value> answers =
            talk({hello, request(1, "tools/list", "{}")}, std::move(flags));
        for (const value& tool : answers.at(1).at("result").at("tools").as_array()) {
            names.emplace(tool.at("name").as_string());
            EXPECT_EQ(tool.at("inputSchema").at("type"), "object");
            EXPECT_FALSE(tool.at("description").as_string().empty());
        }
        return names;
    }
};

TEST_F(Mcp, agrees_on_a_version_and_says_what_it_is) {
    const std::string older =
        R"({"jsonrpc":"2.0","id":"x","method":"initialize","params":{"protocolVersion":"2024-11-05"}})";
    const std::string strange =
        R"({"jsonrpc":"2.0","id":2,"method":"initialize","params":{"protocolVersion":"1999-01-01"}})";
    const std::vector<value> answers =
        talk({hello, R"({"jsonrpc":"2.0","method":"notifications/initialized"})", older, strange,
              request(3, "ping", "{}")});
    ASSERT_EQ(answers.size(), 4u) << "a notification has no answer";
    EXPECT_EQ(answers[0].at("result").at("protocolVersion"), "2025-11-25");
    EXPECT_EQ(answers[0].at("result").at("serverInfo").at("name"), "berth");
    EXPECT_TRUE(answers[0].at("result").at("capabilities").as_object().contains("tools"));
    EXPECT_EQ(answers[1].at("id"), "x");
    EXPECT_EQ(answers[1].at("result").at("protocolVersion"), "2024-11-05");
    EXPECT_EQ(answers[2].at("result").at("protocolVersion"), "2025-11-25");
    EXPECT_EQ(answers[3].at("result"), object{});
}

TEST_F(Mcp, only_reads_unless_it_is_told_otherwise) {
    const std::set<std::string> reading = tools();
    EXPECT_TRUE(reading.contains("read_log"));
    EXPECT_FALSE(reading.contains("deploy"));
    const std::set<std::string> writing = tools({"--allow-writes"});
    for (const char* name : {"deploy", "cancel_deployment", "promote", "rollback"})
        EXPECT_TRUE(writing.contains(name)) << name;
    EXPECT_EQ(writing.size(), reading.size() + 4);

    EXPECT_EQ(called("deploy", R"({"project":"shop"})", true).at("code"), "read_only");
    for (const Asked& asked : server_.asked())
        EXPECT_EQ(asked.verb, "GET") << asked.path;
}

TEST_F(Mcp, reads_projects_deployments_and_logs) {
    const object projects = called("list_projects", "{}");
    EXPECT_EQ(projects.at("items").at(0).at("name"), "shop");
    const object deployments = called("list_deployments", R"({"project":"shop","limit":5})");
    EXPECT_EQ(deployments.at("items").at(0).at("state"), "ready");
    EXPECT_EQ(called("get_deployment", R"({"deployment":"dpl_broken"})").at("state"), "failed");

    const object log = called("read_log", R"({"deployment":"dpl_shop","after":1,"limit":1})");
    ASSERT_EQ(log.at("lines").as_array().size(), 1u);
    EXPECT_EQ(log.at("lines").at(0).at("text"), "vite v8.3.8 building")
        << "without escape sequences";
    EXPECT_EQ(log.at("next"), 2);
    EXPECT_FALSE(log.at("end").as_bool());
    EXPECT_TRUE(called("read_log", R"({"deployment":"dpl_shop"})").at("end").as_bool());

    const object found = called("search_logs", R"({"project":"shop","query":"oars"})");
    EXPECT_EQ(found.at("items").as_array().size(), 2u);
    const object why = called("first_error", R"({"deployment":"dpl_broken"})");
    EXPECT_EQ(why.at("reason"), "build_failed");
    EXPECT_FALSE(why.at("lines").as_array().empty());
    EXPECT_TRUE(
        called("explain_url", R"({"deployment":"dpl_shop","url":"/old"})").contains("steps"));
    EXPECT_TRUE(called("diff_deployments", R"({"from":"dpl_a","to":"dpl_b"})").contains("files"));
    EXPECT_TRUE(called("inspect_repository", R"({"repo_url":"https://git.example/team/shop.git"})")
                    .contains("framework"));
    EXPECT_EQ(called("get_production", R"({"project":"shop"})").at("deployment"), "dpl_shop");
}

TEST_F(Mcp, names_variables_and_never_says_a_value) {
    const Ran ran = run({hello, tool_call(1, "env_names", R"({"project":"shop"})")});
    EXPECT_NE(ran.out.find("API_URL"), std::string::npos) << ran.out;
    EXPECT_EQ(ran.out.find("api.example"), std::string::npos) << ran.out;
    EXPECT_EQ(ran.out.find("\"value\\\""), std::string::npos) << ran.out;
}

TEST_F(Mcp, deploys_promotes_and_rolls_back_where_it_may) {
    const std::vector<std::string> may{"--allow-writes"};
    EXPECT_EQ(called("deploy", R"({"project":"shop","ref":"feature/cart"})", false, may).at("id"),
              "dpl_preview");
    EXPECT_EQ(server_.last("POST", "/projects/shop/deployments").body, R"({"ref":"feature/cart"})");
    called("rollback", R"({"project":"shop","reason":"cart"})", false, may);
    EXPECT_EQ(server_.last("PUT", "/projects/shop/production").body, R"({"reason":"cart"})");
    called("promote", R"({"project":"shop","deployment":"dpl_shop"})", false, may);
    EXPECT_EQ(server_.last("PUT", "/projects/shop/production").body,
              R"({"deployment":"dpl_shop"})");
    EXPECT_EQ(
        called("promote", R"({"project":"shop","deployment":"dpl_broken"})", true, may).at("code"),
        "not_ready");
    EXPECT_EQ(called("promote", R"({"project":"shop"})", true, may).at("code"),
              "invalid_arguments");
}

TEST_F(Mcp, tells_a_model_what_was_wrong_with_its_arguments) {
    for (const auto& [arguments, words] :
         {std::pair("{}", "deployment is missing"),
          std::pair(R"({"deployment":7})", "deployment must be of type string"),
          std::pair(R"({"deployment":"d","limit":"5"})", "limit must be of type integer"),
          std::pair(R"({"deployment":"d","limit":0})", "limit must be from 1 to 1000"),
          std::pair(R"({"deployment":"d","level":"loud"})", "level must be one of"),
          std::pair(R"({"deployment":"d","colour":"red"})", "there is no argument colour")}) {
        const object why = called("read_log", arguments, true);
        EXPECT_EQ(why.at("code"), "invalid_arguments") << arguments;
        EXPECT_NE(why.at("detail").as_string().find(words), std::string::npos) << arguments;
    }
    EXPECT_EQ(called("get_deployment", R"({"deployment":"dpl_none"})", true).at("code"),
              "not_found");
    EXPECT_EQ(server_.count("GET", "/deployments/d/log"), 0u);
}

TEST_F(Mcp, says_that_nobody_is_signed_in_and_goes_on) {
    token_ = "";
    const std::vector<value> answers =
        talk({hello, tool_call(1, "list_projects", "{}"), request(2, "ping", "{}")});
    const value& refused = answers.at(1).at("result").at("structuredContent");
    EXPECT_EQ(refused.at("code"), "not_signed_in");
    EXPECT_TRUE(
        std::string(refused.at("next").at(0).as_string()).starts_with("berth login --server"));
    EXPECT_EQ(answers.at(2).at("id"), 2);
}

TEST_F(Mcp, answers_bad_messages_as_json_rpc_says) {
    const std::vector<std::pair<std::string, int>> messages{
        {"{", -32700},
        {"\xff\xfe", -32700},
        {"7", -32600},
        {"null", -32600},
        {"[]", -32600},
        {"[" + hello + "]", -32600},
        {"{}", -32600},
        {R"({"id":1,"method":"ping"})", -32600},
        {R"({"jsonrpc":"1.0","id":1,"method":"ping"})", -32600},
        {R"({"jsonrpc":"2.0","id":null,"method":"ping"})", -32600},
        {R"({"jsonrpc":"2.0","id":{},"method":"ping"})", -32600},
        {R"({"jsonrpc":"2.0","id":1})", -32600},
        {R"({"jsonrpc":"2.0","id":1,"method":7})", -32600},
        {R"({"jsonrpc":"2.0","id":1,"method":"ping","params":[1]})", -32602},
        {request(1, "tools/list", "{}"), -32600},  // before initialize
        {request(1, "resources/list", "{}"), -32601},
        {request(1, "", "{}"), -32601}};
    std::vector<std::string> lines;
    for (const auto& [line, code] : messages)
        lines.push_back(line);
    lines.insert(lines.end(),
                 {"", "  ", R"({"jsonrpc":"2.0","id":9,"result":{}})", hello,
                  tool_call(5, "no_such_tool", "{}"),
                  request(6, "tools/call", R"({"name":"list_projects","arguments":[]})"),
                  request(7, "tools/call", "{}"), request(8, "ping", "{}")});
    const std::vector<value> answers = talk(lines);
    ASSERT_EQ(answers.size(), messages.size() + 5);
    for (std::size_t i = 0; i < messages.size(); ++i) {
        EXPECT_EQ(answers[i].at("error").at("code"), messages[i].second) << messages[i].first;
        EXPECT_EQ(answers[i].at("jsonrpc"), "2.0");
    }
    const std::size_t rest = messages.size() + 1;
    for (std::size_t i = rest; i < rest + 3; ++i)
        EXPECT_EQ(answers[i].at("error").at("code"), -32602);
    EXPECT_EQ(answers.back().at("id"), 8) << "it goes on after all of that";
}

TEST_F(Mcp, refuses_a_message_that_is_too_long_once_and_goes_on) {
    const std::string huge(5 << 20, 'x');
    const std::vector<value> answers = talk({huge, request(1, "ping", "{}")});
    ASSERT_EQ(answers.size(), 2u);
    EXPECT_EQ(answers[0].at("error").at("code"), -32600);
    EXPECT_EQ(answers[1].at("id"), 1);
}

TEST(McpServer, keeps_ids_as_they_came) {
    McpServer server({}, false);
    EXPECT_EQ(server.answer(R"({"jsonrpc":"2.0","id":18446744073709551615,"method":"ping"})"),
              R"({"jsonrpc":"2.0","id":18446744073709551615,"result":{}})");
    EXPECT_EQ(server.answer(R"({"jsonrpc":"2.0","id":"a\"b","method":"ping"})"),
              R"({"jsonrpc":"2.0","id":"a\"b","result":{}})");
}

}  // namespace

}  // namespace berth::cli::test

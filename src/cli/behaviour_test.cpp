// What the commands do beside talking: what they send, keep, and leave behind.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/file.hpp"
#include "base/json.hpp"
#include "base/process.hpp"
#include "cli/fake_server_test.hpp"
#include "cli/program_test.hpp"

namespace berth::cli::test {

namespace {

class Behaviour : public testing::Test {
protected:
    FakeServer server_;
    Scratch config_;
    std::string token_ = "brt_secret";

    Ran run(Start start) {
        start.environment["PATH"] = "/usr/bin:/bin";
        start.environment["HOME"] = config_.path();
        start.environment["XDG_CONFIG_HOME"] = config_.path();
        if (!start.environment.contains("BERTH_SERVER")) {
            start.environment["BERTH_SERVER"] = server_.url();
        }
        if (!token_.empty()) start.environment["BERTH_TOKEN"] = token_;
        return run_program(start);
    }
    json::bj::object sent(const std::string& verb, const std::string& path) {
        return json::bj::parse(server_.last(verb, path).body).as_object();
    }
};

const std::string repository = "https://git.example/team/shop.git";

TEST_F(Behaviour, every_post_has_its_own_idempotency_key) {
    const Ran ran = run({.arguments = {"import", repository, "-q"}});
    ASSERT_EQ(ran.exit, 0) << ran.err;
    std::set<std::string> keys;
    std::size_t posts = 0;
    for (const Asked& asked : server_.asked()) {
        if (asked.verb != "POST") continue;
        ++posts;
        keys.insert(asked.headers.at("idempotency-key"));
    }
    EXPECT_EQ(posts, 3U);
    EXPECT_EQ(keys.size(), 3U);
}

TEST_F(Behaviour, import_sends_what_the_flags_say) {
    const Ran ran = run({.arguments = {"import",
                                       repository,
                                       "--name",
                                       "shop",
                                       "--branch",
                                       "next",
                                       "--root",
                                       "web",
                                       "--install-command",
                                       "",
                                       "--build-command=",
                                       "--output",
                                       "out",
                                       "--node",
                                       "20",
                                       "-e",
                                       "A=1",
                                       "-e",
                                       "B",
                                       "--token-stdin",
                                       "--token-user",
                                       "bot",
                                       "-q"},
                         .environment = {{"B", "from outside"}},
                         .input = "ghp_secret\n"});
    ASSERT_EQ(ran.exit, 0) << ran.err;
    const json::bj::object body = sent("POST", "/projects");
    EXPECT_EQ(body.at("branch"), "next");
    EXPECT_EQ(body.at("root"), "web");
    EXPECT_EQ(body.at("install_command"), "");
    EXPECT_EQ(body.at("build_command"), "");
    EXPECT_EQ(body.at("output_dir"), "out");
    EXPECT_EQ(body.at("node"), "20");
    EXPECT_EQ(body.at("credential"),
              json::bj::parse(R"({"kind":"token","secret":"ghp_secret","username":"bot"})"));
    EXPECT_EQ(body.at("variables").at(1).at("value"), "from outside");
    EXPECT_EQ(sent("POST", "/inspect").at("credential"), body.at("credential"));
    EXPECT_EQ(server_.last("POST", "/inspect").headers.at("user-agent").substr(0, 9), "berth-cli");
}

TEST_F(Behaviour, import_leaves_out_what_was_not_said) {
    ASSERT_EQ(run({.arguments = {"import", repository, "-q"}}).exit, 0);
    EXPECT_EQ(sent("POST", "/projects"),
              json::bj::parse(R"({"name":"shop","repo_url":"https://git.example/team/shop.git",
                                  "branch":"main"})"));
}

TEST_F(Behaviour, deploy_asks_for_a_build_with_no_reuse) {
    ASSERT_EQ(run({.arguments = {"deploy", "-p", "shop", "--ref", "main", "--no-reuse"}}).exit, 0);
    EXPECT_EQ(sent("POST", "/projects/shop/deployments"),
              json::bj::parse(R"({"ref":"main","reuse":false})"));
}

TEST_F(Behaviour, nothing_is_made_when_the_repository_is_not_there) {
    EXPECT_EQ(run({.arguments = {"import", "https://git.example/missing"}}).exit, 5);
    EXPECT_EQ(server_.count("POST", "/projects"), 0U);
}

TEST_F(Behaviour, ctrl_c_leaves_the_deployment_and_says_how_to_come_back) {
    const Ran ran = run({.arguments = {"deploy", "-p", "slow"}, .interrupt_at = "12 files"});
    EXPECT_EQ(ran.exit, 130);
    EXPECT_EQ(ran.out, "");
    EXPECT_NE(ran.err.find("berth logs dpl_slow -f"), std::string::npos) << ran.err;
    EXPECT_EQ(server_.count("POST", "/deployments/dpl_slow/cancel"), 0U);
}

TEST_F(Behaviour, ctrl_c_cancels_when_asked_to) {
    const Ran ran = run({.arguments = {"deploy", "-p", "slow", "--cancel-on-interrupt"},
                         .interrupt_at = "12 files"});
    EXPECT_EQ(ran.exit, 130);
    EXPECT_NE(ran.err.find("is being canceled"), std::string::npos) << ran.err;
    EXPECT_EQ(server_.count("POST", "/deployments/dpl_slow/cancel"), 1U);
}

TEST_F(Behaviour, ctrl_c_says_a_problem_object_with_json) {
    const Ran ran =
        run({.arguments = {"deploy", "-p", "slow", "--json"}, .interrupt_at = "12 files"});
    EXPECT_EQ(ran.exit, 130);
    EXPECT_EQ(ran.out, "");
    const std::size_t last = ran.err.rfind('\n', ran.err.size() - 2);
    const json::value problem = json::bj::parse(ran.err.substr(last + 1));
    EXPECT_EQ(problem.at("code"), "interrupted");
    EXPECT_EQ(problem.at("exit_code"), 130);
}

TEST_F(Behaviour, logs_say_the_line_to_resume_at_after_ctrl_c) {
    const Ran ran = run({.arguments = {"logs", "dpl_slow", "-f"}, .interrupt_at = "12 files"});
    EXPECT_EQ(ran.exit, 130);
    EXPECT_NE(ran.err.find("berth logs dpl_slow -f --after 3"), std::string::npos) << ran.err;
}

TEST_F(Behaviour, login_keeps_a_token_that_others_cannot_read) {
    token_.clear();
    const Ran in = run({.arguments = {"login", "--email", "ada@example.org", "--password-stdin"},
                        .input = "right"});
    ASSERT_EQ(in.exit, 0) << in.err;
    const std::string file = config_.path() + "/berth/credentials.json";
    struct stat facts{};
    ASSERT_EQ(::stat(file.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777, 0600U);
    EXPECT_NE(read_file(file)->find("brt_secret"), std::string::npos);
    EXPECT_EQ(sent("POST", "/tokens").at("scope"), "admin");
    EXPECT_EQ(server_.last("POST", "/tokens").headers.at("authorization"), "Bearer jwt");
    EXPECT_EQ(server_.count("POST", "/auth/logout"), 1U);

    EXPECT_EQ(run({.arguments = {"whoami"}}).out, "ada@example.org\n");
    EXPECT_EQ(run({.arguments = {"logout"}}).exit, 0);
    EXPECT_EQ(server_.count("DELETE", "/tokens/tok_1"), 1U);
    EXPECT_EQ(run({.arguments = {"whoami"}}).exit, 4);
}

TEST_F(Behaviour, login_remembers_the_server) {
    token_.clear();
    const Ran in = run({.arguments = {"login", "--server", server_.url(), "--token-stdin"},
                        .environment = {{"BERTH_SERVER", ""}},
                        .input = "brt_secret"});
    ASSERT_EQ(in.exit, 0) << in.err;
    EXPECT_EQ(run({.arguments = {"whoami"}, .environment = {{"BERTH_SERVER", ""}}}).exit, 0);
}

TEST_F(Behaviour, secrets_are_in_no_output) {
    const Ran ran =
        run({.arguments = {"import", repository, "--token-stdin", "-v", "--name", "taken"},
             .input = "ghp_secret"});
    EXPECT_EQ(ran.exit, 7);
    EXPECT_EQ(ran.err.find("ghp_secret"), std::string::npos);
    EXPECT_EQ(ran.err.find("brt_secret"), std::string::npos);
}

TEST_F(Behaviour, finds_the_project_by_the_git_remote) {
    const Scratch checkout;
    const auto git = [&](std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {"git", "-C", checkout.path()});
        const Command command{.argv = arguments, .environment = plain_environment()};
        ASSERT_EQ(run_blocking(command, std::chrono::seconds(10))->exit_code, 0);
    };
    git({"init", "-q"});
    git({"remote", "add", "origin", "HTTPS://Git.Example:443/team/blog/"});
    const Ran ran = run({.arguments = {"status", "--json"}, .directory = checkout.path()});
    ASSERT_EQ(ran.exit, 0) << ran.err;
    EXPECT_EQ(json::bj::parse(ran.out).at("project"), "blog");
}

TEST_F(Behaviour, env_pull_writes_what_only_the_owner_reads_and_overwrites_nothing_unasked) {
    const Scratch here;
    const std::string file = here.path() + "/.env.local";
    const std::vector<std::string> pull = {"env", "pull", file, "-p", "shop"};
    ASSERT_EQ(run({.arguments = pull}).exit, 0);
    const std::string bytes = read_file(file).value();
    EXPECT_NE(bytes.find("\nAPI_URL=https://api.example\n"), bytes.npos) << bytes;
    EXPECT_EQ(bytes.find("\nSECRET="), bytes.npos) << "of production, and write-only";
    EXPECT_EQ(std::filesystem::status(file).permissions(), std::filesystem::perms(0600));
    EXPECT_EQ(run({.arguments = pull}).exit, 0) << "it says the same: nothing to ask";

    write_file(file, "MINE=1\n");
    EXPECT_EQ(run({.arguments = pull}).exit, 2) << "nobody may be asked";
    EXPECT_EQ(read_file(file).value(), "MINE=1\n");
    std::vector<std::string> sure = pull;
    sure.push_back("--yes");
    EXPECT_EQ(run({.arguments = sure}).exit, 0);
    EXPECT_EQ(read_file(file).value(), bytes);

    const Ran live =
        run({.arguments = {"env", "pull", "-", "--environment", "production", "-p", "shop"}});
    EXPECT_NE(live.out.find("# SECRET is write-only"), live.out.npos) << live.out;
    EXPECT_EQ(
        run({.arguments = {"env", "pull", "-", "--environment", "production", "--branch", "x"}})
            .exit,
        2);
}

TEST_F(Behaviour, env_push_shows_what_changes_and_saves_what_it_showed) {
    const Scratch here;
    const std::string file = here.path() + "/.env";
    write_file(file, "API_URL=https://api.example\nNEW='a b'\n");
    const std::vector<std::string> push = {"env", "push", file, "-p", "shop"};
    const Ran asked = run({.arguments = push});
    EXPECT_EQ(asked.exit, 2) << asked.err;
    EXPECT_TRUE(asked.err.starts_with("+ NEW\n")) << asked.err;
    EXPECT_EQ(asked.err.find("a b"), asked.err.npos) << "no value is shown";

    std::vector<std::string> sure = push;
    sure.push_back("-y");
    ASSERT_EQ(run({.arguments = sure}).exit, 0);
    EXPECT_EQ(json::bj::value(sent("PUT", "/projects/shop/env")), json::bj::parse(R"({"items":[
        {"key":"API_URL","value":"https://api.example","scope":"build","environment":"all",
         "sensitive":false},
        {"key":"SECRET","scope":"build","environment":"production","sensitive":true},
        {"key":"NEW","value":"a b","environment":"all","sensitive":true}]})"));
    EXPECT_EQ(server_.last("PUT", "/projects/shop/env").headers.at("if-match"), "\"7\"");

    write_file(file, "NEW=1\n");
    sure.push_back("--prune");
    const Ran pruned = run({.arguments = sure});
    ASSERT_EQ(pruned.exit, 0) << pruned.err;
    EXPECT_TRUE(pruned.err.starts_with("+ NEW\n- API_URL\n")) << pruned.err;
    const auto items = sent("PUT", "/projects/shop/env").at("items").as_array();
    ASSERT_EQ(items.size(), 2U) << "that of production stays";

    write_file(file, "API_URL=https://api.example\n");
    const std::size_t before = server_.asked().size();
    EXPECT_EQ(run({.arguments = push}).exit, 0) << "nothing to save, nothing to ask";
    for (std::size_t i = before; i < server_.asked().size(); ++i)
        EXPECT_EQ(server_.asked()[i].verb, "GET");
}

TEST_F(Behaviour, env_run_gives_a_command_the_variables_and_its_own_arguments) {
    const Ran ran = run({.arguments = {"env", "run", "-p", "shop", "--", "/bin/sh", "-c",
                                       "echo \"$API_URL|$1|$OUTSIDE\"; exit 7", "sh", "--yes; $x"},
                         .environment = {{"OUTSIDE", "kept"}, {"API_URL", "over"}}});
    EXPECT_EQ(ran.out, "https://api.example|--yes; $x|kept\n");
    EXPECT_EQ(ran.exit, 7);
    const Ran sealed = run({.arguments = {"env", "run", "--environment", "production", "-p", "shop",
                                          "--", "/bin/sh", "-c", "echo \"$SECRET\""}});
    EXPECT_EQ(sealed.out, "\n");
    EXPECT_NE(sealed.err.find("Write-only, and not given to it: SECRET"), sealed.err.npos);
    EXPECT_EQ(run({.arguments = {"env", "run", "-p", "shop", "--", "/no/such"}}).exit, 3);
    EXPECT_EQ(run({.arguments = {"env", "run", "-p", "shop"}}).exit, 2);
}

TEST_F(Behaviour, providers_set_keeps_what_is_not_given) {
    ASSERT_EQ(run({.arguments = {"providers", "set", "login", "--new-people", "invited"}}).exit, 0);
    const Asked put = server_.last("PUT", "/instance/sign-in-providers/login");
    EXPECT_EQ(put.headers.at("if-match"), "\"4\"");
    EXPECT_EQ(json::bj::parse(put.body), json::bj::parse(R"({
        "kind":"oidc","name":"Login","issuer":"https://login.example","client_id":"berth",
        "new_people":"invited","domains":["example.org","example.net"],"enabled":true})"));
}

TEST_F(Behaviour, env_set_keeps_values_it_cannot_see) {
    ASSERT_EQ(run({.arguments = {"env", "set", "NEW=1", "API_URL=2", "-p", "shop"}}).exit, 0);
    const Asked put = server_.last("PUT", "/projects/shop/env");
    EXPECT_EQ(put.headers.at("if-match"), "\"7\"");
    EXPECT_EQ(json::bj::parse(put.body), json::bj::parse(R"({"items":[
        {"key":"API_URL","value":"2","scope":"build","environment":"all","sensitive":true},
        {"key":"SECRET","scope":"build","environment":"production","sensitive":true},
        {"key":"NEW","value":"1","environment":"all","sensitive":true}]})"));
}

TEST_F(Behaviour, settings_are_changed_with_the_version_that_was_read) {
    ASSERT_EQ(
        run({.arguments = {"projects", "set", "-p", "shop", "supersede=false", "--unset", "node"}})
            .exit,
        0);
    EXPECT_EQ(server_.last("PATCH", "/projects/shop").headers.at("if-match"), "\"3\"");
    EXPECT_EQ(sent("PATCH", "/projects/shop"),
              json::bj::parse(R"({"supersede":false,"node":null})"));
}

TEST_F(Behaviour, who_may_visit_is_sent_as_one_and_the_password_comes_from_stdin) {
    ASSERT_EQ(
        run({.arguments = {"projects", "set", "-p", "shop", "access.previews=password",
                           "access.production=members", "root=web", "--visitor-password-stdin"},
             .input = "let me in please\n"})
            .exit,
        0);
    EXPECT_EQ(sent("PATCH", "/projects/shop"), json::bj::parse(R"({"root":"web","access":
        {"previews":"password","production":"members","password":"let me in please"}})"));
}

TEST_F(Behaviour, a_share_link_leads_to_production_a_host_or_a_deployment) {
    ASSERT_EQ(run({.arguments = {"share", "create", "-p", "shop"}}).exit, 0);
    EXPECT_EQ(sent("POST", "/projects/shop/share-links"),
              json::bj::parse(R"({"expires_in_s":604800})"));
    ASSERT_EQ(
        run({.arguments = {"share", "create", "dpl_shop", "-p", "shop", "--expires", "1d"}}).exit,
        0);
    EXPECT_EQ(sent("POST", "/projects/shop/share-links"),
              json::bj::parse(R"({"expires_in_s":86400,"deployment":"dpl_shop"})"));
    ASSERT_EQ(run({.arguments = {"share", "create", "shop-git-x.localhost", "-p", "shop"}}).exit,
              0);
    EXPECT_EQ(sent("POST", "/projects/shop/share-links"),
              json::bj::parse(R"({"expires_in_s":604800,"host":"shop-git-x.localhost"})"));
}

TEST_F(Behaviour, invitations_and_roles_are_sent_to_the_team_that_was_meant) {
    ASSERT_EQ(run({.arguments = {"team", "invite", "cy@example.org", "--role", "viewer"}}).exit, 0);
    EXPECT_EQ(sent("POST", "/teams/crew/invitations"),
              json::bj::parse(R"({"email":"cy@example.org","role":"viewer"})"));
    ASSERT_EQ(
        run({.arguments = {"team", "role", "bob@example.org", "admin", "--team", "band"}}).exit, 0);
    EXPECT_EQ(sent("PATCH", "/teams/band/members/bob%40example.org"),
              json::bj::parse(R"({"role":"admin"})"));
    ASSERT_EQ(run({.arguments = {"team", "accept", "-"},
                   .input = "https://berth.example/invitations/ivt_s3cret\n"})
                  .exit,
              0);
    EXPECT_EQ(sent("POST", "/invitations/ivt_s3cret"), json::bj::parse("{}"));
}

TEST_F(Behaviour, without_caches_is_said_to_the_server) {
    ASSERT_EQ(
        run({.arguments = {"deployments", "redeploy", "dpl_shop", "--no-cache", "--no-wait"}}).exit,
        0);
    EXPECT_EQ(sent("POST", "/deployments/dpl_shop/redeploy"),
              json::bj::parse(R"({"use_caches":false})"));
    ASSERT_EQ(run({.arguments = {"deploy", "-p", "shop", "--no-cache", "--no-wait"}}).exit, 0);
    EXPECT_EQ(sent("POST", "/projects/shop/deployments"),
              json::bj::parse(R"({"use_caches":false})"));
}

TEST_F(Behaviour, api_puts_fields_where_the_method_takes_them) {
    ASSERT_EQ(
        run({.arguments = {"api", "GET", "/api/v1/projects", "-f", "q=a b", "-f", "n:=5"}}).exit,
        0);
    EXPECT_EQ(server_.last("GET", "/projects").query, "q=a%20b&n=5");
    ASSERT_EQ(
        run({.arguments = {"api", "post", "projects", "-f", "name=shop", "-f", "n:=null"}}).exit,
        0);
    EXPECT_EQ(sent("POST", "/projects"), json::bj::parse(R"({"name":"shop","n":null})"));
    ASSERT_EQ(run({.arguments = {"api", "PUT", "/projects/shop/env", "--input", "-", "-H",
                                 "If-Match: \"7\""},
                   .input = R"({"items":[]})"})
                  .exit,
              0);
    EXPECT_EQ(server_.last("PUT", "/projects/shop/env").headers.at("if-match"), "\"7\"");
}

TEST_F(Behaviour, deploy_sends_variables_of_this_deployment_alone) {
    const Ran ran = run({.arguments = {"deploy", "-p", "shop", "-e", "KEY", "-e", "A=x=y",
                                       "--plain-env", "SHOWN=1", "--no-wait"},
                         .environment = {{"KEY", "s3cret"}}});
    ASSERT_EQ(ran.exit, 0) << ran.err;
    EXPECT_EQ(sent("POST", "/projects/shop/deployments"),
              json::bj::parse(R"({"variables":[{"key":"KEY","value":"s3cret","sensitive":true},
                                               {"key":"A","value":"x=y","sensitive":true},
                                               {"key":"SHOWN","value":"1","sensitive":false}]})"));
    EXPECT_EQ((ran.out + ran.err).find("s3cret"), std::string::npos);
    EXPECT_EQ(server_.count("PUT", "/projects/shop/env"), 0u);
    const Ran unset = run({.arguments = {"deploy", "-p", "shop", "-e", "NOT_THERE"}});
    EXPECT_EQ(unset.exit, 2);
    EXPECT_EQ(server_.count("POST", "/projects/shop/deployments"), 1u);
}

TEST_F(Behaviour, contexts_are_listed_chosen_and_forgotten) {
    const std::string other = "https://other.example";
    std::filesystem::create_directories(config_.path() + "/berth");
    const std::string credentials = config_.path() + "/berth/credentials.json";
    write_file(credentials,
               fmt::format(R"({{"servers":{{"{}":{{"token":"brt_one","email":"ann@example.org"}},)"
                           R"("{}":{{"token":"brt_two","email":"bob@example.org"}}}}}})",
                           server_.url(), other));
    const auto list = [&] {
        const Ran ran = run({.arguments = {"context", "list", "--json"}});
        EXPECT_EQ(ran.out.find("brt_"), std::string::npos) << "a token in the output";
        return json::bj::parse(ran.out).at("items").as_array();
    };
    ASSERT_EQ(list().size(), 2u);
    EXPECT_EQ(run({.arguments = {"context", "use", "https://Other.example/"}}).exit, 0);
    for (const json::value& item : list())
        EXPECT_EQ(item.at("current").as_bool(), item.at("server").as_string() == other);
    EXPECT_EQ(run({.arguments = {"context", "rm", other}}).exit, 0);
    ASSERT_EQ(list().size(), 1u);
    EXPECT_EQ(list().front().at("server").as_string(), server_.url());
    EXPECT_EQ(read_file(credentials).value().find("brt_two"), std::string::npos);
    EXPECT_EQ(run({.arguments = {"context", "use", other}}).exit, 3);
}

TEST_F(Behaviour, a_linked_directory_means_its_project_and_only_on_its_server) {
    const Scratch directory;
    const std::string below = directory.path() + "/apps/web";
    std::filesystem::create_directories(below);
    const Ran linked = run({.arguments = {"link", "-p", "shop"}, .directory = directory.path()});
    ASSERT_EQ(linked.exit, 0) << linked.err;
    EXPECT_EQ(linked.out, "shop\n");
    const Ran known = run({.arguments = {"hook", "show"}, .directory = below});
    EXPECT_EQ(known.exit, 0) << known.err;
    EXPECT_EQ(server_.count("GET", "/projects/shop/hook"), 1u);
    const FakeServer another;
    const Ran elsewhere = run({.arguments = {"hook", "show"},
                               .environment = {{"BERTH_SERVER", another.url()}},
                               .directory = below});
    EXPECT_EQ(elsewhere.exit, 3) << "which project? another server has others";
    EXPECT_EQ(run({.arguments = {"unlink"}, .directory = directory.path()}).exit, 0);
    EXPECT_EQ(run({.arguments = {"hook", "show"}, .directory = below}).exit, 3);
}

TEST_F(Behaviour, init_writes_what_is_detected_and_never_over_a_file) {
    const Scratch directory;
    write_file(directory.path() + "/package.json",
               R"({"scripts": {"build": "vite build"}, "devDependencies": {"vite": "8"}})");
    const Ran made = run({.arguments = {"init"}, .directory = directory.path()});
    ASSERT_EQ(made.exit, 0) << made.err;
    const std::string file = directory.path() + "/berth.toml";
    const std::string toml = read_file(file).value();
    EXPECT_TRUE(toml.starts_with("#:schema " + server_.url() + "/schema/berth.toml.json\n"))
        << toml;
    for (const char* words : {"[build]\n", "framework = \"vite\"", "output_dir = \"dist\""})
        EXPECT_NE(toml.find(words), std::string::npos) << words << "\n" << toml;
    write_file(file, "mine");
    EXPECT_EQ(run({.arguments = {"init"}, .directory = directory.path()}).exit, 7);
    EXPECT_EQ(read_file(file).value(), "mine");
}

TEST_F(Behaviour, search_sends_what_the_flags_say_and_reads_on) {
    ASSERT_EQ(run({.arguments = {"search", "a b", "--regex", "--match-case", "--level", "error",
                                 "--step", "build", "--deployment", "dpl_1", "-p", "shop"}})
                  .exit,
              0);
    EXPECT_EQ(server_.count("GET", "/projects/shop/logs/search"), 3u);
    EXPECT_EQ(server_.last("GET", "/projects/shop/logs/search").query,
              "q=a%20b&match=regex&case=true&level=error&step=build&deployment=dpl_1&limit=98&"
              "cursor=two");
}

TEST_F(Behaviour, previews_rm_deletes_the_deployments_of_that_ref_alone) {
    ASSERT_EQ(run({.arguments = {"previews", "rm", "feature/cart", "-y", "-p", "shop"}}).exit, 0);
    EXPECT_EQ(server_.count("DELETE", "/deployments/dpl_preview"), 1u);
    EXPECT_EQ(server_.count("DELETE", "/deployments/dpl_shop"), 0u);
}

TEST_F(Behaviour, the_schema_is_printed_as_it_is) {
    const Ran ran = run({.arguments = {"schema"}});
    EXPECT_EQ(ran.exit, 0);
    const json::value schema = json::bj::parse(ran.out);
    EXPECT_EQ(schema.at("$schema"), "https://json-schema.org/draft/2020-12/schema");
}

TEST_F(Behaviour, cwd_is_where_a_command_looks) {
    const Scratch directory;
    std::filesystem::create_directories(directory.path() + "/site");
    write_file(directory.path() + "/site/package.json",
               R"({"scripts": {"build": "vite build"}, "devDependencies": {"vite": "8"}})");
    const Ran ran = run(
        {.arguments = {"detect", "--cwd", "site", "--json", "-q"}, .directory = directory.path()});
    EXPECT_EQ(ran.exit, 0) << ran.err;
    EXPECT_NE(ran.out.find("package.json depends on vite"), std::string::npos) << ran.out;
}

TEST_F(Behaviour, completion_knows_every_command) {
    for (const char* shell : {"bash", "zsh", "fish", "powershell"}) {
        const Ran ran = run({.arguments = {"completion", shell}});
        EXPECT_NE(ran.out.find("deployments"), std::string::npos) << shell;
        EXPECT_EQ(ran.err, "");
    }
}

TEST_F(Behaviour, bash_accepts_its_completion_and_completes) {
    const Ran script = run({.arguments = {"completion", "bash"}});
    const Scratch place;
    const std::string file = place.path() + "/berth.bash";
    write_file(
        file,
        script.out +
            "\nCOMP_WORDS=(berth -q env s); COMP_CWORD=3; _berth; echo \"${COMPREPLY[*]}\""
            "\nCOMP_WORDS=(berth depl); COMP_CWORD=1; _berth; echo \"${COMPREPLY[*]}\""
            "\nCOMP_WORDS=(berth import --bu); COMP_CWORD=2; _berth; echo \"${COMPREPLY[*]}\"");
    const Command bash{.argv = {"bash", file}, .environment = plain_environment()};
    const Result<Ended> ended = run_blocking(bash, std::chrono::seconds(10));
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->output, "set\ndeploy deployments\n--build-command\n") << ended->errors;
}

}  // namespace

}  // namespace berth::cli::test

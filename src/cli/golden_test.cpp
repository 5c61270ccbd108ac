// Every command as a script sees it: stdout, stderr and exit code against golden/NAME.txt.
// BERTH_ACCEPT=1 writes what was said as the new truth; read the diff before you commit it.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <regex>

#include "base/file.hpp"
#include "cli/fake_server_test.hpp"
#include "cli/program_test.hpp"

namespace berth::cli::test {

namespace {

struct Case {
    std::string name;
    std::vector<std::string> arguments;
    std::string input{};
    std::map<std::string, std::string> environment{};
    std::string token = "brt_secret";
    bool terminal = false;
    std::string type_at{};
    std::string directory{};  // of the repository that GoldenTest makes; "" is an empty one
};

void PrintTo(const Case& one, std::ostream* out) {
    *out << one.name;
}

/// Ports, spinners and times differ from run to run.
std::string steady(std::string text, const std::string& port) {
    text = std::regex_replace(text, std::regex("127\\.0\\.0\\.1:" + port), "127.0.0.1:PORT");
    text = std::regex_replace(text, std::regex("[0-9]+ (s|min|h|d) ago"), "AGO");
    text = std::regex_replace(text, std::regex("\\(([0-9]+) ms\\)"), "(MS)");
    text = std::regex_replace(text, std::regex("Built in [0-9]+ ms:"), "Built in TIME:");
    text = std::regex_replace(text, std::regex("\r\x1b\\[K\xe2[^\r]*"), "");
    text = std::regex_replace(text, std::regex("\r\x1b\\[K"), "");
    text = std::regex_replace(text, std::regex("\r\n"), "\n");
    text = std::regex_replace(text, std::regex("\x1b"), "<esc>");
    return text;
}

std::string transcript(const Case& one, const Ran& ran, const std::string& port) {
    std::string line = "$ berth";
    for (const std::string& word : one.arguments)
        line += word.contains(' ') || word.empty() ? " '" + word + "'" : " " + word;
    return steady(fmt::format("{}{}\n[exit {}]\n[stdout]\n{}[stderr]\n{}", line,
                              one.terminal ? "   (on a terminal)" : "", ran.exit, ran.out, ran.err),
                  port);
}

class GoldenTest : public testing::TestWithParam<Case> {
protected:
    FakeServer server_;
    Scratch config_;
    Scratch repository_;

    /// A workspace with one site that can be built and one that cannot.
    void make_repository() {
        const std::pair<const char*, const char*> files[] = {
            {".git/HEAD", "ref: refs/heads/main\n"},
            {"package.json", R"({"name": "top", "workspaces": ["apps/*"]})"},
            {"package-lock.json", "{}"},
            {"yarn.lock", "# yarn lockfile v1\n"},
            {"apps/web/package.json",
             R"({"name": "web", "engines": {"node": ">=22"}, "scripts": {"build": "vite build"},
                 "dependencies": {"react": "19"}, "devDependencies": {"vite": "8"}})"},
            {"apps/web/vite.config.ts", "export default { build: { outDir: 'www' } }\n"},
            {"apps/server/package.json",
             R"({"name": "server", "dependencies": {"express": "5"}})"}};
        for (const auto& [name, content] : files) {
            const std::filesystem::path path = repository_.path() + "/" + name;
            std::filesystem::create_directories(path.parent_path());
            write_file(path.string(), content);
        }
    }

    Ran run(const Case& one) {
        std::map<std::string, std::string> environment = {{"PATH", "/usr/bin:/bin"},
                                                          {"HOME", config_.path()},
                                                          {"XDG_CONFIG_HOME", config_.path()},
                                                          {"BERTH_SERVER", server_.url()},
                                                          {"TERM", "xterm"},
                                                          {"GIT_CEILING_DIRECTORIES", "/"}};
        if (!one.token.empty()) environment["BERTH_TOKEN"] = one.token;
        for (const auto& [name, value] : one.environment)
            environment[name] = value;
        make_repository();
        return run_program(
            {.arguments = one.arguments,
             .environment = environment,
             .input = one.input,
             .terminal = one.terminal,
             .directory = one.directory.empty() ? "" : repository_.path() + "/" + one.directory,
             .type_at = one.type_at});
    }
};

TEST_P(GoldenTest, says_what_it_said_before) {
    std::string said = transcript(GetParam(), run(GetParam()), server_.port());
    for (std::size_t at = said.find(repository_.path()); at != said.npos;
         at = said.find(repository_.path()))
        said.replace(at, repository_.path().size(), "REPOSITORY");
    const std::string path = std::string(CLI_GOLDEN) + "/" + GetParam().name + ".txt";
    if (std::getenv("BERTH_ACCEPT") != nullptr) {
        write_file(path, said);
        return;
    }
    const Result<std::string> golden = read_file(path);
    ASSERT_TRUE(golden) << "no " << path << "; make it with BERTH_ACCEPT=1";
    EXPECT_EQ(said, *golden);
}

const std::string url = "https://git.example/team/shop.git";

const std::vector<Case> cases = {
    {"detect", {"detect"}, "", {}, "brt_secret", false, "", "apps/web"},
    {"detect_json", {"detect", "--json"}, "", {}, "", false, "", "apps/web"},
    {"detect_root", {"detect", "--root", "apps/web", "-q"}, "", {}, "", false, "", "."},
    {"detect_server", {"detect", "apps/server"}, "", {}, "", false, "", "."},
    {"detect_server_json", {"detect", "apps/server", "--json", "-q"}, "", {}, "", false, "", "."},
    {"detect_url", {"detect", url}},
    {"detect_url_json", {"detect", url, "--json"}},
    {"detect_missing", {"detect", "https://git.example/team/missing.git"}},
    {"detect_no_directory", {"detect", "no/such"}},
    {"detect_bad_root", {"detect", "--root", "../x"}},
    {"build", {"build", "apps/web"}, "", {}, "", false, "", "."},
    {"build_here", {"build", "-q"}, "", {}, "", false, "", "apps/web"},
    {"build_json", {"build", "--json", "-q"}, "", {}, "", false, "", "apps/web"},
    {"build_terminal", {"build"}, "", {}, "", true, "", "apps/web"},
    {"build_settings",
     {"build", "--root", "apps/web", "--build-command=", "--output", "site", "--node", "20", "-e",
      "TOKEN", "--plain-env", "A=x=y", "--no-cache", "--environment", "preview"},
     "",
     {{"TOKEN", "s3cret"}},
     "",
     false,
     "",
     "."},
    {"build_fails", {"build", "--build-command", "exit 3"}, "", {}, "", false, "", "apps/web"},
    {"build_fails_json",
     {"build", "--build-command", "exit 3", "--json", "-q"},
     "",
     {},
     "",
     false,
     "",
     "apps/web"},
    {"build_interrupted", {"build", "--framework", "slow"}, "", {}, "", false, "", "apps/web"},
    {"build_no_directory", {"build", "no/such"}},
    {"build_bad_variable", {"build", "-e", "1A=b"}},
    {"build_unset_variable", {"build", "-e", "NOT_THERE"}},
    {"build_no_env_file", {"build", "--env-file", "none.env"}},
    {"build_bad_environment", {"build", "--environment", "staging"}},
    {"import", {"import", url}},
    {"import_quiet", {"import", url, "-q"}},
    {"import_json", {"import", url, "--json", "-q"}},
    {"import_settings",
     {"import", url, "--name", "shop", "--root", "web", "--install-command", "",
      "--build-command=", "--output", "out", "--node", "20", "-e", "A=1", "-e", "B=x=y", "-q"}},
    {"import_no_wait", {"import", url, "--no-wait"}},
    {"import_missing", {"import", "https://git.example/team/missing.git"}},
    {"import_nobody_to_look", {"import", "https://git.example/nobody/shop.git"}},
    {"import_bad_address", {"import", "file:///etc/passwd"}},
    {"import_option_as_address", {"import", "--", "--upload-pack=touch"}},
    {"import_name_taken", {"import", url, "--name", "taken"}},
    {"import_token", {"import", url, "--token-stdin", "-q"}, "ghp_secret\n"},
    {"import_empty_token", {"import", url, "--token-stdin", "-q"}},
    {"import_deploy_key_no_input", {"import", "git@git.example:team/shop.git", "--deploy-key"}},
    {"import_deploy_key_terminal",
     {"import", "git@git.example:team/shop.git", "--deploy-key", "-q"},
     "\n",
     {},
     "brt_secret",
     true,
     "press Enter"},
    {"import_unset_variable", {"import", url, "-e", "NOT_THERE"}},
    {"import_fails", {"import", "https://git.example/team/broken.git"}},
    {"import_fails_json", {"import", "https://git.example/team/broken.git", "--json", "-q"}},
    {"deploy", {"deploy", "-p", "shop"}},
    {"deploy_terminal", {"deploy", "-p", "shop"}, "", {}, "brt_secret", true},
    {"deploy_terminal_no_color",
     {"deploy", "-p", "shop"},
     "",
     {{"NO_COLOR", "1"}},
     "brt_secret",
     true},
    {"deploy_forced_color", {"deploy", "-p", "shop"}, "", {{"CLICOLOR_FORCE", "1"}}},
    {"deploy_dumb_terminal", {"deploy", "-p", "shop"}, "", {{"TERM", "dumb"}}, "brt_secret", true},
    {"deploy_json", {"deploy", "-p", "shop", "--json", "-q"}},
    {"deploy_preview", {"deploy", "-p", "shop", "--ref", "feature/cart", "--json", "-q"}},
    {"deploy_fails", {"deploy", "-p", "broken"}},
    {"deploy_skipped", {"deploy", "-p", "same"}},
    {"deploy_skipped_json", {"deploy", "-p", "same", "--json", "-q"}},
    {"deploy_connection_lost", {"deploy", "-p", "flaky"}},
    {"deploy_timeout", {"deploy", "-p", "slow", "--timeout", "1500ms"}},
    {"deploy_which_project", {"deploy"}},
    {"deploy_no_project", {"deploy", "-p", "none"}},
    {"deploy_no_projects", {"deploy"}, "", {}, "tok_lonely"},
    {"deploy_project_from_environment", {"deploy", "-q"}, "", {{"BERTH_PROJECT", "shop"}}},
    {"deployments_list", {"deployments", "list", "-p", "shop"}},
    {"deployments_list_json", {"deployments", "list", "-p", "shop", "--json"}},
    {"deployments_get", {"deployments", "get", "dpl_broken"}},
    {"deployments_get_none", {"deployments", "get", "dpl_none"}},
    {"deployments_cancel", {"deployments", "cancel", "dpl_slow"}},
    {"deployments_redeploy", {"deployments", "redeploy", "dpl_shop", "--reuse", "-q"}},
    {"deployments_redeploy_no_cache_reuse",
     {"deployments", "redeploy", "dpl_shop", "--reuse", "--no-cache"}},
    {"deployments_rm_no_input", {"deployments", "rm", "dpl_shop"}},
    {"deployments_rm_yes", {"deployments", "rm", "dpl_shop", "-y"}},
    {"deployments_rm_declined",
     {"deployments", "rm", "dpl_shop"},
     "n\n",
     {},
     "brt_secret",
     true,
     "[y/N]"},
    {"logs", {"logs", "dpl_shop"}},
    {"logs_newest", {"logs", "-p", "shop"}},
    {"logs_follow", {"logs", "dpl_broken", "-f"}},
    {"logs_after", {"logs", "dpl_shop", "--after", "2"}},
    {"logs_json", {"logs", "dpl_shop", "--json"}},
    {"logs_terminal", {"logs", "dpl_broken"}, "", {}, "brt_secret", true},
    {"rollback", {"rollback", "-p", "shop", "--reason", "cart is broken"}},
    {"rollback_to", {"rollback", "dpl_shop", "--json", "-q"}},
    {"promote_not_ready", {"promote", "dpl_broken"}},
    {"status", {"status", "-p", "shop"}},
    {"status_json", {"status", "-p", "shop", "--json"}},
    {"open", {"open", "-p", "shop"}},
    {"open_page", {"open", "settings", "-p", "shop"}},
    {"open_unknown_page", {"open", "attic", "-p", "shop"}},
    {"explain", {"explain", "http://shop.localhost:8080/old", "-H", "Cookie: beta=1"}},
    {"explain_json", {"explain", "/old", "-p", "shop", "--json"}},
    {"explain_deployment", {"explain", "http://shop-0123456789.localhost/old", "-q"}},
    {"explain_unknown_host", {"explain", "https://nobody.example/"}},
    {"explain_bad_header", {"explain", "/old", "-H", "nonsense"}},
    {"explain_bad_url", {"explain", "/%zz", "-p", "shop"}},
    {"traffic", {"traffic", "-p", "shop", "--last", "7d"}},
    {"traffic_json", {"traffic", "-p", "shop", "--json"}},
    {"traffic_none", {"traffic", "-p", "blog"}},
    {"traffic_bad_time", {"traffic", "-p", "shop", "--last", "yesterday"}},
    {"traffic_bad_step", {"traffic", "-p", "shop", "--step", "week"}},
    {"projects_list", {"projects", "list"}},
    {"projects_list_json", {"projects", "list", "--json"}},
    {"projects_create", {"projects", "create", url, "--name", "shop"}},
    {"projects_get", {"projects", "get", "shop"}},
    {"projects_set", {"projects", "set", "-p", "shop", "build-command=make", "supersede=false"}},
    {"projects_set_unknown", {"projects", "set", "-p", "shop", "colour=red"}},
    {"projects_rm", {"projects", "rm", "shop", "-y"}},
    {"env_list", {"env", "list", "-p", "shop"}},
    {"env_set", {"env", "set", "A=1", "B=2", "-p", "shop"}},
    {"env_set_race", {"env", "set", "RACE=1", "-p", "shop"}},
    {"env_rm", {"env", "rm", "API_URL", "-p", "shop"}},
    {"env_rm_none", {"env", "rm", "NOPE", "-p", "shop"}},
    {"env_import", {"env", "import", "-", "-p", "shop"}, "A=1\nexport B='two words'\n"},
    {"env_import_wrong", {"env", "import", "-", "-p", "shop"}, "A=1\nwhat is this\n"},
    {"hook_show", {"hook", "show", "-p", "shop"}},
    {"hook_rotate", {"hook", "rotate", "-p", "shop"}},
    {"git_add", {"git", "add", "github", "--token-stdin", "--team", "crew"}, "t0k\n"},
    {"git_add_json",
     {"git", "add", "github", "--token-stdin", "--team", "crew", "--json"},
     "t0k\n"},
    {"git_add_no_token", {"git", "add", "github", "--team", "crew"}},
    {"git_add_wrong", {"git", "add", "github", "--token-stdin", "--team", "crew"}, "wrong\n"},
    {"git_list", {"git", "list", "--team", "docs"}},
    {"git_list_json", {"git", "list", "--team", "docs", "--json"}},
    {"git_renew", {"git", "renew", "gco_1", "--token-stdin", "--team", "crew"}, "n3w\n"},
    {"git_rm_in_use", {"git", "rm", "gco_1", "--team", "crew"}},
    {"git_repos", {"git", "repos", "--team", "crew", "--search", "shop"}},
    {"git_repos_which", {"git", "repos", "--team", "docs"}},
    {"git_link", {"git", "link", "team/shop", "-p", "shop", "--team", "crew"}},
    {"git_link_other", {"git", "link", "team/blog", "-p", "shop", "--team", "crew"}},
    {"git_status", {"git", "status", "-p", "shop"}},
    {"git_status_none", {"git", "status", "-p", "docs"}},
    {"git_requests", {"git", "requests", "-p", "shop"}},
    {"git_requests_none", {"git", "requests", "-p", "docs"}},
    {"git_approve", {"git", "approve", "7", "-p", "shop"}},
    {"git_approve_none", {"git", "approve", "8", "-p", "shop"}},
    {"git_unlink", {"git", "unlink", "-p", "shop"}},
    {"git_unlink_none", {"git", "unlink", "-p", "docs"}},
    {"webhook_show", {"webhook", "show", "-p", "shop"}},
    {"webhook_show_json", {"webhook", "show", "-p", "shop", "--json"}},
    {"webhook_show_none", {"webhook", "show", "-p", "docs"}},
    {"webhook_add", {"webhook", "add", "-p", "shop"}},
    {"webhook_add_json", {"webhook", "add", "-p", "shop", "--json"}},
    {"webhook_rm", {"webhook", "rm", "-p", "shop"}},
    {"webhook_rm_none", {"webhook", "rm", "-p", "docs"}},
    {"webhook_deliveries", {"webhook", "deliveries", "-p", "shop"}},
    {"webhook_deliveries_json", {"webhook", "deliveries", "-p", "shop", "--json"}},
    {"webhook_deliveries_limit", {"webhook", "deliveries", "-p", "shop", "--limit", "101"}},
    {"webhook_redeliver", {"webhook", "redeliver", "dlv_1", "-p", "shop"}},
    {"webhook_redeliver_ignored", {"webhook", "redeliver", "dlv_2", "-p", "shop"}},
    {"webhook_redeliver_unknown", {"webhook", "redeliver", "dlv_9", "-p", "shop"}},
    {"share_create", {"share", "create", "-p", "shop"}},
    {"share_create_json",
     {"share", "create", "dpl_shop", "-p", "shop", "--expires", "1d", "--json"}},
    {"share_create_elsewhere", {"share", "create", "nowhere", "-p", "shop"}},
    {"share_create_wrong_time", {"share", "create", "--expires", "soon"}},
    {"share_revoke", {"share", "revoke", "shl_1", "-p", "shop"}},
    {"share_revoke_none", {"share", "revoke", "shl_none", "-p", "shop"}},
    {"share_sign_out", {"share", "sign-out", "-p", "shop"}},
    {"projects_set_access",
     {"projects", "set", "-p", "shop", "access.previews=password", "--visitor-password-stdin"},
     "let me in please\n"},
    {"cache_ls", {"cache", "ls", "-p", "shop"}},
    {"cache_ls_json", {"cache", "ls", "-p", "shop", "--json"}},
    {"cache_ls_no_worker", {"cache", "ls", "-p", "blog"}},
    {"cache_ls_all", {"cache", "ls", "--all"}},
    {"cache_ls_all_json", {"cache", "ls", "--all", "--json"}},
    {"cache_ls_all_forbidden", {"cache", "ls", "--all"}, "", {}, "tok_lonely"},
    {"cache_clear", {"cache", "clear", "-p", "shop", "-y"}},
    {"cache_clear_kind", {"cache", "clear", "-p", "shop", "--kind", "bundler", "-y"}},
    {"cache_clear_json", {"cache", "clear", "-p", "shop", "-y", "--json"}},
    {"cache_clear_wrong_kind", {"cache", "clear", "--kind", "everything", "-y"}},
    {"cache_clear_no_input", {"cache", "clear", "-p", "shop"}},
    {"cache_clear_declined",
     {"cache", "clear", "-p", "shop"},
     "n\n",
     {},
     "brt_secret",
     true,
     "[y/N]"},
    {"help_cache", {"help", "cache"}},
    {"audit_list", {"audit", "list", "--actor", "ada@example.org", "-p", "shop"}},
    {"audit_list_team", {"audit", "list", "--team", "crew", "--json"}},
    {"audit_export", {"audit", "export", "--format", "csv"}},
    {"audit_verify", {"audit", "verify"}},
    {"audit_verify_noted", {"audit", "verify", "--last-hash", "0123"}},
    {"audit_verify_rewritten", {"audit", "verify", "--last-hash", "4567"}},
    {"audit_verify_broken", {"audit", "verify"}, "", {}, "tok_lonely"},
    {"tokens_list", {"tokens", "list"}},
    {"tokens_create",
     {"tokens", "create", "--name", "ci", "--scope", "deploy", "--expires", "30d"}},
    {"tokens_create_projects",
     {"tokens", "create", "--name", "ci", "--scope", "deploy", "-p", "shop", "--also", "blog",
      "--also", "docs"}},
    {"tokens_create_wrong_scope", {"tokens", "create", "--name", "ci", "--scope", "root"}},
    {"tokens_revoke", {"tokens", "revoke", "tok_1"}},
    {"diff", {"diff", "dpl_1", "dpl_2"}},
    {"diff_json", {"diff", "dpl_1", "dpl_2", "--json"}},
    {"diff_one", {"diff", "dpl_1"}},
    {"projects_deleted", {"projects", "deleted"}},
    {"projects_deleted_json", {"projects", "deleted", "--json"}},
    {"projects_restore", {"projects", "restore", "gone"}},
    {"projects_restore_none", {"projects", "restore", "never"}},
    {"projects_purge", {"projects", "purge", "gone", "-y"}},
    {"projects_purge_no_input", {"projects", "purge", "gone"}},
    {"projects_transfer_no_input", {"projects", "transfer", "shop", "--to", "crew"}},
    {"providers_list", {"providers", "list"}},
    {"providers_add",
     {"providers", "add", "login", "--kind", "oidc", "--issuer", "https://login.example",
      "--client-id", "berth", "--secret-stdin"},
     "s3cret"},
    {"providers_add_no_kind", {"providers", "add", "login", "--client-id", "berth"}},
    {"providers_set", {"providers", "set", "login", "--state", "off"}},
    {"providers_set_gone", {"providers", "set", "gone", "--state", "off"}},
    {"providers_rm", {"providers", "rm", "login"}},
    {"channels_list", {"channels", "list"}},
    {"channels_add_mail", {"channels", "add", "email", "--to", "ann@example.com"}},
    {"channels_add_mail_nobody", {"channels", "add", "email"}},
    {"channels_add_slack_no_address", {"channels", "add", "slack"}},
    {"channels_add_webhook",
     {"channels", "add", "webhook", "--secret-stdin", "--event", "deployment_failed"},
     "https://hooks.example/x\n"},
    {"channels_add_wrong", {"channels", "add", "pager"}},
    {"channels_test", {"channels", "test", "ntf_1"}},
    {"channels_notifications", {"channels", "notifications", "ntf_1"}},
    {"channels_redeliver", {"channels", "redeliver", "ntf_1", "not_1"}},
    {"channels_rm", {"channels", "rm", "ntf_1"}},
    {"env_push_no_input", {"env", "push", "-", "-p", "shop"}, "NEW=1\nSECRET=2\n"},
    {"env_push_same", {"env", "push", "-", "-p", "shop"}, "API_URL=https://api.example\n"},
    {"env_pull_stdout", {"env", "pull", "-", "-p", "shop", "--environment", "production"}},
    {"env_pull_branch_of_production",
     {"env", "pull", "-", "-p", "shop", "--environment", "production", "--branch", "x"}},
    {"team_list", {"team", "list"}},
    {"team_list_json", {"team", "list", "--json"}},
    {"team_create", {"team", "create", "crew", "--name", "The crew"}},
    {"team_create_taken", {"team", "create", "taken"}},
    {"team_members", {"team", "members"}},
    {"team_members_json", {"team", "members", "--team", "crew", "--json"}},
    {"team_members_which", {"team", "members"}, "", {}, "tok_busy"},
    {"team_members_none", {"team", "members"}, "", {}, "tok_lonely"},
    {"team_role", {"team", "role", "bob@example.org", "admin"}},
    {"team_role_owner_needed", {"team", "role", "bob@example.org", "owner"}},
    {"team_role_wrong", {"team", "role", "bob@example.org", "king"}},
    {"team_second_factor", {"team", "second-factor", "off"}},
    {"team_second_factor_first", {"team", "second-factor", "on"}},
    {"team_second_factor_wrong", {"team", "second-factor", "maybe"}},
    {"team_remove", {"team", "remove", "bob@example.org"}},
    {"team_remove_nobody", {"team", "remove", "nobody@example.org", "--json"}},
    {"team_leave", {"team", "leave", "crew"}},
    {"team_leave_last_owner", {"team", "leave", "mine"}},
    {"team_invite", {"team", "invite", "cy@example.org", "--role", "viewer"}},
    {"team_invite_json", {"team", "invite", "cy@example.org", "--role", "viewer", "--json"}},
    {"team_invite_member", {"team", "invite", "bob@example.org", "--role", "viewer"}},
    {"team_invite_no_role", {"team", "invite", "cy@example.org"}},
    {"team_invitations", {"team", "invitations"}},
    {"team_uninvite", {"team", "uninvite", "inv_1"}},
    {"team_uninvite_none", {"team", "uninvite", "inv_none"}},
    {"team_accept", {"team", "accept", "-"}, "http://localhost:8080/invitations/ivt_s3cret\n"},
    {"team_accept_wrong", {"team", "accept", "ivt_wrong"}},
    {"team_accept_new",
     {"team", "accept", "ivt_s3cret", "--password-stdin"},
     "correct horse\n",
     {},
     ""},
    {"team_accept_new_json",
     {"team", "accept", "ivt_s3cret", "--password-stdin", "--json"},
     "correct horse\n",
     {},
     ""},
    {"team_accept_both_stdin", {"team", "accept", "-", "--password-stdin"}},
    {"team_accept_not_signed_in", {"team", "accept", "ivt_s3cret"}, "", {}, ""},
    {"help_team", {"help", "team"}},
    {"users_list", {"users", "list"}},
    {"users_create", {"users", "create", "ada@example.org"}},
    {"users_disable", {"users", "disable", "ada@example.org"}},
    {"users_disable_nobody", {"users", "disable", "bob@example.org"}},
    {"users_reset_password", {"users", "reset-password", "usr_ada"}},
    {"api_get", {"api", "GET", "/projects/shop"}},
    {"api_starting", {"api", "GET", "starting"}},
    {"api_limited", {"api", "GET", "/limited"}},
    {"api_forbidden", {"api", "GET", "/forbidden"}},
    {"api_not_found_json", {"api", "GET", "/nothing", "--json"}},
    {"api_bad_field", {"api", "POST", "/projects", "-f", "name"}},
    {"api_bad_method", {"api", "FETCH", "/projects"}},
    {"whoami", {"whoami"}},
    {"whoami_json", {"whoami", "--json"}},
    {"whoami_bad_token", {"whoami"}, "", {}, "bad"},
    {"whoami_not_signed_in", {"whoami"}, "", {}, ""},
    {"login", {"login", "--email", "ada@example.org", "--password-stdin"}, "right\n", {}, ""},
    {"login_wrong_password",
     {"login", "--email", "ada@example.org", "--password-stdin"},
     "wrong\n",
     {},
     ""},
    {"login_one_time_password",
     {"login", "--email", "ada@example.org", "--password-stdin"},
     "right once\n",
     {},
     ""},
    {"login_one_time_password_terminal",
     {"login", "--email", "ada@example.org"},
     "right once\nnew words\nnew words\n",
     {},
     "",
     true,
     "Password: "},
    {"login_code",
     {"login", "--email", "ada@example.org", "--password-stdin", "--code", "123456"},
     "right guarded\n",
     {},
     ""},
    {"login_code_wrong",
     {"login", "--email", "ada@example.org", "--password-stdin", "--code", "000000"},
     "right guarded\n",
     {},
     ""},
    {"login_code_missing",
     {"login", "--email", "ada@example.org", "--password-stdin"},
     "right guarded\n",
     {},
     ""},
    {"login_by_browser", {"login"}, "", {}, "", true},
    {"login_by_browser_scope", {"login", "--scope", "root"}, "", {}, "", true},
    {"login_no_input", {"login"}, "", {}, ""},
    {"login_terminal",
     {"login", "--email", "ada@example.org"},
     "right\n",
     {},
     "",
     true,
     "Password: "},
    {"login_token", {"login", "--token-stdin", "--json", "-q"}, "brt_secret\n", {}, ""},
    {"login_bad_server", {"login", "--server", "berth.example", "--token-stdin"}, "x\n", {}, ""},
    {"logout_not_signed_in", {"logout"}, "", {}, ""},
    {"unreachable", {"whoami"}, "", {{"BERTH_SERVER", "http://127.0.0.1:1"}}},
    {"version", {"version"}},
    {"version_json", {"version", "--json"}},
    {"help", {"--help"}},
    {"help_import", {"help", "import"}},
    {"help_build", {"help", "build"}},
    {"help_exit_codes", {"help", "exit-codes"}},
    {"help_environment", {"help", "environment"}},
    {"help_formatting", {"help", "formatting"}},
    {"help_unknown", {"help", "exit"}},
    {"usage_unknown_command", {"deplyo"}},
    {"usage_unknown_subcommand", {"env", "lst"}},
    {"usage_missing_subcommand", {"env"}},
    {"usage_unknown_option", {"deploy", "--rev", "main"}},
    {"usage_missing_argument", {"promote"}},
    {"usage_json", {"promote", "--json"}},
    {"usage_bad_timeout", {"deploy", "-p", "shop", "--timeout", "soon"}},
};

INSTANTIATE_TEST_SUITE_P(commands, GoldenTest, testing::ValuesIn(cases),
                         [](const auto& info) { return info.param.name; });

}  // namespace

}  // namespace berth::cli::test

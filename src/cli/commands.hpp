#pragma once
/// Every command, one function per file: each adds itself to the parser.

namespace CLI {
class App;
}

namespace berth::cli {

struct Parsed;

void add_login(CLI::App& app, Parsed& parsed);  // login, logout, whoami
void add_context(CLI::App& app, Parsed& parsed);
void add_init(CLI::App& app, Parsed& parsed);
void add_link(CLI::App& app, Parsed& parsed);  // link, unlink
void add_import(CLI::App& app, Parsed& parsed);
void add_build(CLI::App& app, Parsed& parsed);
void add_deploy(CLI::App& app, Parsed& parsed);
void add_detect(CLI::App& app, Parsed& parsed);
void add_deployments(CLI::App& app, Parsed& parsed);
void add_deployment_files(CLI::App& noun, Parsed& parsed);
void add_previews(CLI::App& app, Parsed& parsed);
void add_schedules(CLI::App& app, Parsed& parsed);
void add_badge(CLI::App& app, Parsed& parsed);
void add_logs(CLI::App& app, Parsed& parsed);
void add_search(CLI::App& app, Parsed& parsed);
void add_production(CLI::App& app, Parsed& parsed);  // rollback, promote
void add_status(CLI::App& app, Parsed& parsed);
void add_open(CLI::App& app, Parsed& parsed);
void add_explain(CLI::App& app, Parsed& parsed);
void add_diff(CLI::App& app, Parsed& parsed);
void add_traffic(CLI::App& app, Parsed& parsed);
void add_projects(CLI::App& app, Parsed& parsed);
void add_env(CLI::App& app, Parsed& parsed);
void add_hook(CLI::App& app, Parsed& parsed);
void add_git(CLI::App& app, Parsed& parsed);
void add_webhook(CLI::App& app, Parsed& parsed);
void add_channels(CLI::App& app, Parsed& parsed);
void add_share(CLI::App& app, Parsed& parsed);
void add_cache(CLI::App& app, Parsed& parsed);
void add_audit(CLI::App& app, Parsed& parsed);
void add_activity(CLI::App& app, Parsed& parsed);
void add_tokens(CLI::App& app, Parsed& parsed);
void add_team(CLI::App& app, Parsed& parsed);
void add_members(CLI::App& app, Parsed& parsed);
void add_providers(CLI::App& app, Parsed& parsed);  // of sign-in
void add_users(CLI::App& app, Parsed& parsed);
void add_api(CLI::App& app, Parsed& parsed);
void add_mcp(CLI::App& app, Parsed& parsed);
void add_schema(CLI::App& app, Parsed& parsed);
void add_man(CLI::App& app, Parsed& parsed);
void add_completion(CLI::App& app, Parsed& parsed);
void add_version(CLI::App& app, Parsed& parsed);
void add_help(CLI::App& app, Parsed& parsed);

}  // namespace berth::cli

#include "cli/fake_answers_test.hpp"

#include <fmt/format.h>

#include "base/json.hpp"

namespace berth::cli::test {

namespace {

namespace bj = boost::json;

Said json_said(unsigned status, const bj::value& body, std::string headers = {}) {
    return {.status = status, .body = bj::serialize(body), .headers = std::move(headers)};
}

Said refused(unsigned status, std::string_view code, std::string_view detail,
             std::string_view pointer = {}) {
    bj::object body{{"type", "/docs/api"}, {"title", "Refused"}, {"status", status},
                    {"code", code},        {"detail", detail},   {"instance", "req_1"}};
    bj::array errors;
    if (!pointer.empty()) {
        errors.push_back(bj::object{{"pointer", pointer}, {"code", code}, {"detail", detail}});
    }
    body["errors"] = std::move(errors);
    body["next"] = bj::array{};
    Said said = json_said(status, body);
    said.type = "application/problem+json";
    return said;
}

bj::object project(const std::string& name) {
    return {
        {"id", "prj_" + name},
        {"name", name},
        {"repo_url", "https://git.example/team/" + name + ".git"},
        {"branch", "main"},
        {"root", ""},
        {"framework", nullptr},
        {"build_command", "npm run site"},
        {"url", "http://" + name + ".localhost:8080"},
        {"credential", bj::object{{"kind", "none"}, {"username", ""}}},
        {"access",
         bj::object{{"previews", "members"}, {"production", "everybody"}, {"has_password", false}}},
        {"latest", nullptr}};
}

/// dpl_shop, dpl_broken… : the deployment of the project of that name; dpl_preview is of shop.
bj::object deployment(const std::string& id, const std::string& state) {
    const std::string tail = id.substr(4);
    const bool preview = tail == "preview";
    const std::string name = preview ? "shop" : tail;
    const bool failed = state == "failed";
    bj::object body{
        {"id", id},
        {"project", "prj_" + name},
        {"project_name", name},
        {"state", state},
        {"reason", nullptr},
        {"detail", ""},
        {"first_error", ""},
        {"next_step", ""},
        {"exit_code", nullptr},
        {"environment", preview ? "preview" : "production"},
        {"ref", preview ? "feature/cart" : "main"},
        {"commit", "0123456789abcdef0123456789abcdef01234567"},
        {"message", "Sell \x1b[31mmore\x1b[0m boats\nand oars"},
        {"url", "http://" + name + "-0123456789.localhost:8080"},
        {"production_url", nullptr},
        {"created_at_ms", 1'000},
        {"finished_at_ms", 5'200},
        {"steps",
         bj::array{bj::object{
             {"name", "clone"}, {"state", "succeeded"}, {"begin_ms", 1'000}, {"end_ms", 1'400}}}}};
    if (state == "ready" && !preview) {
        body["production_url"] = "http://" + name + ".localhost:8080";
    }
    if (tail == "heavy") {
        body["detail"] = "1 of 2 checks failed: it does not go live by itself";
        body["checks"] = 2;
        body["checks_failed"] = 1;
        body["production_url"] = nullptr;
    }
    if (state == "skipped") body["detail"] = "Nothing that this project is made of has changed";
    if (failed) {
        body["reason"] = "build_failed";
        body["detail"] = "the build command failed";
        body["first_error"] = "src/app.ts:3 Cannot find module 'oars'";
        body["next_step"] = "run npm run build on your machine";
        body["exit_code"] = 3;
    }
    return body;
}

std::string state_of(const std::string& id) {
    if (id == "dpl_broken") return "failed";
    if (id == "dpl_slow") return "building";
    if (id == "dpl_gone") return "canceled";
    if (id == "dpl_same") return "skipped";
    return "ready";
}

std::string line(int number, std::string_view step, std::string_view text,
                 std::string_view stream = "out", std::string_view level = "info") {
    return bj::serialize(bj::object{{"line", number},
                                    {"at_ms", 1'000},
                                    {"stream", stream},
                                    {"level", level},
                                    {"step", step},
                                    {"text", text}}) +
           "\n";
}

std::vector<std::string> lines_of(const std::string& id) {
    std::vector<std::string> lines = {
        line(0, "clone", "Cloning https://git.example/team/shop.git", "system"),
        line(1, "build",
             "\x1b[32mvite\x1b[0m v8.3.8 \x1b]0;title\x07"
             "building"),
    };
    if (id == "dpl_broken") {
        lines.push_back(line(2, "build", "Cannot find module 'oars'", "err", "error"));
    } else {
        lines.push_back(line(2, "publish", "12 files, 340 kB", "system"));
    }
    return lines;
}

Said log_answer(const Asked& asked, const std::string& id, std::size_t times) {
    const std::size_t at = asked.query.find("after=");
    const int after = at == std::string::npos ? 0 : std::stoi(asked.query.substr(at + 6));
    Said said{.type = "application/x-ndjson"};
    const std::vector<std::string> lines = lines_of(id);
    const bool breaks = id == "dpl_flaky" && times == 1;
    for (int i = after; i < static_cast<int>(lines.size()); ++i) {
        if (breaks && i == 2) break;
        said.body += lines[static_cast<std::size_t>(i)];
    }
    said.broken = breaks;
    if (breaks) return said;
    const bool slow = id == "dpl_slow";
    if (slow && after == 3 && !asked.query.contains("wait=0")) said.held = true;
    said.body +=
        bj::serialize(bj::object{{"end", !slow}, {"next", 3}, {"state", state_of(id)}}) + "\n";
    return said;
}

Said explain_answer(const Asked& asked) {
    const bj::object question = bj::parse(asked.body).as_object();
    const std::string url(question.at("url").as_string());
    if (url.find("%zz") != url.npos)
        return refused(422, "invalid_url", "the path has a malformed escape", "/url");
    const bool beta = !question.at("headers").as_object().empty();
    const auto rule = [](int line, const char* text) {
        return bj::object{{"file", "_redirects"}, {"line", line}, {"text", text}};
    };
    bj::array steps;
    if (!beta) {
        steps.push_back(bj::object{{"rule", rule(1, "/old /beta 302 Cookie=beta")},
                                   {"decided", false},
                                   {"why", "the path matches, but not the condition"}});
        steps.push_back(
            bj::object{{"rule", nullptr}, {"decided", false}, {"why", "there is no file"}});
    }
    steps.push_back(
        bj::object{{"rule", beta ? rule(1, "/old /beta 302 Cookie=beta") : rule(2, "/old /new")},
                   {"decided", true},
                   {"why", "the path and all conditions match"}});
    return json_said(200, bj::object{{"url", "https://shop.localhost/old"},
                                     {"dialect", "netlify"},
                                     {"why", "there is a netlify.toml"},
                                     {"steps", std::move(steps)},
                                     {"status", beta ? 302 : 301},
                                     {"file", ""},
                                     {"location", beta ? "/beta" : "/new"},
                                     {"fetched", false},
                                     {"headers", bj::array{bj::object{{"name", "cache-control"},
                                                                      {"value", "no-store"}}}}});
}

Said files_answer() {
    const auto file = [](const char* path, int bytes, const char* type) {
        return bj::object{{"path", path}, {"bytes", bytes}, {"type", type}, {"sha256", "aa"}};
    };
    return json_said(
        200, bj::object{{"items", bj::array{file("a/\x1b[31mb.js", 34'000, "text/javascript"),
                                            file("index.html", 900, "text/html")}},
                        {"next", nullptr}});
}

/// A page of two lines, then an empty one, then the last.
Said search_answer(const Asked& asked) {
    if (asked.query.contains("match=regex") && asked.query.contains("%28"))
        return refused(422, "invalid_pattern", "missing ): (", "/q");
    const auto hit = [](const char* deployment, int line, const char* said) {
        return bj::object{{"deployment", deployment},
                          {"ref", "main"},
                          {"environment", "production"},
                          {"created_at_ms", 1'000},
                          {"line", line},
                          {"at_ms", 1'500},
                          {"stream", "out"},
                          {"level", "error"},
                          {"step", "build"},
                          {"text", said}};
    };
    bj::array items;
    bj::value next = nullptr;
    if (asked.query.contains("cursor=two")) {
        items = {hit("dpl_old", 0, "no oars")};
    } else if (asked.query.contains("cursor=one")) {
        next = "two";
    } else {
        items = {hit("dpl_broken", 2, "Cannot find module 'oars'"),
                 hit("dpl_broken", 7, "\x1b[31moars\x1b[0m are missing")};
        next = "one";
    }
    return json_said(200, bj::object{{"items", std::move(items)},
                                     {"next", std::move(next)},
                                     {"bytes", 16'000'000},
                                     {"deployments", 3}});
}

Said schedules_answer(const Asked& asked) {
    if (asked.verb == "DELETE") return {.status = 204};
    bj::object schedule{{"id", "sch_1"},
                        {"cron", "30 4 * * *"},
                        {"time_zone", "UTC"},
                        {"ref", ""},
                        {"next_at_ms", nullptr},
                        {"last_at_ms", 0},
                        {"trouble", "nothing is \x1b[31mlive"}};
    if (asked.verb == "POST") {
        if (asked.body.contains("often")) {
            return refused(422, "invalid_cron", "cron: five fields", "/cron");
        }
        for (const auto& [key, value] : bj::parse(asked.body).as_object())
            schedule[key] = value;
        return json_said(201, schedule);
    }
    return json_said(200, bj::object{{"items", bj::array{schedule}}, {"next", nullptr}});
}

Said previews_answer(const Asked& asked) {
    const auto preview = [](const char* ref, bool kept, bj::value url) {
        return bj::object{{"ref", ref},
                          {"deployment", "dpl_preview"},
                          {"state", "ready"},
                          {"url", std::move(url)},
                          {"deployed_at_ms", 0},
                          {"kept", kept},
                          {"expires_at_ms", nullptr},
                          {"expired_at_ms", nullptr}};
    };
    if (asked.verb == "PUT") {
        const bj::object body = bj::parse(asked.body).as_object();
        if (body.at("ref") == "nowhere") {
            return refused(404, "preview_not_found",
                           "ref: nothing of 'nowhere' was deployed as a preview", "/ref");
        }
        return json_said(200, preview("feature/cart", body.at("kept").as_bool(), nullptr));
    }
    return json_said(200,
                     bj::object{{"items", bj::array{preview("feature/\x1b[31mcart", true,
                                                            "http://shop-git-cart.localhost:8080"),
                                                    preview("docs", false, nullptr)}},
                                {"next", nullptr}});
}

Said checks_answer(const std::string& id) {
    bj::array items;
    if (id == "dpl_heavy") {
        const bj::object large{{"place", "assets/\x1b[31mapp.js"}, {"found", "412.3 kB"}};
        items = {bj::object{{"kind", "size"},
                            {"passed", false},
                            {"subject", "**/*.js"},
                            {"declared", "berth.toml:3"},
                            {"limit", "at most 300.0 kB, gzip"},
                            {"found", "412.3 kB in 1 file"},
                            {"findings", bj::array{large}},
                            {"findings_left_out", 2}},
                 bj::object{{"kind", "route"},
                            {"passed", true},
                            {"subject", "/about"},
                            {"declared", "berth.toml:8"},
                            {"limit", "answered with 200"},
                            {"found", "200"},
                            {"findings", bj::array{}},
                            {"findings_left_out", 0}}};
    }
    return json_said(200, bj::object{{"items", items}, {"next", nullptr}});
}

Said deployment_answer(const Asked& asked, std::size_t times) {
    const std::string rest = asked.path.substr(std::string("/deployments/").size());
    const std::string id = rest.substr(0, rest.find('/'));
    const std::string action = rest.size() > id.size() ? rest.substr(id.size() + 1) : "";
    if (id == "dpl_none") return refused(404, "not_found", "no deployment 'dpl_none'");
    if (action == "files") return files_answer();
    if (action == "log") return log_answer(asked, id, times);
    if (action == "cancel") return json_said(200, deployment(id, "building"));
    if (action == "redeploy") return json_said(201, deployment(id, "queued"));
    if (action == "explain") return explain_answer(asked);
    if (action == "checks") return checks_answer(id);
    if (asked.verb == "DELETE") return {.status = 204};
    if (id == "dpl_slow" && asked.verb == "GET" && times > 1) {
        return json_said(200, deployment(id, "canceled"));
    }
    return json_said(200, deployment(id, state_of(id)));
}

Said env_answer(const Asked& asked, std::size_t times) {
    if (asked.verb == "PUT") {
        const auto match = asked.headers.find("if-match");
        if (match == asked.headers.end()) return refused(428, "precondition_required", "If-Match");
        if (times == 1 && asked.body.contains("RACE")) {
            return refused(412, "precondition_failed", "changed by somebody else");
        }
        return json_said(200, bj::parse(asked.body), "ETag: \"8\"\r\n");
    }
    const bj::array items = {bj::object{{"key", "API_URL"},
                                        {"value", "https://api.example"},
                                        {"scope", "build"},
                                        {"environment", "all"},
                                        {"sensitive", false},
                                        {"updated_at_ms", 5}},
                             bj::object{{"key", "SECRET"},
                                        {"value", nullptr},
                                        {"scope", "build"},
                                        {"environment", "production"},
                                        {"sensitive", true},
                                        {"updated_at_ms", 6}}};
    return json_said(200, bj::object{{"items", items}}, "ETag: \"7\"\r\n");
}

Said traffic_answer(const Asked& asked, bool visited) {
    if (asked.query.contains("step=week"))
        return refused(400, "bad_parameter", "step: minute, hour or day");
    const auto named = [](const char* name, int requests) {
        return bj::object{{"name", name}, {"requests", requests}, {"error", 0}};
    };
    const auto some = [&](int count) { return visited ? count : 0; };
    bj::object totals{
        {"requests", some(1'204)},  {"bytes", some(17'100'000)}, {"success", some(1'100)},
        {"redirects", some(60)},    {"client_errors", some(40)}, {"server_errors", some(4)},
        {"memory", some(1'000)},    {"miss", some(90)},          {"file", some(10)},
        {"not_modified", some(60)}, {"made", some(44)},          {"proxied", 0},
        {"p50_us", nullptr},        {"p95_us", nullptr},         {"p99_us", nullptr}};
    bj::array paths;
    bj::array referrers;
    bj::array missing;
    bj::array deployments;
    if (visited) {
        totals["p50_us"] = 88;
        totals["p95_us"] = 704;
        totals["p99_us"] = 1'408;
        paths = {named("/", 700), named("/boats/\x1b[31mred", 90)};
        referrers = {named("news.example", 12)};
        missing = {named("/wp-login.php", 31)};
        for (const auto& [id, requests] : {std::pair("dpl_2", 1'104), {"dpl_1", 100}}) {
            bj::object one = totals;
            one["requests"] = requests;
            one["deployment"] = id;
            deployments.push_back(std::move(one));
        }
    }
    return json_said(200, bj::object{{"from_ms", 0},
                                     {"to_ms", 3'600'000},
                                     {"step_ms", 3'600'000},
                                     {"totals", std::move(totals)},
                                     {"points", bj::array{}},
                                     {"paths", std::move(paths)},
                                     {"referrers", std::move(referrers)},
                                     {"missing", std::move(missing)},
                                     {"deployments", std::move(deployments)}});
}

Said share_answer(const Asked& asked) {
    if (asked.verb == "DELETE") {
        if (asked.path.ends_with("shl_none"))
            return refused(404, "not_found", "no such share link");
        return {.status = 204};
    }
    bj::object link{{"id", "shl_1"}, {"host", "shop.localhost"}, {"expires_at_ms", 4102444800000}};
    if (asked.verb == "POST") {
        if (asked.body.contains("nowhere")) {
            return refused(404, "host_not_found", "host: the project has no address nowhere",
                           "/host");
        }
        link["url"] = "http://shop.localhost:8080/.berth/access?share=s3cret&return=%2F";
        return json_said(201, link);
    }
    link["created_by"] = "ada@example.org";
    link["created_at_ms"] = 1;
    link["last_used_ms"] = nullptr;
    return json_said(200, bj::object{{"items", bj::array{link}}, {"next", nullptr}});
}

/// `told`: a worker has said what it keeps.
Said cache_answer(const Asked& asked, bool told) {
    if (asked.verb == "DELETE") {
        const bool some = asked.query.contains("kind=");
        return json_said(200, bj::object{{"removed", told ? 3 : 0},
                                         {"removed_bytes", told ? 410'000'000 : 0},
                                         {"in_use", some ? 1 : 0},
                                         {"in_use_bytes", some ? 96'000'000 : 0},
                                         {"unanswered", some ? 2 : 0},
                                         {"unanswered_bytes", some ? 5'000 : 0}});
    }
    bj::array items;
    if (told) {
        items = {bj::object{{"worker", "builder-1"},
                            {"name", "fw-prj_shop-preview-0123456789ab-1"},
                            {"kind", "bundler"},
                            {"trust", "preview"},
                            {"branch", "feature/\x1b[31mcart"},
                            {"bytes", 96'000'000},
                            {"used_at_ms", nullptr}},
                 bj::object{{"worker", "builder-1"},
                            {"name", "snap-prj_shop-abc"},
                            {"kind", "install"},
                            {"trust", nullptr},
                            {"branch", nullptr},
                            {"bytes", 410'000'000},
                            {"used_at_ms", nullptr}}};
    }
    return json_said(200, bj::object{{"items", std::move(items)},
                                     {"next", nullptr},
                                     {"bytes", told ? 506'000'000 : 0},
                                     {"budget_bytes", told ? 5'000'000'000 : 0},
                                     {"workers", told ? 1 : 0}});
}

bj::object cache_sum(bj::value project, bj::value name, std::int64_t bytes) {
    return {{"project", std::move(project)},
            {"project_name", std::move(name)},
            {"caches", 2},
            {"bytes", bytes},
            {"used_at_ms", nullptr}};
}

Said all_caches_answer(const Asked& asked) {
    if (asked.headers.at("authorization") == "Bearer tok_lonely") {
        return refused(403, "forbidden", "only the instance's owner may do this");
    }
    const bj::object worker{{"name", "builder-1"},
                            {"bytes", 900'000'000},
                            {"budget_bytes", 10'000'000'000},
                            {"project_budget_bytes", 5'000'000'000}};
    return json_said(200, bj::object{{"items", bj::array{cache_sum("prj_shop", "shop", 506'000'000),
                                                         cache_sum(nullptr, nullptr, 300'000'000),
                                                         cache_sum("prj_old", nullptr, 94'000)}},
                                     {"next", nullptr},
                                     {"bytes", 900'000'000},
                                     {"budget_bytes", 10'000'000'000},
                                     {"workers", bj::array{worker}}});
}

bj::object delivery_item(const std::string& id, const std::string& outcome,
                         const std::string& reason) {
    bj::object item{{"id", id},
                    {"provider", "github"},
                    {"event", "push"},
                    {"delivery_id", "72d3162e"},
                    {"at_ms", 0},
                    {"ref", "main"},
                    {"commit", "da1560886d4f094c3e6c9ef40349f7d38b5d27d7"},
                    {"message", "fix: the cart"},
                    {"pusher", "ann\u001b[31m"},
                    {"outcome", outcome},
                    {"reason", reason},
                    {"deployment", nullptr},
                    {"redelivery_of", nullptr}};
    if (reason.empty()) item["deployment"] = "dpl_shop";
    return item;
}

/// The project shop has a webhook; others have none.
Said webhook_answer(const Asked& asked, const std::string& part, bool has_one) {
    const char* url = "http://localhost:8080/api/v1/hooks/git/whk_1";
    if (part == "webhook/deliveries") {
        return json_said(
            200, bj::object{{"items",
                             bj::array{delivery_item("dlv_2", "ignored", "the branch was deleted"),
                                       delivery_item("dlv_1", "deployed", "")}},
                            {"next", nullptr}});
    }
    if (part.ends_with("/dlv_1/redeliver")) {
        return json_said(202, delivery_item("dlv_3", "deployed", ""));
    }
    if (part.ends_with("/dlv_2/redeliver")) {
        return json_said(202, delivery_item("dlv_4", "ignored", "the branch was deleted"));
    }
    if (part != "webhook") return refused(404, "not_found", "no such delivery");
    if (asked.verb == "POST") {
        const bj::object hint{{"provider", "github"},
                              {"place", "Settings → Webhooks → Add webhook"},
                              {"secret_field", "Secret"},
                              {"events", "Just the push event"}};
        return json_said(201,
                         bj::object{{"url", url}, {"secret", "whsec_c2VjcmV0"}, {"hints", {hint}}});
    }
    if (!has_one && asked.verb == "DELETE") {
        return refused(404, "not_found", "this project has no webhook");
    }
    if (asked.verb == "DELETE") return {.status = 204};
    if (!has_one) {
        return json_said(200, bj::object{{"url", nullptr},
                                         {"created_at_ms", nullptr},
                                         {"refused", 0},
                                         {"refused_at_ms", nullptr}});
    }
    return json_said(
        200, bj::object{{"url", url}, {"created_at_ms", 0}, {"refused", 3}, {"refused_at_ms", 0}});
}

/// The project shop is linked; others are not.
Said git_answer(const Asked& asked, bool linked) {
    if (asked.verb == "DELETE") {
        if (!linked) return refused(404, "not_found", "this project is not linked to a repository");
        return {.status = 204};
    }
    if (asked.verb == "PUT" && asked.body.contains("blog")) {
        return refused(409, "other_repository", "the project builds another repository");
    }
    if (!linked)
        return json_said(200, bj::object{{"connection", nullptr}, {"repository", nullptr}});
    return json_said(200, bj::object{{"connection", "gco_1"},
                                     {"provider", "github"},
                                     {"account", "ann"},
                                     {"repository", "team/shop"},
                                     {"webhook", true},
                                     {"trouble", "github.com answered 502"},
                                     {"checked_at_ms", 0}});
}

Said request_answer(const Asked& asked, bool any) {
    if (asked.verb == "POST" && asked.path.ends_with("/7/approve")) {
        return json_said(201, deployment("dpl_shop", "queued"));
    }
    if (asked.verb == "POST") {
        return refused(409, "nothing_to_approve",
                       "this pull request does not wait for anybody's word");
    }
    const auto item = [](int number, const char* approval, const char* url) {
        return bj::object{{"id", std::to_string(number)},
                          {"number", number},
                          {"title", "The \u001b[31mcart"},
                          {"author", "eve"},
                          {"branch", "cart"},
                          {"target", "main"},
                          {"commit", "da1560886d4f094c3e6c9ef40349f7d38b5d27d7"},
                          {"fork", true},
                          {"approval", approval},
                          {"approved_by", ""},
                          {"url", url},
                          {"updated_at_ms", 0}};
    };
    bj::array items;
    if (any) {
        items = {item(7, "waiting", ""),
                 item(6, "approved", "http://shop-git-pull-6-abcdef.localhost:8080")};
    }
    return json_said(200, bj::object{{"items", std::move(items)}, {"next", nullptr}});
}

bj::object connection_item(const char* id, const char* trouble) {
    return bj::object{{"id", id},
                      {"provider", "github"},
                      {"base_url", "https://github.com"},
                      {"account", "ann\u001b[31m"},
                      {"missing_scopes", bj::array{"repo"}},
                      {"created_by", "ada@example.org"},
                      {"created_at_ms", 0},
                      {"renewed_at_ms", nullptr},
                      {"trouble", trouble},
                      {"trouble_at_ms", nullptr}};
}

/// The team crew has one connection; others have two.
Said connection_answer(const Asked& asked, const std::string& team) {
    if (asked.path.ends_with("/repositories")) {
        const bj::object item{{"path", "team/shop"},
                              {"clone_url", "https://github.com/team/shop.git"},
                              {"default_branch", "main"},
                              {"is_private", true}};
        return json_said(200, bj::object{{"items", bj::array{item}}, {"next", "more"}});
    }
    if (asked.verb == "DELETE") {
        return refused(409, "connection_in_use",
                       "2 of the team's projects are linked by it: unlink them first");
    }
    if (asked.body.contains("wrong")) {
        return refused(409, "git_token_refused", "github.com does not take the token (any more)");
    }
    if (asked.verb == "PUT") return json_said(200, connection_item("gco_1", ""));
    if (asked.verb == "POST") return json_said(201, connection_item("gco_1", ""));
    bj::array items{connection_item("gco_1", "")};
    if (team != "crew") items.push_back(connection_item("gco_2", "it does not take the token"));
    return json_said(200, bj::object{{"items", std::move(items)}, {"next", nullptr}});
}

Said project_answer(const Asked& asked, std::size_t times) {
    const std::string rest = asked.path.substr(std::string("/projects/").size());
    const std::string given = rest.substr(0, rest.find('/'));
    const std::string name = given.starts_with("prj_") ? given.substr(4) : given;
    const std::string part = rest.size() > given.size() ? rest.substr(given.size() + 1) : "";
    if (name == "none") return refused(404, "not_found", "no project named 'none'");
    if (part == "env") return env_answer(asked, times);
    if (part == "logs/search") return search_answer(asked);
    if (part == "traffic") return traffic_answer(asked, name == "shop");
    if (part.starts_with("share-links")) return share_answer(asked);
    if (part == "caches") return cache_answer(asked, name == "shop");
    if (part == "visitors/sign-out") return {.status = 204};
    if (part == "hook") {
        return json_said(200,
                         bj::object{{"url", "http://localhost:8080/api/v1/hooks/deploy/s3cret"}});
    }
    if (part.starts_with("webhook")) return webhook_answer(asked, part, name == "shop");
    if (part.starts_with("git/requests")) return request_answer(asked, name == "shop");
    if (part == "git") return git_answer(asked, name == "shop");
    if (part == "badge") {
        if (asked.verb == "DELETE") return {.status = 204};
        const bool on = name == "shop" || asked.verb == "POST";
        const bj::value url = on ? bj::value("http://localhost:8080/api/v1/badges/bdg_1") : nullptr;
        return json_said(asked.verb == "POST" ? 201 : 200, bj::object{{"url", url}});
    }
    if (part.starts_with("schedules")) return schedules_answer(asked);
    if (part == "previews") return previews_answer(asked);
    if (part == "production" && asked.verb == "PUT") {
        const bj::object body = bj::parse(asked.body).as_object();
        if (body.contains("deployment") && body.at("deployment") == "dpl_broken") {
            return refused(409, "not_ready", "dpl_broken is not ready");
        }
        if (body.contains("deployment") && body.at("deployment") == "dpl_heavy") {
            if (body.contains("force"))
                return json_said(200, bj::object{{"deployment", "dpl_heavy"}, {"generation", 4}});
            return refused(409, "checks_failed", "1 of its 2 checks failed");
        }
        return json_said(200, bj::object{{"deployment", "dpl_shop"}, {"generation", 4}});
    }
    if (part == "production") {
        return json_said(200, bj::object{{"deployment", "dpl_shop"}, {"generation", 3}});
    }
    if (part == "deployments" && asked.verb == "POST") {
        const bool preview = asked.body.contains("feature/");
        return json_said(201, deployment(preview ? "dpl_preview" : "dpl_" + name, "queued"));
    }
    if (part == "deployments" && asked.query.contains("limit=100")) {
        return json_said(200, bj::object{{"items", bj::array{deployment("dpl_shop", "ready"),
                                                             deployment("dpl_preview", "ready"),
                                                             deployment("dpl_broken", "failed")}},
                                         {"next", nullptr}});
    }
    if (part == "deployments") {
        return json_said(200, bj::object{{"items", bj::array{deployment("dpl_shop", "ready"),
                                                             deployment("dpl_broken", "failed")}},
                                         {"next", nullptr}});
    }
    if (asked.verb == "DELETE") return {.status = 204};
    return json_said(200, project(name), "ETag: \"3\"\r\n");
}

Said projects_answer(const Asked& asked) {
    if (asked.verb == "POST") {
        const bj::object wanted = bj::parse(asked.body).as_object();
        const std::string name(wanted.at("name").as_string());
        if (name == "taken")
            return refused(409, "name_taken", "the name 'taken' is taken", "/name");
        return json_said(201, project(name));
    }
    if (asked.headers.at("authorization") == "Bearer tok_lonely") {
        return json_said(200, bj::object{{"items", bj::array{}}, {"next", nullptr}});
    }
    // Two pages, so that cursors are followed.
    if (asked.query.contains("cursor=")) {
        return json_said(200, bj::object{{"items", bj::array{project("blog")}}, {"next", nullptr}});
    }
    return json_said(200, bj::object{{"items", bj::array{project("shop")}}, {"next", "page=2"}});
}

bj::object found(std::string_view value, std::string_view reason) {
    return {{"value", value}, {"reason", reason}};
}

Said inspect_answer(const Asked& asked) {
    if (asked.body.contains("missing")) {
        return refused(422, "clone_not_found", "there is no repository at this address",
                       "/repo_url");
    }
    if (asked.body.contains("nobody")) return refused(503, "no_worker", "no worker is connected");
    return json_said(200, bj::object{{"branches", bj::array{"main"}},
                                     {"default_branch", "main"},
                                     {"framework", found("vite", "vite is in devDependencies")},
                                     {"package_manager", found("npm", "package-lock.json")},
                                     {"node", found("22", "the current LTS")},
                                     {"install_command", found("npm ci", "there is a lock file")},
                                     {"build_command", found("npm run build", "scripts.build")},
                                     {"output_dir", found("dist", "vite's own")},
                                     {"spa", true},
                                     {"root_candidates", bj::array{"web", "docs"}}});
}

const bj::object& ada() {
    static const bj::object user{
        {"id", "usr_ada"}, {"email", "ada@example.org"}, {"role", "owner"}, {"disabled", false}};
    return user;
}

/// A sign-in by a code is approved at the third question.
Said device_answer(const Asked& asked, std::size_t times) {
    if (asked.path == "/auth/device" && asked.body.contains("read"))
        return refused(404, "not_found", "there is nothing here");
    if (asked.path == "/auth/device") {
        return json_said(201, bj::object{{"device_code", "dvc_1"},
                                         {"user_code", "BCDF-GHJK"},
                                         {"verification_uri", "https://berth.example/device"},
                                         {"expires_in_s", 600},
                                         {"interval_s", 0}});
    }
    if (times < 3) return refused(409, "authorization_pending", "nobody has approved it yet");
    return json_said(201, bj::object{{"token", "tok_1_secret"},
                                     {"id", "tok_1"},
                                     {"name", "cli"},
                                     {"scope", "admin"},
                                     {"expires_at_ms", 2'000'000'000'000},
                                     {"email", "ada@example.org"}});
}

Said auth_answer(const Asked& asked) {
    if (asked.path == "/auth/login") {
        if (!asked.body.contains("right")) {
            return refused(401, "invalid_credentials",
                           "the e-mail address or the password is wrong");
        }
        if (asked.body.contains("guarded") && !asked.body.contains("123456")) {
            const bool given = asked.body.contains("\"code\"");
            return refused(401, given ? "wrong_code" : "second_factor_needed",
                           "code: the one of your authenticator app", "/code");
        }
        bj::object user = ada();
        if (asked.body.contains("once")) user["must_change_password"] = true;
        return json_said(200, bj::object{{"access_token", "jwt"}, {"user", user}});
    }
    if (asked.path == "/auth/logout" || asked.path == "/auth/password") return {.status = 204};
    return json_said(
        200,
        bj::object{
            {"user", ada()},
            {"session", nullptr},
            {"teams", bj::array{bj::object{{"id", "tea_1"}, {"slug", "ada"}, {"role", "owner"}}}}});
}

Said audit_answer(const Asked& asked) {
    if (asked.path.ends_with("/verification")) {
        const bool broken = asked.headers.at("authorization") == "Bearer tok_lonely";
        return json_said(200, bj::object{{"intact", !broken},
                                         {"rows", 41},
                                         {"first_id", 1},
                                         {"last_id", 42},
                                         {"last_hash", "89ab"},
                                         {"at", broken ? bj::value(7) : bj::value(nullptr)},
                                         {"fault", broken ? "changed" : ""}});
    }
    const bj::object row{{"id", 42},
                         {"at_ms", 1'000},
                         {"actor", "ada@example.org"},
                         {"address", "192.0.2.1"},
                         {"token", ""},
                         {"action", "token_created"},
                         {"target", "tok_1"},
                         {"project", ""},
                         {"team", ""},
                         {"detail", "ci\x1b[31m"},
                         {"previous_hash", "4466"},
                         {"hash", "0123"}};
    if (asked.path.ends_with("/export") && asked.query.contains("format=csv"))
        return {.body = "id,at\r\n42,then\r\n", .type = "text/csv"};
    if (asked.path.ends_with("/export")) return json_said(200, row);
    return json_said(200, bj::object{{"items", bj::array{row}}, {"next", nullptr}});
}

Said account_answer(const Asked& asked) {
    if (asked.path == "/tokens" && asked.verb == "POST") {
        return json_said(201, bj::object{{"id", "tok_1"}, {"name", "ci"}, {"token", "brt_secret"}});
    }
    if (asked.path == "/tokens") {
        if (!asked.query.empty()) return refused(400, "unknown_parameter", "no parameters here");
        return json_said(
            200,
            bj::object{{"items", bj::array{bj::object{{"id", "tok_1"},
                                                      {"name", "ci"},
                                                      {"scope", "deploy"},
                                                      {"projects", bj::array{"prj_a", "prj_b"}},
                                                      {"last_used_ms", 1'000},
                                                      {"last_used_address", "192.0.2.1"}}}},
                       {"next", nullptr}});
    }
    if (asked.path == "/users" && asked.verb == "GET") {
        return json_said(200, bj::object{{"items", bj::array{ada()}}, {"next", nullptr}});
    }
    if (asked.path.ends_with("/reset-password")) {
        return json_said(200, bj::object{{"password", "one-time-word"}});
    }
    if (asked.path == "/users") {
        bj::object made = ada();
        made["password"] = asked.body.contains("password") ? bj::value(nullptr) : "one-time-word";
        return json_said(201, made);
    }
    if (asked.verb == "DELETE") return {.status = 204};
    return json_said(200, ada());
}

bj::object team(std::string_view slug, std::string_view role) {
    return {{"id", fmt::format("tea_{}", slug)},
            {"slug", slug},
            {"name", fmt::format("The {}\x1b[31m", slug)},
            {"role", role},
            {"created_at_ms", 1}};
}

Said member_answer(const Asked& asked) {
    if (asked.path.ends_with("/nobody%40example.org")) {
        return refused(404, "member_not_found", "no such member of the team");
    }
    if (asked.verb == "DELETE") return {.status = 204};
    bj::object member{{"id", "usr_bob"},
                      {"email", "bob@example.org"},
                      {"role", "developer"},
                      {"disabled", false}};
    if (asked.verb == "PATCH") {
        const bj::object wanted = bj::parse(asked.body).as_object();
        if (wanted.at("role") == "owner") {
            return refused(403, "owner_needed", "only an owner of the team makes owners");
        }
        member["role"] = wanted.at("role");
        return json_said(200, member);
    }
    bj::object owner = ada();
    owner["role"] = "owner";
    return json_said(200, bj::object{{"items", bj::array{owner, member}}, {"next", nullptr}});
}

Said invitations_answer(const Asked& asked) {
    if (asked.verb == "DELETE") {
        if (asked.path.ends_with("inv_none")) {
            return refused(404, "invitation_not_found", "no such invitation");
        }
        return {.status = 204};
    }
    bj::object invitation{{"id", "inv_1"},      {"email", "cy@example.org"},
                          {"role", "viewer"},   {"invited_by", "ada@example.org"},
                          {"created_at_ms", 1}, {"expires_at_ms", 1}};
    if (asked.verb == "POST") {
        if (asked.body.contains("bob@")) {
            return refused(409, "already_member", "this person belongs to the team already",
                           "/email");
        }
        invitation["url"] = "http://localhost:8080/invitations/ivt_s3cret";
        return json_said(201, invitation);
    }
    return json_said(200, bj::object{{"items", bj::array{invitation}}, {"next", nullptr}});
}

Said diff_answer() {
    const bj::object changed{
        {"path", "index.html"}, {"what", "changed"}, {"bytes_before", 1200}, {"bytes_after", 3400}};
    const bj::object added{
        {"path", "new.js"}, {"what", "added"}, {"bytes_before", nullptr}, {"bytes_after", 10}};
    const bj::object rule{
        {"kind", "redirect"}, {"what", "removed"}, {"file", "_redirects"}, {"text", "/a /b"}};
    return json_said(200, bj::object{{"from", "dpl_1"},
                                     {"to", "dpl_2"},
                                     {"bytes_before", 5000},
                                     {"bytes_after", 7210},
                                     {"unchanged", 7},
                                     {"files", bj::array{changed, added}},
                                     {"files_left_off", 3},
                                     {"rules", bj::array{rule}}});
}

Said deleted_projects_answer(const Asked& asked) {
    if (asked.verb == "DELETE") return {.status = 204};
    if (asked.verb == "POST") {
        return json_said(
            200, bj::object{
                     {"id", "prj_gone"}, {"name", "gone"}, {"url", "http://gone.localhost:8080"}});
    }
    const bj::object gone{
        {"id", "prj_gone"}, {"name", "gone"}, {"deleted_at_ms", 1}, {"purge_at_ms", 1}};
    return json_said(200, bj::object{{"items", bj::array{gone}}, {"next", nullptr}});
}

bj::object notification(const char* state) {
    return {{"id", "not_1"},
            {"channel", "ntf_1"},
            {"event", "deployment_failed"},
            {"title", "t"},
            {"state", state},
            {"attempts", 2},
            {"next_at_ms", 1},
            {"error", "it answered 500"},
            {"created_at_ms", 1},
            {"sent_at_ms", nullptr}};
}

Said channels_answer(const Asked& asked) {
    if (asked.verb == "DELETE") return {.status = 204};
    if (asked.path.ends_with("/test") || asked.path.ends_with("/redeliver")) {
        return json_said(202, notification("waiting"));
    }
    if (asked.path.ends_with("/notifications")) {
        const bj::array items{notification("waiting")};
        return json_said(200, bj::object{{"items", items}, {"next", nullptr}});
    }
    bj::object channel{{"id", "ntf_1"},
                       {"kind", "slack"},
                       {"name", "ops"},
                       {"target", "hooks.example"},
                       {"events", bj::array{"deployment_broke", "deployment_recovered"}},
                       {"enabled", true},
                       {"failures", 3},
                       {"last_error", "it answered 500"},
                       {"last_sent_ms", 1}};
    if (asked.verb == "POST") {
        const bool webhook = asked.body.contains("\"webhook\"");
        return json_said(
            201, bj::object{{"channel", channel}, {"secret", webhook ? "whsec_c2VjcmV0" : ""}});
    }
    return json_said(200, bj::object{{"items", bj::array{channel}}, {"next", nullptr}});
}

Said providers_answer(const Asked& asked) {
    if (asked.path.ends_with("/gone")) {
        return refused(404, "provider_not_found", "no such provider to sign in through");
    }
    if (asked.verb == "DELETE") return {.status = 204};
    const bj::object provider{{"id", "login"},
                              {"kind", "oidc"},
                              {"name", "Login"},
                              {"issuer", "https://login.example"},
                              {"client_id", "berth"},
                              {"has_secret", true},
                              {"new_people", "domains"},
                              {"domains", bj::array{"example.org", "example.net"}},
                              {"enabled", true},
                              {"people", 3},
                              {"version", 4},
                              {"created_at_ms", 1},
                              {"redirect_url", "http://berth.test/login/callback/login"}};
    if (asked.path.ends_with("/sign-in-providers") && asked.verb == "GET") {
        return json_said(200, bj::object{{"items", bj::array{provider}}, {"next", nullptr}});
    }
    Said said = json_said(asked.verb == "POST" ? 201 : 200, provider);
    said.headers = "ETag: \"4\"\r\n";
    return said;
}

Said team_answer(const Asked& asked) {
    if (asked.path.contains("/deleted-projects")) return deleted_projects_answer(asked);
    if (asked.path.contains("/channels")) return channels_answer(asked);
    if (asked.path == "/teams" && asked.verb == "POST") {
        if (asked.body.contains("taken"))
            return refused(409, "slug_taken", "slug: 'taken' is taken", "/slug");
        return json_said(201, team("crew", "owner"));
    }
    if (asked.path == "/teams") {
        bj::array teams{team("crew", "owner")};
        if (asked.headers.at("authorization") == "Bearer tok_busy")
            teams.push_back(team("band", "viewer"));
        if (asked.headers.at("authorization") == "Bearer tok_lonely") teams.clear();
        return json_said(200, bj::object{{"items", teams}, {"next", nullptr}});
    }
    if (asked.path.ends_with("/leave")) {
        if (asked.path.contains("/mine/"))
            return refused(409, "last_owner", "the last owner of the team stays");
        return {.status = 204};
    }
    if (asked.path == "/teams/crew" && asked.verb == "PATCH") {
        if (!asked.body.contains("null")) {
            return refused(409, "second_factor_first",
                           "set up an authenticator app of your own first",
                           "/second_factor_from_ms");
        }
        return json_said(200, team("crew", "owner"));
    }
    if (asked.path.contains("/invitations")) return invitations_answer(asked);
    return member_answer(asked);
}

/// Without a token, too: the path is the secret.
Said invitation_answer(const Asked& asked) {
    if (!asked.path.ends_with("/ivt_s3cret")) {
        return refused(404, "invitation_not_found", "no such invitation");
    }
    if (!asked.body.contains("password")) return json_said(200, team("crew", "viewer"));
    return json_said(
        201, bj::object{{"id", "usr_cy"}, {"email", "cy@example.org"}, {"access_token", "jwt"}});
}

}  // namespace

Said fake_answer(const Asked& asked, const std::string&, std::size_t times) {
    if (asked.path == "/auth/login") return auth_answer(asked);
    if (asked.path.starts_with("/auth/device")) return device_answer(asked, times);
    if (asked.path.starts_with("/invitations/")) return invitation_answer(asked);
    const auto token = asked.headers.find("authorization");
    if (token == asked.headers.end() || token->second == "Bearer bad") {
        return refused(401, "unauthenticated", "the token is not valid");
    }
    if (asked.path == "/hooks/deploy/s3cret")
        return json_said(202, deployment("dpl_shop", "queued"));
    if (asked.path == "/limited") return refused(429, "limited", "too many requests");
    if (asked.path == "/starting" && times == 1) return refused(503, "starting", "just a moment");
    if (asked.path == "/starting") return json_said(200, bj::object{{"times", times}});
    if (asked.path == "/forbidden") return refused(403, "forbidden", "the token may only read");
    if (asked.path.starts_with("/auth/")) return auth_answer(asked);
    if (asked.path.starts_with("/instance/sign-in-providers")) return providers_answer(asked);
    if (asked.path == "/instance/caches") return all_caches_answer(asked);
    if (asked.path == "/inspect") return inspect_answer(asked);
    if (asked.path == "/deploy-keys") {
        return json_said(201,
                         bj::object{{"id", "dky_1"}, {"public_key", "ssh-ed25519 AAAA berth"}});
    }
    if (asked.path == "/projects") return projects_answer(asked);
    if (asked.path.starts_with("/projects/")) return project_answer(asked, times);
    if (asked.path.contains("/diff/")) return diff_answer();
    if (asked.path.starts_with("/deployments/")) return deployment_answer(asked, times);
    if (asked.path.starts_with("/tokens") || asked.path.starts_with("/users")) {
        return account_answer(asked);
    }
    if (asked.path.contains("/audit")) return audit_answer(asked);
    if (const std::size_t at = asked.path.find("/git-connections"); at != std::string::npos)
        return connection_answer(asked, asked.path.substr(7, at - 7));
    if (asked.path.starts_with("/teams")) return team_answer(asked);
    return refused(404, "not_found", "there is nothing here");
}

}  // namespace berth::cli::test

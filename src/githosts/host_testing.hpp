#pragma once
/// For tests only: a Git host in memory that speaks as much of GitHub's API as Berth asks of it,
/// and that can be away.

#include <map>
#include <optional>

#include "githosts/host_client.hpp"

namespace berth::githosts::testing {

inline Task<> no_pause(std::chrono::milliseconds) {
    co_return;
}

class FakeHost final : public http::Client {
public:
    struct Said {
        std::string verb{};
        std::string target{};
        json::value body{};
    };

    Task<Result<http::Reply>> send(http::Call call) override {
        if (away) co_return fail(Failure::unavailable, "connection refused");
        Said said{call.verb, call.url.substr(call.url.find('/', 8))};
        said.target = said.target.substr(0, said.target.find('?'));
        if (!call.body.empty()) said.body = json::parse(call.body).value();
        asked.push_back(said);
        if (call.headers.get("authorization") != "Bearer " + token) {
            co_return http::Reply{.status = 401, .body = R"({"message":"Bad credentials"})"};
        }
        if (refuses) co_return http::Reply{.status = *refuses, .body = R"({"message":"no"})"};
        co_return answer(said);
    }

    /// How often something was asked for.
    std::size_t count(std::string_view verb, std::string_view target) const {
        return static_cast<std::size_t>(std::ranges::count_if(asked, [&](const Said& one) {
            return one.verb == verb && one.target.find(target) != std::string::npos;
        }));
    }

    std::string token = "t0k";
    std::string login = "ann";
    std::string path = "team/shop";  // the one repository
    std::string clone_url = "https://github.com/team/shop.git";
    bool away = false;
    std::optional<unsigned> refuses{};
    std::vector<Said> asked{};
    std::map<int, json::value> hooks{};     // by id
    std::map<int, std::string> comments{};  // by id
    std::vector<json::value> statuses{};
    json::bj::array branches{};
    json::bj::array pulls{};
    json::bj::array commit_statuses{};
    json::bj::array check_runs{};

private:
    static http::Reply json_reply(unsigned status, const json::value& body) {
        return {.status = status, .headers = {}, .body = json::bj::serialize(body)};
    }

    json::value repository() const {
        return json::bj::object{{"full_name", path},
                                {"clone_url", clone_url},
                                {"default_branch", "main"},
                                {"private", true}};
    }

    http::Reply answer(const Said& said) {
        const std::string repo = "/repos/" + path;
        if (said.target == "/user")
            return json_reply(200, json::bj::object{{"id", 7}, {"login", login}});
        if (said.target == "/user/repos") return json_reply(200, json::bj::array{repository()});
        if (said.target == repo) return json_reply(200, repository());
        if (!said.target.starts_with(repo + "/")) return {.status = 404};
        const std::string rest = said.target.substr(repo.size());
        if (rest.starts_with("/hooks")) return answer_hooks(said, rest);
        if (rest.starts_with("/statuses/")) {
            statuses.push_back(said.body);
            return json_reply(201, json::bj::object{{"id", 1}});
        }
        if (rest.starts_with("/issues/")) return answer_comments(said, rest);
        if (rest == "/branches") return json_reply(200, branches);
        if (rest == "/pulls") return json_reply(200, pulls);
        if (rest.starts_with("/commits/") && rest.ends_with("/status"))
            return json_reply(200, json::bj::object{{"statuses", commit_statuses}});
        if (rest.starts_with("/commits/") && rest.ends_with("/check-runs"))
            return json_reply(200, json::bj::object{{"check_runs", check_runs}});
        return {.status = 404};
    }

    http::Reply answer_hooks(const Said& said, const std::string& rest) {
        if (said.verb == "POST") {
            json::value hook = said.body;
            hook.as_object()["id"] = ++last_id_;
            hooks[last_id_] = hook;
            return json_reply(201, hook);
        }
        if (said.verb == "DELETE") {
            const bool gone = hooks.erase(std::stoi(rest.substr(rest.rfind('/') + 1))) > 0;
            return {.status = gone ? 204u : 404u};
        }
        json::bj::array all;
        for (const auto& [id, hook] : hooks)
            all.push_back(hook);
        return json_reply(200, all);
    }

    http::Reply answer_comments(const Said& said, const std::string& rest) {
        if (said.verb == "POST") {
            comments[++last_id_] = said.body.at("body").as_string();
            return json_reply(201, json::bj::object{{"id", last_id_}});
        }
        if (said.verb == "PATCH") {
            const auto found = comments.find(std::stoi(rest.substr(rest.rfind('/') + 1)));
            if (found == comments.end()) return {.status = 404};
            found->second = said.body.at("body").as_string();
            return json_reply(200, json::bj::object{{"id", found->first}});
        }
        json::bj::array all;
        for (const auto& [id, text] : comments)
            all.push_back(json::bj::object{{"id", id}, {"body", text}});
        return json_reply(200, all);
    }

    int last_id_ = 0;
};

}  // namespace berth::githosts::testing

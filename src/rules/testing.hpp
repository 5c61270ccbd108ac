#pragma once
/// A deployment in memory and requests to it, for the tests of rules.

#include <map>
#include <string>
#include <vector>

#include "http/normalise.hpp"
#include "rules/decide.hpp"
#include "rules/read_rules.hpp"

namespace berth::rules::testing {

class MemoryFiles final : public FileIndex {
public:
    explicit MemoryFiles(std::vector<std::string> paths, bool spa = false)
        : paths_(std::move(paths)), spa_(spa) {}

    std::uint32_t number_of(std::string_view path) const override {
        for (std::uint32_t number = 0; number < paths_.size(); ++number) {
            if (paths_[number] == path) return number;
        }
        return no_file;
    }
    bool is_spa() const override { return spa_; }
    std::string name(std::uint32_t file) const { return file == no_file ? "none" : paths_[file]; }

private:
    std::vector<std::string> paths_;
    bool spa_;
};

struct MemoryFields final : Ask::Fields {
    std::map<std::string, std::string, std::less<>> fields{};
    std::string from_country{};
    std::string from_scheme = "http";
    std::vector<std::string> of_roles{};

    std::optional<std::string_view> field(std::string_view name) const override {
        const auto found = fields.find(name);
        return found == fields.end() ? std::nullopt
                                     : std::optional<std::string_view>(found->second);
    }
    std::string_view country() const override { return from_country; }
    std::string_view scheme() const override { return from_scheme; }
    std::vector<std::string> roles() const override { return of_roles; }
};

/// "https://shop.example/a?b=1" or "/a?b=1".
struct Asked {
    std::string scheme = "http";
    std::string host = "shop.example";
    std::string path{};
    std::string query{};

    explicit Asked(std::string url) {
        if (const std::size_t colon = url.find("://"); colon != url.npos) {
            scheme = url.substr(0, colon);
            url.erase(0, colon + 3);
            const std::size_t slash = url.find('/');
            host = url.substr(0, slash);
            url.erase(0, slash);
        }
        const std::size_t mark = url.find('?');
        if (mark != url.npos) query = url.substr(mark + 1);
        path = http::normalise_path(url.substr(0, mark)).value();
    }
};

/// A rule set and files, asked in one word: "301 /b", "200 index.html", "404 404.html",
/// "proxy https://h.example/x", "410".
struct Site {
    Rules rules;
    MemoryFiles files;

    Site(const std::map<std::string, std::string>& sources, std::vector<std::string> paths,
         bool spa = false)
        : rules(read_rules(sources)), files(std::move(paths), spa) {}

    Decision decide(const std::string& url, const MemoryFields& fields = {},
                    Steps* steps = nullptr) const {
        const Asked asked(url);
        MemoryFields all = fields;
        all.from_scheme = asked.scheme;
        const Ask ask{.host = asked.host,
                      .path = asked.path,
                      .query = asked.query,
                      .navigation = true,
                      .fields = &all};
        return rules.decide(ask, files, steps);
    }

    std::string get(const std::string& url, const MemoryFields& fields = {}) const {
        return told(decide(url, fields));
    }

    std::string told(const Decision& decision) const {
        switch (decision.kind) {
            case Decision::Kind::file:
                return fmt::format("{} {}", decision.status, files.name(decision.file));
            case Decision::Kind::redirect:
                return fmt::format("{} {}", decision.status, decision.location);
            case Decision::Kind::elsewhere:
                return fmt::format("proxy {}", decision.location);
            case Decision::Kind::status:
                return fmt::format("{}", decision.status);
            case Decision::Kind::missing:
                return fmt::format("{} {}", decision.status, files.name(decision.file));
        }
        return "";
    }

    /// "name: value" of every field, one a line; "name: -" for one that is taken away.
    std::string fields(const std::string& url) const {
        std::string lines;
        for (const Field& field : decide(url).fields)
            lines += field.name + ": " + field.value.value_or("-") + "\n";
        return lines;
    }

    /// "_redirects:3 error …" of every problem, one a line.
    std::string problems() const {
        std::string lines;
        for (const Problem& problem : rules.set().problems) {
            lines +=
                fmt::format("{}:{} {} {}\n", problem.origin.file, problem.origin.line,
                            boost::describe::enum_to_string(problem.severity, ""), problem.message);
        }
        return lines;
    }
};

}  // namespace berth::rules::testing

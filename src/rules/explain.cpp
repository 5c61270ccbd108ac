#include "rules/explain.hpp"

#include <algorithm>

#include "http/head_parser.hpp"
#include "http/normalise.hpp"
#include "rules/lines.hpp"

namespace berth::rules {

namespace {

constexpr std::size_t url_bytes_max = 8'192;
constexpr std::size_t steps_max = 200;

class QuestionFields final : public Ask::Fields {
public:
    QuestionFields(const Question& question, std::string scheme)
        : country_(question.country), scheme_(std::move(scheme)), roles_(question.roles) {
        for (const auto& [name, value] : question.headers)
            fields_[lower_case(name)] = value;
    }
    std::optional<std::string_view> field(std::string_view name) const override {
        const auto found = fields_.find(name);
        if (found == fields_.end()) return std::nullopt;
        return found->second;
    }
    std::string_view country() const override { return country_; }
    std::string_view scheme() const override { return scheme_; }
    std::vector<std::string> roles() const override { return roles_; }

private:
    std::map<std::string, std::string, std::less<>> fields_{};
    std::string country_;
    std::string scheme_;
    std::vector<std::string> roles_;
};

struct Url {
    std::string scheme = "https";
    std::string host{};
    std::string path = "/";
    std::string query{};

    std::string text() const {
        return fmt::format("{}://{}{}{}{}", scheme, host, http::encode_path(path),
                           query.empty() ? "" : "?", query);
    }
};

Error wrong_url(std::string_view why) {
    return fail_as(Failure::invalid, "invalid_url", "/url", "{}", why);
}

Result<Url> parse_url(std::string_view text, const std::string& host) {
    Url url{.host = host};
    if (text.size() > url_bytes_max) return wrong_url("the URL is over 8,192 bytes");
    if (const std::size_t colon = text.find("://"); colon != text.npos) {
        url.scheme = lower_case(text.substr(0, colon));
        if (url.scheme != "http" && url.scheme != "https")
            return wrong_url("the URL must begin with http:// or https://, or be a path");
        text.remove_prefix(colon + 3);
        const std::size_t end = std::min(text.find_first_of("/?#"), text.size());
        const auto known = http::normalise_host(text.substr(0, end));
        if (!known) return wrong_url("the URL has no host");
        url.host = *known;
        text.remove_prefix(end);
    }
    text = text.substr(0, text.find('#'));
    const std::size_t mark = std::min(text.find('?'), text.size());
    url.query = text.substr(std::min(mark + 1, text.size()));
    const std::string_view path = text.substr(0, mark);
    const auto normal = http::normalise_path(path.empty() ? "/" : path);
    if (!normal)
        return wrong_url("the path must begin with / and have no malformed or forbidden escape");
    url.path = *normal;
    return url;
}

Result<> check(const Question& question) {
    if (!http::is_token(question.method))
        return fail_as(Failure::invalid, "invalid_method", "/method", "the method is malformed");
    for (const auto& [name, value] : question.headers) {
        if (!http::is_token(name) || !http::is_field_value(value))
            return fail_as(Failure::invalid, "invalid_header", "/headers",
                           "the header '{}' is malformed", name);
    }
    return {};
}

bool accepts_html(const QuestionFields& fields) {
    const auto accept = fields.field("accept");
    return !accept || accept->empty() || accept->find("text/html") != accept->npos ||
           accept->find("*/*") != accept->npos || accept->find("text/*") != accept->npos;
}

}  // namespace

Result<Explained> explain(const Rules& rules, const FileIndex& index, const Question& question,
                          const std::string& host) {
    if (const Result<> good = check(question); !good) return good.error();
    const Result<Url> url = parse_url(question.url, host);
    if (!url) return url.error();
    const QuestionFields fields(question, url->scheme);
    const bool reads = question.method == "GET" || question.method == "HEAD";
    const Ask ask{.method = question.method,
                  .host = url->host,
                  .path = url->path,
                  .query = url->query,
                  .navigation = reads && accepts_html(fields),
                  .fields = &fields};
    Steps steps;
    Decision decision = rules.decide(ask, index, &steps);
    Explained explained;
    Explanation& told = explained.explanation;
    told.url = url->text();
    told.dialect = rules.set().dialect;
    told.why = rules.set().why;
    for (Step& step : steps) {
        if (told.steps.size() == steps_max) break;
        std::optional<ExplainedOrigin> origin;
        if (step.rule != nullptr) {
            const Origin& written = step.rule->origin;
            origin = {written.file, written.line, written.text};
        }
        told.steps.push_back({std::move(origin), step.decided, std::move(step.why)});
    }
    const bool of_file = decision.kind == Decision::Kind::file ||
                         (decision.kind == Decision::Kind::missing && decision.file != no_file);
    told.status = decision.status;
    told.location = decision.location;
    told.fetched = decision.kind == Decision::Kind::elsewhere;
    if ((of_file || decision.kind == Decision::Kind::missing) && !reads) {
        told.status = 405;
        told.steps.push_back({std::nullopt, true, "files answer GET and HEAD alone"});
        return explained;
    }
    if (of_file) explained.file = decision.file;
    explained.fields = std::move(decision.fields);
    return explained;
}

}  // namespace berth::rules

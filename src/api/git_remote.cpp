#include "api/git_remote.hpp"

#include <algorithm>
#include <charconv>

#include "api/side_band.hpp"
#include "base/log.hpp"
#include "base/within.hpp"

namespace berth::api {
namespace {

constexpr std::size_t piece_bytes = 64 << 10;
constexpr std::size_t head_bytes_max = 8 << 10;

/// Runs a function when the last who holds it lets go.
using Held = std::shared_ptr<void>;
Held when_let_go(std::function<void()> end) {
    return {nullptr, [end = std::move(end)](void*) { end(); }};
}

std::string_view name_of(GitService service) {
    return service == GitService::push ? "git-receive-pack" : "git-upload-pack";
}

bool is_plain(std::string_view text) {
    return text.size() <= 200 && std::ranges::all_of(text, [](char c) {
               return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
           });
}

/// `git http-backend`, with the request in its environment (CGI) and nothing else of ours.
Command backend(const GitRepositories& repositories, const http::Request& request,
                const GitExchange& exchange) {
    Command command{.argv = {"git", "http-backend"},
                    .environment = GitRepositories::environment(),
                    .directory = repositories.directory()};
    const std::string service(name_of(exchange.service));
    const std::string path = exchange.lists_refs ? "info/refs" : service;
    const auto set = [&](std::string_view key, std::string_view value) {
        command.environment.push_back(fmt::format("{}={}", key, value));
    };
    set("GIT_PROJECT_ROOT", repositories.directory());
    set("GIT_HTTP_EXPORT_ALL", "1");
    set("PATH_INFO", fmt::format("/{}.git/{}", exchange.project, path));
    set("REQUEST_METHOD", exchange.lists_refs ? "GET" : "POST");
    set("QUERY_STRING", exchange.lists_refs ? "service=" + service : "");
    set("REMOTE_USER", "berth");
    set("GIT_COMMITTER_NAME", "Berth");
    set("GIT_COMMITTER_EMAIL", "berth@localhost");
    if (!exchange.lists_refs) {
        set("CONTENT_TYPE", fmt::format("application/x-{}-request", service));
        const std::string_view length = request.headers.get("content-length");
        if (!length.empty()) set("CONTENT_LENGTH", length);
        const std::string_view encoding = request.headers.get("content-encoding");
        if (encoding == "gzip" || encoding == "x-gzip") set("HTTP_CONTENT_ENCODING", "gzip");
    }
    const std::string_view protocol = request.headers.get("git-protocol");
    if (!protocol.empty() && is_plain(protocol)) set("GIT_PROTOCOL", protocol);
    return command;
}

Task<Result<>> feed(StreamingProcess& process, http::BodySource& source) {
    std::string piece(piece_bytes, '\0');
    bool listens = true;
    while (true) {  // ends with the body, which its route's plan bounds
        const std::span<char> into(piece);
        const Result<std::size_t> count = co_await source.read(into);
        if (!count) co_return count.error();
        if (*count == 0) break;
        const std::string_view bytes = std::string_view(piece).substr(0, *count);
        // Git has refused, and will say why: the client sends on all the same.
        if (listens) listens = co_await process.write(bytes);
    }
    process.close_input();
    co_return Result<>{};
}

/// The head of a CGI answer, and what of the body came with it.
struct Head {
    unsigned status = 200;
    http::Headers headers{};
    std::string body{};
};

Head read_head(std::string_view text, std::size_t end) {
    Head head{.body = std::string(text.substr(end + 4))};
    text = text.substr(0, end);
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find("\r\n"));
        text.remove_prefix(std::min(text.size(), line.size() + 2));
        const std::size_t colon = line.find(": ");
        if (colon == line.npos) continue;
        const std::string_view value = line.substr(colon + 2);
        if (line.starts_with("Status: ")) {
            std::from_chars(value.data(), value.data() + value.size(), head.status);
        } else if (line.starts_with("Content-Type: ")) {
            head.headers.set("content-type", std::string(value));
        }
    }
    return head;
}

Task<Result<Head>> await_head(StreamingProcess& process) {
    std::string text;
    std::string piece(piece_bytes, '\0');
    while (text.size() < head_bytes_max) {  // ends with the head, the output, or the bound
        const std::span<char> into(piece);
        const std::size_t count = co_await process.read(into);
        if (count == 0) break;
        text.append(piece, 0, count);
        const std::size_t end = text.find("\r\n\r\n");
        if (end != text.npos) co_return read_head(text, end);
    }
    log::warning("git http-backend gave no answer", {{"errors", process.errors().substr(0, 500)}});
    co_return fail_as(Failure::unavailable, "no_git", "", "git does not answer here");
}

Task<Result<std::string>> read_piece(StreamingProcess& process) {
    std::string piece(piece_bytes, '\0');
    const std::span<char> into(piece);
    const std::size_t count = co_await process.read(into);
    piece.resize(count);
    co_return piece;
}

}  // namespace

/// The streamed answer of one exchange: what git says, and after a push what became of it.
class GitAnswer {
public:
    GitAnswer(GitRemote& remote, GitExchange exchange, std::unique_ptr<StreamingProcess> process,
              std::string begin, Held held)
        : remote_(remote),
          exchange_(std::move(exchange)),
          process_(std::move(process)),
          begin_(std::move(begin)),
          held_(std::move(held)) {}

    Task<> write(http::BodySink& sink) {
        if (exchange_.service == GitService::fetch || exchange_.lists_refs) {
            co_await pass_on(sink);
            co_return;
        }
        bool listens = co_await pass_push(sink);
        const std::string project = exchange_.project;
        const std::string git_url = exchange_.git_url;
        const std::string actor = exchange_.actor;
        const auto moved = co_await remote_.deploy_moved(project, git_url, actor);
        held_.reset();  // others may push from here on
        for (const GitRemote::Moved& one : moved) {
            if (listens && tail_.takes_lines()) listens = co_await remote_.follow(sink, one);
        }
        const std::string end = tail_.end();
        if (listens) co_await sink.write(end);
    }

private:
    Task<> pass_on(http::BodySink& sink) {
        std::string piece = std::move(begin_);
        while (true) {  // ends with the output, the reader, or git's silence
            if (!piece.empty()) {
                const std::string_view bytes(piece);
                if (!co_await sink.write(bytes)) co_return;
            }
            Result<std::string> next =
                co_await within(GitRemote::answer_limit, read_piece(*process_));
            if (!next || next->empty()) co_return;
            piece = std::move(*next);
        }
    }

    /// To git's end, whoever reads: what was pushed is there then. False: the reader has gone.
    Task<bool> pass_push(http::BodySink& sink) {
        std::string piece = std::move(begin_);
        bool listens = true;
        while (true) {  // ends with the output, or git's silence
            const std::string ready = tail_.pass(piece);
            const std::string_view bytes(ready);
            if (listens && !ready.empty()) listens = co_await sink.write(bytes);
            Result<std::string> next =
                co_await within(GitRemote::answer_limit, read_piece(*process_));
            if (!next || next->empty()) break;
            piece = std::move(*next);
        }
        process_.reset();
        co_return listens;
    }

    GitRemote& remote_;
    GitExchange exchange_;
    std::unique_ptr<StreamingProcess> process_;
    std::string begin_;
    Held held_;
    SideBandTail tail_{};
};

namespace {

/// Keeps the answer for as long as it is written.
Task<> write_answer(std::shared_ptr<GitAnswer> answer, http::BodySink& sink) {
    co_await answer->write(sink);
}

}  // namespace

Task<Result<http::Response>> GitRemote::serve(http::Request& request, GitExchange exchange) {
    if (at_once_ >= at_once_max) {
        co_return fail_as(Failure::unavailable, "git_busy", "",
                          "{} others fetch and push just now; try again in a moment", at_once_);
    }
    const bool pushes = exchange.service == GitService::push && !exchange.lists_refs;
    if (pushes && pushing_.contains(exchange.project)) {
        co_return fail_as(Failure::unavailable, "push_running", "",
                          "another push to this project is under way; try again in a moment");
    }
    ++at_once_;
    if (pushes) pushing_.insert(exchange.project);
    Held held = when_let_go([this, pushes, project = exchange.project] {
        --at_once_;
        if (pushes) pushing_.erase(project);
    });
    const std::string project = exchange.project;
    const std::string branch = exchange.branch;
    const Result<> there = co_await repositories_.make(project, branch);
    if (!there) co_return there.error();

    const auto loop = co_await asio::this_coro::executor;
    const Command command = backend(repositories_, request, exchange);
    auto process = StreamingProcess::start(loop, command);
    if (!process) {
        co_return fail_as(Failure::unavailable, "no_git", "", "{}", process.error().message);
    }
    if (request.source == nullptr) {
        (*process)->close_input();
    } else {
        const Result<> fed = co_await within(receive_limit, feed(**process, *request.source));
        if (!fed) co_return fed.error();
    }
    Result<Head> head = co_await within(answer_limit, await_head(**process));
    if (!head) co_return head.error();
    http::Response response{.status = head->status, .headers = std::move(head->headers)};
    response.headers.set("cache-control", "no-cache, max-age=0, must-revalidate");
    auto answer = std::make_shared<GitAnswer>(*this, std::move(exchange), std::move(*process),
                                              std::move(head->body), std::move(held));
    response.body =
        http::StreamBody([answer](http::BodySink& sink) { return write_answer(answer, sink); });
    co_return response;
}

}  // namespace berth::api

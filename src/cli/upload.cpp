#include "cli/upload.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/file.hpp"
#include "cli/view.hpp"

namespace berth::cli {

namespace {

constexpr std::uint64_t portion_bytes_max = 16 << 20;  // of one request, but for one larger file
constexpr std::size_t portion_files_max = 500;
constexpr int rounds_max = 20;  // of 10,000 missing files each; 50,000 files are five
constexpr std::chrono::milliseconds packing_limit{300'000};
constexpr std::chrono::milliseconds portion_limit = std::chrono::hours(1);
constexpr std::chrono::seconds portion_stall{60};
constexpr std::size_t frame_bytes = 2 + 64 + 8;  // around each file's bytes

/// Files that one request sends. It may be left behind by its command, and so owns what it reads.
using Portion = std::shared_ptr<const std::vector<LocalFile>>;

template <class Number>
std::string little_endian(Number number) {
    return {reinterpret_cast<const char*>(&number), sizeof number};
}

/// The stream of a portion, from its beginning. A file that has changed meanwhile keeps its length
/// and gets other bytes: the server sees that its hash is another.
class PortionStream {
public:
    explicit PortionStream(Portion portion) : portion_(std::move(portion)) {}

    std::size_t operator()(std::span<char> into) {
        if (waiting_.empty() && left_ == 0 && !begin_next()) return 0;
        if (!waiting_.empty()) {
            const std::size_t count = waiting_.copy(into.data(), into.size());
            waiting_.erase(0, count);
            return count;
        }
        const std::size_t wanted = std::min<std::uint64_t>(into.size(), left_);
        const ssize_t read = file_ && *file_ ? ::read(file_->get(), into.data(), wanted) : 0;
        const std::size_t count = read > 0 ? static_cast<std::size_t>(read) : wanted;
        if (read <= 0) std::fill_n(into.data(), wanted, '\0');
        left_ -= count;
        return count;
    }

private:
    bool begin_next() {
        if (next_ == portion_->size()) return false;
        const LocalFile& local = (*portion_)[next_++];
        waiting_ = little_endian(static_cast<std::uint16_t>(local.sha256.size())) + local.sha256 +
                   little_endian(local.bytes);
        file_.reset();
        if (local.mode == "link") {
            const Outcome<std::string> target = link_target(local.file);
            std::string bytes = target ? *target : "";
            bytes.resize(local.bytes);
            waiting_ += bytes;
            return true;
        }
        left_ = local.bytes;
        file_ = std::make_shared<Fd>(
            ::open(local.file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
        return true;
    }

    Portion portion_;
    std::size_t next_ = 0;
    std::string waiting_{};
    std::uint64_t left_ = 0;      // of the file's bytes
    std::shared_ptr<Fd> file_{};  // shared: std::function copies, and a copy that began ends there
};

std::uint64_t stream_bytes(const std::vector<LocalFile>& files) {
    std::uint64_t bytes = 0;
    for (const LocalFile& file : files)
        bytes += frame_bytes + file.bytes;
    return bytes;
}

json::bj::object body_of(const LocalTree& tree) {
    json::bj::array files;
    for (const LocalFile& file : tree.files) {
        files.push_back(json::bj::object{{"path", file.path},
                                         {"sha256", file.sha256},
                                         {"bytes", file.bytes},
                                         {"mode", file.mode}});
    }
    return {{"files", std::move(files)}, {"commit", tree.commit},
            {"branch", tree.branch},     {"message", tree.message},
            {"author", tree.author},     {"ignore_files", false}};  // they had their say here
}

/// How far it is, for the person who waits.
struct Sending {
    Output& output;
    std::size_t files = 0;
    std::uint64_t bytes = 0;
    std::set<std::string> sent{};
    std::uint64_t sent_bytes = 0;

    void show() const {
        output.status(fmt::format("uploading {} of {} files, {} of {}", sent.size(), files,
                                  bytes_text(static_cast<std::int64_t>(sent_bytes)),
                                  bytes_text(static_cast<std::int64_t>(bytes))));
    }
};

/// The missing files in portions.
std::vector<Portion> portions_of(const LocalTree& tree, const json::bj::array& missing) {
    std::map<std::string_view, const LocalFile*> by_hash;
    for (const LocalFile& file : tree.files)
        by_hash.emplace(file.sha256, &file);
    std::vector<Portion> portions;
    std::vector<LocalFile> open;
    std::uint64_t bytes = 0;
    const auto close = [&] {
        if (!open.empty())
            portions.push_back(std::make_shared<const std::vector<LocalFile>>(std::move(open)));
        open.clear();
        bytes = 0;
    };
    for (const json::value& item : missing) {
        if (!item.is_string()) continue;
        const auto found = by_hash.find(std::string_view(item.get_string()));
        if (found == by_hash.end()) continue;
        const LocalFile& file = *found->second;
        if (bytes + file.bytes > portion_bytes_max || open.size() == portion_files_max) close();
        bytes += file.bytes;
        open.push_back(file);
    }
    close();
    return portions;
}

/// An answer of success as JSON, any other as its problem.
Outcome<json::value> exchange(Session& session, http::Call call) {
    const Outcome<http::Reply> reply = session.send(std::move(call));
    if (!reply) return reply.error();
    if (reply->status >= 300) return problem_of(*reply);
    const Result<json::value> body = json::parse(reply->body);
    if (!body) {
        return problem(Exit::failure, "not_berth", "the server does not answer as Berth does",
                       "check the address", "berth login --server URL");
    }
    return *body;
}

/// Every repeat begins with a fresh copy of the stream, from its beginning.
Outcome<json::value> send_portion(Session& session, const std::string& path,
                                  const Portion& portion) {
    http::Call call = session.call("POST", path + "/blobs", {});
    call.headers.remove("idempotency-key");  // what is sent twice is stored once anyway
    call.headers.add("content-type", "application/octet-stream");
    call.source = PortionStream(portion);
    call.source_bytes = stream_bytes(*portion);
    call.limit = portion_limit;
    call.stall = portion_stall;
    return exchange(session, std::move(call));
}

Outcome<json::value> offer(Session& session, const std::string& path, const std::string& body) {
    http::Call call = session.call("POST", path, {});
    call.headers.add("content-type", "application/json");
    call.body = body;
    call.limit = packing_limit;
    return exchange(session, std::move(call));
}

Problem changed() {
    return problem(Exit::conflict, "upload_changed",
                   "files changed while they were uploaded; run the command again");
}

Outcome<> send_missing(Session& session, const std::string& path, const LocalTree& tree,
                       const json::bj::array& missing, Sending& sending) {
    for (const Portion& portion : portions_of(tree, missing)) {
        sending.show();
        const Outcome<json::value> sent = send_portion(session, path, portion);
        if (!sent && sent.error().code == "blob_hash_mismatch") return changed();
        if (!sent) return sent.error();
        for (const LocalFile& file : *portion) {
            if (sending.sent.insert(file.sha256).second) sending.sent_bytes += file.bytes;
        }
    }
    return {};
}

}  // namespace

Outcome<std::string> upload(Context& context, Session& session, const std::string& project,
                            const LocalTree& tree) {
    const std::string path = fmt::format("/projects/{}/uploads", path_part(project));
    const std::string body = json::bj::serialize(body_of(tree));
    Sending sending{.output = context.output, .files = tree.files.size()};
    for (const LocalFile& file : tree.files)
        sending.bytes += file.bytes;
    context.output.status("asking what is there already");
    for (int round = 0; round < rounds_max; ++round) {
        const Outcome<json::value> reply = offer(session, path, body);
        const bool swept = !reply && reply.error().code == "upload_incomplete";
        if (swept) continue;  // the next answer says what to send again
        if (!reply && reply.error().code == "blob_size_mismatch") return changed();
        if (!reply) return reply.error();
        if (const std::string id = text(*reply, "id"); !id.empty()) {
            context.output.status("");
            context.output.note(
                fmt::format("Uploaded {} ({}) of {} files ({})", sending.sent.size(),
                            bytes_text(static_cast<std::int64_t>(sending.sent_bytes)),
                            sending.files, bytes_text(static_cast<std::int64_t>(sending.bytes))));
            return id;
        }
        const Outcome<> sent = send_missing(session, path, tree, list(*reply, "missing"), sending);
        if (!sent) return sent.error();
    }
    return changed();
}

}  // namespace berth::cli

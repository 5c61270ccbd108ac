#include "logs/log_store.hpp"

#include <unistd.h>

#include "db/records.hpp"
#include "logs/log_chunk.hpp"

namespace berth::logs {
namespace {

struct Holder {
    std::int64_t epoch = 0;
    jobs::State state{};
    std::int64_t log_next = 0;
};
BOOST_DESCRIBE_STRUCT(Holder, (), (epoch, state, log_next))

constexpr std::size_t chunks_max = 64;  // per page: what one query brings

void insert_chunk(soci::session& sql, const std::string& deployment, std::int64_t first,
                  const std::vector<jobs::Line>& lines) {
    db::execute(sql,
                "insert into log_chunks (deployment, first, lines, bytes) "
                "values (:deployment, :first, :lines, :bytes)",
                deployment, first, static_cast<std::int64_t>(lines.size()), encode_lines(lines));
    db::execute(sql, "update deployments set log_next = :next where id = :id",
                first + static_cast<std::int64_t>(lines.size()), deployment);
}

}  // namespace

std::string log_key(const std::string& deployment) {
    return "private/logs/" + deployment;
}

std::string read_piece(const Fd& archive, const Chunk& chunk) {
    std::string bytes(static_cast<std::size_t>(chunk.length), '\0');
    std::size_t have = 0;
    while (have < bytes.size()) {  // ends at the full piece or by throwing
        const ssize_t count = ::pread(archive.get(), bytes.data() + have, bytes.size() - have,
                                      chunk.place + static_cast<std::int64_t>(have));
        if (count <= 0) throw_errno("read an archived log");
        have += static_cast<std::size_t>(count);
    }
    return bytes;
}

std::string encode_lines(const std::vector<jobs::Line>& lines) {
    std::string bytes;
    for (const jobs::Line& line : lines) {
        const json::bj::array fields{line.at_ms, json::from(line.stream), json::from(line.level),
                                     json::from(line.step), json::value(line.text)};
        bytes += boost::json::serialize(fields);
        bytes += '\n';
    }
    return bytes;
}

std::vector<jobs::Line> decode_lines(std::string_view bytes) {
    std::vector<jobs::Line> lines;
    while (!bytes.empty()) {
        const std::size_t end = std::min(bytes.find('\n'), bytes.size());
        const json::bj::value parsed = json::parse(bytes.substr(0, end)).value();
        const json::bj::array& fields = parsed.as_array();
        lines.push_back({.at_ms = fields.at(0).to_number<std::int64_t>(),
                         .stream = json::to<jobs::LineStream>(fields.at(1)).value(),
                         .level = json::to<jobs::Level>(fields.at(2)).value(),
                         .step = json::to<jobs::Step>(fields.at(3)).value(),
                         .text = std::string(fields.at(4).as_string())});
        bytes.remove_prefix(std::min(end + 1, bytes.size()));
    }
    return lines;
}

std::int64_t append_lines(soci::session& sql, const std::string& deployment,
                          const std::vector<jobs::Line>& lines) {
    const std::int64_t next =
        db::value<std::int64_t>(sql, "select log_next from deployments where id = :id", deployment)
            .value();
    if (lines.empty()) return next;
    insert_chunk(sql, deployment, next, lines);
    return next + static_cast<std::int64_t>(lines.size());
}

Task<Result<std::int64_t>> LogStore::append(std::string deployment, jobs::LogAppend batch) {
    const auto add = [&](soci::session& sql) -> Result<std::int64_t> {
        const auto holder =
            db::select_one<Holder>(sql, "from deployments where id = :id", deployment);
        if (!holder || holder->epoch != batch.epoch || jobs::is_terminal(holder->state)) {
            return fail_as(Failure::conflict, "lease_lost", "", "this job is no longer yours");
        }
        if (batch.first != holder->log_next) {
            return fail_as(Failure::conflict, "wrong_line", "/first", "the next line is {}",
                           holder->log_next);
        }
        if (batch.lines.empty()) return holder->log_next;
        insert_chunk(sql, deployment, batch.first, batch.lines);
        return batch.first + static_cast<std::int64_t>(batch.lines.size());
    };
    const Result<std::int64_t> next = co_await database_.write(add);
    if (!next) co_return next;

    if (batch.open) {
        open_[deployment] = {*next, std::move(*batch.open)};
    } else {
        open_.erase(deployment);
    }
    bus_.publish({.topic = "log/" + deployment, .type = "lines", .id = deployment});
    co_return next;
}

Task<Page> LogStore::read(std::string deployment, std::int64_t after, std::size_t bytes_max) {
    const auto find = [&](soci::session& sql) {
        return db::select<Chunk>(sql,
                                 "from log_chunks where deployment = :deployment and "
                                 "first + lines > :after order by first limit :count",
                                 deployment, after, static_cast<std::int64_t>(chunks_max));
    };
    const std::vector<Chunk> chunks = co_await database_.read(find);

    Page page{.lines = {}, .next = after};
    Fd archive;
    std::size_t bytes = 0;
    for (const Chunk& chunk : chunks) {
        if (bytes >= bytes_max) break;
        std::string text = chunk.bytes;
        if (chunk.length > 0) {
            if (!archive) {
                const std::string key = log_key(deployment);
                Result<Fd> opened = co_await objects_.open(key);
                if (!opened && opened.error().failure != Failure::not_found) {
                    throw std::runtime_error(opened.error().message);
                }
                if (!opened) break;  // removed meanwhile
                archive = std::move(*opened);
            }
            text = read_piece(archive, chunk);
        }
        bytes += text.size();
        std::int64_t number = chunk.first;
        for (jobs::Line& line : decode_lines(text)) {
            if (number >= after) page.lines.push_back({number, std::move(line)});
            ++number;
        }
        page.next = number;
    }
    co_return page;
}

std::optional<NumberedLine> LogStore::open_line(const std::string& deployment) const {
    const auto found = open_.find(deployment);
    if (found == open_.end()) return std::nullopt;
    return found->second;
}

/// Marks a log as being archived, also when that is canceled.
struct LogStore::Archiving {
    Archiving(std::set<std::string>& all, std::string of)
        : logs(all), deployment(std::move(of)), first(logs.insert(deployment).second) {}
    ~Archiving() {
        if (first) logs.erase(deployment);
    }
    Archiving(const Archiving&) = delete;
    Archiving& operator=(const Archiving&) = delete;
    std::set<std::string>& logs;
    std::string deployment;
    bool first;
};

Task<> LogStore::archive(std::string deployment) {
    open_.erase(deployment);
    const Archiving mine(archiving_, deployment);
    if (!mine.first) co_return;
    const auto done = [&](soci::session& sql) {
        return db::value<std::int64_t>(sql, "select log_archived from deployments where id = :id",
                                       deployment)
            .value_or(1);
    };
    if (co_await database_.read(done) != 0) co_return;

    std::unique_ptr<objects::Writer> writer = co_await objects_.writer();
    std::vector<Chunk> moved;
    std::int64_t after = -1;
    std::int64_t place = 0;
    while (true) {  // ends when no chunk is left
        const auto page = [&](soci::session& sql) {
            return db::select<Chunk>(sql,
                                     "from log_chunks where deployment = :deployment and "
                                     "first > :after order by first limit 32",
                                     deployment, after);
        };
        std::vector<Chunk> chunks = co_await database_.read(page);
        if (chunks.empty()) break;
        for (Chunk& chunk : chunks) {
            if (chunk.length > 0) co_return;  // another api was faster: its archive is whole
            after = chunk.first;
            chunk.place = place;
            chunk.length = static_cast<std::int64_t>(chunk.bytes.size());
            place += chunk.length;
            co_await writer->write(std::move(chunk.bytes));
            chunk.bytes.clear();
            moved.push_back(std::move(chunk));
        }
    }
    co_await writer->commit(log_key(deployment));

    const auto empty_rows = [&](soci::session& sql) {
        for (const Chunk& chunk : moved) {
            db::execute(sql,
                        "update log_chunks set bytes = '', place = :place, length = :length "
                        "where deployment = :deployment and first = :first",
                        chunk.place, chunk.length, deployment, chunk.first);
        }
        db::execute(sql, "update deployments set log_archived = 1 where id = :id", deployment);
    };
    co_await database_.write(empty_rows);
}

Task<> LogStore::remove(std::string deployment) {
    const auto forget = [&](soci::session& sql) {
        db::execute(sql, "delete from log_chunks where deployment = :id", deployment);
    };
    co_await database_.write(forget);
    co_await objects_.remove(log_key(deployment));
}

}  // namespace berth::logs

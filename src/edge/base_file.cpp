#include "edge/base_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "edge/route_record.hpp"

namespace berth::edge {

namespace {

constexpr std::string_view magic{"BERTH\x01RB", 8};
/// Bytes that are made durable at a time: the last fsync has little left to do.
constexpr std::size_t piece_bytes = 1 << 20;

struct RawHead {
    std::array<char, 8> magic{};
    FingerprintKey key{};
    std::int64_t generation = 0;
    std::uint64_t hosts = 0;
    std::uint64_t index_offset = 0;
    std::uint64_t reserved = 0;
    std::uint32_t reserved_too = 0;
    std::uint32_t checksum = 0;  // of all before it
};
static_assert(sizeof(RawHead) == base_records_offset);

std::string_view bytes_of(const RawHead& head) {
    return {reinterpret_cast<const char*>(&head), sizeof head};
}

std::string_view without_checksum(const RawHead& head) {
    return bytes_of(head).substr(0, offsetof(RawHead, checksum));
}

template <class T>
std::string_view bytes_of(std::span<const T> numbers) {
    return {reinterpret_cast<const char*>(numbers.data()), numbers.size_bytes()};
}

Result<> read_exactly(int file, char* into, std::size_t bytes, std::uint64_t offset) {
    while (bytes > 0) {  // ends with the piece, the file, or an error
        const ssize_t count = ::pread(file, into, bytes, static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return fail(Failure::unavailable, "{}", std::strerror(errno));
        if (count == 0) return fail(Failure::invalid, "the file ends too early");
        into += count;
        bytes -= static_cast<std::size_t>(count);
        offset += static_cast<std::uint64_t>(count);
    }
    return boost::system::in_place_value;
}

}  // namespace

Result<BaseHead> read_base_head(int file) {
    RawHead raw;
    const Result<> read = read_exactly(file, reinterpret_cast<char*>(&raw), sizeof raw, 0);
    if (!read) return read.error();
    if (std::string_view(raw.magic.data(), raw.magic.size()) != magic)
        return fail(Failure::invalid, "not a file of routes");
    if (raw.checksum != checksum(without_checksum(raw)))
        return fail(Failure::invalid, "the header's checksum is another");
    return BaseHead{raw.key, raw.generation, raw.hosts, raw.index_offset};
}

Result<HostIndex> read_base_index(int file, std::uint32_t number, const BaseHead& head) {
    struct stat info{};
    if (::fstat(file, &info) != 0) return fail(Failure::unavailable, "{}", std::strerror(errno));
    const auto size = static_cast<std::uint64_t>(info.st_size);
    if (head.index_offset > size || head.hosts > (size - head.index_offset) / 16)
        return fail(Failure::invalid, "the index is cut short");
    std::vector<std::uint64_t> hosts(head.hosts);
    std::vector<Place> places(head.hosts);
    static_assert(sizeof(Place) == 8 && std::is_trivially_copyable_v<Place>);
    std::uint32_t wanted = 0;
    std::uint64_t at = head.index_offset;
    const auto read = [&](void* into, std::size_t bytes) {
        const Result<> done = read_exactly(file, static_cast<char*>(into), bytes, at);
        at += bytes;
        return done;
    };
    if (const Result<> done = read(hosts.data(), hosts.size() * 8); !done) return done.error();
    if (const Result<> done = read(places.data(), places.size() * 8); !done) return done.error();
    if (const Result<> done = read(&wanted, sizeof wanted); !done) return done.error();
    const std::uint32_t found = checksum(bytes_of(std::span<const Place>(places)),
                                         checksum(bytes_of(std::span<const std::uint64_t>(hosts))));
    if (found != wanted) return fail(Failure::invalid, "the index's checksum is another");
    if (std::ranges::adjacent_find(hosts, std::greater_equal<>()) != hosts.end())
        return fail(Failure::invalid, "the index is out of order");
    for (Place& place : places) {
        if (place.kind() == Place::Kind::kept && place.file() == number) continue;
        place = Place::unread();
    }
    return HostIndex(std::move(hosts), std::move(places));
}

BaseWriter::BaseWriter(std::string path) : path_(std::move(path)) {
    const std::string beside = path_ + ".new";
    file_.reset(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!file_) throw_errno("create " + beside);
    buffer_.assign(base_records_offset, '\0');
}

BaseWriter::~BaseWriter() {
    if (!finished_) ::unlink((path_ + ".new").c_str());
}

void BaseWriter::write(std::string_view bytes) {
    buffer_ += bytes;
    bytes_ += bytes.size();
    if (buffer_.size() < piece_bytes) return;
    write_all(file_.get(), buffer_);
    buffer_.clear();
    if (::fdatasync(file_.get()) != 0) throw_errno("fdatasync " + path_);
}

std::uint64_t BaseWriter::add(const std::string& record) {
    const std::uint64_t offset = bytes_;
    write(record);
    return offset;
}

bool BaseWriter::add_index(const HostIndex& index) {
    if (index_offset_ == 0) index_offset_ = bytes_;
    hosts_ = index.size();
    const std::string_view hosts = bytes_of(index.hosts());
    const std::string_view places = bytes_of(index.places());
    const bool first = indexed_bytes_ < hosts.size();
    const std::string_view rest =
        first ? hosts.substr(indexed_bytes_) : places.substr(indexed_bytes_ - hosts.size());
    const std::string_view piece = rest.substr(0, piece_bytes);
    write(piece);
    index_checksum_ = checksum(piece, index_checksum_);
    indexed_bytes_ += piece.size();
    return indexed_bytes_ < hosts.size() + places.size();
}

void BaseWriter::finish(const FingerprintKey& key, std::int64_t generation) {
    assert(index_offset_ > 0);
    write({reinterpret_cast<const char*>(&index_checksum_), sizeof index_checksum_});
    write_all(file_.get(), buffer_);
    RawHead head{
        .key = key, .generation = generation, .hosts = hosts_, .index_offset = index_offset_};
    std::ranges::copy(magic, head.magic.begin());
    head.checksum = checksum(without_checksum(head));
    const std::string_view bytes = bytes_of(head);
    if (::pwrite(file_.get(), bytes.data(), bytes.size(), 0) !=
        static_cast<ssize_t>(bytes.size())) {
        throw_errno("write " + path_);
    }
    if (::fsync(file_.get()) != 0) throw_errno("fsync " + path_);
    if (::rename((path_ + ".new").c_str(), path_.c_str()) != 0) throw_errno("rename to " + path_);
    finished_ = true;
    sync_directory(std::filesystem::path(path_).parent_path());
}

}  // namespace berth::edge

#pragma once
/// For tests: a JobApi that remembers everything and refuses on demand.

#include <unistd.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "builds/job_api.hpp"

namespace berth::builds::test {

class MemoryJobApi final : public JobApi {
public:
    Task<Result<std::int64_t>> append(jobs::LogAppend batch) override {
        ++posts;
        if (broken) throw std::runtime_error("the world is broken");
        if (lease_lost) co_return fail_as(Failure::conflict, "lease_lost", "", "lost");
        if (pause.count() > 0) co_await sleep_for(pause);
        if (batch.open) opens.push_back(*batch.open);
        if (batch.first != static_cast<std::int64_t>(lines.size())) {
            co_return static_cast<std::int64_t>(lines.size());
        }
        lines.insert(lines.end(), batch.lines.begin(), batch.lines.end());
        if (loses_answers > 0) {
            --loses_answers;
            co_return batch.first;  // as if nothing had been taken: the writer sends again
        }
        co_return static_cast<std::int64_t>(lines.size());
    }
    Task<Result<>> advance(jobs::Advance step) override {
        if (on_advance) on_advance(step.to);
        if (lease_lost) co_return fail_as(Failure::conflict, "lease_lost", "", "lost");
        steps.push_back(std::move(step));
        co_return Result<>{};
    }
    Task<Result<jobs::ReuseReply>> reuse(std::string key) override {
        reuse_keys.push_back(key);
        co_return reused;
    }
    Task<Result<std::vector<std::string>>> missing(std::vector<std::string> names) override {
        std::erase_if(names, [&](const std::string& name) { return blobs.contains(name); });
        co_return names;
    }
    Task<Result<>> upload_blobs(MakeByteSource stream) override {
        read_blobs(all_of(stream()));
        co_return Result<>{};
    }
    Task<Result<>> upload_source(std::string sha256, MakeByteSource stream) override {
        sources[sha256] = all_of(stream());
        co_return Result<>{};
    }
    Task<Result<>> download_source(int into) override {
        if (sources.empty()) co_return fail(Failure::not_found, "no source is kept");
        const std::string& bytes = sources.begin()->second;
        write_all(into, bytes);
        co_return Result<>{};
    }

    std::string log() const {
        std::string text;
        for (const jobs::Line& line : lines)
            text += line.text + "\n";
        return text;
    }

    std::vector<jobs::Line> lines;
    std::vector<jobs::Line> opens;
    std::vector<jobs::Advance> steps;
    std::vector<std::string> reuse_keys;
    std::map<std::string, std::string> blobs;
    std::map<std::string, std::string> sources;
    jobs::ReuseReply reused;
    bool lease_lost = false;
    bool broken = false;
    int loses_answers = 0;
    int posts = 0;
    std::function<void(jobs::State to)> on_advance{};
    std::chrono::milliseconds pause{0};

private:
    static std::string all_of(const ByteSource& source) {
        std::string all;
        std::string block(10'000, '\0');
        while (const std::size_t count = source(block))
            all += block.substr(0, count);
        return all;
    }

    static std::uint64_t number(std::string_view bytes) {
        std::uint64_t result = 0;
        for (std::size_t i = bytes.size(); i-- > 0;) {
            result = result << 8 | static_cast<unsigned char>(bytes[i]);
        }
        return result;
    }

    void read_blobs(std::string_view stream) {
        while (!stream.empty()) {
            const std::size_t name_bytes = number(stream.substr(0, 2));
            const std::string name(stream.substr(2, name_bytes));
            const std::size_t bytes = number(stream.substr(2 + name_bytes, 8));
            blobs[name] = stream.substr(10 + name_bytes, bytes);
            stream.remove_prefix(10 + name_bytes + bytes);
        }
    }
};

}  // namespace berth::builds::test

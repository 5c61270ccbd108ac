#include "api/log_frames.hpp"

#include <cstring>

namespace berth::api {
namespace {

constexpr std::uint8_t version = 1;

// Every machine of ours is little-endian, as the protocol is.
template <class Number>
void put(std::string& into, Number number) {
    char bytes[sizeof number];
    std::memcpy(bytes, &number, sizeof number);
    into.append(bytes, sizeof number);
}

std::string head(FrameType type, std::uint32_t count, std::int64_t first) {
    std::string frame;
    put(frame, version);
    put(frame, static_cast<std::uint8_t>(type));
    put(frame, std::uint16_t{0});
    put(frame, count);
    put(frame, static_cast<std::uint64_t>(first));
    return frame;
}

std::uint32_t delta(const jobs::Line& line, std::int64_t begin_ms) {
    return static_cast<std::uint32_t>(std::max<std::int64_t>(0, line.at_ms - begin_ms));
}

}  // namespace

std::string lines_frame(FrameType type, const std::vector<logs::NumberedLine>& lines,
                        std::int64_t begin_ms) {
    const std::int64_t first = lines.empty() ? 0 : lines.front().number;
    std::string frame = head(type, static_cast<std::uint32_t>(lines.size()), first);
    for (const logs::NumberedLine& numbered : lines) {
        const jobs::Line& line = numbered.line;
        put(frame, delta(line, begin_ms));
        put(frame, static_cast<std::uint8_t>(line.stream));
        put(frame, static_cast<std::uint8_t>(line.level));
        put(frame, static_cast<std::uint16_t>(line.step));
        put(frame, static_cast<std::uint32_t>(line.text.size()));
        frame += line.text;
    }
    return frame;
}

std::string text_frame(FrameType type, std::int64_t next, const std::string& json) {
    return head(type, static_cast<std::uint32_t>(json.size()), next) + json;
}

std::string lines_json(const std::vector<logs::NumberedLine>& lines, std::int64_t begin_ms) {
    boost::json::array list;
    for (const logs::NumberedLine& numbered : lines) {
        const jobs::Line& line = numbered.line;
        list.push_back(boost::json::array{delta(line, begin_ms), static_cast<int>(line.stream),
                                          static_cast<int>(line.level), static_cast<int>(line.step),
                                          json::value(line.text)});
    }
    const std::int64_t first = lines.empty() ? 0 : lines.front().number;
    const boost::json::object object{{"first", first}, {"lines", std::move(list)}};
    return boost::json::serialize(object);
}

std::string line_ndjson(const logs::NumberedLine& numbered) {
    const jobs::Line& line = numbered.line;
    const boost::json::object object{
        {"line", numbered.number},           {"at_ms", line.at_ms},
        {"stream", json::from(line.stream)}, {"level", json::from(line.level)},
        {"step", json::from(line.step)},     {"text", json::value(line.text)}};
    return boost::json::serialize(object) + "\n";
}

}  // namespace berth::api

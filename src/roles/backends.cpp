#include "roles/backends.hpp"

#include <vector>

#include "roles/layout.hpp"

namespace berth::roles {
namespace {

/// One setting: what works, and the words that later versions will know.
struct Kind {
    const char* option;
    const char* here;  // how the one that works is written
    std::vector<std::string_view> to_come;
};

Error refuse(const Kind& kind, const std::string& value) {
    for (const std::string_view word : kind.to_come) {
        if (!value.starts_with(word)) continue;
        return fail_as(Failure::invalid, "not_yet", std::string("/") + kind.option,
                       "--{}: {} is not there yet: this version knows {}", kind.option,
                       word.substr(0, word.find(':')), kind.here);
    }
    return fail_as(Failure::invalid, "bad_value", std::string("/") + kind.option,
                   "--{}: not {}, which is what this version knows", kind.option, kind.here);
}

/// "sqlite:x.db" → "/here/x.db".
Result<std::string> place(const Kind& kind, std::string_view scheme, const std::string& value) {
    if (value.empty()) return value;
    const bool known = value.starts_with(scheme) && value.size() > scheme.size();
    if (!known || value.find('\0') != value.npos) return refuse(kind, value);
    return absolute_path(value.substr(scheme.size()));
}

}  // namespace

Result<Backends> read_backends(const ServeConfig& config) {
    const Kind bus{"bus", "local", {"redis:", "rediss:"}};
    const Kind engine{"engine", "sandbox", {"docker", "swarm", "ecs"}};
    if (config.bus != bus.here) return refuse(bus, config.bus);
    if (config.engine != engine.here) return refuse(engine, config.engine);
    const Kind database{"database", "sqlite:PATH", {"postgres:", "postgresql:"}};
    const Kind objects{"objects", "file:DIR", {"s3:"}};
    Result<std::string> file = place(database, "sqlite:", config.database);
    if (!file) return file.error();
    Result<std::string> directory = place(objects, "file:", config.objects);
    if (!directory) return directory.error();
    return Backends{std::move(*file), std::move(*directory)};
}

Result<Layout> layout_of(const ServeConfig& config) {
    const Result<Backends> backends = read_backends(config);
    if (!backends) return backends.error();
    return Layout{config.data, backends->database, backends->objects};
}

}  // namespace berth::roles

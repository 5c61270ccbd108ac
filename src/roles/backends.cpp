#include "roles/backends.hpp"

#include <vector>

#include "objects/s3_config.hpp"
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

Result<objects::S3Config> config_of(const S3Place& place) {
    Result<objects::S3Config> config = objects::parse_s3_url(place.url);
    if (!config) return config;
    config->access_key = place.access_key;
    config->secret_key = place.secret_key;
    return config;
}

/// Both or neither.
Result<bool> has_key(const std::string& access, const std::string& secret, const char* which) {
    if (access.empty() == secret.empty()) return !access.empty();
    return fail_as(Failure::invalid, "bad_value", "",
                   "BERTH_S3_{}ACCESS_KEY and BERTH_S3_{}SECRET_KEY belong together: one of them "
                   "is missing",
                   which, which);
}

Result<> read_s3(const ServeConfig& config, Backends& backends) {
    if (const auto place = objects::parse_s3_url(config.objects); !place) {
        return fail_as(Failure::invalid, "bad_value", "/objects", "--objects: {}",
                       place.error().message);
    }
    const Result<bool> key = has_key(config.s3_access_key, config.s3_secret_key, "");
    if (!key) return key.error();
    if (!*key) {
        return fail_as(Failure::invalid, "s3_key_missing", "/objects",
                       "--objects: set BERTH_S3_ACCESS_KEY and BERTH_S3_SECRET_KEY, the key for "
                       "that bucket");
    }
    const Result<bool> read =
        has_key(config.s3_read_access_key, config.s3_read_secret_key, "READ_");
    if (!read) return read.error();
    backends.s3 = {config.objects, config.s3_access_key, config.s3_secret_key};
    backends.s3_read =
        *read ? S3Place{config.objects, config.s3_read_access_key, config.s3_read_secret_key}
              : backends.s3;
    return {};
}

}  // namespace

std::unique_ptr<objects::ObjectStore> open_store(const std::string& directory, const S3Place& s3,
                                                 const std::string& spool,
                                                 const std::string& ca_file) {
    if (!directory.empty()) return objects::make_file_object_store(directory, 2);
    objects::S3Config config = config_of(s3).value();
    config.ca_file = ca_file;
    config.spool_directory = spool;
    return objects::make_s3_object_store(std::move(config));
}

std::unique_ptr<objects::ObjectStore> open_quick_store(const S3Place& s3, const std::string& spool,
                                                       const std::string& ca_file) {
    objects::S3Config config = config_of(s3).value();
    config.ca_file = ca_file;
    config.spool_directory = spool;
    config.calls_max = 32;
    config.limit = std::chrono::seconds(5);
    config.stall = std::chrono::seconds(3);
    config.retry.attempts_max = 2;
    return objects::make_s3_object_store(std::move(config));
}

Result<Backends> read_backends(const ServeConfig& config) {
    const Kind bus{"bus", "local", {"redis:", "rediss:"}};
    const Kind engine{"engine", "sandbox", {"docker", "swarm", "ecs"}};
    if (config.bus != bus.here) return refuse(bus, config.bus);
    if (config.engine != engine.here) return refuse(engine, config.engine);
    const Kind database{"database", "sqlite:PATH", {"postgres:", "postgresql:"}};
    const Kind objects{"objects", "file:DIR or s3://BUCKET/PREFIX?…", {}};
    Result<std::string> file = place(database, "sqlite:", config.database);
    if (!file) return file.error();
    Backends backends{.database = std::move(*file)};
    if (config.objects.starts_with("s3:")) {
        if (const Result<> done = read_s3(config, backends); !done) return done.error();
        return backends;
    }
    Result<std::string> directory = place(objects, "file:", config.objects);
    if (!directory) return directory.error();
    backends.objects = std::move(*directory);
    return backends;
}

Result<Layout> layout_of(const ServeConfig& config) {
    const Result<Backends> backends = read_backends(config);
    if (!backends) return backends.error();
    return Layout{config.data, backends->database, backends->objects, backends->s3.url.empty()};
}

}  // namespace berth::roles

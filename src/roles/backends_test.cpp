#include "roles/backends.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace berth::roles {
namespace {

TEST(BackendsTest, lie_in_the_data_directory_unless_set) {
    const Result<Backends> plain = read_backends({});
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->database, "");
    EXPECT_EQ(plain->objects, "");
}

TEST(BackendsTest, are_absolute_places) {
    ServeConfig config;
    config.database = "sqlite:here/berth.db";
    config.objects = "file:/srv/objects/";
    const Result<Backends> set = read_backends(config);
    ASSERT_TRUE(set);
    EXPECT_EQ(set->database, (std::filesystem::current_path() / "here/berth.db").string());
    EXPECT_EQ(set->objects, "/srv/objects");
}

struct Refused {
    const char* what;
    std::string ServeConfig::* field;
    std::string value;
    std::string code;
};

TEST(BackendsTest, refuses_what_is_not_there_and_repeats_no_password) {
    const std::vector<Refused> cases{
        {"postgres", &ServeConfig::database, "postgres://berth:hunter2@db/berth", "not_yet"},
        {"postgresql", &ServeConfig::database, "postgresql://berth:hunter2@db/berth", "not_yet"},
        {"a bare path", &ServeConfig::database, "/var/lib/hunter2.sqlite", "bad_value"},
        {"no path", &ServeConfig::database, "sqlite:", "bad_value"},
        {"redis", &ServeConfig::bus, "redis://:hunter2@cache", "not_yet"},
        {"redis over TLS", &ServeConfig::bus, "rediss://:hunter2@cache", "not_yet"},
        {"another bus", &ServeConfig::bus, "nats://hunter2", "bad_value"},
        {"s3 without a key", &ServeConfig::objects, "s3://hunter2/prefix", "s3_key_missing"},
        {"no bucket", &ServeConfig::objects, "s3://?endpoint=http://hunter2", "bad_value"},
        {"an endpoint that is none", &ServeConfig::objects, "s3://bucket?endpoint=hunter2",
         "bad_value"},
        {"a key in the place", &ServeConfig::objects, "s3://key:hunter2@bucket", "bad_value"},
        {"an unknown parameter", &ServeConfig::objects, "s3://bucket?colour=hunter2", "bad_value"},
        {"another store", &ServeConfig::objects, "hunter2", "bad_value"},
        {"docker", &ServeConfig::engine, "docker", "not_yet"},
        {"swarm", &ServeConfig::engine, "swarm", "not_yet"},
        {"ecs", &ServeConfig::engine, "ecs", "not_yet"},
        {"another engine", &ServeConfig::engine, "hunter2", "bad_value"},
    };
    for (const Refused& each : cases) {
        ServeConfig config;
        config.*each.field = each.value;
        const Result<Backends> refused = read_backends(config);
        ASSERT_FALSE(refused) << each.what;
        EXPECT_EQ(refused.error().code, each.code) << each.what;
        EXPECT_EQ(refused.error().failure, Failure::invalid) << each.what;
        EXPECT_EQ(refused.error().message.find("hunter2"), std::string::npos) << each.what;
    }
}

TEST(BackendsTest, take_a_bucket_with_its_keys) {
    ServeConfig config;
    config.objects = "s3://bucket/some/prefix?endpoint=http://127.0.0.1:9000&path_style=1";
    config.s3_access_key = "writes";
    config.s3_secret_key = "secret";
    const Result<Backends> one = read_backends(config);
    ASSERT_TRUE(one) << one.error().message;
    EXPECT_EQ(one->objects, "");
    EXPECT_EQ(one->s3.url, config.objects);
    EXPECT_EQ(one->s3_read.access_key, "writes");
    EXPECT_FALSE(layout_of(config).value().has_objects);
    config.s3_read_access_key = "reads";
    EXPECT_EQ(read_backends(config).error().code, "bad_value");  // half a key
    config.s3_read_secret_key = "other secret";
    const Result<Backends> two = read_backends(config);
    ASSERT_TRUE(two);
    EXPECT_EQ(two->s3.access_key, "writes");
    EXPECT_EQ(two->s3_read.access_key, "reads");
    EXPECT_EQ(two->s3_read.secret_key, "other secret");
    config.s3_secret_key = "";
    EXPECT_EQ(read_backends(config).error().code, "bad_value");
}

}  // namespace
}  // namespace berth::roles

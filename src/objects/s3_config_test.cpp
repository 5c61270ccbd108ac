#include "objects/s3_config.hpp"

#include <gtest/gtest.h>

namespace berth::objects {
namespace {

TEST(S3Config, is_amazons_by_virtual_host_unless_an_endpoint_is_named) {
    const S3Config plain = parse_s3_url("s3://shop-objects").value();
    EXPECT_EQ(plain.bucket, "shop-objects");
    EXPECT_EQ(plain.prefix, "");
    EXPECT_EQ(plain.endpoint, "https://s3.us-east-1.amazonaws.com");
    EXPECT_EQ(plain.addressing, S3Addressing::virtual_host);
    const S3Config frankfurt = parse_s3_url("s3://shop-objects/?region=eu-central-1").value();
    EXPECT_EQ(frankfurt.endpoint, "https://s3.eu-central-1.amazonaws.com");
    EXPECT_EQ(frankfurt.region, "eu-central-1");

    const S3Config own =
        parse_s3_url("s3://shop-objects/berth/live?endpoint=http://10.0.0.7:9000/").value();
    EXPECT_EQ(own.endpoint, "http://10.0.0.7:9000");
    EXPECT_EQ(own.prefix, "berth/live/");
    EXPECT_EQ(own.addressing, S3Addressing::path);
    EXPECT_EQ(own.region, "us-east-1");
    const S3Config named =
        parse_s3_url("s3://shop-objects?endpoint=https://s3.example&path_style=0").value();
    EXPECT_EQ(named.addressing, S3Addressing::virtual_host);
}

TEST(S3Config, knows_the_region_of_r2) {
    const std::string r2 = "s3://shop?endpoint=https://0123abcd.r2.cloudflarestorage.com";
    EXPECT_EQ(parse_s3_url(r2).value().region, "auto");
    EXPECT_EQ(parse_s3_url(r2).value().addressing, S3Addressing::path);
    EXPECT_EQ(parse_s3_url(r2 + "&region=weur").value().region, "weur");
}

TEST(S3Config, decodes_the_prefix) {
    EXPECT_EQ(parse_s3_url("s3://shop/sp%20ace/%C3%BC/").value().prefix, "sp ace/ü/");
}

struct Refused {
    const char* what;
    std::string url;
    std::string word;  // of the message
};

TEST(S3Config, says_what_is_wrong_and_repeats_no_value) {
    const std::vector<Refused> cases{
        {"another scheme", "https://hunter2", "not s3://"},
        {"keys in it", "s3://key:hunter2@shop", "not s3://"},
        {"no bucket", "s3:///hunter2", "bucket"},
        {"a short bucket", "s3://ab", "bucket"},
        {"an underscore", "s3://hunter_2", "bucket"},
        {"upper case", "s3://Hunter2", "bucket"},
        {"a dot at the end", "s3://hunter2.", "bucket"},
        {"a dot segment", "s3://shop/hunter2/../x", "prefix"},
        {"an encoded dot segment", "s3://shop/hunter2/%2e%2e/x", "prefix"},
        {"an empty segment", "s3://shop/hunter2//x", "prefix"},
        {"a control character", "s3://shop/hunter2%0a", "prefix"},
        {"no UTF-8", "s3://shop/hunter2%ff", "prefix"},
        {"a long prefix", "s3://shop/hunter2" + std::string(512, 'x'), "prefix"},
        {"an unknown parameter", "s3://shop?secret_key=hunter2", "BERTH_S3_SECRET_KEY"},
        {"a parameter twice", "s3://shop?region=a&region=hunter2", "twice"},
        {"no region", "s3://shop?region=", "region"},
        {"a strange region", "s3://shop?region=hunter2/x", "region"},
        {"no URL", "s3://shop?endpoint=hunter2", "endpoint"},
        {"a path", "s3://shop?endpoint=https://h/hunter2", "endpoint"},
        {"a password", "s3://shop?endpoint=https://u:hunter2@h", "endpoint"},
        {"another protocol", "s3://shop?endpoint=ftp://hunter2", "endpoint"},
        {"a style", "s3://shop?path_style=hunter2", "path_style"},
        {"virtual hosts of an address", "s3://shop?endpoint=http://10.0.0.7&path_style=0",
         "path_style"},
        {"dots without a certificate", "s3://shop.hunter2", "path_style"},
    };
    for (const Refused& each : cases) {
        const Result<S3Config> refused = parse_s3_url(each.url);
        ASSERT_FALSE(refused) << each.what;
        EXPECT_EQ(refused.error().failure, Failure::invalid) << each.what;
        EXPECT_NE(refused.error().message.find(each.word), std::string::npos)
            << each.what << ": " << refused.error().message;
        EXPECT_EQ(refused.error().message.find("hunter2"), std::string::npos) << each.what;
    }
}

}  // namespace
}  // namespace berth::objects

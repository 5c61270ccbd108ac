#include "objects/s3_signer.hpp"

#include <gtest/gtest.h>

#include "base/crypto.hpp"

namespace berth::objects {
namespace {

// The examples of "Signature Calculations for the Authorization Header" in the S3 API reference.
constexpr std::int64_t then_ms = 1'369'353'600'000;  // 2013-05-24T00:00:00Z
const std::string nothing = sha256_hex("");

std::string signature(S3Signable request, http::Headers headers = {}) {
    const S3Signer signer("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                          "us-east-1");
    request.host = "examplebucket.s3.amazonaws.com";
    signer.sign(request, headers, then_ms);
    const std::string text(headers.get("authorization"));
    return text.substr(text.find("Signature=") + 10);
}

TEST(S3Signer, signs_the_published_examples) {
    http::Headers range;
    range.add("range", "bytes=0-9");
    EXPECT_EQ(signature({.verb = "GET", .path = "/test.txt", .payload_sha256 = nothing}, range),
              "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");

    http::Headers put;
    put.add("date", "Fri, 24 May 2013 00:00:00 GMT");
    put.add("x-amz-storage-class", "REDUCED_REDUNDANCY");
    EXPECT_EQ(signature({.verb = "PUT",
                         .path = s3_path("/test$file.text"),
                         .payload_sha256 = sha256_hex("Welcome to Amazon S3.")},
                        put),
              "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");

    EXPECT_EQ(
        signature(
            {.verb = "GET", .path = "/", .query = {{"lifecycle", ""}}, .payload_sha256 = nothing}),
        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");

    EXPECT_EQ(signature({.verb = "GET",
                         .path = "/",
                         .query = {{"prefix", "J"}, {"max-keys", "2"}},
                         .payload_sha256 = nothing}),
              "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(S3Signer, names_scope_and_fields) {
    http::Headers headers;
    headers.add("range", "bytes=0-0");
    const S3Signer signer("KEY", "secret", "auto");
    signer.sign({"GET", "h", "/k", {}, nothing}, headers, then_ms);
    EXPECT_EQ(headers.get("x-amz-date"), "20130524T000000Z");
    EXPECT_TRUE(headers.get("authorization")
                    .starts_with("AWS4-HMAC-SHA256 Credential=KEY/20130524/auto/s3/aws4_request,"
                                 "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
                                 "Signature="));
    EXPECT_EQ(headers.get("authorization").find("secret"), std::string_view::npos);
}

TEST(S3Signer, encodes_once_and_sorts_by_what_is_encoded) {
    EXPECT_EQ(s3_path("/a b/c+d/%2F/ü"), "/a%20b/c%2Bd/%252F/%C3%BC");
    EXPECT_EQ(s3_path("/-_.~!*'()"), "/-_.~%21%2A%27%28%29");
    EXPECT_EQ(s3_query({{"b", "x/y"}, {"a", ""}, {"a", "="}}), "a=&a=%3D&b=x%2Fy");
    EXPECT_EQ(s3_query({}), "");
}

}  // namespace
}  // namespace berth::objects

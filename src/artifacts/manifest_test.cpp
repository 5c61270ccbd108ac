#include "artifacts/manifest.hpp"

#include <gtest/gtest.h>

namespace berth::artifacts {
namespace {

TEST(Manifest, has_the_documented_json) {
    Manifest manifest{.deployment = "dpl_1", .project = "prj_1", .spa = true};
    manifest.files["index.html"] = {.sha256 = "ab", .bytes = 2, .type = "text/html"};
    EXPECT_EQ(json::text(manifest),
              R"({"version":1,"deployment":"dpl_1","project":"prj_1","spa":true,"files":)"
              R"({"index.html":{"kind":"file","sha256":"ab","bytes":2,"type":"text/html",)"
              R"("executable":false,"variants":{}}},"rules":{}})");
}

TEST(Manifest, keys_are_the_documented_ones) {
    EXPECT_EQ(blob_key("abcd"), "public/blobs/ab/abcd");
    EXPECT_EQ(variant_key("abcd", "br"), "public/blobs/ab/abcd.br");
    EXPECT_EQ(variant_key("abcd", "zstd"), "public/blobs/ab/abcd.zst");
    EXPECT_EQ(variant_key("abcd", "gzip"), "public/blobs/ab/abcd.gz");
    EXPECT_EQ(manifest_key("dpl_1"), "public/manifests/dpl_1.json");
    EXPECT_EQ(route_key("shop.localhost"), "public/routes/shop.localhost.json");
}

TEST(ContentType, follows_the_extension) {
    EXPECT_EQ(content_type("a/index.HTML"), "text/html; charset=utf-8");
    EXPECT_EQ(content_type("assets/app.min.js"), "text/javascript; charset=utf-8");
    EXPECT_EQ(content_type("x.wasm"), "application/wasm");
    EXPECT_EQ(content_type("LICENSE"), "application/octet-stream");
    EXPECT_EQ(content_type("a.b/LICENSE"), "application/octet-stream");
    EXPECT_TRUE(compressible(content_type("a.svg")));
    EXPECT_TRUE(compressible(content_type("a.json")));
    EXPECT_FALSE(compressible(content_type("a.png")));
    EXPECT_FALSE(compressible(content_type("a.woff2")));
}

}  // namespace
}  // namespace berth::artifacts

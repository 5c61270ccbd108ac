#include "builds/output.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/crypto.hpp"
#include "builds/archive.hpp"
#include "builds/compress.hpp"
#include "builds/link_map.hpp"
#include "builds/masker.hpp"
#include "builds/step_run.hpp"

namespace berth::builds {
namespace {

/// A tar as a hostile build could bring about, entry by entry.
class Tar {
public:
    Tar() : file_(memory_file("")), archive_(archive_write_new()) {
        archive_write_set_format_pax(archive_);
        archive_write_open_fd(archive_, file_.get());
    }
    ~Tar() { archive_write_free(archive_); }

    Tar& add(const std::string& path, unsigned type, const std::string& content = "",
             const char* target = nullptr, bool hard = false) {
        archive_entry* entry = archive_entry_new();
        archive_entry_set_pathname(entry, path.c_str());
        archive_entry_set_filetype(entry, type);
        archive_entry_set_perm(entry, 0644);
        archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
        if (target != nullptr && !hard) archive_entry_set_symlink(entry, target);
        if (target != nullptr && hard) archive_entry_set_hardlink(entry, target);
        archive_write_header(archive_, entry);
        archive_write_data(archive_, content.data(), content.size());
        archive_entry_free(entry);
        return *this;
    }
    Tar& file(const std::string& path, const std::string& content) {
        return add(path, AE_IFREG, content);
    }
    Tar& link(const std::string& path, const char* target) {
        return add(path, AE_IFLNK, "", target);
    }
    Result<SiteFiles> collect(const OutputRules& rules = {}) {
        archive_write_close(archive_);
        ::lseek(file_.get(), 0, SEEK_SET);
        spool_ = std::make_unique<BlobSpool>("/tmp");
        Result<SiteOutput> output = collect_output(file_.get(), rules, *spool_);
        if (!output) return output.error();
        rule_files_ = std::move(output->rule_files);
        warnings_ = std::move(output->warnings);
        warnings_left_out_ = output->warnings_left_out;
        return std::move(output->files);
    }
    const std::map<std::string, std::string>& rule_files() const { return rule_files_; }
    const std::vector<std::string>& warnings() const { return warnings_; }
    std::size_t warnings_left_out() const { return warnings_left_out_; }
    int descriptor() const { return file_.get(); }
    BlobSpool& spool() { return *spool_; }

private:
    Fd file_;
    archive* archive_;
    std::map<std::string, std::string> rule_files_;
    std::vector<std::string> warnings_;
    std::size_t warnings_left_out_ = 0;
    std::unique_ptr<BlobSpool> spool_;
};

std::string paths(const Result<SiteFiles>& files) {
    if (!files) return files.error().code + ": " + files.error().message;
    std::string text;
    for (const auto& file : *files)
        text += file.first + " ";
    return text;
}

TEST(Output, hashes_files_and_keeps_equal_ones_once) {
    Tar tar;
    const std::string page(2000, 'x');
    const auto files =
        tar.file("./index.html", page).file("./a/b.html", page).file("c.bin", "\1").collect();
    ASSERT_EQ(paths(files), "a/b.html c.bin index.html ");
    const auto& entry = files->at("index.html");
    EXPECT_EQ(entry.sha256, sha256_hex(page));
    EXPECT_EQ(entry.bytes, 2000u);
    EXPECT_EQ(entry.type, "text/html; charset=utf-8");
    EXPECT_LT(entry.variants.at("gzip"), 200u);
    EXPECT_EQ(entry.variants.size(), 1u);  // it is small
    EXPECT_TRUE(files->at("c.bin").variants.empty());
    EXPECT_EQ(tar.spool().names().size(), 3u);

    const ByteSource stream = tar.spool().stream({sha256_hex("\1")});
    std::string bytes(200, '\0');
    std::size_t filled = 0;
    while (const std::size_t count = stream(std::span(bytes).subspan(filled, 7)))
        filled += count;
    EXPECT_EQ(filled, 2 + 64 + 8 + 1u);
    EXPECT_EQ(bytes[0], 64);
    EXPECT_EQ(bytes.substr(2, 64), sha256_hex("\1"));
    EXPECT_EQ(bytes[74], '\1');
}

TEST(Output, compresses_what_is_not_small_in_every_way) {
    Tar tar;
    const std::string page(20'000, 'x');
    const auto files = tar.file("page.html", page).file("picture.png", page).collect();
    ASSERT_EQ(paths(files), "page.html picture.png ");
    const auto& variants = files->at("page.html").variants;
    ASSERT_EQ(variants.size(), 3u);
    for (const auto& [coding, bytes] : variants)
        EXPECT_LT(bytes, 300u) << coding;
    EXPECT_TRUE(files->at("picture.png").variants.empty());
}

// More than one portion of them, each hashed on whatever processor is free.
TEST(Output, gives_every_file_of_many_its_own_hash) {
    Tar tar;
    const auto content = [](int i) { return "page " + std::to_string(i) + std::string(600, 'x'); };
    for (int i = 0; i < 1'300; ++i)
        tar.file("pages/" + std::to_string(i) + ".html", content(i));
    tar.add("copy.html", AE_IFREG, "", "pages/1299.html", true);
    const auto files = tar.collect();
    ASSERT_TRUE(files) << paths(files);
    ASSERT_EQ(files->size(), 1'301u);
    for (int i = 0; i < 1'300; ++i) {
        const std::string sha256 = sha256_hex(content(i));
        ASSERT_EQ(files->at("pages/" + std::to_string(i) + ".html").sha256, sha256);
        ASSERT_TRUE(tar.spool().holds(sha256 + ".gz"));
    }
    EXPECT_EQ(files->at("copy.html").sha256, sha256_hex(content(1'299)));
}

TEST(Output, names_the_first_file_that_has_a_secret) {
    Tar tar;
    for (int i = 0; i < 900; ++i) {
        const bool bad = i == 300 || i == 301 || i == 700;
        tar.file(fmt::format("{:03}.txt", i), bad ? "tok-0123456789" : "fine");
    }
    const OutputRules rules{.secrets = {{"TOKEN", {"tok-0123456789"}}}};
    EXPECT_TRUE(paths(tar.collect(rules)).starts_with("secret_in_output: 300.txt "));
}

TEST(Output, turns_links_inside_into_what_they_point_at) {
    EXPECT_EQ(paths(Tar()
                        .file("a.html", "x")
                        .link("b.html", "a.html")
                        .link("d/c.html", "../b.html")
                        .collect()),
              "a.html b.html d/c.html ");
    EXPECT_EQ(paths(Tar()
                        .file("docs/v1/x", "x")
                        .link("docs/v1/y", "x")
                        .link("latest", "docs/v1")
                        .link("l2", "latest")
                        .collect()),
              "docs/v1/x docs/v1/y l2/x l2/y latest/x latest/y ");
    Tar hard;
    EXPECT_EQ(paths(hard.file("a", "x").add("b", AE_IFREG, "", "a", true).collect()), "a b ");
}

TEST(Output, refuses_every_other_link_and_file) {
    const auto unsafe = [](Tar& tar) {
        const auto files = tar.collect();
        return files ? paths(files) : files.error().code;
    };
    EXPECT_EQ(unsafe(Tar().file("a", "x").link("p", "/etc/passwd")), "output_unsafe");
    EXPECT_EQ(unsafe(Tar().file("a", "x").link("p", "../x")), "output_unsafe");
    EXPECT_EQ(unsafe(Tar().file("a", "x").link("d/p", "../../x")), "output_unsafe");
    EXPECT_EQ(unsafe(Tar().file("a", "x").link("p", "p")), "output_unsafe");
    EXPECT_EQ(unsafe(Tar().file("a", "x").link("p", "q").link("q", "p")), "output_unsafe");
    EXPECT_EQ(unsafe(Tar().file("d/a", "x").link("d/self", ".")), "output_unsafe");
    EXPECT_EQ(unsafe(Tar().file("d/a", "x").link("d/e/up", "../..")), "output_unsafe");
    EXPECT_EQ(unsafe(Tar().file("a", "x").link("p", "nowhere")), "output_unsafe");
    EXPECT_EQ(unsafe(Tar().file("a", "x").link("up", "..").link("p", "up/etc")), "output_unsafe");
    EXPECT_EQ(unsafe(Tar().file("a", "x").add("pipe", AE_IFIFO)), "output_unsafe");
    EXPECT_EQ(unsafe(Tar().file("a", "x").add("null", AE_IFCHR)), "output_unsafe");
    EXPECT_EQ(unsafe(Tar().file("../a", "x")), "output_unsafe");
    EXPECT_EQ(unsafe(Tar().file("/a", "x")), "output_unsafe");
    EXPECT_EQ(unsafe(Tar().file("a/../../b", "x")), "output_unsafe");
    EXPECT_EQ(unsafe(Tar().file("a\nb", "x")), "output_unsafe");
    EXPECT_EQ(unsafe(Tar().file("a\\b", "x")), "output_unsafe");
    EXPECT_EQ(unsafe(Tar().file("a", "x").add("b", AE_IFREG, "", "/etc/passwd", true)),
              "output_unsafe");
}

TEST(Output, keeps_links_that_multiply_within_the_limits) {
    Tar tar;
    for (int i = 0; i < 10; ++i)
        tar.file(fmt::format("l0/f{}", i), "x");
    for (int level = 1; level < 8; ++level) {
        for (int i = 0; i < 10; ++i) {
            tar.link(fmt::format("l{}/d{}", level, i), fmt::format("../l{}", level - 1).c_str());
        }
    }
    EXPECT_EQ(tar.collect({.files_max = 1000}).error().code, "output_too_large");
}

TEST(Output, has_limits) {
    EXPECT_EQ(Tar().file("a", std::string(100, 'x')).collect({.bytes_max = 99}).error().code,
              "output_too_large");
    EXPECT_EQ(
        Tar().file("a", "").file("b", "").file("c", "").collect({.files_max = 2}).error().code,
        "output_too_large");
    EXPECT_EQ(Tar().file(std::string(1200, 'a'), "").collect().error().code, "output_too_large");
    EXPECT_EQ(Tar().collect().error().code, "output_missing");
}

TEST(Output, finds_secrets_however_they_are_written) {
    const std::string secret = "s3cret-value-of-the-api";
    const OutputRules rules{.secrets = {{"API_KEY", forms_of(secret, 8)}}};
    for (const std::string& text :
         {secret, base64(secret), base64("x" + secret), base64("xy" + secret), base64url(secret)}) {
        const auto files = Tar().file("a.js", "before " + text + " after").collect(rules);
        ASSERT_FALSE(files) << text;
        EXPECT_EQ(files.error().code, "secret_in_output");
        EXPECT_NE(files.error().message.find("API_KEY"), std::string::npos);
        EXPECT_EQ(files.error().message.find(secret), std::string::npos);
    }
    // Across the blocks in which a large file is read.
    std::string large(20 << 20, 'x');
    large.replace((1 << 20) - 5, secret.size(), secret);
    EXPECT_FALSE(Tar().file("large.bin", large).collect(rules));
    EXPECT_TRUE(Tar().file("a.js", "nothing").collect(rules));
}

TEST(Output, finds_secrets_in_every_form_and_says_file_and_name) {
    const std::string secret = "p@ss \"w'o<r>d&/+=x";
    const OutputRules rules{
        .secrets = {{"OTHER", forms_of("something-else", 8)}, {"API_KEY", forms_of(secret, 8)}}};
    for (const Encoding& encoding : encodings()) {
        const std::string text = encoding.encode(secret);
        const auto files = Tar().file("js/a.js", "before " + text + " after").collect(rules);
        ASSERT_FALSE(files) << encoding.name;
        EXPECT_EQ(files.error().code, "secret_in_output");
        EXPECT_EQ(files.error().message,
                  "js/a.js contains the value of the secret variable API_KEY");
    }
}

/// `content` packed by libarchive; "" for a format means the content alone.
std::string packed(const std::string& content, int (*filter)(archive*), int (*format)(archive*)) {
    std::string bytes(content.size() + (1 << 20), '\0');
    std::size_t used = 0;
    archive* writer = archive_write_new();
    format(writer);
    filter(writer);
    archive_write_set_bytes_in_last_block(writer, 1);
    archive_write_open_memory(writer, bytes.data(), bytes.size(), &used);
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, "inner.txt");
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
    archive_write_header(writer, entry);
    archive_write_data(writer, content.data(), content.size());
    archive_entry_free(entry);
    archive_write_close(writer);
    archive_write_free(writer);
    bytes.resize(used);
    return bytes;
}

TEST(Output, says_each_file_and_name_of_secrets_that_are_tolerated) {
    const std::string secret = "s3cret-value-of-the-api";
    const OutputRules rules{
        .secrets = {{"PROXY", forms_of("of-the-operator", 8)}},
        .tolerated = {{"API_KEY", forms_of(secret, 8)}, {"OTHER", forms_of("another-secret", 8)}}};
    std::string large(17 << 20, 'x');  // read in pieces
    large.replace((1 << 20) - 5, secret.size(), secret);
    Tar tar;
    const auto files = tar.file("a.js", secret + " another-secret " + base64(secret))
                           .file("b.js", "nothing")
                           .file("c.bin", large)
                           .file("d.gz", gzip(std::string(600, ' ') + secret).value())
                           .file("_headers", "/*\n X: " + secret)
                           .collect(rules);
    ASSERT_EQ(paths(files), "a.js b.js c.bin d.gz ");
    const auto in = [](const std::string& path, const std::string& name) {
        return path + " contains the value of the secret variable " + name;
    };
    EXPECT_EQ(tar.warnings(),
              (std::vector<std::string>{in("_headers", "API_KEY"), in("a.js", "API_KEY"),
                                        in("a.js", "OTHER"), in("c.bin", "API_KEY"),
                                        in("d.gz", "API_KEY")}));
    Tar strict;
    EXPECT_TRUE(paths(strict.file("a.js", secret + " of-the-operator").collect(rules))
                    .starts_with("secret_in_output: a.js"))
        << "what is not tolerated fails, whatever stands beside it";
}

TEST(Output, says_so_many_tolerated_secrets_and_how_many_more_there_are) {
    const OutputRules rules{.tolerated = {{"API_KEY", {"s3cret-value"}}}};
    Tar tar;
    for (std::size_t i = 0; i < warnings_max + 7; ++i)
        tar.file("f" + std::to_string(i), "s3cret-value");
    ASSERT_TRUE(tar.collect(rules));
    EXPECT_EQ(tar.warnings().size(), warnings_max);
    EXPECT_EQ(tar.warnings_left_out(), 7u);
}

TEST(Output, finds_secrets_in_packed_files) {
    const std::string secret = "s3cret-value-of-the-api";
    const OutputRules rules{.secrets = {{"API_KEY", forms_of(secret, 8)}}};
    // Across the blocks in which it is unpacked, and far from the beginning.
    std::string page;
    for (int i = 0; page.size() < 200'000; ++i)
        page += sha256_hex(std::to_string(i));
    page.replace(64 * 1024 - 3, secret.size(), secret);
    const std::map<std::string, std::string> files{
        {"a.js.gz", packed(page, archive_write_add_filter_gzip, archive_write_set_format_raw)},
        {"a.js.zst", packed(page, archive_write_add_filter_zstd, archive_write_set_format_raw)},
        {"a.js.xz", packed(page, archive_write_add_filter_xz, archive_write_set_format_raw)},
        {"a.js.bz2", packed(page, archive_write_add_filter_bzip2, archive_write_set_format_raw)},
        {"a.zip", packed(page, archive_write_add_filter_none, archive_write_set_format_zip)},
        {"a.tgz", packed(page, archive_write_add_filter_gzip, archive_write_set_format_pax)}};
    for (const auto& [name, bytes] : files) {
        ASSERT_FALSE(bytes.contains(secret)) << name;
        ASSERT_FALSE(bytes.empty()) << name;
        const auto found = Tar().file(name, bytes).collect(rules);
        ASSERT_FALSE(found) << name;
        EXPECT_EQ(found.error().message,
                  name + " contains, packed, the value of the secret variable API_KEY");
        EXPECT_TRUE(Tar().file(name, bytes.substr(0, 40)).collect(rules)) << name << ", damaged";
    }
}

TEST(Output, bounds_what_it_unpacks) {
    const OutputRules rules{.secrets = {{"API_KEY", forms_of("s3cret-value-of-the-api", 8)}}};
    const std::string zeros(SecretScan::unpacked_bytes_max + (1 << 20), '\0');
    const std::string bomb = packed(zeros + "s3cret-value-of-the-api",
                                    archive_write_add_filter_gzip, archive_write_set_format_raw);
    ASSERT_LT(bomb.size(), 1u << 20);
    EXPECT_TRUE(Tar().file("bomb.gz", bomb).collect(rules));  // behind the limit nobody looks
}

TEST(Output, leaves_hidden_files_of_a_source_tree_out) {
    EXPECT_EQ(paths(Tar()
                        .file("index.html", "")
                        .file(".env", "")
                        .file(".git/config", "")
                        .file("a/.x/y", "")
                        .file("node_modules/z", "")
                        .file(".well-known/security.txt", "")
                        .collect({.is_source_tree = true})),
              ".well-known/security.txt index.html ");
}

TEST(Output, reads_rule_files_and_does_not_serve_them) {
    Tar tar;
    EXPECT_EQ(paths(tar.file("./_redirects", "/a /b\n")
                        .file("./_headers", "/*\n X-A: 1\n")
                        .file("./deep/_redirects", "served as it is")
                        .file("./netlify.toml", "also")
                        .collect()),
              "deep/_redirects netlify.toml ");
    EXPECT_EQ(tar.rule_files().at("_redirects"), "/a /b\n");
    EXPECT_EQ(tar.rule_files().size(), 2u);
    EXPECT_EQ(tar.spool().names().size(), 2u);
    Tar only;
    EXPECT_EQ(paths(only.file("_redirects", "/* https://elsewhere.example/:splat").collect()), "");
    Tar source;
    EXPECT_EQ(paths(source.file("netlify.toml", "")
                        .file("index.html", "")
                        .collect({.is_source_tree = true})),
              "index.html ");
    Tar secret;
    const OutputRules rules{.secrets = {{"TOKEN", {"tok-0123456789"}}}};
    EXPECT_TRUE(paths(secret.file("_headers", "/*\n X: tok-0123456789").collect(rules))
                    .starts_with("secret_in_output"));
}

TEST(Output, refuses_a_damaged_stream) {
    const Fd file = memory_file(std::string(5000, 'x'));
    BlobSpool spool("/tmp");
    EXPECT_FALSE(collect_output(file.get(), {}, spool));
    Tar whole;
    const Result<SiteFiles> good = whole.file("a", std::string(100'000, 'x')).collect();
    ASSERT_TRUE(good);
    ASSERT_EQ(::ftruncate(whole.descriptor(), 50'000), 0);
    ::lseek(whole.descriptor(), 0, SEEK_SET);
    EXPECT_FALSE(collect_output(whole.descriptor(), {}, spool));
}

}  // namespace
}  // namespace berth::builds

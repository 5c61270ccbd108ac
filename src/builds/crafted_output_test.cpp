// Outputs that want to read or write outside of themselves: trees that a real tar collects in a
// real sandbox, some while somebody swaps their paths, and streams that no tar would write.
#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <random>

#include "base/crypto.hpp"
#include "builds/archive.hpp"
#include "builds/collect_script.hpp"
#include "builds/output.hpp"
#include "builds/step_run.hpp"
#include "engines/engine_runs.hpp"
#include "engines/launcher_process.hpp"
#include "engines/sandbox_engine.hpp"

namespace berth::builds {
namespace {

namespace fs = std::filesystem;
using engines::test::Outcome;
using engines::test::run_to_end;
using engines::test::shell_run;

/// Wherever blobs are put; in the end nothing may be left there.
class Scratch {
public:
    Scratch() {
        char name[] = "/tmp/berth-crafted-XXXXXX";
        folder_ = ::mkdtemp(name);
    }
    ~Scratch() { fs::remove_all(folder_); }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

    const std::string& folder() const { return folder_; }
    bool is_empty() const { return fs::is_empty(folder_); }

private:
    std::string folder_;
};

/// What a collection came to: an error's code, or the site.
struct Collected {
    std::string code{};
    SiteFiles files{};
    std::vector<std::string> contents{};
};

std::string all_of(const ByteSource& stream) {
    std::string bytes;
    std::string block(64 * 1024, '\0');
    while (const std::size_t count = stream(block))
        bytes.append(block, 0, count);
    return bytes;
}

/// The contents of a spool's files, whose stream has names and lengths before them.
std::vector<std::string> contents_of(const BlobSpool& spool, const SiteFiles& files) {
    std::vector<std::string> contents;
    for (const auto& [path, entry] : files) {
        const std::string stream = all_of(spool.stream({entry.sha256}));
        EXPECT_GE(stream.size(), entry.bytes) << path;
        contents.push_back(stream.substr(stream.size() - entry.bytes));
    }
    return contents;
}

Collected collect(std::string_view tar, const Scratch& scratch) {
    constexpr OutputRules rules{.bytes_max = 1 << 20, .files_max = 400};
    const Fd file = memory_file(tar);
    BlobSpool spool(scratch.folder());
    Result<SiteOutput> output = collect_output(file.get(), rules, spool);
    if (!output) return {.code = output.error().code};
    Collected collected{.files = std::move(output->files)};
    collected.contents = contents_of(spool, collected.files);
    return collected;
}

/// Judged anew here, in other words than the product's.
bool is_plain_path(const std::string& path) {
    if (path.empty() || path.size() > 1024 || path.front() == '/' || path.back() == '/')
        return false;
    for (const auto& part : fs::path(path)) {
        if (part == ".." || part == "." || part.empty() || part.string().size() > 255) return false;
    }
    return std::none_of(path.begin(), path.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '\\';
    });
}

void expect_from_inside(const Collected& collected, const std::string& which) {
    for (const auto& [path, entry] : collected.files)
        EXPECT_TRUE(is_plain_path(path)) << which << ": " << path;
    for (const std::string& content : collected.contents) {
        const std::string_view beginning = std::string_view(content).substr(0, 6);
        EXPECT_TRUE(std::string_view("inside").starts_with(beginning))
            << which << ": " << beginning;
        EXPECT_FALSE(content.contains("OUTSIDE")) << which;
    }
}

/// One tree of trees.py.
struct Tree {
    int index = -1;
    std::string expected{};
    int code = 0;
    std::string tar{};
};

struct Counts {
    int trees = 0;
    std::map<std::string, int> kinds{};
    int raced_in_vain = 0;  // the race made the collection fail, or the output unsafe
};

void judge(const Tree& tree, const Scratch& scratch, Counts& counts) {
    ++counts.trees;
    ++counts.kinds[tree.expected];
    const std::string which = fmt::format("tree {} ({})", tree.index, tree.expected);
    const bool refused = tree.code != 0;
    const Collected collected = refused ? Collected{.code = "refused"} : collect(tree.tar, scratch);
    expect_from_inside(collected, which);
    if (tree.expected == "safe") {
        EXPECT_EQ(collected.code, "") << which << " exit " << tree.code;
        EXPECT_TRUE(collected.files.contains("index.html")) << which;
    } else if (tree.expected == "unsafe") {
        EXPECT_TRUE(collected.code == "output_unsafe" || tree.code == 73 || tree.code == 72)
            << which << ": " << collected.code << ", exit " << tree.code;
    } else if (tree.expected == "large") {
        EXPECT_TRUE(collected.code == "output_too_large" || refused) << which << collected.code;
    } else {
        EXPECT_EQ(tree.expected, "raced");
        counts.raced_in_vain += collected.code.empty() ? 0 : 1;
    }
}

/// Takes whole trees off the front of what came so far.
void judge_whole_trees(std::string& text, const Scratch& scratch, Counts& counts) {
    while (true) {  // ends with the trees that are whole
        const std::size_t line = text.find('\n');
        if (line == text.npos) return;
        Tree tree;
        std::size_t bytes = 0;
        std::istringstream(text.substr(0, line)) >> tree.index >> tree.expected >> tree.code >>
            bytes;
        if (text.size() < line + 1 + bytes) return;
        tree.tar = text.substr(line + 1, bytes);
        text.erase(0, line + 1 + bytes);
        judge(tree, scratch, counts);
    }
}

Task<Outcome> judge_all(engines::Engine& engine, engines::Run run, const Scratch& scratch,
                        Counts& counts) {
    auto started = co_await engine.start(std::move(run));
    const std::unique_ptr<engines::Running> running = std::move(started).value();
    Outcome outcome;
    while (true) {  // ends with the output
        const engines::Chunk chunk = co_await running->read();
        if (chunk.bytes.empty()) break;
        (chunk.stream == engines::Stream::out ? outcome.out : outcome.err) += chunk.bytes;
        judge_whole_trees(outcome.out, scratch, counts);
    }
    const auto exit = co_await running->wait();
    outcome.exit = exit.value();
    co_return outcome;
}

class CraftedOutputTest : public testing::Test {
protected:
    static engines::test::LauncherProcess& launcher() {
        static engines::test::LauncherProcess process({.instance = "craftedtest"});
        return process;
    }

    engines::Volume build_volume() {
        engines::Volume volume{"build-" + random_word(8), "tenant", 512 << 20, 40'000};
        loop_.go(engine_->make_volume(volume)).value();
        return volume;
    }

    engines::test::Loop loop_;
    std::unique_ptr<engines::Engine> engine_ =
        engines::make_sandbox_engine(loop_.executor(), launcher().socket_path());
};

constexpr int trees_all = 2000;
constexpr int trees_seed = 22;

TEST_F(CraftedOutputTest, reads_nothing_outside_of_two_thousand_trees) {
    const Scratch scratch;
    const engines::Volume volume = build_volume();
    engines::Run run = shell_run("exec python3 - \"$@\"");
    run.argv.insert(run.argv.end(), {"trees", std::to_string(trees_seed), "0",
                                     std::to_string(trees_all), std::string(collect_script)});
    run.input = Fd(::open(BERTH_ESCAPE_SCRIPTS "/trees.py", O_RDONLY | O_CLOEXEC));
    run.mounts = {{"/build", {}, volume.name}};
    run.directory = "/build";
    Counts counts;
    const Outcome outcome = loop_.go(judge_all(*engine_, std::move(run), scratch, counts));
    EXPECT_EQ(outcome.exit.code, 0) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(counts.trees, trees_all);
    for (const char* kind : {"safe", "unsafe", "large", "raced"})
        EXPECT_GE(counts.kinds[kind], 200) << kind;
    EXPECT_GT(counts.raced_in_vain, 0) << "nobody raced";
    EXPECT_TRUE(scratch.is_empty());
}

TEST_F(CraftedOutputTest, has_nobody_to_race_with_after_the_build) {
    const engines::Volume volume = build_volume();
    // What stays behind ignores signals, left its session and its parent, and swaps paths.
    engines::Run build = shell_run(
        "mkdir dist && echo inside >dist/file && ln -s /etc/passwd dist/way-out\n"
        "for i in 1 2 3 4; do (trap '' TERM HUP INT; setsid sh -c \"trap '' TERM HUP; while :; do "
        "mv dist/file dist/kept$i; mv dist/way-out dist/file; mv dist/file dist/way-out; "
        "mv dist/kept$i dist/file; done\" >/dev/null 2>&1 &) & done 2>/dev/null\nsleep 0.3");
    build.mounts = {{"/build", {}, volume.name}};
    build.directory = "/build";
    EXPECT_EQ(loop_.go(run_to_end(*engine_, std::move(build))).exit.code, 0);
    engines::Run look = shell_run(
        "for i in 1 2 3 4 5 6 7 8; do stat -c '%n %i %Z' dist/* | sha256sum; sleep 0.02; done");
    look.mounts = {{"/build", {}, volume.name}};
    look.directory = "/build";
    const Outcome seen = loop_.go(run_to_end(*engine_, std::move(look)));
    std::istringstream lines(seen.out);
    std::set<std::string> states;
    int count = 0;
    for (std::string line; std::getline(lines, line); ++count)
        states.insert(line);
    EXPECT_EQ(count, 8) << seen.err;
    EXPECT_EQ(states.size(), 1u) << seen.out;
}

/// Streams that no tar writes, from a seed.
class CraftedTar {
public:
    explicit CraftedTar(unsigned seed) : random_(seed) {}

    std::string make() {
        std::string bytes(1 << 20, '\0');
        std::size_t used = 0;
        archive* writer = archive_write_new();
        archive_write_set_format_pax(writer);
        archive_write_open_memory(writer, bytes.data(), bytes.size(), &used);
        const int entries = below(12) + 1;
        for (int i = 0; i < entries; ++i)
            add(writer);
        archive_write_close(writer);
        archive_write_free(writer);
        bytes.resize(used);
        if (below(2) == 0) spoil(bytes);
        return bytes;
    }

private:
    int below(int most) { return std::uniform_int_distribution<int>(0, most - 1)(random_); }

    template <std::size_t N>
    const char* any(const char* const (&list)[N]) {
        return list[below(static_cast<int>(N))];
    }

    void add(archive* writer) {
        constexpr const char* paths[] = {"a",
                                         "b",
                                         "a/b",
                                         "a/b/c",
                                         "./a",
                                         "a/",
                                         "/etc/passwd",
                                         "../word",
                                         "a/../../word",
                                         "./../x",
                                         "a//b",
                                         "a/./b",
                                         "",
                                         ".",
                                         "..",
                                         "/",
                                         "//",
                                         "a\\b",
                                         "a\nb",
                                         "C:\\x",
                                         "dev/null",
                                         "index.html",
                                         "_redirects",
                                         "_headers",
                                         ".git/config",
                                         "node_modules/x",
                                         "a\xff",
                                         "PaxHeaders/a"};
        constexpr const char* targets[] = {"/etc/passwd", "../word", "a",      "b",       "a/b",
                                           ".",           "..",      "",       "a/../..", "/",
                                           "index.html",  "b/../a",  "nowhere"};
        constexpr unsigned types[] = {AE_IFREG, AE_IFREG, AE_IFREG, AE_IFLNK, AE_IFLNK, AE_IFDIR,
                                      AE_IFIFO, AE_IFCHR, AE_IFBLK, AE_IFREG, AE_IFREG};
        archive_entry* entry = archive_entry_new();
        std::string path = any(paths);
        if (below(20) == 0) path = std::string(static_cast<std::size_t>(below(1500)), 'n');
        archive_entry_set_pathname(entry, path.c_str());
        const unsigned type = types[below(11)];
        archive_entry_set_filetype(entry, type);
        archive_entry_set_perm(entry, static_cast<unsigned>(below(010000)));
        if (type == AE_IFLNK) archive_entry_set_symlink(entry, any(targets));
        const std::string content =
            type == AE_IFREG ? "inside" + std::string(static_cast<std::size_t>(below(3000)), 'x')
                             : "";
        if (type == AE_IFREG && below(5) == 0) {
            archive_entry_set_hardlink(entry, any(targets));
        } else {
            archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
        }
        if (below(20) == 0) archive_entry_xattr_add_entry(entry, "user.x", "1", 1);
        if (below(30) == 0) archive_entry_sparse_add_entry(entry, 0, 6);
        archive_write_header(writer, entry);
        archive_write_data(writer, content.data(), content.size());
        archive_entry_free(entry);
    }

    /// Bits in the headers, or the end gone.
    void spoil(std::string& bytes) {
        const int size = static_cast<int>(bytes.size());
        if (size == 0) return;
        for (int i = below(6); i >= 0; --i)
            bytes[static_cast<std::size_t>(below(size))] ^= static_cast<char>(1 << below(8));
        if (below(3) == 0) bytes.resize(static_cast<std::size_t>(below(size)));
    }

    std::mt19937 random_;
};

TEST(CraftedStream, never_leaves_the_output) {
    const Scratch scratch;
    const std::set<std::string> known = {"output_unsafe", "output_too_large", "output_missing",
                                         "damaged_archive"};
    std::map<std::string, int> ends;
    for (unsigned seed = 0; seed < 6000; ++seed) {
        const std::string tar = CraftedTar(seed).make();
        const Collected collected = collect(tar, scratch);
        ++ends[collected.code];
        EXPECT_TRUE(collected.code.empty() || known.contains(collected.code))
            << seed << collected.code;
        for (const auto& [path, entry] : collected.files)
            EXPECT_TRUE(is_plain_path(path)) << seed << ": " << path;
        for (const std::string& content : collected.contents)
            EXPECT_FALSE(content.contains("root:")) << seed;
    }
    for (const char* code : {"", "output_unsafe", "damaged_archive"})
        EXPECT_GE(ends[code], 100) << code;
    EXPECT_TRUE(scratch.is_empty());
}

TEST(CraftedStream, believes_no_size) {
    const Scratch scratch;
    // A header that promises more than there is, and more than any disk has.
    for (const char* size :
         {"00000002000", "77777777777", "\x80\x7f\xff\xff\xff\xff\xff\xff\xff\xff\xff",
          "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"}) {
        std::string tar(1024, '\0');
        tar.replace(0, 4, "file");
        tar.replace(100, 7, "0000644");
        tar.replace(124, 11, std::string(size, 11));
        tar[156] = '0';
        tar.replace(257, 8, std::string("ustar\00000", 8));
        unsigned sum = 8 * ' ';
        for (std::size_t i = 0; i < 512; ++i)
            sum += i >= 148 && i < 156 ? 0u : static_cast<unsigned char>(tar[i]);
        tar.replace(148, 7, fmt::format("{:06o}", sum) + std::string(1, '\0'));
        const Collected collected = collect(tar, scratch);
        EXPECT_TRUE(collected.code == "output_too_large" || collected.code == "damaged_archive" ||
                    collected.code == "output_missing")
            << collected.code;
    }
}

}  // namespace
}  // namespace berth::builds

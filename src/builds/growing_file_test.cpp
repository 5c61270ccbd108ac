#include "builds/growing_file.hpp"

#include <gtest/gtest.h>

#include <future>

namespace berth::builds {
namespace {

TEST(GrowingFile, gives_all_that_is_written_and_then_its_end) {
    GrowingFile file("/tmp");
    auto reader = std::async(std::launch::async, [&file] {
        std::string all;
        std::array<char, 700> block{};
        while (const std::size_t count = file.read(block))
            all.append(block.data(), count);
        return all;
    });
    std::string written;
    for (int i = 0; i < 200; ++i) {
        const std::string piece(static_cast<std::size_t>(i) * 7, static_cast<char>('a' + i % 26));
        write_all(file.descriptor(), piece);
        written += piece;
        file.grow_to(written.size());
    }
    file.end();
    EXPECT_EQ(reader.get(), written);
}

TEST(GrowingFile, gives_nothing_that_its_writer_has_not_told_of) {
    GrowingFile file("/tmp");
    write_all(file.descriptor(), "told, and not told");
    file.grow_to(4);
    file.end();
    std::array<char, 100> block{};
    EXPECT_EQ(file.read(block), 4u);
    EXPECT_EQ(std::string(block.data(), 4), "told");
    EXPECT_EQ(file.read(block), 0u);
}

}  // namespace
}  // namespace berth::builds

#include "plans/javascript_literals.hpp"

#include <gtest/gtest.h>

namespace berth::plans {
namespace {

std::string text(std::string_view source, std::string_view path = "build.outDir") {
    return JavascriptLiterals::read(source).text(path).value_or("(none)");
}

TEST(JavascriptLiterals, finds_a_key_wherever_the_object_stands) {
    for (const char* source : {
             "export default { build: { outDir: 'out' } }",
             "export default defineConfig({ build: { 'outDir': \"out\", }, })",
             "module.exports = { \"build\": { outDir: `out` } };",
             "export default defineConfig(({ mode }) => ({ build: { outDir: 'out' } }))",
             "export default defineConfig(async ({ mode }) => {\n  const env = load(mode, '')\n"
             "  return {\n    plugins: [a(), b({ x: 1 })],\n    build: { outDir: 'out' },\n  }\n})",
             "const config: UserConfig = { build: { outDir: 'out' as const } }\nexport default "
             "config",
             "export default { build: { outDir: 'out' } } satisfies UserConfig",
             "config.build.outDir = 'out'",
             "export default { a: /['\"]/, b: 1 / 2, build: { outDir: 'out' } }",
             "export default { url: `${a ? `{` : '}'}`, build: { outDir: 'out' } }",
             "/* { build: { outDir: 'no' } } */ // build: { outDir: 'no' }\n"
             "export default { build: { outDir: 'out' } }",
             "export default { build: { outDir: path.resolve(__dirname, 'out') } }",
             "export default { build: { outDir: resolve(import.meta.dirname, './out') } }",
         }) {
        std::string found = text(source);
        if (found.starts_with("./")) found.erase(0, 2);
        EXPECT_EQ(found, "out") << source;
    }
}

TEST(JavascriptLiterals, does_not_guess) {
    const char* const either =
        "if (x) { module.exports = { build: { outDir: 'a' } } } else { module.exports = { "
        "build: { outDir: 'b' } } }";
    for (const char* source : {
             "",
             "export default {}",
             "export default { build: { outDir: process.env.OUT } }",
             "export default { build: { outDir: 'a' + b } }",
             "export default { build: { outDir: test ? 'a' : 'b' } }",
             "export default { build: { outDir: `a-${b}` } }",
             "export default { build: { outDir: path.resolve(root, 'a') } }",
             "export default { plugins: [pwa({ outDir: 'a' })] }",
             "export default { outDir: 'a' }",
             either,
             "export default { build: { outDir: 'a",
             "'{ build: { outDir: \\'a\\' } }'",
         }) {
        EXPECT_EQ(text(source), "(none)") << source;
    }
    const auto computed = JavascriptLiterals::read("({ build: { outDir: out() } })");
    EXPECT_TRUE(computed.has("build.outDir"));
    EXPECT_FALSE(computed.has("build.root"));
}

TEST(JavascriptLiterals, knows_flags_calls_and_imports) {
    const auto read = JavascriptLiterals::read(
        "import adapter from '@sveltejs/adapter-static'\nconst x = require(\"a\")\n"
        "import 'b'\nconst y = await import('c')\n"
        "export default (config) => { config.setOutputDirectory('dist'); return { ssr: false, "
        "on: true, maybe: a && true } }");
    EXPECT_EQ(read.flag("ssr"), false);
    EXPECT_EQ(read.flag("on"), true);
    EXPECT_EQ(read.flag("maybe"), std::nullopt);
    EXPECT_EQ(read.text("setOutputDirectory()"), "dist");
    for (const char* module : {"@sveltejs/adapter-static", "a", "b", "c"})
        EXPECT_TRUE(read.imports(module)) << module;
    EXPECT_FALSE(read.imports("dist"));
}

TEST(JavascriptLiterals, ends_on_any_text) {
    std::string deep;
    for (int i = 0; i < 200'000; ++i)
        deep += "{a:";
    EXPECT_EQ(text(deep), "(none)");
    for (const char* odd : {"}", ")]}", "`", "`${", "`${`", "/", "/[", "'\\", "a.b.",
                            "a.b=", ",:", "{a:'", "/*", "require(", "\xff\xfe{\xff:'x'}"}) {
        EXPECT_EQ(text(odd), "(none)") << odd;
    }
}

}  // namespace
}  // namespace berth::plans

#include "builds/html_links.hpp"

#include <gtest/gtest.h>

namespace berth::builds {
namespace {

using Links = std::vector<std::string>;

TEST(HtmlLinks, are_found_where_browsers_follow_them) {
    const PageLinks page = links_of(R"(<!doctype html><HTML><head>
<link rel=stylesheet href=/a.css><link rel="preconnect" href="https://fonts.example">
<script src='/main.js' type=module></script></head><body>
<a class="x" HREF = "about?x=1&amp;y=2#top">About</a><a>none</a><a href>none</a>
<img src=logo.png srcset="s.png 1x, m.png 2x,l.png">
<video poster=p.jpg><source src=v.mp4><track src=t.vtt></video>
<object data=o.svg></object><iframe src="/frame"></iframe><area href=&#47;map&#x2e;html>
</body></html>)");
    EXPECT_EQ(page.links,
              (Links{"/a.css", "/main.js", "about?x=1&y=2#top", "logo.png", "s.png", "m.png",
                     "l.png", "p.jpg", "v.mp4", "t.vtt", "o.svg", "/frame", "/map.html"}));
    EXPECT_EQ(page.base, "");
}

TEST(HtmlLinks, are_not_found_in_comments_scripts_and_text) {
    const PageLinks page = links_of(R"(<!-- <a href=/comment> --><script>"<a href=/script>"</script>
<style><a href=/style></style><textarea><a href=/area></textarea><title><a href=/t></title>
<p title="<a href=/attribute>">&lt;a href=/text&gt; < a href=/space></p><!doctype <a href=/d>
<SCRIPT><a href=/upper></ScRiPt ><a href=/yes></a foo=<a href=/end>>)");
    EXPECT_EQ(page.links, (Links{"/yes"}));
}

TEST(HtmlLinks, take_the_first_of_two_attributes_and_the_first_base) {
    const PageLinks page =
        links_of("<base href=/one/><base href=/two/><a href=a href=b>x</a><a/href=c/>");
    EXPECT_EQ(page.base, "/one/");
    EXPECT_EQ(page.links, (Links{"a", "c/"}));
}

TEST(HtmlLinks, survive_what_ends_in_the_middle) {
    const std::string page = "<a href=\"/x\" title='y'><script>z</script><!-- c --><b>";
    for (std::size_t size = 0; size <= page.size(); ++size)
        (void)links_of(page.substr(0, size));
    EXPECT_EQ(links_of("<a href=/x").links, (Links{"/x"}));
    EXPECT_TRUE(links_of("<").links.empty());
    EXPECT_TRUE(links_of("</").links.empty());
    EXPECT_TRUE(links_of("<!").links.empty());
}

TEST(HtmlLinks, decode_the_references_that_addresses_are_written_with) {
    const PageLinks page =
        links_of("<a href='&quot;&#228;&#x1F600;&nbsp;&#0;&#xD800;&#x110000;&;&#;&#x;&amp'></a>");
    EXPECT_EQ(page.links,
              (Links{"\"\xc3\xa4\xf0\x9f\x98\x80&nbsp;&#0;&#xD800;&#x110000;&;&#;&#x;&amp"}));
}

TEST(HtmlLinks, are_bounded) {
    std::string html;
    for (std::size_t i = 0; i < links_per_page_max + 3; ++i)
        html += "<a href=/x>";
    const PageLinks page = links_of(html);
    EXPECT_EQ(page.links.size(), links_per_page_max);
    EXPECT_EQ(page.left_out, 3u);
    EXPECT_TRUE(links_of("<a href=" + std::string(link_bytes_max + 1, 'x') + ">").links.empty());
}

/// Pages that would take quadratic time of a parser that looks back.
TEST(HtmlLinks, take_linear_time) {
    for (const char* part :
         {"<b>", "</i>", "<a ", "<a x", "<!--", "</script", "<script>", "x=", "&#"}) {
        std::string html = "<a ";
        for (int i = 0; i < 300'000; ++i)
            html += part;
        (void)links_of(html);
    }
}

}  // namespace
}  // namespace berth::builds

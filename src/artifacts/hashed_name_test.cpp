#include "artifacts/hashed_name.hpp"

#include <gtest/gtest.h>

namespace berth::artifacts {
namespace {

TEST(HashedName, is_told_from_other_names) {
    for (const char* hashed :
         {"assets/index-BsK3x9ab.js", "assets/index-BsKxyzAb.css", "assets/index-D_-a3b4c.js",
          "static/js/main.8f3a2b1c.chunk.js", "static/css/main.8f3a2b1c.css.map",
          "_next/static/chunks/page-0a1b2c3d4e5f6789.js", "main.0a1b2c3d.js",
          "_astro/hoisted.Dk3s9fQz.js", "a/assets/logo-BsK3x9ab.svg", "app-x7Kp2mQ9v.js",
          "static/media/logo.6ce24c58023cc2f8fd88fe9d219db6c6.svg", "assets/index-abcd12ef.js",
          "_app/immutable/chunks/entry.D4kQx9aB.js", "assets/HomePage-Cx-2Ab_9.js"}) {
        EXPECT_TRUE(is_hashed_name(hashed)) << hashed;
    }
    for (const char* plain :
         {"index.html", "about-BsK3x9ab.html", "robots.txt", "assets/logo.svg", "favicon.ico",
          "report-20240101.pdf", "release-Version10.pdf", "assets/background.png", "sw.js",
          "my-HelloWorld.js", "jquery-3.7.1.min.js", "bootstrap.bundle.min.js", "a", "", "assets/",
          "img/photo-facade.jpg", "deadbeef",
          // What people call their own files, in directories that bundlers use too.
          "assets/logo-abc12345.svg", "media/talk-episode12.mp3", "assets/bg-1920x1080.jpg",
          "static/fonts/OpenSans-SemiBold.ttf", "assets/hero-HomePage.png",
          "assets/mockup-MacBookPro.png", "static/photo-iPhone14.jpg",
          "assets/js/slider-gallery2.js", "assets/wall-1920x1080.css", "img/menu-cafe2024.pdf",
          "build/plan-2ndedition.pdf", "media/talk-20240101a.mp4", "static/pages-day-2pm1.jpg"}) {
        EXPECT_FALSE(is_hashed_name(plain)) << plain;
    }
}

}  // namespace
}  // namespace berth::artifacts

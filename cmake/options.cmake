# What every file of ours is compiled and linked with. Kept in one interface library, so that
# third-party targets are left alone.
add_library(berth_options INTERFACE)
target_compile_options(berth_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-missing-designated-field-initializers
  -fPIE -fstack-protector-strong -ftrivial-auto-var-init=zero -fno-strict-aliasing)
target_compile_definitions(berth_options INTERFACE
  BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_COROUTINE BERTH_VERSION="${PROJECT_VERSION}")
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(berth_options INTERFACE "SHELL:-Xclang -fno-pch-timestamp")
endif()
if(BERTH_WERROR)
  target_compile_options(berth_options INTERFACE -Werror)
endif()
target_link_options(berth_options INTERFACE -pie -fuse-ld=lld -Wl,--as-needed)

if(BERTH_SANITIZE)
  target_compile_options(berth_options INTERFACE -fsanitize=${BERTH_SANITIZE}
    -fno-sanitize-recover=all -fno-omit-frame-pointer)
  # SOCI's library keeps its type information to itself, which this check would link against.
  target_compile_options(berth_options INTERFACE -fno-sanitize=vptr)
  target_link_options(berth_options INTERFACE -fsanitize=${BERTH_SANITIZE})
else()
  target_compile_options(berth_options INTERFACE -fcf-protection=full)
  if(CMAKE_BUILD_TYPE STREQUAL "Release")
    target_compile_options(berth_options INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
      -D_GLIBCXX_ASSERTIONS)
  endif()
  target_link_options(berth_options INTERFACE -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
endif()
# Asserts stay on in production: an invariant that breaks should stop one process, loudly.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")

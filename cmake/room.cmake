# berth_room(NAME SOURCES a.cpp … [ROOMS base …] [LIBRARIES …] [TESTS a_test.cpp …] [TEST_ROOMS …]
#            [COLD] [HEADERS <x.hpp> …])
#
# COLD: what it does waits for a person, a disk or a database; it is optimised less, which saves a
# quarter of its build.
# HEADERS: precompiled for this room beside those for all; for what each of its files needs and that
# is slow to parse.
# One static library per room and one test program beside it. ROOMS is the room's line of the
# table in docs/architecture.md; tools/tidy.py reads the includes against the same table.
add_library(berth_pch OBJECT ${CMAKE_SOURCE_DIR}/cmake/pch.cpp)
target_link_libraries(berth_pch PUBLIC berth_options Boost::json Boost::url fmt::fmt Threads::Threads)
target_precompile_headers(berth_pch PRIVATE ${CMAKE_SOURCE_DIR}/cmake/pch.hpp)

function(berth_compile target)
  target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(${target} PUBLIC berth_options Boost::json Boost::url fmt::fmt Threads::Threads)
  if(ARGN)
    target_precompile_headers(${target} PRIVATE ${CMAKE_SOURCE_DIR}/cmake/pch.hpp ${ARGN})
  else()
    target_precompile_headers(${target} REUSE_FROM berth_pch)
  endif()
endfunction()

function(berth_room name)
  cmake_parse_arguments(arg "COLD" "" "SOURCES;ROOMS;LIBRARIES;TESTS;TEST_ROOMS;HEADERS" ${ARGN})
  add_library(berth_${name} STATIC ${arg_SOURCES})
  berth_compile(berth_${name} ${arg_HEADERS})
  if(arg_COLD AND CMAKE_BUILD_TYPE STREQUAL "Release")
    target_compile_options(berth_${name} PRIVATE -O1)
  endif()
  foreach(room ${arg_ROOMS})
    target_link_libraries(berth_${name} PUBLIC berth_${room})
  endforeach()
  target_link_libraries(berth_${name} PUBLIC ${arg_LIBRARIES})
  if(BERTH_TESTS AND arg_TESTS)
    add_executable(berth_${name}_test ${arg_TESTS})
    berth_compile(berth_${name}_test)
    target_include_directories(berth_${name}_test PRIVATE ${CMAKE_SOURCE_DIR}/tests)
    target_link_libraries(berth_${name}_test PRIVATE berth_${name} GTest::gtest GTest::gtest_main)
    foreach(room ${arg_TEST_ROOMS})
      target_link_libraries(berth_${name}_test PRIVATE berth_${room})
    endforeach()
    add_test(NAME ${name} COMMAND berth_${name}_test)
  endif()
endfunction()

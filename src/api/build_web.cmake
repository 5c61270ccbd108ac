# Builds the dashboard and writes it as C++: cmake -DWEB=… -DOUT=… -DNODE=… -DEMBED=… -P build_web.cmake
#
# Works on a copy below the build directory, so that several build directories and somebody at work
# in web/ do not meet. The packages are installed again only when the lock file changed.
get_filename_component(node_directory ${NODE} DIRECTORY)
set(ENV{PATH} "${node_directory}:$ENV{PATH}")
set(ENV{CI} 1)

set(copy ${OUT}/source)
file(REMOVE_RECURSE ${copy}/src ${copy}/public ${copy}/dist)
file(MAKE_DIRECTORY ${copy})
file(GLOB files ${WEB}/*.json ${WEB}/*.ts ${WEB}/*.html ${WEB}/.npmrc)
file(COPY ${files} ${WEB}/src ${WEB}/public DESTINATION ${copy})

function(run_or_stop what)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY ${copy} RESULT_VARIABLE bad
                  OUTPUT_VARIABLE said ERROR_VARIABLE said)
  if(bad)
    message(FATAL_ERROR "dashboard: ${what} failed\n${said}")
  endif()
endfunction()

file(SHA256 ${copy}/package-lock.json lock)
set(installed "")
if(EXISTS ${copy}/installed)
  file(READ ${copy}/installed installed)
endif()
if(NOT installed STREQUAL lock)
  message(STATUS "dashboard: installing packages")
  run_or_stop("npm ci" npm ci --ignore-scripts --no-audit --no-fund)
  file(WRITE ${copy}/installed ${lock})
endif()
message(STATUS "dashboard: building")
run_or_stop("npm run build" npm run build)
run_or_stop("embedding" ${NODE} ${EMBED} ${copy}/dist ${OUT}/embedded ${OUT}/web_assets.cpp)

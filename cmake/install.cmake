# cmake --install build/release [--prefix /usr]: the program, its manual pages and what completes
# its commands, all made by the program itself.
install(TARGETS berth RUNTIME DESTINATION bin)
install(CODE [[
  set(shared "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/share")
  set(berth "$<TARGET_FILE:berth>")
  execute_process(COMMAND ${berth} man ${shared}/man/man1 OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
  foreach(place bash:bash-completion/completions/berth zsh:zsh/site-functions/_berth
                fish:fish/vendor_completions.d/berth.fish)
    string(REPLACE ":" ";" place ${place})
    list(GET place 0 shell)
    list(GET place 1 file)
    cmake_path(GET file PARENT_PATH directory)
    file(MAKE_DIRECTORY ${shared}/${directory})
    execute_process(COMMAND ${berth} completion ${shell} OUTPUT_FILE ${shared}/${file}
                    COMMAND_ERROR_IS_FATAL ANY)
    message(STATUS "Installing: ${shared}/${file}")
  endforeach()
  message(STATUS "Installing: ${shared}/man/man1/berth*.1")
]])

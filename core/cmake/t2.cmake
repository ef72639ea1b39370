# t2_plugin(NAME NUMBER nnn [SOURCES file...] [PEEKS plugin...] [LIBRARIES lib...]): one plugin, one shared object.
#
# Used inside the project and, through find_package(tranalyzer), by plugins that are built elsewhere. It sets what the loader
# checks: T2_ABI (contract, core flags, compiler) and T2_LAYOUT_<name> (flags and state of a plugin whose state others read);
# and T2_PLUGIN_VERSION, the version of the CMake project that the plugin is in.

# Makes a header with flags, NAME.h, from NAME.h.in beside it, or brings it up to date. Without NAME.h.in it stays as it is.
function(t2_flags_header header)
  if(NOT EXISTS ${header}.in)
    return()
  endif()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${header}.in)
  cmake_path(GET header PARENT_PATH folder)
  cmake_path(GET header FILENAME name)
  set(base ${folder}/.${name}.base)
  if(EXISTS ${header} AND EXISTS ${base})
    file(SHA256 ${header}.in wanted)
    file(SHA256 ${base} made_from)
    if(wanted STREQUAL made_from)
      return()
    endif()
  endif()
  execute_process(COMMAND bash ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/header.sh ${header})
  if(NOT EXISTS ${header})
    message(FATAL_ERROR "${header} cannot be made from ${header}.in")
  endif()
endfunction()

# The name under which the system's loader finds a shared library, given the file that a linker takes.
function(t2_soname result file)
  execute_process(COMMAND ${CMAKE_OBJDUMP} -p ${file} OUTPUT_VARIABLE text ERROR_VARIABLE problem)
  if(NOT text MATCHES "SONAME +([^ \n]+)")
    message(FATAL_ERROR "${file} is no shared library with a name: ${problem}")
  endif()
  set(${result} ${CMAKE_MATCH_1} PARENT_SCOPE)
  # for the packages: whose libraries these are
  cmake_path(GET CMAKE_CURRENT_SOURCE_DIR FILENAME component)
  string(TOLOWER ${component} component)
  if(component STREQUAL "core")
    set_property(GLOBAL APPEND PROPERTY T2_LOADED_LIBRARIES ${file})
  else()
    set_property(GLOBAL APPEND PROPERTY T2_LOADED_LIBRARIES_${component} ${file})
  endif()
endfunction()

# Text of a header that a compiler sees: no comments, blanks and line ends as one blank.
function(t2_code result header)
  file(READ ${header} text)
  string(REGEX REPLACE "//[^\n]*" "" text "${text}")
  string(REGEX REPLACE "[ \t\r\n]+" " " text "${text}")
  set(${result} "${text}" PARENT_SCOPE)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${header})
endfunction()

# A file that is written only where its text changes.
function(t2_write file text)
  set(old "")
  if(EXISTS ${file})
    file(READ ${file} old)
  endif()
  if(NOT EXISTS ${file} OR NOT old STREQUAL text)
    file(WRITE ${file} "${text}")
  endif()
endfunction()

# The core's flags that plugins may read: they decide what packets, keys, lengths, times and texts are. Plugins and core
# must agree on them; all others may change without plugins being built again.
set(T2_SHARED_FLAGS IPV6_ACTIVATE ETH_ACTIVATE PACKETLENGTH T2_PRI_HDRDESC TSTAMP_PREC TSTAMP_UTC RELTIME
  SPKTMD_PCNTH_PREF SPKTMD_PCNTH_SEP PACKETS_SUFFIX HDR_CHR SEP_CHR IP4_FORMAT IP6_FORMAT MAC_FORMAT MAC_SEP
  B2T_NON_IP_STR HEX_CAPITAL B2T_TIMESTR)

# Makes t2/config.hpp, the core's flags for plugins, in `folder`; `result` is its text.
function(t2_config_header result core folder)
  t2_flags_header(${core}/tranalyzer.h)
  file(READ ${core}/tranalyzer.h flags)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${core}/tranalyzer.h)
  set(text "// Made from core/tranalyzer.h: the core's flags that plugins may read, as constants and, for #if, as macros.
#pragma once\n\n#include <string_view>\n\nnamespace t2::config {\n\n")
  foreach(flag ${T2_SHARED_FLAGS})
    if(NOT flags MATCHES "#[ \t]*define[ \t]+${flag}[ \t]+(\"([^\"\\]|\\\\.)*\"|'([^'\\]|\\\\.)+'|[^ \t\r\n/]+)")
      message(FATAL_ERROR "core/tranalyzer.h has no flag ${flag}")
    endif()
    set(value "${CMAKE_MATCH_1}")
    set(type auto)
    if(value MATCHES "^\"")
      set(type std::string_view)
    endif()
    string(REGEX REPLACE "^T2_" "" name ${flag})
    string(TOLOWER ${name} constant)
    string(APPEND text "#define T2_CORE_${name} ${value}\nconstexpr ${type} ${constant} = T2_CORE_${name};\n")
  endforeach()
  string(APPEND text "\n}  // namespace t2::config\n")
  t2_write(${folder}/t2/config.hpp "${text}")
  set(${result} "${text}" PARENT_SCOPE)
endfunction()

# ABI string of the core whose sources are in `core`: version, then a hash of all that two builds must agree on: what
# lays out records and rows, what is called, the flags that plugins read. Comments and the other headers do not count.
function(t2_compute_abi result core folder)
  t2_config_header(text ${core} ${folder})
  string(APPEND text "${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION} ${CMAKE_SIZEOF_VOID_P} ${T2_SANITIZE}")
  foreach(header error output_file packet plugin row status)
    t2_code(code ${core}/include/t2/${header}.hpp)
    string(APPEND text "\n${code}")
  endforeach()
  string(SHA256 hash "${text}")
  string(SUBSTRING ${hash} 0 16 hash)
  set(${result} "${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}/${hash}" PARENT_SCOPE)
endfunction()

# Makes a header that defines t2_allowed_NAME and t2_meaning_NAME for each flag of a header: the text in brackets that
# ends its comment, and the rest of the comment. T2_FLAG() and T2_RUNTIME_FLAG() use them. `list` (may be ""): a file with
# these macros, for all flags.
function(t2_flag_texts header made list)
  set(text "// Made from the header: what its flags mean and may be.\n#pragma once\n\n#include <string_view>\n\n")
  set(macros "")
  set(macro T2_FLAG)
  if(EXISTS ${header})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${header})
    file(READ ${header} flags)
    string(ASCII 1 left)  # brackets and semicolons would join and split the list
    string(ASCII 2 right)
    string(ASCII 3 semicolon)
    string(REPLACE "[" "${left}" flags "${flags}")
    string(REPLACE "]" "${right}" flags "${flags}")
    string(REPLACE ";" "${semicolon}" flags "${flags}")
    string(REGEX MATCHALL "(#[ \t]*define[ \t]+[A-Za-z_][A-Za-z0-9_]*[ \t]+[^ \t\n/][^\n]*|// =+ ENV / RUNTIME)" lines "${flags}")
    foreach(line ${lines})
      if(line MATCHES "^// =")
        set(macro T2_RUNTIME_FLAG)
        continue()
      endif()
      string(REGEX MATCH "define[ \t]+([A-Za-z_][A-Za-z0-9_]*)" name "${line}")
      set(name ${CMAKE_MATCH_1})
      set(meaning "")
      set(allowed "")
      if(line MATCHES "[ \t]/[/*][ \t]*(.*)$")
        string(REPLACE "*/" "" meaning "${CMAKE_MATCH_1}")
        string(STRIP "${meaning}" meaning)
      endif()
      if(meaning MATCHES "^(.*)${left}([^${left}${right}]+)${right}$")
        set(allowed "${CMAKE_MATCH_2}")
        string(STRIP "${CMAKE_MATCH_1}" meaning)
      endif()
      foreach(kind meaning allowed)
        string(REGEX REPLACE "([\"\\])" "\\\\\\1" value "${${kind}}")
        string(REPLACE "${left}" "[" value "${value}")
        string(REPLACE "${right}" "]" value "${value}")
        string(REPLACE "${semicolon}" ";" value "${value}")
        string(APPEND text "constexpr std::string_view t2_${kind}_${name} = \"${value}\";\n")
      endforeach()
      string(APPEND macros "${macro}(${name}),\n")
    endforeach()
  endif()
  t2_write(${made} "${text}")
  if(NOT list STREQUAL "")
    t2_write(${list} "${macros}")
  endif()
endfunction()

# Sources of a target that are compiled as one file NAME.cpp, in this order, if T2_JOINED is on. That file names them as seen
# from a folder whose headers the target finds, so that a compiler's cache knows it in every clone.
function(t2_joined result name)  # FILE...
  set(${result} ${ARGN} PARENT_SCOPE)
  list(LENGTH ARGN count)
  if(T2_JOINED AND count GREATER 1)
    list(TRANSFORM ARGN REPLACE "^src/" "")
    list(JOIN ARGN ">\n#include <" text)
    set(file ${CMAKE_CURRENT_BINARY_DIR}/joined/${name}.cpp)
    t2_write(${file} "#include <${text}>\n")
    set(${result} ${file} PARENT_SCOPE)
  endif()
endfunction()

# Hash of what decides the layout of a plugin's state: its flags, as macros and as values, and its state header.
function(t2_layout result folder name)
  set(text "")
  t2_flags_header(${folder}/src/${name}.h)
  foreach(header ${folder}/src/${name}.h ${folder}/src/${name}_config.hpp ${folder}/src/${name}_state.h)
    if(EXISTS ${header})
      file(STRINGS ${header} lines)
      foreach(line ${lines})
        string(REGEX REPLACE "[ \t]*//.*" "" line "${line}")
        string(APPEND text "${line}\n")
      endforeach()
      set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${header})
    endif()
  endforeach()
  string(SHA256 hash "${text}")
  string(SUBSTRING ${hash} 0 12 hash)
  set(${result} ${hash} PARENT_SCOPE)
endfunction()

# What makes errors in a program harder to use, for a program or a plugin, at no cost that can be measured: checks of
# stack frames and of buffers' sizes, marked targets of indirect jumps, tables of functions that are read-only.
# tests/core/hardening_test.cpp reads it back.
function(t2_harden target)
  if(NOT T2_SANITIZE)  # the sanitizers check more
    target_compile_options(${target} PRIVATE -fstack-protector-strong
      $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE> $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=2>)
    if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|i.86")
      target_compile_options(${target} PRIVATE -fcf-protection=full -fstack-clash-protection)
    elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
      target_compile_options(${target} PRIVATE -mbranch-protection=standard -fstack-clash-protection)
    endif()
  endif()
  target_link_options(${target} PRIVATE -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "EXECUTABLE")
    target_link_options(${target} PRIVATE -pie)
  endif()
endfunction()

# For a plugin whose library is not installed: it is left out, and t2build says which package it needs.
function(t2_left_out name package)
  message(STATUS "${name} is left out: ${package} is not installed")
  t2_write(${CMAKE_BINARY_DIR}/left_out/${name} ${package})
endfunction()

# t2_optional_library(NAME HEADER FILE LIBRARY LIB PACKAGE DEBIAN_PACKAGE [SUFFIX FOLDER]): before t2_plugin(NAME) in its CMakeLists.txt, a library that systems
# may lack and that the plugin loads while it runs (t2/library.hpp). Without it the plugin is left out, and the rest of CMakeLists.txt. With it the plugin
# finds the header, which may lie in FOLDER of a folder for headers; LIB<LIB>_SONAME is the file to load, T2_OPTIONAL_LIBRARY the one to link instead; and
# the plugin has a package of its own, which depends on that library.
macro(t2_optional_library name)
  cmake_parse_arguments(wanted "" "HEADER;LIBRARY;PACKAGE;SUFFIX" "" ${ARGN})
  find_path(T2_${name}_INCLUDE ${wanted_HEADER} PATH_SUFFIXES ${wanted_SUFFIX})
  find_library(T2_${name}_LIBRARY ${wanted_LIBRARY})
  if(NOT T2_${name}_INCLUDE OR NOT T2_${name}_LIBRARY)
    t2_left_out(${name} ${wanted_PACKAGE})
    return()  # from CMakeLists.txt
  endif()
  set(T2_OPTIONAL_INCLUDE ${T2_${name}_INCLUDE})
  set(T2_OPTIONAL_LIBRARY ${T2_${name}_LIBRARY})
  t2_soname(T2_OPTIONAL_SONAME ${T2_OPTIONAL_LIBRARY})
  string(TOUPPER LIB${wanted_LIBRARY}_SONAME T2_OPTIONAL_MACRO)
endmacro()

function(t2_plugin name)
  file(REMOVE ${CMAKE_BINARY_DIR}/left_out/${name})
  cmake_parse_arguments(arg "" "NUMBER" "SOURCES;PEEKS;LIBRARIES" ${ARGN})
  if(NOT arg_NUMBER MATCHES "^[0-9][0-9][0-9]$")
    message(FATAL_ERROR "t2_plugin(${name}): NUMBER must have three digits, it is '${arg_NUMBER}'")
  endif()
  if(NOT arg_SOURCES)
    set(arg_SOURCES src/${name}.cpp)
  endif()
  list(REMOVE_ITEM arg_SOURCES src/${name}.cpp)
  list(APPEND arg_SOURCES src/${name}.cpp)  # the last: what its header defines does not reach the others
  t2_joined(sources ${name} ${arg_SOURCES})
  add_library(${name} MODULE EXCLUDE_FROM_ALL ${sources})
  set_target_properties(${name} PROPERTIES
    PREFIX "" OUTPUT_NAME ${arg_NUMBER}_${name} CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/plugins)
  target_compile_features(${name} PRIVATE cxx_std_20)
  target_include_directories(${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/src)
  target_include_directories(${name} SYSTEM PRIVATE ${T2_PLUGIN_INCLUDES})
  string(REGEX REPLACE "^0+([0-9])" "\\1" plain_number ${arg_NUMBER})
  t2_layout(layout ${CMAKE_CURRENT_SOURCE_DIR} ${name})
  t2_flag_texts(${CMAKE_CURRENT_SOURCE_DIR}/src/${name}.h ${CMAKE_CURRENT_BINARY_DIR}/${name}_flags.hpp "")
  target_include_directories(${name} PRIVATE ${CMAKE_CURRENT_BINARY_DIR})
  target_compile_definitions(${name} PRIVATE T2_FLAG_TEXTS="${name}_flags.hpp" T2_ABI="${T2_ABI}" T2_NUMBER=${plain_number} T2_LAYOUT_${name}="${layout}"
    T2_PLUGIN_VERSION="${PROJECT_VERSION}")
  foreach(other ${arg_PEEKS})
    if(NOT EXISTS ${T2_PLUGINS_DIR}/${other}/src)
      message(FATAL_ERROR "t2_plugin(${name}): PEEKS ${other}, but ${T2_PLUGINS_DIR}/${other}/src does not exist")
    endif()
    t2_layout(layout ${T2_PLUGINS_DIR}/${other} ${other})
    target_include_directories(${name} PRIVATE ${T2_PLUGINS_DIR}/${other}/src)
    target_compile_definitions(${name} PRIVATE T2_LAYOUT_${other}="${layout}")
  endforeach()
  target_link_libraries(${name} PRIVATE ${arg_LIBRARIES})
  if(T2_OPTIONAL_LIBRARY)
    target_include_directories(${name} SYSTEM PRIVATE ${T2_OPTIONAL_INCLUDE})
    target_compile_definitions(${name} PRIVATE ${T2_OPTIONAL_MACRO}="${T2_OPTIONAL_SONAME}")
  endif()
  t2_harden(${name})
  if(TARGET plugin_headers)
    target_precompile_headers(${name} REUSE_FROM plugin_headers)
  endif()
  if(NOT T2_SANITIZE)
    target_link_options(${name} PRIVATE -Wl,-z,defs)
  endif()
  if(TARGET plugins)
    add_dependencies(plugins ${name})
  endif()
  t2_install_plugin(${name})
endfunction()

# A plugin with an optional library has a package of its own.
function(t2_install_plugin name)
  set(component plugins)
  if(T2_OPTIONAL_LIBRARY)
    string(TOLOWER plugin-${name} component)
    set_property(GLOBAL APPEND PROPERTY T2_PLUGIN_COMPONENTS ${component})
  endif()
  install(TARGETS ${name} LIBRARY DESTINATION lib/tranalyzer/plugins COMPONENT ${component} OPTIONAL)
endfunction()

# Tests are written for Catch2 2: where find_package() found version 3, a header of the folder of test support gives them its names.
function(t2_catch_names target support)
  if(Catch2_VERSION VERSION_GREATER_EQUAL 3)
    target_include_directories(${target} PRIVATE ${support}/catch3)
  endif()
endfunction()

# What tests run and read. Only one file is told: objects of the others are the same wherever the tree lies, which ccache needs to find them.
function(t2_test_places support program plugins source)
  set_source_files_properties(${support}/run.cpp PROPERTIES COMPILE_DEFINITIONS
    "T2_BINARY=\"${program}\";T2_PLUGIN_BUILD=\"${plugins}\";T2_SOURCE=\"${source}\"")
endfunction()

# t2_plugin_tests(NAME): of a plugin that is built outside the tree, tests/*.cpp as a program that ctest runs. It needs Catch2 (version 2 or 3);
# without it there are no tests. Inside the tree they are part of the project's.
function(t2_plugin_tests name)
  find_package(Catch2 QUIET)
  if(NOT Catch2_FOUND)
    message(STATUS "${name}: no tests: the package catch2 is not installed")
    return()
  endif()
  file(GLOB cases CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/tests/*.cpp)
  file(GLOB support ${T2_TEST_SUPPORT}/*.cpp)
  list(FILTER support EXCLUDE REGEX "_test\\.cpp$")
  add_executable(${name}_tests ${cases} ${support})
  target_compile_features(${name}_tests PRIVATE cxx_std_20)
  target_include_directories(${name}_tests SYSTEM PRIVATE ${T2_TEST_SUPPORT})
  t2_catch_names(${name}_tests ${T2_TEST_SUPPORT})
  t2_test_places(${T2_TEST_SUPPORT} ${T2_PROGRAM} ${CMAKE_BINARY_DIR}/plugins:${T2_BUILT_PLUGINS} ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(${name}_tests PRIVATE Catch2::Catch2WithMain)
  add_dependencies(${name}_tests ${name})
  cmake_language(DEFER CALL enable_testing)  # it sets a variable, which this function would lose when it returns
  add_test(NAME ${name} COMMAND ${name}_tests)
endfunction()

# t2_plugin(NAME NUMBER nnn [SOURCES file...] [PEEKS plugin...] [LIBRARIES lib...]): one plugin, one shared object.
#
# Used inside the project and, through find_package(t2), by plugins that are built elsewhere. It sets what the loader
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

# Makes a header that defines t2_allowed_NAME for each flag of a plugin's header: the text in brackets that ends its
# comment. T2_FLAG() and T2_RUNTIME_FLAG() use it.
function(t2_allowed_values header made)
  set(text "// Made from the plugin's header: what its flags may be.\n#pragma once\n\n#include <string_view>\n\n")
  if(EXISTS ${header})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${header})
    file(READ ${header} flags)
    string(REPLACE "[" "<" flags "${flags}")  # brackets and semicolons would join and split the list
    string(REPLACE "]" ">" flags "${flags}")
    string(REPLACE ";" "," flags "${flags}")
    string(REGEX MATCHALL "#[ \t]*define[ \t]+[A-Za-z_][A-Za-z0-9_]*[^\n]*" lines "${flags}")
    foreach(line ${lines})
      string(REGEX MATCH "define[ \t]+([A-Za-z_][A-Za-z0-9_]*)" name "${line}")
      set(name ${CMAKE_MATCH_1})
      set(allowed "")
      if(line MATCHES "/[/*].*<([^<>]+)>[ \t\r]*([*]/[ \t\r]*)?$")
        string(REGEX REPLACE "([\"\\])" "\\\\\\1" allowed "${CMAKE_MATCH_1}")
      endif()
      string(APPEND text "constexpr std::string_view t2_allowed_${name} = \"${allowed}\";\n")
    endforeach()
  endif()
  t2_write(${made} "${text}")
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

function(t2_plugin name)
  cmake_parse_arguments(arg "" "NUMBER" "SOURCES;PEEKS;LIBRARIES" ${ARGN})
  if(NOT arg_NUMBER MATCHES "^[0-9][0-9][0-9]$")
    message(FATAL_ERROR "t2_plugin(${name}): NUMBER must have three digits, it is '${arg_NUMBER}'")
  endif()
  if(NOT arg_SOURCES)
    set(arg_SOURCES src/${name}.cpp)
  endif()
  add_library(${name} MODULE EXCLUDE_FROM_ALL ${arg_SOURCES})
  set_target_properties(${name} PROPERTIES
    PREFIX "" OUTPUT_NAME ${arg_NUMBER}_${name} CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/plugins)
  target_compile_features(${name} PRIVATE cxx_std_20)
  target_include_directories(${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/src)
  target_include_directories(${name} SYSTEM PRIVATE ${T2_PLUGIN_INCLUDES})
  string(REGEX REPLACE "^0+([0-9])" "\\1" plain_number ${arg_NUMBER})
  t2_layout(layout ${CMAKE_CURRENT_SOURCE_DIR} ${name})
  t2_allowed_values(${CMAKE_CURRENT_SOURCE_DIR}/src/${name}.h ${CMAKE_CURRENT_BINARY_DIR}/${name}_allowed.hpp)
  target_include_directories(${name} PRIVATE ${CMAKE_CURRENT_BINARY_DIR})
  target_compile_definitions(${name} PRIVATE T2_ALLOWED_VALUES="${name}_allowed.hpp" T2_ABI="${T2_ABI}" T2_NUMBER=${plain_number} T2_LAYOUT_${name}="${layout}"
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
  t2_harden(${name})
  if(TARGET plugin_headers)
    target_precompile_headers(${name} REUSE_FROM plugin_headers)
    set_source_files_properties(src/${name}.cpp PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)  # tests take the others alone
    set_target_properties(${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 0)
  endif()
  if(NOT T2_SANITIZE)
    target_link_options(${name} PRIVATE -Wl,-z,defs)
  endif()
  if(TARGET plugins)
    add_dependencies(plugins ${name})
  endif()
endfunction()

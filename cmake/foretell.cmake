# What every target of foretell is built with.
function(foretell_flags target)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Werror
    -ffp-contract=off)  # the same bits on every CPU
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    target_compile_options(${target} PRIVATE -Wno-restrict)  # GCC 12 sees overlaps in std::string that are not there (PR 105651)
  endif()
  if(FORETELL_SANITIZE)
    target_compile_options(${target} PUBLIC -fsanitize=${FORETELL_SANITIZE} -fno-omit-frame-pointer)
    target_link_options(${target} PUBLIC -fsanitize=${FORETELL_SANITIZE})
  endif()
endfunction()

# foretell_sources(a.cc b.cc): files of this folder that belong to the library.
function(foretell_sources)
  foreach(source IN LISTS ARGN)
    target_sources(foretell PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/${source})
  endforeach()
endfunction()

# foretell_test(arrow_test a_test.cc b_test.cc): one test program for this folder.
function(foretell_test name)
  if(NOT FORETELL_TESTS)
    return()
  endif()
  add_executable(${name} ${ARGN})
  foretell_flags(${name})
  target_compile_options(${name} PRIVATE $<$<CONFIG:RelWithDebInfo>:-O1>)  # compiled half as long as by -O2
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${name} PRIVATE foretell nlohmann_json::nlohmann_json OpenSSL::Crypto GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name})
endfunction()

# foretell_fuzzer(schema_fuzz schema_fuzz.cc): a libFuzzer program.
function(foretell_fuzzer name)
  if(NOT FORETELL_FUZZ)
    return()
  endif()
  add_executable(${name} ${ARGN})
  foretell_flags(${name})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${name} PRIVATE foretell nlohmann_json::nlohmann_json)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
endfunction()

# foretell_bench(map_bench map_bench.cc): a Google Benchmark program.
function(foretell_bench name)
  if(NOT FORETELL_BENCH)
    return()
  endif()
  add_executable(${name} ${ARGN})
  foretell_flags(${name})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${name} PRIVATE foretell benchmark::benchmark_main)
endfunction()

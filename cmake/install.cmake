# For C++ users: the static library, its headers, and what find_package(foretell) reads. The component
# `cpp` is all of it: cmake --install BUILD --component cpp --prefix PREFIX
include(CMakePackageConfigHelpers)

set(config_folder ${CMAKE_INSTALL_LIBDIR}/cmake/foretell)
install(TARGETS foretell EXPORT foretell-targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT cpp)
install(DIRECTORY include/foretell DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT cpp)
install(EXPORT foretell-targets NAMESPACE foretell:: DESTINATION ${config_folder} COMPONENT cpp)
configure_package_config_file(cmake/foretell-config.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/foretell-config.cmake
                              INSTALL_DESTINATION ${config_folder})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/foretell-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/foretell-config.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/foretell-config-version.cmake
        DESTINATION ${config_folder} COMPONENT cpp)

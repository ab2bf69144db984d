// What a promotion asks for: reports, kept with the version, that every mode of prediction agrees.
//
// A report is looked at when it is of kind "check": {passed, complete, passing: [mode …], findings: [text …],
// lacking: [text …]}. An engine that tries modes of its own appends one of its own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "foretell/storage.h"
#include "foretell/store.h"

namespace foretell {

// FT0421 unless the version agrees in the modes that every promotion asks for, and in `require`. Reports
// count from the newest back to the first that found a difference; an incomplete one allows nothing, and
// takes nothing back. Files that are no predictor (their manifest has no signature) have no modes, and are
// not asked for any.
void EnsureChecked(Storage& storage, const Manifest& manifest, std::string_view alias,
                   const std::vector<std::string>& require);

}  // namespace foretell
